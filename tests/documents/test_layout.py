import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.documents import FILLED, OPINIONS, shcc_forms, shcc_layout
from xianshen.documents.rendering.layout import (
    Cell,
    CellKind,
    FormData,
    FormLayout,
    OpinionBox,
    Option,
    Row,
    value_of,
)
from xianshen.documents.rendering.text import LONGEST_RUN, chunks, clean, lines

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


@pytest.mark.parametrize("code", ("annex_1", "annex_2", "annex_3"))
def test_layout_survives_json(code: str) -> None:
    layout = shcc_layout(code)
    assert FormLayout.from_json(json.loads(json.dumps(layout.to_json()))) == layout


def test_data_survives_json() -> None:
    again = FormData.from_json(json.loads(json.dumps(FILLED.to_json())))
    assert again == FormData(values=FILLED.values, opinions=OPINIONS, copies=())


def test_layout_takes_over_the_policys_form() -> None:
    form, layout = shcc_forms()["annex_1"], shcc_layout()
    assert (layout.number, layout.title) == ("附件一", "上海海关学院校园新媒体开设申请表")
    assert layout.copies == ("校办公室", "所在部门")
    assert layout.notes == form.notes
    assert layout.opinion_keys() == ("unit_opinion", "office_opinion")
    assert layout.paper.left == form.layout.page.margins.left
    assert [row.height for row in layout.rows] == [row.height for row in form.layout.rows]


def test_grid_names_the_cell_that_covers_each_place() -> None:
    layout = FormLayout(
        code="x",
        number="",
        title="",
        columns=(1, 1, 2),
        rows=(
            Row(10, (Cell(CellKind.LABEL, text="a", rowspan=2), Cell(CellKind.FIELD, "b", colspan=2))),
            Row(10, (Cell(CellKind.FIELD, "c"), Cell(CellKind.FIELD, "d"))),
        ),
    )
    assert layout.grid() == [[(0, 0), (0, 1), (0, 1)], [(0, 0), (1, 0), (1, 1)]]


@pytest.mark.parametrize(
    ("rows", "problem"),
    (
        ((Row(10, (Cell(CellKind.LABEL),)),), "has cells for 1 of 2"),
        ((Row(10, (Cell(CellKind.LABEL, colspan=3),)),), "leaves the table"),
        ((Row(10, (Cell(CellKind.LABEL, rowspan=2), Cell(CellKind.LABEL))),), "leaves the table"),
        (
            (
                Row(10, (Cell(CellKind.LABEL), Cell(CellKind.LABEL, rowspan=2))),
                Row(10, (Cell(CellKind.LABEL, colspan=2),)),
            ),
            "covers another cell",
        ),
    ),
)
def test_cells_that_do_not_fill_the_table_are_an_error(rows: tuple[Row, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        FormLayout(code="x", number="", title="", columns=(1, 1), rows=rows)


def test_caption_holds_the_year_or_room_for_it() -> None:
    layout = shcc_layout("annex_2")
    assert layout.caption_with({"year": "2026"}) == "（ 2026 ）年度"
    assert layout.caption_with({}) == "（ \u3000\u3000\u3000\u3000 ）年度"


@pytest.mark.parametrize("value", ("change", "信息变更", "closure、change", "停办,信息变更", "change\nclosure"))
def test_check_boxes_take_codes_and_words(value: str) -> None:
    chosen = FormData(values={"kind": value}).chosen("kind")
    assert Option("change", "信息变更").chosen_in(chosen)
    assert not Option("other", "其他").chosen_in(chosen)


def test_stored_code_is_printed_as_its_label() -> None:
    cell = Cell(CellKind.FIELD, "kind", options=(Option("a", "甲"),))
    assert value_of(cell, FormData(values={"kind": "a"})) == "甲"
    assert value_of(cell, FormData(values={"kind": "甲"})) == "甲"
    assert value_of(cell, FormData()) == ""


def test_signature_says_position_name_and_for_whom() -> None:
    box = OpinionBox(signer="李四", position="办公室副主任", on_behalf_of="王五（办公室主任）")
    assert box.signature() == "办公室副主任 李四"
    assert box.delegation() == "（受 王五（办公室主任） 委托）"
    assert OpinionBox(signer="系主任", position="系主任").signature() == "系主任"
    assert OpinionBox().signature() == OpinionBox().delegation() == ""


@given(TEXT)
def test_pieces_join_to_the_line(text: str) -> None:
    for line in lines(text):
        assert "".join(chunks(line)) == line


@given(TEXT)
def test_clean_is_idempotent_and_storable(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\x00" not in once
    assert "\r" not in once
    once.encode()


def test_long_runs_may_be_broken_but_not_inside_a_character() -> None:
    assert all(len(piece) <= LONGEST_RUN for piece in chunks("a" * 500))
    family = "👨‍👩‍👧‍👦"
    pieces = chunks(family * 20)
    assert all(not piece.startswith("\u200d") and not piece.endswith("\u200d") for piece in pieces)
    assert chunks("e\u0301" * 30)[0].count("e") == chunks("e\u0301" * 30)[0].count("\u0301")


def test_clean_drops_what_turns_the_reading_direction() -> None:
    assert clean("a\u202egnp.exe\u2066b\u200f") == "agnp.exeb"
    assert clean("一\r\n二\r三\t四\x07") == "一\n二\n三 四"
