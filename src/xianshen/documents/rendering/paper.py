"""Annexes as HTML "paper": the same layout as the PDF, prepared for a template that only prints."""

import datetime as dt
from dataclasses import dataclass

from xianshen.documents.rendering import words
from xianshen.documents.rendering.layout import (
    Cell,
    CellKind,
    FormData,
    FormLayout,
    OpinionBox,
    chinese_date,
    value_of,
)
from xianshen.documents.rendering.text import clean

NO_BREAK_SPACE = "\u00a0"


@dataclass(frozen=True, slots=True)
class PaperOpinion:
    """An opinion box as the page shows it.

    Args:
        text: the opinion, or the one being written.
        sign: words before the signature.
        signature: position and name, or "".
        delegation: the line that says for whom it was signed, or "".
        date: day of signing, or the blanks.
        seal: words around the seal, or "".
        seal_label: the seal in words.
        mine: the box is the reader's to write.
        place: what will be sealed once signed, or "".
    """

    text: str
    sign: str
    signature: str
    delegation: str
    date: str
    seal: str
    seal_label: str
    mine: bool
    place: str


@dataclass(frozen=True, slots=True)
class PaperCell:
    """A cell as the page shows it; ``ticks`` are (ticked, label) pairs."""

    kind: str
    text: str
    colspan: int
    rowspan: int
    ticks: tuple[tuple[bool, str], ...] = ()
    opinion: PaperOpinion | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A form as the page shows it; ``columns`` are whole percents."""

    number: str
    title: str
    caption: str
    columns: tuple[int, ...]
    rows: tuple[tuple[PaperCell, ...], ...]
    notes: tuple[str, ...]


def paper_of(
    layout: FormLayout,
    data: FormData,
    *,
    mine: str = "",
    preview: str = "",
    on: dt.date | None = None,
    seal: str = "",
) -> Paper:
    """Return the form for the page.

    Args:
        layout: the form.
        data: what is written on it.
        mine: key of the opinion box that the reader is about to sign, or "".
        preview: the opinion being written, shown in that box.
        on: the day of signing, shown in that box.
        seal: words around the seal that signing will put there.

    Raises:
        ValueError: ``mine`` names a box that the form does not have.
    """
    if mine and mine not in layout.opinion_keys():
        raise ValueError(f"{layout.code} has no opinion box {mine!r}")
    total = sum(layout.columns)

    def cell_of(cell: Cell) -> PaperCell:
        spans = (cell.colspan, cell.rowspan)
        if cell.kind is CellKind.OPINION:
            box = data.opinions.get(cell.key) or OpinionBox()
            if cell.key == mine:
                box = OpinionBox(text=preview, date=on)
            opinion = PaperOpinion(
                text=clean(box.text),
                sign=clean(cell.signature),
                signature=clean(box.signature()),
                delegation=clean(box.delegation()),
                date=chinese_date(box.date) if box.date else clean(cell.blank_date).replace(" ", NO_BREAK_SPACE),
                seal=clean(box.seal_text),
                seal_label=words.SEAL.format(unit=clean(box.seal_text)),
                mine=cell.key == mine,
                place=clean(seal) if cell.key == mine else "",
            )
            return PaperCell(cell.kind, clean(cell.text), *spans, opinion=opinion)
        if cell.kind is CellKind.CHECKBOXES:
            chosen = data.chosen(cell.key)
            ticks = tuple((option.chosen_in(chosen), clean(option.label)) for option in cell.options)
            return PaperCell(cell.kind, clean(cell.text), *spans, ticks=ticks)
        text = value_of(cell, data) if cell.kind is CellKind.FIELD else cell.text
        return PaperCell(cell.kind, clean(text), *spans)

    return Paper(
        number=layout.number,
        title=layout.title,
        caption=layout.caption_with(data.values) if layout.caption else "",
        columns=tuple(max(1, round(width * 100 / total)) for width in layout.columns),
        rows=tuple(tuple(cell_of(cell) for cell in row.cells) for row in layout.rows),
        notes=layout.notes,
    )
