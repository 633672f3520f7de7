"""The printed form: what stands on it, that nothing gets lost, and that it is the same every time."""

import re
from dataclasses import replace
from io import BytesIO

import pypdf
import pytest
from docx import Document

from tests.factories.documents import FILLED, IMPRINT, OPINIONS, filled, shcc_layout
from tests.factories.regulation import OTHER, pack_at
from xianshen.documents.rendering import pdf as pdf_module
from xianshen.documents.rendering.docx import render_docx
from xianshen.documents.rendering.layout import FormData, OpinionBox
from xianshen.documents.rendering.pdf import render_pdf
from xianshen.documents.rendering.policy_forms import layout_of
from xianshen.documents.rendering.seal import ring, seal_svg

FOOTER = re.compile(
    r"核验码7KQ4-2MX9https://xianshen\.example\.edu\.cn/verify/7KQ4-2MX9"
    r"扫码或打开上面的地址，可查本表是否有效、有没有改动。(?:校办公室|所在部门)存第\d+页，共\d+页"
)
RADICALS = re.compile(r"[\u2e80-\u2fdf]")


def pages_of(pdf: bytes) -> list[str]:
    return [re.sub(r"\s", "", page.extract_text()) for page in pypdf.PdfReader(BytesIO(pdf)).pages]


def flat(pdf: bytes) -> str:
    """All text without white space and footers."""
    return FOOTER.sub("", "".join(pages_of(pdf)))


def fonts_of(pdf: bytes) -> dict[str, bool]:
    """Fonts by name, and whether the font file is inside."""
    found = {}
    for page in pypdf.PdfReader(BytesIO(pdf)).pages:
        for font in page["/Resources"]["/Font"].values():
            for part in font.get_object()["/DescendantFonts"]:
                descriptor = part.get_object()["/FontDescriptor"].get_object()
                embedded = any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
                found[str(part.get_object()["/BaseFont"])] = embedded
    return found


@pytest.mark.parametrize("code", ("annex_1", "annex_2", "annex_3"))
def test_same_record_gives_same_bytes(code: str) -> None:
    first = render_pdf(shcc_layout(code), FILLED, IMPRINT)
    pdf_module._compiler.cache_clear()
    assert render_pdf(shcc_layout(code), FILLED, IMPRINT) == first


def test_both_copies_stand_in_one_file_each_headed_by_its_keeper() -> None:
    pages = pages_of(render_pdf(shcc_layout(), FILLED, IMPRINT))
    assert len(pages) == 2
    for page, keeper in zip(pages, ("校办公室存", "所在部门存"), strict=True):
        assert page.startswith(f"附件一{keeper}上海海关学院校园新媒体开设申请表")
        assert "注：此表一式两份，校办公室、所在部门各一份。" in page
        assert page.endswith("第1页，共1页")
    assert pages[0].replace("校办公室存", "") == pages[1].replace("所在部门存", "")


def test_copies_may_name_the_unit_itself() -> None:
    pages = pages_of(render_pdf(shcc_layout(), replace(FILLED, copies=("办公室", "法律系")), IMPRINT))
    assert ["办公室存" in pages[0], "法律系存" in pages[1]] == [True, True]


def test_every_value_opinion_signature_and_date_is_printed() -> None:
    text = flat(render_pdf(shcc_layout(), FILLED, IMPRINT))
    for key in ("name", "platform", "handle", "content_scope", "owner_name", "owner_mobile", "owner_email"):
        assert text.count(FILLED.values[key]) >= 2, key
    for box in OPINIONS.values():
        assert box.text in text
    assert "签字（公章）系主任张三2026年11月18日" in text
    assert "签字（公章）办公室副主任李四（受王五（办公室主任）委托）2026年11月23日" in text


def test_every_page_carries_code_link_and_qr_code() -> None:
    long = filled(content_scope="内容" * 3000)
    pages = pypdf.PdfReader(BytesIO(render_pdf(shcc_layout(), long, IMPRINT))).pages
    assert len(pages) > 4
    for page in pages:
        assert FOOTER.search(re.sub(r"\s", "", page.extract_text()))


def test_blank_form_has_labels_and_blanks_but_no_code() -> None:
    text = flat(render_pdf(shcc_layout(), FormData()))
    assert text.count("签字（公章）年月日") == 4
    for label in (
        "新媒体名称",
        "所属部门",
        "新媒体类型",
        "账号名称或链接地址",
        "发布内容范围",
        "负责人",
        "手机",
        "邮箱",
    ):
        assert text.count(label) == 2
    assert "核验码" not in text


def test_check_boxes_are_ticked() -> None:
    text = flat(render_pdf(shcc_layout("annex_3"), FILLED, IMPRINT))
    assert "√信息变更停办" in text
    assert "√" not in flat(render_pdf(shcc_layout("annex_3"), filled(filling_kind="", filing_kind=""), IMPRINT))


def test_all_fonts_are_embedded() -> None:
    fonts = fonts_of(render_pdf(shcc_layout(), filled(name="𠮷田😀"), IMPRINT))
    assert all(fonts.values())
    assert {name.split("+")[1].split("-")[0] for name in fonts} == {"NotoSerifSC", "XianshenRareHan", "NotoEmoji"}


def test_file_is_archival_and_tagged() -> None:
    document = pypdf.PdfReader(BytesIO(render_pdf(shcc_layout(), FILLED, IMPRINT)))
    metadata = document.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfaid:part>2<", metadata)
    assert re.search(r"pdfaid:conformance>A<", metadata)
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert document.metadata is not None
    assert (document.metadata.title, document.metadata.author) == ("上海海关学院校园新媒体开设申请表", "上海海关学院")


