"""Tables that people hand in and take out: reading XLSX and CSV by named columns, writing both.

Reading never raises for what a file holds: everything that is wrong becomes a :class:`Finding` with row,
column, value, what is wrong and what to do. Whoever imports takes all rows or none.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from xianshen.common.language import listed
from xianshen.common.spreadsheets import SheetNotes, UnsafeSpreadsheet, inspect_workbook

if TYPE_CHECKING:
    from openpyxl import Workbook

#: Upload limit: 50,000 people with ten columns make about 4 MB.
MAX_BYTES = 20 * 1024 * 1024
#: Rows taken from one file; twice the largest school we were asked to hold.
MAX_ROWS = 100_000
#: Findings kept; nobody reads more, the rest is counted.
MAX_FINDINGS = 1_000
#: Rows above the header in which a title may stand.
HEADER_WITHIN = 10
#: Longest text taken from a cell (what a spreadsheet cell can hold).
MAX_CELL = 32_767
#: Digits that a spreadsheet number keeps; longer numbers have been rounded.
EXACT_DIGITS = 15
#: How much of a value a finding repeats.
SHOWN = 60

_RISKY = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]00:00(?::00)?)?\Z")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
_EXCEL_TEXT = re.compile(r'="((?:[^"]|"")*)"\Z')
_KINDS_OF_FILE = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF", "other"),
    (b"\x89PNG", "other"),
    (b"\xff\xd8\xff", "other"),
    (b"GIF8", "other"),
    (b"Rar!", "other"),
    (b"7z\xbc\xaf", "other"),
    (b"\x1f\x8b", "other"),
    (b"\x7fELF", "other"),
    (b"MZ\x90", "other"),
)


class CellKind(StrEnum):
    """How the text of a cell is understood."""

    TEXT = "text"
    KEY = "key"
    DATE = "date"
    INTEGER = "integer"
    FLAG = "flag"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that an import reads or an export writes.

    Args:
        name: identifier in :attr:`Row.values`.
        title: heading in the file, in Chinese.
        kind: how its cells are understood; keys are normalised (NFKC) and hold no space.
        required: whether every row needs a value.
        max_length: longest text, 0 for :data:`MAX_CELL`.
        choices: for ``CHOICE``: what people write → value; the value itself is understood too.
        help: a sentence for the notes sheet.
        examples: values for the example sheet, one per example row.
        aliases: other headings that mean the same.
    """

    name: str
    title: str | Promise
    kind: CellKind = CellKind.TEXT
    required: bool = False
    max_length: int = 0
    choices: Mapping[str, str] = field(default_factory=dict)
    help: str | Promise = ""
    examples: Sequence[str] = ()
    aliases: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a file: **what is wrong**, where, and what to do.

    Args:
        row: row as the spreadsheet numbers it, 0 for the file as a whole.
        column: heading of the column, or "".
        value: the value as found, shortened.
        problem: what is wrong.
        remedy: what to do.
    """

    row: int
    column: str
    value: str
    problem: str
    remedy: str

    def as_dict(self) -> dict[str, str | int]:
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "problem": self.problem,
            "remedy": self.remedy,
        }


class Findings:
    """Findings in the order of the file; beyond :data:`MAX_FINDINGS` they are only counted."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self.total = 0

    def add(self, row: int, column: Column | str, value: object, problem: str, remedy: str) -> None:
        self.total += 1
        if len(self._found) < MAX_FINDINGS:
            title = str(column.title) if isinstance(column, Column) else column
            self._found.append(Finding(row, title, shown(value), problem, remedy))

    def __bool__(self) -> bool:
        return self.total > 0

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Finding]:
        return iter(sorted(self._found, key=lambda finding: finding.row))

    @property
    def uncounted(self) -> int:
        """How many findings are not kept."""
        return self.total - len(self._found)


@dataclass(slots=True)
class Row:
    """A row of the file.

    Args:
        number: as the spreadsheet numbers it.
        values: by column name; a column that the file does not have is missing, an empty cell is None
            (``""`` for text), a cell with a finding is None.
        bad: names of the columns with a finding.
    """

    number: int
    values: dict[str, Any]
    bad: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Table:
    """What was read. With findings nothing may be imported.

    Args:
        rows: rows that are not empty.
        findings: what is wrong.
        columns: the columns that the file has.
        sheet: name of the sheet read, "" for CSV.
    """

    rows: list[Row]
    findings: Findings
    columns: list[Column]
    sheet: str = ""


