"""Forms: fields, opinion boxes, print layout, copies and notes."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from xianshen.regulation.enums import FieldType
from xianshen.regulation.schema.base import Code, ItemId, Label, PolicyModel, Text
from xianshen.regulation.schema.organisation import UnitRef

MultilineLabel = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Choice(PolicyModel):
    code: Code
    label: Label


class FieldSpec(PolicyModel):
    """A field of a form.

    Args:
        code: stable code within the form.
        label: as printed; a line break is kept.
        type: what may be written into it.
        required: whether it must be filled before submission.
        rule: rule that asks for it.
        max_length: most characters, or None for types that need no limit.
        min_length: fewest characters.
        hint: help below the field.
        source: where the value may come from, e.g. ``unit.name`` or ``person.mobile``.
        choices: for ``choice`` and ``checkboxes``.
        printed: whether it stands on the printed form.
    """

    code: Code
    label: MultilineLabel
    type: FieldType
    required: bool
    rule: ItemId
    max_length: Annotated[int, Field(ge=1, le=10_000)] | None = None
    min_length: Annotated[int, Field(ge=0, le=10_000)] = 0
    hint: Text | None = None
    source: Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)*$")] | None = None
    choices: tuple[Choice, ...] = ()
    printed: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        has_choices = self.type in {FieldType.CHOICE, FieldType.CHECKBOXES}
        if has_choices != bool(self.choices):
            raise ValueError("choice 和 checkboxes 要写 choices，别的类型不写")
        if self.type in {FieldType.TEXT, FieldType.LONG_TEXT} and self.max_length is None:
            raise ValueError("文字字段要写 max_length")
        if self.max_length is not None and self.min_length > self.max_length:
            raise ValueError("min_length 不能大于 max_length")
        return self


class OpinionBox(PolicyModel):
    """A box for an opinion with signature, seal and date.

    Args:
        code: stable code within the form; chain steps name it.
        label: as printed beside the box, e.g. 所在部门意见.
        signature: line for the signature, e.g. 签字（公章）.
        date: line for the date, e.g. 年 月 日.
    """

    code: Code
    label: MultilineLabel
    signature: Label
    date: Label


class CopyHolder(PolicyModel):
    """Who keeps a copy: a name as printed, and the unit it means."""

    label: Label
    of: UnitRef


class Copies(PolicyModel):
    """How many copies there are and who keeps them."""

    count: Annotated[int, Field(ge=1, le=9)]
    holders: Annotated[tuple[CopyHolder, ...], Field(min_length=1)]
    rule: ItemId

    @model_validator(mode="after")
    def _one_holder_each(self) -> Self:
        if len(self.holders) != self.count:
            raise ValueError(f"一式 {self.count} 份，却写了 {len(self.holders)} 个存放处")
        return self


class Cell(PolicyModel):
    """A cell of the printed table: exactly one of label, field, opinion or checkboxes.

    Args:
        label: text of a label cell; a line break is kept.
        field: code of the field whose value is printed.
        opinion: code of the opinion box.
        checkboxes: code of the field whose choices are printed with boxes.
        colspan: columns that the cell covers.
        rowspan: rows that the cell covers.
    """

    label: MultilineLabel | None = None
    field: Code | None = None
    opinion: Code | None = None
    checkboxes: Code | None = None
    colspan: Annotated[int, Field(ge=1, le=12)] = 1
    rowspan: Annotated[int, Field(ge=1, le=30)] = 1

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(part is not None for part in (self.label, self.field, self.opinion, self.checkboxes)) != 1:
            raise ValueError("label、field、opinion、checkboxes 要写一个，且只写一个")
        return self


class Row(PolicyModel):
    """A row of the printed table; ``height`` is its least height in millimetres."""

    height: Annotated[float, Field(gt=0, le=250)]
    cells: Annotated[tuple[Cell, ...], Field(min_length=1)]


class Margins(PolicyModel):
    """Page margins in millimetres."""

    top: Annotated[float, Field(ge=5, le=60)]
    right: Annotated[float, Field(ge=5, le=60)]
    bottom: Annotated[float, Field(ge=5, le=60)]
    left: Annotated[float, Field(ge=5, le=60)]


class Page(PolicyModel):
    size: Literal["A4", "A3", "B5"] = "A4"
    orientation: Literal["portrait", "landscape"] = "portrait"
    margins: Margins


class Layout(PolicyModel):
    """The printed table.

    Args:
        page: paper and margins.
        columns: widths of the columns in hundredths of the table's width; they sum to 100.
        rows: rows with their cells.
    """

    page: Page
    columns: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1, max_length=12)]
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]


class FormSpec(PolicyModel):
    """A form of the regulation.

    Args:
        code: stable code, e.g. ``annex_1``.
        number: as printed above the title, e.g. 附件一.
        title: as printed.
        rule: rule that asks for the form.
        year_line: line under the title with a place for the year (``{year}``), or None.
        copies: how many copies, and who keeps them.
        notes: lines under the table, as printed.
        fields: fields in order.
        opinion_boxes: boxes for opinions.
        layout: the printed table.
    """

    code: Code
    number: Label
    title: Label
    rule: ItemId
    year_line: Label | None = None
    copies: Copies
    notes: tuple[Label, ...] = ()
    fields: Annotated[tuple[FieldSpec, ...], Field(min_length=1)]
    opinion_boxes: tuple[OpinionBox, ...] = ()
    layout: Layout

    def field(self, code: str) -> FieldSpec:
        """Return a field by its code.

        Raises:
            KeyError: the form has no such field.
        """
        return {field.code: field for field in self.fields}[code]

    def box(self, code: str) -> OpinionBox:
        """Return an opinion box by its code.

        Raises:
            KeyError: the form has no such box.
        """
        return {box.code: box for box in self.opinion_boxes}[code]
