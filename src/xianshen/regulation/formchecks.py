"""What must fit together in a form: fields, opinion boxes, and the grid of the printed table."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import isclose
from typing import Any

from django.utils.translation import gettext as _

from xianshen.regulation.enums import FieldType
from xianshen.regulation.source import Item, Location, mappings_at

FULL_WIDTH = 100


def codes_in(form: dict[str, Any], key: str) -> set[Any]:
    """Return the codes of a form's fields or boxes, skipping whatever has the wrong type."""
    values = form.get(key)
    return {item.get("code") for item in values if isinstance(item, dict)} if isinstance(values, list) else set()


class FormChecks:
    """The checks of a version's forms.

    Args:
        data: sections of the version as plain data, perhaps with mistakes of type.
        wrong: called with the location and the words of every mistake.
    """

    def __init__(self, data: dict[str, Any], wrong: Callable[[Location, str], None]) -> None:
        self.data = data
        self.wrong = wrong

    def items(self, *location: str | int) -> Iterator[Item]:
        return mappings_at(self.data, *location)

    def run(self) -> None:
        """Check all forms."""
        for place, form in self.items("forms"):
            fields = {item.get("code"): item for __, item in self.items(*place, "fields")}
            boxes = codes_in(form, "opinion_boxes")
            shown: Counter[Any] = Counter()
            for row, __ in self.items(*place, "layout", "rows"):
                for cell_place, cell in self.items(*row, "cells"):
                    shown.update(self._cell(cell_place, cell, fields, boxes))
            for field_place, item in self.items(*place, "fields"):
                times, printed = shown[item.get("code")], item.get("printed", True)
                if printed is True and times != 1:
                    text = (
                        _("版面里没有这个字段。不印的写 printed: false。") if not times else _("版面里印了不止一次。")
                    )
                    self.wrong((*field_place, "code"), text)
                elif printed is False and times and "{" not in str(form.get("year_line")):
                    self.wrong((*field_place, "printed"), _("写了不印，版面里却有。"))
            for box_place, box in self.items(*place, "opinion_boxes"):
                if shown[("box", box.get("code"))] != 1:
                    self.wrong((*box_place, "code"), _("版面里要有一个这样的意见栏。"))
            line = form.get("year_line")
            if isinstance(line, str) and ("{year}" not in line or "year" not in fields):
                self.wrong((*place, "year_line"), _("年度一行要写 {year}，表里要有 year 字段。"))
            self._grid(place, form.get("layout"))

    def _cell(
        self, place: Location, cell: dict[str, Any], fields: dict[Any, dict[str, Any]], boxes: set[Any]
    ) -> list[Any]:
        """Check what a cell names; return the field or box that it shows."""
        for key in ("field", "checkboxes"):
            code = cell.get(key)
            if not isinstance(code, str):
                continue
            if code not in fields:
                self.wrong((*place, key), _("表里没有字段「%(code)s」。") % {"code": code})
            elif (key == "checkboxes") != (fields[code].get("type") == FieldType.CHECKBOXES):
                self.wrong((*place, key), _("勾选格只印 checkboxes 字段，checkboxes 字段只印在勾选格里。"))
            return [code]
        code = cell.get("opinion")
        if isinstance(code, str):
            if code not in boxes:
                self.wrong((*place, "opinion"), _("表里没有意见栏「%(code)s」。") % {"code": code})
            return [("box", code)]
        return []

    def _grid(self, place: Location, layout: Any) -> None:
        """Check that column widths sum and that cells fill every row without gaps or overlaps."""
        columns = layout.get("columns") if isinstance(layout, dict) else None
        if not isinstance(columns, list) or not all(isinstance(width, int | float) for width in columns):
            return
        if not isclose(sum(columns), FULL_WIDTH, abs_tol=0.01):
            self.wrong(
                (*place, "layout", "columns"),
                _("列宽之和是 %(sum)s，应当是 %(full)s。") % {"sum": f"{sum(columns):g}", "full": FULL_WIDTH},
            )
        covered = [0] * len(columns)
        rows = list(self.items(*place, "layout", "rows"))
        for index, (row_place, __) in enumerate(rows):
            column, left = 0, [max(0, rest - 1) for rest in covered]
            for cell_place, cell in self.items(*row_place, "cells"):
                while column < len(columns) and covered[column]:
                    column += 1
                colspan, rowspan = _span(cell, "colspan"), _span(cell, "rowspan")
                if column + colspan > len(columns) or any(covered[column : column + colspan]):
                    self.wrong(cell_place, _("格子超出了表的 %(count)s 列。") % {"count": len(columns)})
                    return
                if index + rowspan > len(rows):
                    self.wrong((*cell_place, "rowspan"), _("格子向下超出了表。"))
                    return
                for position in range(column, column + colspan):
                    left[position] = rowspan - 1
                    covered[position] = rowspan
                column += colspan
            if not all(covered):
                self.wrong((*row_place, "cells"), _("这一行没有填满 %(count)s 列。") % {"count": len(columns)})
                return
            covered = left


def _span(cell: dict[str, Any], key: str) -> int:
    value = cell.get(key, 1)
    return value if isinstance(value, int) and value > 0 else 1
