"""Components: what they show, and that they refuse what they do not know."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Template, TemplateSyntaxError
from hypothesis import given
from hypothesis import strategies as st

from xianshen.common.components import Check, Fact, Option, Part, Step, Tab, TraceItem
from xianshen.common.states import Face
from xianshen.common.templatetags.components import qr, stamp

Render = Callable[..., str]
NOW = datetime(2026, 9, 14, 4, 0, tzinfo=UTC)

TAGS = [
    'icon "x"',
    'plat "微信"',
    "state face",
    "tier 2",
    'article rule="a.b"',
    "clock due=due",
    "steps items",
    "ministeps items",
    "trace items",
    "checks items",
    "facts items",
    "pagination page",
    'sortable "name" label="名称"',
    'pick "state" label="状态" options=options',
    'find label="在表里找"',
    'views tabs label="视图"',
    'split parts label="账号"',
    "field form.name",
    "errsum form",
    'file_row name="a.pdf"',
    'stamp "法律系"',
    'qr "https://example.edu.cn"',
]
BLOCKS = [
    ("note", 'tone="late"'),
    ("emptystate", 'title="空"'),
    ("sheet", 'title="经过"'),
    ("section", 'number="一" title="账号"'),
    ("live", 'tone="ok"'),
]


class SampleForm(forms.Form):
    name = forms.CharField(label="名称", help_text="写全称。")
    kind = forms.ChoiceField(label="类型", choices=[("a", "微信"), ("b", "微博")], widget=forms.RadioSelect)
    note = forms.CharField(label="备注", required=False, widget=forms.Textarea)
    agreed = forms.BooleanField(label="内容属实")


@pytest.mark.parametrize("tag", TAGS)
def test_tags_refuse_unknown_attributes_when_compiled(tag: str) -> None:
    Template(f"{{% {tag} %}}")
    with pytest.raises(TemplateSyntaxError, match="unexpected keyword argument 'colour'"):
        Template(f"{{% {tag} colour=1 %}}")


@pytest.mark.parametrize(("tag", "given_"), BLOCKS)
def test_block_tags_refuse_unknown_attributes_when_compiled(tag: str, given_: str) -> None:
    Template(f"{{% {tag} {given_} %}}x{{% end{tag} %}}")
    with pytest.raises(TemplateSyntaxError, match="unexpected keyword argument 'colour'"):
        Template(f"{{% {tag} {given_} colour=1 %}}x{{% end{tag} %}}")


def test_icons_outside_the_sprite_are_an_error(render: Render) -> None:
    with pytest.raises(ValueError, match=r"not in icons\.svg"):
        render('{% icon "no-such-icon" %}')


def test_a_platform_icon_that_policy_names_wrongly_becomes_a_globe(render: Render) -> None:
    assert "#i-world" in render('{% plat "抖音" icon="brand-unknown" %}')


def test_state_shows_icon_word_and_tone_together(render: Render) -> None:
    html = render("{% state account %}", account=SimpleNamespace(face=Face("运行中", "ok", "circle-check")))
    assert "xs-state--ok" in html
    assert "#i-circle-check" in html
    assert "运行中" in html


def test_state_refuses_a_tone_that_the_visual_language_lacks(render: Render) -> None:
    with pytest.raises(ValueError, match="tone 'red'"):
        render("{% state face %}", face=SimpleNamespace(tone="red", icon="x", label="错"))


def test_text_is_escaped_everywhere(render: Render) -> None:
    evil = "<script>alert(1)</script>"
    html = render(
        "{% state face %}{% facts facts %}{% trace trace %}{% checks checks %}{% steps steps %}{% plat evil %}"
        "{% stamp evil %}{% file_row name=evil %}{% views tabs label=evil %}{% split parts label=evil %}"
        "{% sortable evil label=evil %}{% pick evil label=evil options=options %}{% find label=evil placeholder=evil %}"
        "{% emptystate title=evil %}x{% endemptystate %}{% sheet title=evil %}x{% endsheet %}{% qr evil label=evil %}",
        path=f"/?q={evil}",
        evil=evil,
        face=Face(evil, "ok", "check"),
        facts=[Fact(evil, evil)],
        trace=[TraceItem(evil, meta=evil, quote=evil)],
        checks=[Check(evil, detail=evil, url=evil, link=evil)],
        steps=[Step(evil, evil)],
        tabs=[Tab(evil, evil)],
        parts=[Part(evil, 1, url=evil)],
        options=[Option(evil, evil)],
    )
    assert "<script" not in html


def test_article_asks_the_context_for_the_citation(render: Render) -> None:
    asked: list[tuple[str, date | None]] = []

    def cite(rule: str, on: date | None) -> Any:
        asked.append((rule, on))
        return SimpleNamespace(label="第八条", url="/regulation/articles/8/?on=2026-09-14")

    html = render('{% article rule="opening.prior_approval" on=day %}', cite=cite, day=NOW)
    assert asked == [("opening.prior_approval", date(2026, 9, 14))]
    assert html == '<a class="xs-art" href="/regulation/articles/8/?on=2026-09-14" data-drawer>第八条</a>'


def test_article_without_a_citation_shows_nothing(render: Render) -> None:
    assert render('{% article rule="a.b" %}', cite=lambda rule, on: None) == ""
    assert render('{% article rule="a.b" %}') == ""


def test_article_by_number_needs_no_policy(render: Render) -> None:
    html = render("{% article number=21 on=day %}", article_url=lambda number, on: f"/a/{number}/{on}", day=NOW)
    assert 'href="/a/21/2026-09-14"' in html
    assert "第二十一条" in html


@pytest.mark.parametrize(
    ("due", "soon_from", "tone", "left", "below"),
    [
        (NOW + timedelta(days=37), None, "ok", "还剩 37 天", "10月21日前"),
        (NOW + timedelta(days=2), NOW - timedelta(days=1), "soon", "还剩 2 天", "9月16日前"),
        (NOW + timedelta(hours=5), NOW - timedelta(days=1), "soon", "今天 17:00 前", "还剩 5 小时"),
        (NOW - timedelta(days=1), None, "late", "逾期 1 天", "9月13日应办"),
        (NOW, None, "late", "逾期 1 分钟", "9月14日应办"),
        (date(2026, 9, 14), None, "ok", "今天 24:00 前", "还剩 12 小时"),
    ],
)
def test_clock_says_what_is_left_and_until_when(
    render: Render, due: datetime | date, soon_from: datetime | None, tone: str, left: str, below: str
) -> None:
    html = render(
        "{% clock due=due start=start soon_from=soon %}",
        due=due,
        start=NOW - timedelta(days=3),
        now=NOW,
        soon=soon_from,
    )
    assert f"xs-clock--{tone}" in html
    assert f">{left}<" in html
    assert f">{below}<" in html
    assert "<progress" in html


def test_clock_that_stands_still_says_why(render: Render) -> None:
    html = render('{% clock due=due stopped="等申请人补正" %}', due=NOW, now=NOW)
    assert "已停表" in html
    assert "等申请人补正" in html
    assert "xs-clock--idle" in html


def test_clock_without_a_due_date_is_nothing(render: Render) -> None:
    assert render("{% clock due=missing %}", now=NOW) == ""


def test_steps_say_their_state_in_words(render: Render) -> None:
    html = render("{% steps items %}", items=[Step("提交", "9月1日", "done"), Step("部门", state="now"), Step("开通")])
    assert html.count("<li") == 3
    assert 'aria-current="step"' in html
    assert "已完成" in html
    with pytest.raises(ValueError, match="step state 'gone'"):
        render("{% steps items %}", items=[SimpleNamespace(label="a", note="", state="gone")])


def test_trace_takes_ledger_entries_as_they_are(render: Render) -> None:
    entry = SimpleNamespace(sentence="提交开设申请", who="王敏（宣传岗，法律系）", at=NOW, rule="a.b", article=8)
    html = render("{% trace items %}", items=[entry], article_url=lambda number, on: f"/a/{number}/")
    assert "提交开设申请" in html
    assert "王敏（宣传岗，法律系）" in html
    assert "9月14日 12:00" in html
    assert 'href="/a/8/"' in html


def test_facts_show_a_dash_for_what_is_missing(render: Render) -> None:
    html = render("{% facts items %}", items=[("链接", ""), ("粉丝", 0)])
    assert "<dd>—</dd>" in html
    assert "<dd>0</dd>" in html


def test_pagination_keeps_the_other_parameters(render: Render) -> None:
    page = Paginator(range(612), 50).get_page(3)
    html = render('{% pagination page unit="个账号" %}', path="/x/?state=late&page=3&tier=1&tier=2", page=page)
    assert "第 101–150 个账号，共 612 个账号" in html
    assert 'href="?state=late&amp;tier=1&amp;tier=2&amp;page=4"' in html
    assert 'rel="prev" href="?state=late&amp;tier=1&amp;tier=2&amp;page=2"' in html
    assert 'aria-current="page"' in html
    assert "&lt;a" not in html


def test_pagination_of_one_page_has_no_links(render: Render) -> None:
    html = render("{% pagination page %}", page=Paginator(range(3), 50).get_page(1))
    assert "共 3 条" in html
    assert "<nav" not in html
    assert render("{% pagination page %}", page=Paginator([], 50).get_page(1)) == ""


@pytest.mark.parametrize(
    ("address", "order", "target"),
    [
        ("/?sort=name", "ascending", "?sort=-name"),
        ("/?sort=-name&amp;page=4", "descending", "?sort=name"),
        ("/?sort=due", "", "?sort=name"),
        ("/", "ascending", "?sort=-name"),
    ],
)
def test_sort_links_turn_the_order_round(render: Render, address: str, order: str, target: str) -> None:
    path = address.replace("&amp;", "&")
    html = render('{% sortable "name" label="账号" default="name" %}', path=path)
    assert f'href="{target}"' in html
    assert (f'aria-sort="{order}"' in html) is bool(order)


def test_pick_offers_links_that_drop_the_page(render: Render) -> None:
    options = [Option("late", "已暂停", 2), ("active", "运行中")]
    html = render('{% pick "state" label="状态" options=options %}', path="/?state=late&page=3&q=a", options=options)
    assert 'href="?q=a&amp;state=active"' in html
    assert 'href="?q=a"' in html
    assert "<b>已暂停</b>" in html
    assert "is-on" in html


def test_find_keeps_the_other_parameters_as_hidden_fields(render: Render) -> None:
    html = render('{% find label="在表里找" %}', path="/?q=法律&tier=2&page=9")
    assert 'value="法律"' in html
    assert '<input type="hidden" name="tier" value="2">' in html
    assert 'name="page"' not in html


def test_split_draws_parts_in_proportion_without_style(render: Render) -> None:
    html = render(
        '{% split parts label="账号" %}',
        parts=[Part("可以运行", 3, "ok", "/a/"), Part("暂停", 1, "late"), Part("停", 0)],
    )
    assert html.count("<rect") == 2
    assert 'x="0.00" y="0" width="746.00"' in html
    assert 'aria-label="账号：可以运行 3，暂停 1，停 0"' in html
    assert '<a href="/a/">' in html
    assert "style=" not in html
    assert render('{% split parts label="账号" %}', parts=[]).count("<rect") == 0


def test_field_joins_label_hint_and_error(render: Render) -> None:
    html = render("{% field form.name %}", form=SampleForm({"name": ""}))
    assert '<label for="id_name">名称</label>' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name-error id_name-hint"' in html
    assert 'id="id_name-error"' in html
    assert "写全称。" in html


def test_field_says_which_fields_are_optional(render: Render) -> None:
    assert "<small>选填</small>" in render("{% field form.note rows=3 %}", form=SampleForm())
    assert "选填" not in render("{% field form.name %}", form=SampleForm())


def test_field_checks_live_without_scripts_in_the_page(render: Render) -> None:
    html = render('{% field form.name live="/check/" %}', form=SampleForm())
    assert 'hx-post="/check/"' in html
    assert 'hx-trigger="input changed delay:400ms"' in html
    assert 'id="id_name-live" aria-live="polite"' in html


def test_choices_are_a_group_of_native_toggles(render: Render) -> None:
    html = render("{% field form.kind %}", form=SampleForm({"kind": "b"}))
    assert "<legend>类型</legend>" in html
    assert html.count('type="radio"') == 2
    assert "checked" in html
    assert "is-on" not in html


def test_error_summary_links_to_the_fields_and_takes_the_focus(render: Render) -> None:
    html = render("{% errsum form %}", form=SampleForm({"name": "", "kind": "a"}))
    assert "还差 2 处，改好再提交" in html
    assert 'href="#id_name"' in html
    assert "data-focus" in html
    assert render("{% errsum form %}", form=SampleForm()) == ""


def test_file_row_says_kind_and_size(render: Render) -> None:
    html = render('{% file_row name="附件一.pdf" url="/f/" size=183204 note="两方已签" %}')
    assert "#i-file-type-pdf" in html
    assert "两方已签 · 179 KB" in html


def test_blocks_wrap_their_content(render: Render) -> None:
    html = render('{% sheet title="经过" more="留痕" more_url="/l/" %}<p>{{ words }}</p>{% endsheet %}', words="<b>")
    assert "<h2>经过</h2>" in html
    assert '<a class="xs-more" href="/l/">留痕</a>' in html
    assert "<p>&lt;b&gt;</p>" in html


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40))
def test_every_name_makes_a_seal(name: str) -> None:
    drawn = ElementTree.fromstring(str(stamp(name)))
    letters = "".join(text.text or "" for text in drawn.iter("text"))
    assert letters == name


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120))
def test_every_text_makes_a_code(text: str) -> None:
    drawn = str(qr(text))
    assert "style=" not in drawn
    assert ' d="M' in drawn


@pytest.mark.parametrize(("mobile", "shown"), [("13900002047", "139****2047"), ("", ""), ("12345", "****"), (None, "")])
def test_mobiles_are_masked(render: Render, mobile: str | None, shown: str) -> None:
    assert render("{{ mobile|mask_mobile }}", mobile=mobile) == shown
