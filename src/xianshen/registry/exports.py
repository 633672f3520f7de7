"""The account board as a file: exactly the rows and columns that the address asks for."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from xianshen.common.tabular import Column, write_csv, write_xlsx
from xianshen.registry.models import MediaAccount
from xianshen.registry.tables import BoardColumn, BoardTable

CHUNK = 1000
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def _columns(columns: Sequence[BoardColumn]) -> list[Column]:
    first = [Column("name", _("账号")), Column("handle", _("账号名称或链接地址")), Column("code", _("核验码"))]
    return [*first, *(Column(column.code, column.title) for column in columns)]


def _rows(
    accounts: Iterable[MediaAccount], columns: Sequence[BoardColumn], table: BoardTable
) -> Iterator[dict[str, Any]]:
    remaining = iter(accounts)
    while chunk := list(islice(remaining, CHUNK)):
        for row in table.rows(chunk, columns):
            account = row.account
            cells: dict[str, str | date | None] = {cell.column.code: cell.value for cell in row.cells}
            yield {"name": account.name, "handle": account.handle, "code": account.code, **cells}


def board_file(
    accounts: Iterable[MediaAccount], columns: Sequence[BoardColumn], table: BoardTable, *, ending: str
) -> bytes:
    """Return the board as a file. Texts cannot act as formulas in a spreadsheet.

    Args:
        accounts: all accounts of the view, in its order.
        columns: its columns.
        table: turns accounts into cells.
        ending: xlsx or csv.
    """
    rows = _rows(accounts, columns, table)
    if ending == "csv":
        return write_csv(_columns(columns), rows)
    return write_xlsx(_columns(columns), rows, sheet=_("账号总表"))
