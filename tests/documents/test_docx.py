"""The form as DOCX: the same layout, mergeable by Word, the same bytes every time."""

import time
import zipfile
from io import BytesIO

import pytest
from docx import Document
from docx.oxml.ns import qn

from tests.factories.documents import FILLED, IMPRINT, OPINIONS, filled, shcc_layout
from xianshen.documents.rendering.docx import render_docx
from xianshen.documents.rendering.layout import FormData


def opened(content: bytes):  # type: ignore[no-untyped-def]
    return Document(BytesIO(content))


def cells(content: bytes) -> list[str]:
    """Texts of the first copy's cells, merged ones once."""
    seen, texts = set(), []
    for row in opened(content).tables[0].rows:
        for cell in row.cells:
            if cell._tc not in seen:
                seen.add(cell._tc)
                texts.append(cell.text)
    return texts


@pytest.mark.parametrize("code", ("annex_1", "annex_2", "annex_3"))
def test_same_record_gives_same_bytes(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = render_docx(shcc_layout(code), FILLED, IMPRINT)
    later = time.localtime(time.time() + 86400 * 400)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    assert render_docx(shcc_layout(code), FILLED, IMPRINT) == first


def test_package_carries_no_date_of_making() -> None:
    content = render_docx(shcc_layout(), FILLED, IMPRINT)
    with zipfile.ZipFile(BytesIO(content)) as package:
        assert {member.date_time for member in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any("thumbnail" in name for name in package.namelist())
    properties = opened(content).core_properties
    assert properties.created.date() == properties.modified.date() == IMPRINT.issued_on
    assert properties.title == "上海海关学院校园新媒体开设申请表"


def test_every_place_is_merged_as_the_form_says() -> None:
    table = opened(render_docx(shcc_layout(), FILLED, IMPRINT)).tables[0]
    xml = table._tbl
    spans = [int(span.get(qn("w:val"))) for span in xml.iter(qn("w:gridSpan"))]
    assert spans == [3, 3, 3, 3, 3]
    merges = [merge.get(qn("w:val")) for merge in xml.iter(qn("w:vMerge"))]
    assert merges == ["restart", "restart", None, None]
    assert table.cell(4, 0)._tc is table.cell(5, 0)._tc
    assert table.cell(4, 0).text == "负责人"
    assert [cell.text for cell in (table.cell(4, 2), table.cell(5, 2))] == ["手机", "邮箱"]


def test_widths_heights_and_borders_follow_the_form() -> None:
    layout = shcc_layout()
    document = opened(render_docx(layout, FILLED, IMPRINT))
    table = document.tables[0]
    widths = [column.width.mm for column in table.columns]
    assert widths == pytest.approx([146.4 * share / 100 for share in layout.columns], abs=0.1)
    assert [row.height.mm for row in table.rows] == pytest.approx([row.height for row in layout.rows], abs=0.1)
    borders = table._tbl.tblPr.find(qn("w:tblBorders"))
    assert {line.get(qn("w:val")) for line in borders} == {"single"}
    assert len(borders) == 6
    order = [child.tag for child in table._tbl.tblPr]
    assert order.index(qn("w:tblBorders")) < order.index(qn("w:tblLayout"))


def test_both_copies_are_sections_with_their_own_page_numbers() -> None:
    document = opened(render_docx(shcc_layout(), FILLED, IMPRINT))
    assert len(document.sections) == len(document.tables) == 2
    footers = ["".join(p.text for p in section.footer.paragraphs) for section in document.sections]
    assert ["校办公室存" in footers[0], "所在部门存" in footers[1]] == [True, True]
    for section, footer in zip(document.sections, footers, strict=True):
        assert "7KQ4-2MX9" in footer
        assert "以加盖电子签章的 PDF 为准" in footer
        instructions = [e.text.strip() for e in section.footer._element.iter(qn("w:instrText"))]
        assert instructions == ["PAGE", "SECTIONPAGES"]
        assert len(section._sectPr.findall(qn("w:pgNumType"))) == 1


def test_content_of_the_cells_is_that_of_the_record() -> None:
    texts = cells(render_docx(shcc_layout(), FILLED, IMPRINT))
    for key in ("name", "platform", "handle", "content_scope", "owner_name", "owner_mobile", "owner_email"):
        assert FILLED.values[key] in texts
    unit, office = texts[-3], texts[-1]
    assert unit.splitlines() == [
        OPINIONS["unit_opinion"].text,
        "签字（公章） 系主任 张三",
        "（已盖章：上海海关学院法律系）",
        "2026年11月18日",
    ]
    assert "（受 王五（办公室主任） 委托）" in office


def test_chinese_text_names_a_chinese_font_and_what_may_stand_in_for_it() -> None:
    content = render_docx(shcc_layout(), FILLED, IMPRINT)
    runs = opened(content).tables[0]._tbl.iter(qn("w:rFonts"))
    assert {fonts.get(qn("w:eastAsia")) for fonts in runs} == {"宋体"}
    with zipfile.ZipFile(BytesIO(content)) as package:
        table = package.read("word/fontTable.xml").decode()
    assert 'w:name="宋体"><w:altName w:val="SimSun,' in table


def test_blank_form_has_room_to_write() -> None:
    content = render_docx(shcc_layout(), FormData())
    texts = cells(content)
    assert texts.count("") == 8
    assert texts[-1].splitlines() == ["", "签字（公章）" + "\u3000" * 5, "年\u00a0\u00a0\u00a0月\u00a0\u00a0\u00a0日"]
    assert "核验码" not in "".join(p.text for p in opened(content).sections[0].footer.paragraphs)


@pytest.mark.parametrize(
    "text", ("<script>alert(1)</script>", "]]>&amp;", "😀𠮷", "长" * 10_000, "a\x00b\x0bc", "\ud800x", "一\n二")
)
def test_any_text_is_plain_text(text: str) -> None:
    texts = cells(render_docx(shcc_layout(), filled(content_scope=text), IMPRINT))
    kept = "".join(char for char in text if char == "\n" or (char.isprintable() and not "\ud800" <= char <= "\udfff"))
    assert kept in texts


def test_check_boxes_are_ticked() -> None:
    assert "☑信息变更\u3000□停办" in cells(render_docx(shcc_layout("annex_3"), FILLED, IMPRINT))
