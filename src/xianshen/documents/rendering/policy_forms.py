"""From the forms of a policy pack to layouts that can be printed."""

from dataclasses import replace

from xianshen.documents.rendering.layout import Cell, CellKind, FormLayout, Option, Paper, Row
from xianshen.regulation.schema import Cell as CellSpec
from xianshen.regulation.schema import FormSpec

SIZES = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "B5": (176.0, 250.0)}


def layout_of(form: FormSpec) -> FormLayout:
    """Return a policy's form as it is printed.

    Raises:
        ValueError: the cells do not fill the table (``policy check`` finds such packs first).
    """
    page = form.layout.page
    width, height = SIZES[page.size]
    if page.orientation == "landscape":
        width, height = height, width
    margins = page.margins
    return FormLayout(
        code=form.code,
        number=form.number,
        title=form.title,
        columns=form.layout.columns,
        rows=tuple(Row(row.height, tuple(_cell(cell, form) for cell in row.cells)) for row in form.layout.rows),
        caption=form.year_line or "",
        notes=form.notes,
        copies=tuple(holder.label for holder in form.copies.holders),
        paper=Paper(width, height, margins.top, margins.right, margins.bottom, margins.left),
    )


def _cell(cell: CellSpec, form: FormSpec) -> Cell:
    return replace(_content(cell, form), colspan=cell.colspan, rowspan=cell.rowspan)


def _content(cell: CellSpec, form: FormSpec) -> Cell:
    if cell.label is not None:
        return Cell(CellKind.LABEL, text=cell.label)
    if cell.opinion is not None:
        box = form.box(cell.opinion)
        return Cell(CellKind.OPINION, box.code, box.label, signature=box.signature, blank_date=box.date)
    kind, code = (CellKind.FIELD, cell.field) if cell.field is not None else (CellKind.CHECKBOXES, cell.checkboxes)
    field = form.field(code or "")
    options = tuple(Option(choice.code, choice.label) for choice in field.choices)
    return Cell(kind, field.code, field.label, options)