@pytest.mark.parametrize("length", (5_000, 10_000))
def test_long_text_flows_over_pages_without_loss(length: int) -> None:
    sentence = "面向全校师生发布教务𠮷祥通知😀（第{}条）。"
    text = ""
    while len(text) < length:
        text += sentence.format(len(text))
    text = text[:length]
    pdf = render_pdf(shcc_layout(), filled(content_scope=text), IMPRINT)
    extracted = flat(pdf)
    assert extracted.count(text) == 2
    assert not RADICALS.search(extracted)
    assert len(pages_of(pdf)) > length // 1200


def test_long_opinion_flows_and_keeps_signature_and_seal_together() -> None:
    opinion = replace(OPINIONS["unit_opinion"], text="意见很长，说明如下。" * 500)
    pages = pages_of(render_pdf(shcc_layout(), replace(FILLED, opinions={"unit_opinion": opinion}), IMPRINT))
    assert FOOTER.sub("", "".join(pages)).count(opinion.text) == 2
    assert sum("签字（公章）系主任张三2026年11月18日" in page for page in pages) == 2


def test_word_without_spaces_is_broken_and_kept_whole() -> None:
    address = "https://example.com/" + "a" * 500 + "?q=" + "b%20" * 50
    extracted = flat(render_pdf(shcc_layout(), filled(handle=address), IMPRINT))
    assert extracted.count(address) == 2
    assert "\u200b" not in extracted


@pytest.mark.parametrize(
    "text",
    (
        "<script>alert(1)</script>",
        '#panic("x") $x^2$ *粗* _斜_ `码` @ref <label> \\ [a] //注',
        "</td></tr></table>{{ 7*7 }}{% load x %}",
        "&lt;b&gt; &amp; \"引号\" '单引号'",
        "https://example.com/a//b?c=d#e",
    ),
)
def test_markup_of_any_kind_is_plain_text(text: str) -> None:
    wanted = re.sub(r"\s", "", text)
    assert flat(render_pdf(shcc_layout(), filled(content_scope=text, name=text), IMPRINT)).count(wanted) == 4


@pytest.mark.parametrize("text", ("😀👍🏽", "👨‍👩‍👧‍👦家", "𠮷𬭎𨱑𫖯𪚥", "①㎡Ⅳ〇", "e\u0301"))
def test_emoji_and_rare_characters_are_printed(text: str) -> None:
    extracted = flat(render_pdf(shcc_layout(), filled(content_scope=text), IMPRINT))
    assert extracted.count(text) == 2


@pytest.mark.parametrize("text", ("བོད་ཡིག", "\ue000\ufffe\x00\x07", "한국어", "\ud800" + "x"))
def test_characters_that_no_font_has_do_not_stop_printing(text: str) -> None:
    assert "附件一" in flat(render_pdf(shcc_layout(), filled(content_scope=text), IMPRINT))


def test_line_breaks_are_kept() -> None:
    pdf = render_pdf(shcc_layout(), filled(content_scope="第一行\n第二行\r\n第三行"), IMPRINT)
    text = pypdf.PdfReader(BytesIO(pdf)).pages[0].extract_text()
    assert [line.strip() for line in text.splitlines() if line.strip().startswith("第") and "行" in line] == [
        "第一行",
        "第二行",
        "第三行",
    ]


def test_year_stands_under_the_title_of_the_review_form() -> None:
    assert "年审表（2026）年度" in flat(render_pdf(shcc_layout("annex_2"), FILLED, IMPRINT))


def test_seal_runs_around_the_circle_whatever_the_length() -> None:
    short, long = ring("法律系"), ring("上海海关学院" * 8)
    assert [glyph.char for glyph in short] == ["法", "律", "系"]
    assert short[1].angle == 0
    assert long[-1].angle - long[0].angle <= 270
    assert ring("  ") == []
    drawing = seal_svg('上海海关学院<script>&"')
    assert "<script" not in drawing
    assert drawing.count("<path") == len('上海海关学院<script>&"')
    assert seal_svg("𠮷院").count("<path") == 2


def test_opinion_without_seal_is_printed_without_one() -> None:
    box = OpinionBox(text="不同意。", signer="张三", date=OPINIONS["unit_opinion"].date)
    with_seal = render_pdf(shcc_layout(), FILLED, IMPRINT)
    without = render_pdf(shcc_layout(), replace(FILLED, opinions={"unit_opinion": box}), IMPRINT)
    assert "不同意。" in flat(without)
    assert len(without) < len(with_seal)


def test_value_that_is_a_little_too_wide_stays_on_one_line() -> None:
    for code, wide in (("annex_1", FILLED.values["owner_email"]), ("annex_2", "全年最佳图文及点击量")):
        pdf = render_pdf(shcc_layout(code), FILLED, IMPRINT)
        printed = pypdf.PdfReader(BytesIO(pdf)).pages[0].extract_text().splitlines()
        assert any(wide in line for line in printed), printed


def test_forms_of_another_institution_print_without_other_code() -> None:
    for form in pack_at(OTHER).policies[-1].forms:
        layout = layout_of(form)
        values = {field.code: f"{field.code}的值" for field in form.fields if not field.choices}
        text = flat(render_pdf(layout, FormData(values=values), IMPRINT))
        assert re.sub(r"\s", "", form.title) in text
        for field in form.fields:
            if field.printed and not field.choices and any(cell.key == field.code for cell in layout.cells()):
                assert f"{field.code}的值" in text
        assert len(Document(BytesIO(render_docx(layout, FormData(values=values), IMPRINT))).tables) == form.copies.count
