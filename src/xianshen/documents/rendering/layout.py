"""What an annex looks like and what is written on it, independent of the output format.

The layout of a form is policy data. ``FormLayout`` is that data reduced to what printing needs, and
plain enough to be kept as JSON beside an issued document: a document can be rendered again years
later, whatever became of the policy pack.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

BLANK = "\u3000\u3000\u3000\u3000"
_BETWEEN = re.compile(r"[、，,;；\n]")
_PLACE = re.compile(r"\{(\w+)\}")


class CellKind(StrEnum):
    """What stands in a cell."""

    LABEL = "label"
    FIELD = "field"
    OPINION = "opinion"
    CHECKBOXES = "checkboxes"


@dataclass(frozen=True, slots=True)
class Option:
    """One box of a row of check boxes: the value stored and the words printed."""

    value: str
    label: str

    def chosen_in(self, chosen: set[str]) -> bool:
        """Whether the box is ticked, given the codes or the words that were chosen."""
        return self.value in chosen or self.label in chosen


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table.

    Args:
        kind: what stands in it.
        key: key of the value, the opinion or the chosen options; "" for labels.
        text: the printed label; for other kinds the name told to people who cannot see the table.
        options: the boxes of a ``checkboxes`` cell; the words for stored codes in a ``field`` cell.
        colspan, rowspan: how many columns and rows it covers.
        signature: printed before the signature in an ``opinion`` cell, e.g. 签字（公章）.
        blank_date: printed in an ``opinion`` cell while unsigned, e.g. 年   月   日.
    """

    kind: CellKind
    key: str = ""
    text: str = ""
    options: tuple[Option, ...] = ()
    colspan: int = 1
    rowspan: int = 1
    signature: str = ""
    blank_date: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its cells, without the places that a span covers, and its least height in millimetres."""

    height: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """The sheet: width, height and margins in millimetres."""

    width: float = 210.0
    height: float = 297.0
    top: float = 25.4
    right: float = 31.8
    bottom: float = 25.4
    left: float = 31.8


@dataclass(frozen=True, slots=True)
class FormLayout:
    """A form as it is printed.

    Args:
        code: code of the form in its policy pack.
        number: what stands on the top left, e.g. 附件一.
        title: the centred title.
        columns: relative widths of the columns.
        rows: the table.
        caption: line between title and table, where ``{key}`` stands for a value, or "".
        notes: lines under the table.
        copies: who keeps which copy, one entry per copy, e.g. 校办公室.
        paper: the sheet.
    """

    code: str
    number: str
    title: str
    columns: tuple[float, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    paper: Paper = Paper()

    def __post_init__(self) -> None:
        self.grid()

    def cells(self) -> Iterator[Cell]:
        """Yield the cells in reading order."""
        for row in self.rows:
            yield from row.cells

    def grid(self) -> list[list[tuple[int, int]]]:
        """Return for every place of the grid which cell (row index, cell index) covers it.

        Raises:
            ValueError: a row is too short or too long, or spans overlap.
        """
        width = len(self.columns)
        places: list[list[tuple[int, int] | None]] = [[None] * width for _ in self.rows]
        for row, line in enumerate(self.rows):
            column = 0
            for index, cell in enumerate(line.cells):
                while column < width and places[row][column] is not None:
                    column += 1
                if column + cell.colspan > width or row + cell.rowspan > len(self.rows):
                    raise ValueError(f"{self.code}: row {row + 1}, cell {index + 1} leaves the table")
                for down in range(row, row + cell.rowspan):
                    for across in range(column, column + cell.colspan):
                        if places[down][across] is not None:
                            raise ValueError(f"{self.code}: row {row + 1}, cell {index + 1} covers another cell")
                        places[down][across] = (row, index)
                column += cell.colspan
        full: list[list[tuple[int, int]]] = []
        for row, taken in enumerate(places):
            filled = [place for place in taken if place is not None]
            if len(filled) != width:
                raise ValueError(f"{self.code}: row {row + 1} has cells for {len(filled)} of {width} columns")
            full.append(filled)
        return full

    def opinion_keys(self) -> tuple[str, ...]:
        """Return the keys of the opinion boxes in reading order."""
        return tuple(cell.key for cell in self.cells() if cell.kind is CellKind.OPINION)

    def caption_with(self, values: Mapping[str, str]) -> str:
        """Return the line between title and table with its values, or with blanks to write in."""
        return _PLACE.sub(lambda place: values.get(place[1], "") or BLANK, self.caption)

    def to_json(self) -> dict[str, Any]:
        """Return the layout as JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "FormLayout":
        """Read what :meth:`to_json` wrote."""
        rows = tuple(Row(row["height"], tuple(_cell_from(cell) for cell in row["cells"])) for row in data["rows"])
        plain = {key: tuple(data[key]) for key in ("columns", "notes", "copies")}
        return cls(**{**data, **plain, "rows": rows, "paper": Paper(**data["paper"])})