def clean_text(text: str) -> str:
    """Return a text as it is stored: NFC, one line, without control characters and lone surrogates, trimmed."""
    text = text.encode("utf-8", "ignore").decode("utf-8", "ignore")
    text = "".join(
        " " if character in "\t\n\r\x0b\x0c\x85\u2028\u2029" else character
        for character in unicodedata.normalize("NFC", text)
        if character in "\t\n\r\x0b\x0c\x85" or unicodedata.category(character) != "Cc"
    )
    return re.sub(" {2,}", " ", text).strip()


def clean_key(text: str) -> str:
    """Return a key as it is stored and compared: NFKC, without format characters, trimmed."""
    return clean_text("".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf"))


def shown(value: object) -> str:
    """Return a value shortened for a message."""
    text = clean_text(str(value if value is not None else ""))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def read_table(content: bytes, filename: str, columns: Sequence[Column], *, sheet: str = "") -> Table:
    """Read a table by the headings of its columns.

    Args:
        content: the file.
        filename: its name; the extension must agree with the content.
        columns: what is read, other columns of the file are left alone.
        sheet: name of the sheet to prefer in a workbook; otherwise the first whose headings fit.

    Returns:
        Rows and findings; never raises for what the file holds.
    """
    findings = Findings()
    grid = _open(content, filename, findings, columns, sheet)
    if grid is None or findings:
        return Table([], findings, [])
    return _read_grid(grid, columns, findings)


@dataclass(slots=True)
class _Grid:
    rows: Iterable[Sequence[Any]]
    sheet: str = ""
    notes: SheetNotes = field(default_factory=SheetNotes)
    other_sheets: Sequence[str] = ()


def _open(content: bytes, filename: str, findings: Findings, columns: Sequence[Column], sheet: str) -> _Grid | None:
    extension = filename.rpartition(".")[2].lower() if "." in filename else ""

    def refuse(problem: str, remedy: str) -> None:
        findings.add(0, "", filename, problem, remedy)

    if not content.strip():
        refuse(_("文件是空的"), _("填好内容后重新选择文件"))
    elif len(content) > MAX_BYTES:
        limit = MAX_BYTES // (1024 * 1024)
        refuse(_("文件超过 %(limit)s MB") % {"limit": limit}, _("删去图片和多余的工作表，或分成几个文件导入"))
    elif extension not in {"xlsx", "csv"}:
        refuse(_("只能读 .xlsx 和 .csv 文件"), _("在表格软件中另存为 .xlsx 再导入"))
    else:
        kind = next((kind for magic, kind in _KINDS_OF_FILE if content.startswith(magic)), "text")
        if kind == "ole":
            refuse(_("这是旧格式或加了密码的工作簿"), _("去掉密码，另存为 .xlsx 再导入"))
        elif kind == "other" or (extension == "csv") != (kind == "text"):
            refuse(
                _("扩展名是 .%(extension)s，内容却不是") % {"extension": extension},
                _("用表格软件打开原文件，另存为 .xlsx 再导入，不要只改文件名"),
            )
        elif kind == "zip":
            return _open_workbook(content, columns, sheet, refuse)
        else:
            return _open_csv(content, columns, refuse)
    return None


def _open_workbook(
    content: bytes, columns: Sequence[Column], sheet: str, refuse: Callable[[str, str], None]
) -> _Grid | None:
    try:
        notes = inspect_workbook(content)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [name for name in workbook.sheet_names if name in notes]
        for name in sorted(names, key=lambda name: name != sheet):
            if notes[name].last_row == 0:
                continue
            opened = workbook.get_sheet_by_name(name)
            if name == sheet or _header(opened.to_python(skip_empty_area=False, nrows=HEADER_WITHIN), columns):
                return _Grid(_workbook_rows(opened), name, notes[name], names)
    except UnsafeSpreadsheet as error:
        refuse(*_unsafe(error.reason))
        return None
    except CalamineError:
        refuse(*_unsafe("broken"))
        return None
    titles = listed(column.title for column in columns if column.required)
    refuse(
        _("工作表 %(sheets)s 里都没有表头") % {"sheets": listed(shown(name) for name in names[:5]) or "—"},
        _("下载模板，把内容放到模板的工作表里；至少要有这些列：%(titles)s") % {"titles": titles},
    )
    return None


def _workbook_rows(sheet: Any) -> Iterator[Sequence[Any]]:
    # Rows and columns before the first cell that holds something are left out by the reader.
    top, left = sheet.start or (0, 0)
    for _row in range(top):
        yield ()
    for row in sheet.to_python(skip_empty_area=True):
        yield [""] * left + row if left else row


def _unsafe(reason: str) -> tuple[str, str]:
    return {
        "not_xlsx": (_("压缩包里不是工作簿"), _("用表格软件另存为 .xlsx 再导入")),
        "broken": (_("工作簿损坏，打不开"), _("用表格软件打开看看，另存为 .xlsx 再导入")),
        "too_large": (_("工作簿展开后大得不正常"), _("把内容复制到新下载的模板里再导入")),
        "too_many_cells": (
            _("工作表太大，或远离表格的地方写了东西"),
            _("删去表格以外的行和列，或把内容复制到新下载的模板里再导入"),
        ),
        "macros": (_("工作簿带宏"), _("另存为不带宏的 .xlsx 再导入")),
        "encrypted": (_("工作簿加了密码"), _("去掉密码再导入")),
        "active": (_("工作簿里有不该有的文档声明"), _("把内容复制到新下载的模板里再导入")),
    }[reason]


def _open_csv(content: bytes, columns: Sequence[Column], refuse: Callable[[str, str], None]) -> _Grid | None:
    text = _decode(content)
    if text is None:
        refuse(_("文字编码认不出"), _("另存为「CSV UTF-8」或 .xlsx 再导入"))
        return None
    head = text[:20_000]
    best: tuple[int, str] = (0, ",")
    for delimiter in (",", "\t", ";", "，"):
        lines = [line.split(delimiter) for line in head.splitlines()[:HEADER_WITHIN]]
        known = max((len(_match(line, columns)) for line in lines), default=0)
        best = max(best, (known, delimiter), key=lambda pair: pair[0])
    return _Grid(csv.reader(io.StringIO(text, newline=""), delimiter=best[1]))


def _decode(content: bytes) -> str | None:
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _heading(text: object) -> str:
    return re.sub(r"[\s*＊]", "", clean_key(str(text))).lower()


def _match(cells: Sequence[object], columns: Sequence[Column]) -> dict[str, int]:
    """Return where the columns stand in a row of headings; the first of two equal headings counts."""
    wanted = {}
    for column in columns:
        for title in (str(column.title), *column.aliases):
            wanted[_heading(title)] = column.name
    found: dict[str, int] = {}
    for index, cell in enumerate(cells):
        name = wanted.get(_heading(cell)) if isinstance(cell, str) else None
        if name is not None:
            found.setdefault(name, index)
    return found


def _header(rows: Iterable[Sequence[object]], columns: Sequence[Column]) -> tuple[int, dict[str, int]] | None:
    """Return number (from 1) and places of the row of headings among the first rows, or None.

    It is the row with most known headings, at least one of them required, or one where none is required.
    """
    required = {column.name for column in columns if column.required}
    best: tuple[int, dict[str, int]] | None = None
    for number, row in enumerate(rows, start=1):
        if number > HEADER_WITHIN:
            break
        places = _match(row, columns)
        fits = bool(required & places.keys()) if required else bool(places)
        if fits and (best is None or len(places) > len(best[1])):
            best = number, places
    return best


def _read_grid(grid: _Grid, columns: Sequence[Column], findings: Findings) -> Table:
    iterator = iter(grid.rows)
    first: list[Sequence[Any]] = []
    try:
        for row in iterator:
            first.append(row)
            if len(first) == HEADER_WITHIN:
                break
        header = _header(first, columns)
        titles = listed(column.title for column in columns if column.required)
        if header is None:
            findings.add(
                0,
                "",
                grid.sheet,
                _("前 %(count)s 行里没有表头") % {"count": HEADER_WITHIN},
                _("下载模板，按模板的表头填写；至少要有这些列：%(titles)s") % {"titles": titles},
            )
            return Table([], findings, [], grid.sheet)
        number, places = header
        present = [column for column in columns if column.name in places]
        for column in columns:
            if column.required and column.name not in places:
                findings.add(
                    number, column, "", _("缺少这一列"), _("在表头补上「%(title)s」") % {"title": column.title}
                )
        _refuse_merged(grid.notes, number, places, findings)
        rows = _rows([*first[number:]], iterator, number, present, places, grid.notes, findings)
        return Table(rows, findings, present, grid.sheet)
    except csv.Error:
        findings.add(0, "", grid.sheet, _("CSV 的引号或换行不成对，读不下去"), _("用表格软件打开，另存为 .xlsx 再导入"))
        return Table([], findings, [], grid.sheet)


def _refuse_merged(notes: SheetNotes, header: int, places: Mapping[str, int], findings: Findings) -> None:
    used = {index + 1 for index in places.values()}
    for top, left, bottom, right in notes.merged:
        if bottom > header and any(left <= column <= right for column in used):
            findings.add(
                max(top, header + 1),
                "",
                "",
                _("第 %(top)s 到 %(bottom)s 行有合并单元格") % {"top": top, "bottom": bottom},
                _("取消合并，每一行都填上自己的值"),
            )


def _rows(
    first: list[Sequence[Any]],
    rest: Iterator[Sequence[Any]],
    header: int,
    columns: Sequence[Column],
    places: Mapping[str, int],
    notes: SheetNotes,
    findings: Findings,
) -> list[Row]:
    rows: list[Row] = []
    number = header
    for source in (first, rest):
        for cells in source:
            number += 1
            row = _row(cells, number, columns, places, notes, findings)
            if row is None:
                continue
            if len(rows) >= MAX_ROWS:
                findings.add(number, "", "", _("超过 %(limit)s 行") % {"limit": MAX_ROWS}, _("分成几个文件导入"))
                return rows
            rows.append(row)
    if not rows:
        findings.add(header, "", "", _("表头下面没有内容"), _("从表头的下一行开始填写"))
    return rows


def _row(
    cells: Sequence[Any],
    number: int,
    columns: Sequence[Column],
    places: Mapping[str, int],
    notes: SheetNotes,
    findings: Findings,
) -> Row | None:
    raw = {column.name: cells[places[column.name]] if places[column.name] < len(cells) else "" for column in columns}
    if all(value is None or (isinstance(value, str) and not value.strip()) for value in raw.values()) and not any(
        (number, places[column.name] + 1) in notes.uncalculated or (number, places[column.name] + 1) in notes.errors
        for column in columns
    ):
        return None
    row = Row(number, {})
    for column in columns:
        at = (number, places[column.name] + 1)
        value = raw[column.name]
        try:
            if at in notes.uncalculated:
                raise _BadCell(_("公式没有算出的结果"), _("在表格软件中打开并保存一次，或把公式换成值"))
            if at in notes.errors:
                value = notes.errors[at]
                raise _BadCell(_("公式出错"), _("改正公式，或把它换成值"))
            row.values[column.name] = _convert(column, _padded(value, notes.padded.get(at, 0)))
        except _BadCell as bad:
            findings.add(number, column, value, bad.problem, bad.remedy)
            row.values[column.name] = None
            row.bad.add(column.name)
    return row


class _BadCell(Exception):
    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def _padded(value: Any, width: int) -> Any:
    if width and isinstance(value, float) and value.is_integer() and 0 <= value < 10**EXACT_DIGITS:
        return f"{int(value):0{width}d}"
    return value


def _convert(column: Column, value: Any) -> Any:
    if column.kind is CellKind.DATE:
        return _to_date(column, value)
    text = _to_text(value)
    if any(unicodedata.category(c) == "Cc" and c not in "\t\r\n" for c in text):
        raise _BadCell(_("含看不见的控制字符"), _("删掉这一格，重新手写一遍"))
    text = clean_key(text) if column.kind is not CellKind.TEXT else clean_text(text)
    if not text:
        if column.required:
            raise _BadCell(_("没有填"), _("补上「%(title)s」") % {"title": column.title})
        return "" if column.kind in {CellKind.TEXT, CellKind.KEY, CellKind.CHOICE} else None
    limit = column.max_length or MAX_CELL
    if len(text) > limit:
        raise _BadCell(
            _("有 %(length)s 个字，超过 %(limit)s 个") % {"length": len(text), "limit": limit},
            _("缩短到 %(limit)s 个字以内") % {"limit": limit},
        )
    match column.kind:
        case CellKind.KEY if re.search(r"\s", text):
            raise _BadCell(_("编号里有空格"), _("去掉空格"))
        case CellKind.INTEGER:
            return _to_integer(text)
        case CellKind.FLAG:
            return _to_flag(text)
        case CellKind.CHOICE:
            return _to_choice(column, text)
    return text


def _to_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, float):
        if not value.is_integer():
            return repr(value)
        if abs(value) >= 10**EXACT_DIGITS:
            raise _BadCell(
                _("超过 %(digits)s 位的数字，末几位已被表格软件改成 0") % {"digits": EXACT_DIGITS},
                _("把这一列设为文本格式，重新填写"),
            )
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    text = str(value)
    if found := _EXCEL_TEXT.match(text):
        text = found[1].replace('""', '"')
    if text.startswith("'") and text.lstrip("'").startswith(_RISKY):
        text = text[1:]
    return text


