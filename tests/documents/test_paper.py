"""The annex as a page shows it."""

import re
from datetime import date

import pytest
from django.template import Context, Template, TemplateSyntaxError

from tests.factories.documents import FILLED, filled, shcc_forms, shcc_layout
from xianshen.documents.rendering.layout import FormData


def shown(arguments: str = "", **context: object) -> str:
    template = Template("{% load paper %}{% paper form data " + arguments + " %}")
    return template.render(Context({"form": shcc_forms()["annex_1"], "data": FILLED, **context}))


def test_paper_shows_labels_values_opinions_and_seals() -> None:
    html = shown()
    assert '<p class="xs-paper__no">附件一</p>' in html
    assert "<h2>上海海关学院校园新媒体开设申请表</h2>" in html
    assert '<th scope="row" rowspan="2">负责人</th>' in html
    assert '<td colspan="3">flx_shcc</td>' in html
    assert "账号名称<br>或链接地址" in html
    assert html.count('class="xs-stamp"') == 2
    assert 'aria-label="印章：上海海关学院法律系"' in html
    assert "系主任 张三<br>2026年11月18日" in html
    assert "注：此表一式两份，校办公室、所在部门各一份。" in html


def test_columns_are_classes_because_styles_may_not_be_inline() -> None:
    html = shown()
    assert re.findall(r'<col class="(xs-col-\d+)">', html) == ["xs-col-22", "xs-col-36", "xs-col-14", "xs-col-28"]
    assert "style=" not in html


def test_own_box_is_marked_and_shows_what_is_being_written() -> None:
    html = shown(
        'mine="office_opinion" preview="同意，半年后复核。" on=day seal="上海海关学院办公室"',
        data=FormData(values=FILLED.values),
        day=date(2026, 11, 23),
    )
    assert html.count('class="is-mine"') == 1
    assert '<p class="xs-opinion__text" data-opinion-preview>同意，半年后复核。</p>' in html
    assert "2026年11月23日" in html
    assert 'class="xs-opinion__place"' in html
    assert "xs-stamp" not in html


def test_no_box_is_marked_for_readers() -> None:
    html = shown()
    assert "is-mine" not in html
    assert "data-opinion-preview" not in html


def test_blank_form_has_blanks() -> None:
    html = shown(data=None)
    assert html.count("年\u00a0\u00a0\u00a0月\u00a0\u00a0\u00a0日") == 2


def test_layout_kept_with_a_document_is_shown_the_same() -> None:
    assert shown(form=shcc_layout()) == shown()


def test_markup_is_escaped() -> None:
    html = shown(data=filled(name="<script>alert(1)</script>", content_scope="<b>一</b>\n二"))
    assert "<script" not in html
    assert "&lt;b&gt;一&lt;/b&gt;<br>二" in html


def test_check_boxes_say_what_was_chosen() -> None:
    html = shown(form=shcc_forms()["annex_3"])
    assert re.search(r'aria-label="已选" class="xs-paper__box is-on">√</span>信息变更', html)
    assert re.search(r'aria-label="未选" class="xs-paper__box"></span>停办', html)


def test_unknown_argument_is_a_template_error() -> None:
    with pytest.raises(TemplateSyntaxError):
        Template("{% load paper %}{% paper form data colour='red' %}")


def test_unknown_box_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no opinion box 'nobody'"):
        shown('mine="nobody"')