def _cell_from(data: Mapping[str, Any]) -> Cell:
    options = tuple(Option(**option) for option in data["options"])
    return Cell(**{**data, "kind": CellKind(data["kind"]), "options": options})


@dataclass(frozen=True, slots=True)
class OpinionBox:
    """What is written into an opinion box.

    Args:
        text: the opinion.
        signer: name of the person who signed.
        position: title of the position held.
        unit: name of the unit.
        date: day of signing, or None while unsigned.
        seal_text: words around the seal, or "" when nothing is sealed.
        on_behalf_of: "name（position）" of the principal when signed under a delegation.
    """

    text: str = ""
    signer: str = ""
    position: str = ""
    unit: str = ""
    date: dt.date | None = None
    seal_text: str = ""
    on_behalf_of: str = ""

    def signature(self) -> str:
        """Return the words after 签字（公章）: position and name."""
        words = [self.position, self.signer] if self.position != self.signer else [self.signer]
        return " ".join(filter(None, words))

    def delegation(self) -> str:
        """Return the line that says for whom it was signed, or ""."""
        return f"（受 {self.on_behalf_of} 委托）" if self.on_behalf_of else ""

    def to_json(self) -> dict[str, str]:
        """Return the box as JSON data."""
        return {**asdict(self), "date": self.date.isoformat() if self.date else ""}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> "OpinionBox":
        """Read what :meth:`to_json` wrote."""
        return cls(**{**data, "date": dt.date.fromisoformat(data["date"]) if data["date"] else None})  # type: ignore[arg-type] # reason: every other value is a str


@dataclass(frozen=True, slots=True)
class FormData:
    """What is written on a form.

    Args:
        values: texts by field key; for check boxes the codes or words chosen, joined by 、.
        opinions: filled opinion boxes by key; a missing key leaves the box blank.
        copies: overrides who keeps the copies; empty: as the form says.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    opinions: Mapping[str, OpinionBox] = field(default_factory=dict)
    copies: Sequence[str] = ()

    def chosen(self, key: str) -> set[str]:
        """Return what was chosen in a row of check boxes."""
        return {word.strip() for word in _BETWEEN.split(self.values.get(key, "")) if word.strip()}

    def to_json(self) -> dict[str, Any]:
        """Return the data as JSON data."""
        return {
            "values": dict(self.values),
            "opinions": {key: box.to_json() for key, box in self.opinions.items()},
            "copies": list(self.copies),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "FormData":
        """Read what :meth:`to_json` wrote."""
        return cls(
            values=data["values"],
            opinions={key: OpinionBox.from_json(box) for key, box in data["opinions"].items()},
            copies=tuple(data["copies"]),
        )


@dataclass(frozen=True, slots=True)
class Imprint:
    """What is printed into the footer of an issued form.

    Args:
        code: verification code.
        url: address of the verification page for this code, also in the QR code.
        issued_on: day of issue, kept in the file's metadata.
        issuer: name of the institution.
    """

    code: str
    url: str
    issued_on: dt.date
    issuer: str


def chinese_date(day: dt.date) -> str:
    """Return 2026年11月18日."""
    return f"{day.year}年{day.month}月{day.day}日"


def value_of(cell: Cell, data: FormData) -> str:
    """Return the words to print into a ``field`` cell: a stored code is replaced by its label."""
    value = data.values.get(cell.key, "")
    return next((option.label for option in cell.options if option.value == value), value)