def _to_date(column: Column, value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = clean_key(_to_text(value))
    if not text:
        if column.required:
            raise _BadCell(_("没有填"), _("补上「%(title)s」") % {"title": column.title})
        return None
    found = _DATE.match(text) or _COMPACT_DATE.match(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise _BadCell(_("不是日期，或没有这一天"), _("写成 2026-09-01 这样的年-月-日"))


def _to_integer(text: str) -> int:
    plain = text.replace(",", "")
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", plain):
        raise _BadCell(_("不是整数"), _("只写数字"))
    return int(plain)


def _to_flag(text: str) -> bool:
    if text.lower() in {"是", "有", "y", "yes", "true", "1", "√"}:
        return True
    if text.lower() in {"否", "无", "n", "no", "false", "0", "×"}:
        return False
    raise _BadCell(_("看不出是或否"), _("写「是」或「否」"))


def _to_choice(column: Column, text: str) -> str:
    folded = text.lower()
    for label, value in column.choices.items():
        if folded in {clean_key(label).lower(), value.lower()}:
            return value
    labels = listed(column.choices) or "—"
    raise _BadCell(_("没有这一项"), _("从这些里选一个：%(labels)s") % {"labels": labels})


def harmless(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe goes before risky beginnings.

    Apostrophes already there are kept: reading takes exactly one away, so the same text comes back.
    """
    return f"'{value}" if value.lstrip("'").startswith(_RISKY) else value


def _out(value: Any) -> Any:
    if isinstance(value, Promise):
        value = str(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return timezone.make_naive(value) if timezone.is_aware(value) else value
    if isinstance(value, str):
        return "".join(
            c for c in value.encode("utf-8", "ignore").decode() if c in "\t\n" or unicodedata.category(c) != "Cc"
        )[:MAX_CELL]
    return value


def write_csv(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a CSV (UTF-8 with BOM, so that spreadsheets show Chinese); texts cannot act as formulas.

    Args:
        columns: what is written, in order.
        rows: values by column name.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([str(column.title) for column in columns])
    for row in rows:
        cells = []
        for column in columns:
            value = _out(row.get(column.name))
            if isinstance(value, datetime):
                value = value.isoformat(sep=" ", timespec="minutes")
            cells.append(harmless(value) if isinstance(value, str) else value)
        writer.writerow(cells)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def write_xlsx(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], *, sheet: str = "") -> bytes:
    """Return a workbook with one sheet; texts are stored as texts and cannot act as formulas.

    Args:
        columns: what is written, in order.
        rows: values by column name.
        sheet: name of the sheet.
    """
    workbook = _workbook()
    _write_sheet(workbook, sheet or _("数据"), columns, rows)
    return _saved(workbook)


def write_template(columns: Sequence[Column], *, sheet: str) -> bytes:
    """Return a template to fill in: a sheet with headings, an example sheet and a sheet of notes.

    Args:
        columns: the columns of the import.
        sheet: name of the sheet to fill in; the import looks for it first.
    """
    workbook = _workbook()
    _write_sheet(workbook, sheet, columns, [], marked=True)
    count = max((len(column.examples) for column in columns), default=0)
    examples = [
        {column.name: column.examples[index] if index < len(column.examples) else "" for column in columns}
        for index in range(count)
    ]
    _write_sheet(workbook, _("示例"), columns, examples, marked=True)
    notes = [Column("title", _("列")), Column("need", _("必填")), Column("help", _("怎么填"))]
    _write_sheet(
        workbook, _("填写说明"), notes, [{"title": c.title, "need": c.required, "help": _notes(c)} for c in columns]
    )
    return _saved(workbook)


def _notes(column: Column) -> str:
    parts = [str(column.help)] if column.help else []
    if column.choices:
        parts.append(_("可填：%(labels)s。") % {"labels": listed(column.choices)})
    if column.kind is CellKind.DATE:
        parts.append(_("写成 2026-09-01。"))
    if column.max_length:
        parts.append(_("最多 %(limit)s 个字。") % {"limit": column.max_length})
    return "".join(parts)


def _workbook() -> "Workbook":
    from openpyxl import Workbook  # slow to load

    return Workbook(write_only=True)


def _write_sheet(
    workbook: "Workbook",
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, Any]],
    *,
    marked: bool = False,
) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = workbook.create_sheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31])
    sheet.freeze_panes = "A2"
    for index, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(12, len(str(column.title)) * 2 + 6)
    head = []
    for column in columns:
        star = "*" if marked and column.required else ""
        cell = WriteOnlyCell(sheet, f"{column.title}{star}")
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="EFEBE0")
        cell.alignment = Alignment(vertical="center")
        head.append(cell)
    sheet.append(head)
    for row in rows:
        cells = []
        for column in columns:
            value = _out(row.get(column.name))
            cell = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                cell.data_type = "s"
                cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)


def _saved(workbook: "Workbook") -> bytes:
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()
