"""Template components.

Every tag takes keyword-only, typed arguments: an unknown attribute is a ``TemplateSyntaxError`` when
the template is compiled. The values that lists of things need are in ``xianshen.common.components``.
The library is a builtin, templates need no ``{% load %}``.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from math import cos, radians, sin
from typing import Any
from urllib.parse import quote_plus, urlencode

import segno
from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect, Select
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from xianshen.common import language
from xianshen.common.zhdates import deadline_parts, due_words, time_ago, time_left, zh_date, zh_datetime

register = template.Library()

Text = str | Promise
TONES = frozenset({"ok", "wait", "soon", "late", "stop", "idle"})
TONE_ICONS = {
    "ok": "check",
    "wait": "hourglass",
    "soon": "alert-triangle",
    "late": "alert-circle",
    "stop": "hand-stop",
    "idle": "circle-dashed",
}


# ── icons ────────────────────────────────────────────


@cache
def sprite_names() -> frozenset[str]:
    """Return the names of all icons in ``static/icons.svg``."""
    from django.contrib.staticfiles import finders

    path = finders.find("icons.svg")
    if not path:
        raise FileNotFoundError("icons.svg")
    with open(path, encoding="utf-8") as sprite:
        return frozenset(re.findall(r'id="i-([a-z0-9-]+)"', sprite.read()))


@cache
def _sprite_address() -> str:
    return static("icons.svg")


@lru_cache(maxsize=512)
def _icon(name: str, label: str) -> SafeString:
    href = f"{_sprite_address()}#i-{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)


def icon_html(name: str, label: Text = "") -> SafeString:
    """Return an icon from the sprite; an icon that the sprite lacks raises ``ValueError``."""
    if name not in sprite_names():
        raise ValueError(f"icon {name!r} is not in icons.svg; add it to scripts/icons.txt")
    return _icon(name, str(label))


@register.simple_tag
def icon(name: str, *, label: Text = "") -> SafeString:
    """``{% icon "bell" %}``. Decoration unless ``label`` says what it means."""
    return icon_html(name, label)


@register.simple_tag
def plat(label: Text, *, icon: str = "") -> SafeString:
    """``{% plat platform.name icon=platform.icon %}``: a platform; an icon unknown to the sprite becomes a globe."""
    name = icon if icon in sprite_names() else "world"
    return format_html('<span class="xs-plat">{}{}</span>', icon_html(name), language.local(str(label)))


# ── states, tiers, articles ──────────────────────────


def _tone(tone: str) -> str:
    if tone not in TONES:
        raise ValueError(f"tone {tone!r} is none of {', '.join(sorted(TONES))}")
    return tone


@register.simple_tag
def state(face: Any, *, bare: bool = False) -> SafeString:
    """``{% state account.face %}``: icon, word and colour of a state.

    Args:
        face: ``common.states.Face``, or any object with ``tone``, ``icon`` and ``label``, or one that
            offers such an object as ``face``.
        bare: without ground, for table cells.
    """
    face = getattr(face, "face", face)
    return format_html(
        '<span class="xs-state xs-state--{}{}">{}{}</span>',
        _tone(face.tone),
        " xs-state--bare" if bare else "",
        icon_html(face.icon),
        face.label,
    )


def _numeral(number: int) -> str:
    """Return a Chinese numeral for 1 to 99, digits in other languages."""
    digits = "零一二三四五六七八九"
    if not 0 < number < 100 or not (get_language() or "zh").startswith("zh"):
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else f"{digits[tens]}十"
    return head + (digits[ones] if ones else "")


@register.filter
def numeral(number: str) -> str:
    """``{{ "二"|numeral }}``: the Chinese numeral of a part as a digit where the interface is not Chinese."""
    numerals = "一二三四五六七八九"
    chinese = (get_language() or "zh").startswith("zh")
    return number if chinese or len(number) != 1 or number not in numerals else str(numerals.index(number) + 1)


@register.simple_tag
def tier(level: int, *, label: Text = "") -> SafeString:
    """``{% tier 2 %}`` or ``{% tier tier.number label=tier.name %}``."""
    words = language.local(str(label)) or _("%(numeral)s级") % {"numeral": _numeral(int(level))}
    return format_html('<span class="xs-tier xs-tier--{}">{}</span>', level, words)


def article_html(label: Text, url: str) -> SafeString:
    """Return an article chip; the script opens it in the drawer, without script it is a link."""
    return format_html('<a class="xs-art" href="{}" data-drawer>{}</a>', url, label)


def _day(on: date | datetime | None) -> date | None:
    return timezone.localdate(on) if isinstance(on, datetime) else on


def _cited(
    context: template.Context, rule: str, on: date | datetime | None = None, number: int | None = None
) -> SafeString:
    cite: Callable[[str, date | None], Any] | None = context.get("cite")
    article_url: Callable[[int, date | None], str] | None = context.get("article_url")
    if number and article_url is not None:
        return article_html(_("第%(number)s条") % {"number": _numeral(number)}, article_url(number, _day(on)))
    if not rule or cite is None:
        return SafeString("")
    citation = cite(rule, _day(on))
    return article_html(citation.label, citation.url) if citation else SafeString("")


@register.simple_tag(takes_context=True)
def article(
    context: template.Context,
    *,
    rule: str = "",
    number: int | None = None,
    on: date | datetime | None = None,
    citation: Any = None,
) -> SafeString:
    """``{% article rule="opening.prior_approval" on=application.date %}``: a chip that opens the article's text.

    Args:
        rule: rule id; which article it comes from is asked of the policy in force.
        number: number of the article, when a record keeps it (the ledger does).
        on: the day whose version counts; today if left out.
        citation: a citation at hand (``label`` and ``url``) instead of a rule.

    Returns:
        The chip, or nothing when the policy in force does not know the rule.
    """
    if citation is not None:
        return article_html(citation.label, citation.url)
    return _cited(context, rule, on, number)


# ── clocks ───────────────────────────────────────────


def _now(context: template.Context) -> datetime:
    now = context.get("now")
    return now if isinstance(now, datetime) else timezone.now()


@register.simple_tag(takes_context=True)
def clock(
    context: template.Context,
    *,
    due: datetime | date | None,
    start: datetime | date | None = None,
    tone: str = "",
    soon_from: datetime | date | None = None,
    stopped: Text = "",
    note: Text = "",
    row: bool = False,
) -> SafeString:
    """``{% clock due=step.due start=step.began soon_from=step.remind_from %}``: words, bar and due date.

    Args:
        due: when it runs out; a date means the end of that day.
        start: when it began; without it there is no bar.
        tone: tone decided by the caller; otherwise late after ``due``, soon from ``soon_from``, else ok.
        soon_from: the policy's first urgent reminder point.
        stopped: why the clock stands still; then it says 已停表.
        note: words instead of the due date.
        row: words and date on one line.
    """
    now = _now(context)
    due, start, soon_from = due or None, start or None, soon_from or None  # a missing variable arrives as ""
    if due is None and not stopped:
        return SafeString("")
    late = due is not None and deadline_parts(due) <= now
    if stopped:
        tone, left, below = "idle", _("已停表"), stopped
    else:
        assert due is not None
        if not tone:
            soon = soon_from is not None and deadline_parts(soon_from, start=True) <= now
            tone = "late" if late else "soon" if soon else "ok"
        left, below = time_left(due, now), note or due_words(due, now)
    bar = SafeString("")
    if start is not None and due is not None:
        began, ends = deadline_parts(start, start=True), deadline_parts(due)
        total = max(int((ends - began) / timedelta(minutes=1)), 1)
        used = min(max(int((now - began) / timedelta(minutes=1)), 0), total)
        bar = format_html(
            '<progress class="xs-bar" value="{}" max="{}" aria-label="{}"></progress>',
            used,
            total,
            _("时限已用 %(percent)s%%") % {"percent": used * 100 // total},
        )
    return format_html(
        '<div class="xs-clock xs-clock--{}{}"><span class="xs-clock__left">{}</span>{}'
        '<span class="xs-clock__due">{}</span></div>',
        _tone(tone),
        " xs-clock--row" if row else "",
        left,
        bar,
        below,
    )


# ── steps, timeline, checks, facts ───────────────────

STEP_STATES = frozenset({"done", "now", "back", "next"})


@register.simple_tag
def steps(items: Iterable[Any]) -> SafeString:
    """``{% steps chain.steps %}``: items with ``label``, ``note`` and ``state`` (done, now, back, next)."""
    rows = []
    for number, item in enumerate(items, start=1):
        if item.state not in STEP_STATES:
            raise ValueError(f"step state {item.state!r} is none of {', '.join(sorted(STEP_STATES))}")
        mark = {"done": icon_html("check"), "back": icon_html("arrow-back-up")}.get(item.state, str(number))
        said = {"done": _("已完成"), "now": _("正在这一步"), "back": _("已退回"), "next": _("还没到")}[item.state]
        rows.append((item.state, _current(item.state == "now"), mark, item.label, said, item.note))
    inner = format_html_join(
        "",
        '<li class="is-{}"{}><span class="xs-step__dot" aria-hidden="true">{}</span><b>{}</b>'
        '<span class="xs-sr">{}</span> {}</li>',
        rows,
    )
    return format_html('<ol class="xs-steps">{}</ol>', inner)


def _current(yes: bool, word: str = "step") -> SafeString:
    return format_html(' aria-current="{}"', word) if yes else SafeString("")


@register.simple_tag
def ministeps(items: Iterable[Any]) -> SafeString:
    """``{% ministeps chain.steps %}``: the same as dashes, for table cells."""
    states = [item.state for item in items]
    at = next((place for place, value in enumerate(states, start=1) if value in {"now", "back"}), len(states))
    said = _("退回到第 %(at)s 步") if "back" in states else _("第 %(at)s 步，共 %(all)s 步")
    return format_html(
        '<span class="xs-mini" role="img" aria-label="{}">{}</span>',
        said % {"at": at, "all": len(states)},
        format_html_join("", '<i class="is-{}"></i>', ((value,) for value in states)),
    )


def _get(item: Any, name: str, default: Any = "") -> Any:
    value = getattr(item, name, default)
    return default if value is None else value


@register.simple_tag(takes_context=True)
def trace(context: template.Context, items: Iterable[Any]) -> SafeString:
    """``{% trace timeline %}``: ``common.components.TraceItem``, ledger entries, or objects like them, newest first.

    Of a ledger entry its sentence, who acted, when, their words and the article kept with it are shown; what was
    sealed bears the seal's mark.
    """
    rows = []
    for item in items:
        at, meta = _get(item, "at", None), _get(item, "meta") or _get(item, "who")
        payload: Mapping[str, Any] = _get(item, "data", {})
        tone = _get(item, "tone") or ("seal" if payload.get("seal") else "")
        quote = _get(item, "quote") or str(payload.get("text") or "")
        chip = _cited(context, _get(item, "rule"), at, _get(item, "article", None))
        when = format_html('<time datetime="{}">{}</time>', at.isoformat(), zh_datetime(at)) if at else ""
        below = format_html_join(" · ", "{}", ((part,) for part in (when, meta, chip) if part))
        text, url = _get(item, "text") or item.sentence, _get(item, "url")
        rows.append(
            (
                format_html(' class="is-{}"', tone) if tone else "",
                format_html('<a href="{}">{}</a>', url, text) if url else text,
                format_html("<q>{}</q>", quote) if quote else "",
                format_html('<span class="xs-meta">{}</span>', below) if below else "",
            )
        )
    return format_html('<ol class="xs-trace">{}</ol>', format_html_join("", "<li{}>{}{}{}</li>", rows))


@register.simple_tag(takes_context=True)
def checks(context: template.Context, items: Iterable[Any]) -> SafeString:
    """``{% checks findings %}``: ``common.components.Check`` or objects like it."""
    words = {
        "ok": _("通过"),
        "soon": _("要你判断"),
        "late": _("不符合"),
        "stop": _("禁止"),
        "wait": _("在等"),
        "idle": _("不适用"),
    }
    rows = []
    for item in items:
        tone = _tone(_get(item, "tone", "ok"))
        chip = _cited(context, _get(item, "rule"), None)
        url = _get(item, "url")
        link = format_html('<a href="{}">{}</a>', url, _get(item, "link") or _("去看")) if url else ""
        below = format_html_join(" ", "{}", ((part,) for part in (_get(item, "detail"), chip, link) if part))
        rows.append(
            (
                f" xs-check--{tone}",
                icon_html(TONE_ICONS[tone], words[tone]),
                item.text,
                format_html("<p>{}</p>", below) if below else "",
            )
        )
    return format_html(
        '<ul class="xs-checks">{}</ul>',
        format_html_join("", '<li class="xs-check{}">{}<div><b>{}</b>{}</div></li>', rows),
    )


@register.simple_tag(takes_context=True)
def facts(context: template.Context, items: Iterable[Any], *, two: bool = False) -> SafeString:
    """``{% facts facts %}``: ``common.components.Fact`` or (label, value) pairs; empty values become a dash."""
    rows = []
    for item in items:
        if isinstance(item, tuple):
            label, value, chip, url = item[0], item[1], "", ""
        else:
            label, value, url = item.label, item.value, _get(item, "url")
            chip = _cited(context, _get(item, "rule"), None)
        shown = value if value not in (None, "") else "—"
        rows.append(
            (label, format_html('<a href="{}">{}</a>', url, shown) if url else shown, " " if chip else "", chip)
        )
    inner = format_html_join("", "<dt>{}</dt><dd>{}{}{}</dd>", rows)
    return format_html('<dl class="xs-facts{}">{}</dl>', " xs-facts--2" if two else "", inner)


# ── blocks: note, empty state, sheet, form section ───


@register.simple_block_tag
def note(content: str, *, tone: str = "soon", icon: str = "", live: bool = False) -> SafeString:
    """``{% note tone="late" %}<p>…</p><a class="btn btn-sm">…</a>{% endnote %}``: a remark in the page.

    Args:
        content: the block.
        tone: a state tone.
        icon: instead of the tone's own.
        live: announced by screen readers when it is swapped in.
    """
    return format_html(
        '<div class="xs-note xs-note--{}"{}>{}{}</div>',
        _tone(tone),
        mark_safe(' role="status"') if live else "",
        icon_html(icon or TONE_ICONS[tone]),
        content,
    )


@register.simple_block_tag
def emptystate(content: str, *, title: Text, icon: str = "archive", level: int = 2) -> SafeString:
    """``{% emptystate title="还没有登记账号" %}<p>…</p>{% endemptystate %}``: what to do first, with its button.

    Args:
        content: the block.
        title: what is missing.
        icon: a fitting one.
        level: of the heading; 3 below an h2.
    """
    return format_html(
        '<div class="xs-sheet xs-empty">{}<h{}>{}</h{}>{}</div>', icon_html(icon), level, title, level, content
    )


@register.simple_block_tag
def sheet(
    content: str, *, title: Text, sub: Text = "", more: Text = "", more_url: str = "", id: str = "", body: bool = True
) -> SafeString:
    """``{% sheet title="经过" more="留痕" more_url=url %}…{% endsheet %}``: a card with a head.

    Args:
        title: its heading (h2).
        sub: quiet words after the title.
        more: words at the right; a link when ``more_url`` is given.
        id: id of the heading.
        body: pad the content; False for lists that reach the edge.
    """
    end: str = ""
    if more:
        end = (
            format_html('<a class="xs-more" href="{}">{}</a>', more_url, more)
            if more_url
            else format_html('<span class="xs-more">{}</span>', more)
        )
    return format_html(
        '<section class="xs-sheet"{}><header class="xs-sheet__head"><h2{}>{}</h2>{}{}</header>{}</section>',
        format_html(' aria-labelledby="{}"', id) if id else "",
        format_html(' id="{}"', id) if id else "",
        title,
        format_html('<span class="xs-sub xs-small">{}</span>', sub) if sub else "",
        end,
        format_html('<div class="xs-sheet__body">{}</div>', content) if body else content,
    )


@register.simple_block_tag
def section(content: str, *, number: str, title: Text, sub: Text = "") -> SafeString:
    """``{% section number="一" title="账号" %}…{% endsection %}``: a numbered part of a form, as in the annex."""
    number = numeral(number)
    return format_html(
        '<section class="xs-sheet xs-form__sec"><header><span class="xs-no">{}</span><h2>{}</h2>{}</header>'
        "{}</section>",
        number,
        title,
        format_html("<p>{}</p>", sub) if sub else "",
        content,
    )


# ── addresses that keep their parameters ─────────────


def _request(context: template.Context) -> HttpRequest | None:
    request = context.get("request")
    return request if isinstance(request, HttpRequest) else None


def address(context: template.Context, /, **changes: object) -> str:
    """Return the current query string with some parameters changed; None or "" removes one."""
    request = _request(context)
    query = request.GET.copy() if request else None
    pairs: list[tuple[str, str]] = []
    if query is not None:
        pairs = [(key, value) for key, values in query.lists() for value in values if key not in changes]
    pairs += [(key, str(value)) for key, value in changes.items() if value not in (None, "")]
    return f"?{urlencode(pairs)}" if pairs else "?"


def _addresses(context: template.Context, name: str, *, drop: str) -> Callable[[str], str]:
    """Return a function that gives the address of this page, as markup, for each value of one parameter.

    Args:
        context: of the page.
        name: the parameter that changes; "" removes it.
        drop: a parameter that goes with any change.
    """
    rest = address(context, **{name: None, drop: None})
    start = escape(f"{rest}&{name}=" if len(rest) > 1 else f"{rest}{name}=")
    none = escape(rest)
    return lambda value: f"{start}{quote_plus(value)}" if value else none


@register.simple_tag(takes_context=True)
def withquery(context: template.Context, **changes: object) -> str:
    """``{% withquery sort="name" page=None %}``: the address of this page with parameters changed."""
    return address(context, **changes)


@register.simple_tag(takes_context=True)
def pagination(context: template.Context, page: Page[Any], *, unit: Text = "", param: str = "page") -> SafeString:
    """``{% pagination page unit="个账号" %}``: which rows these are, and links to the neighbours."""
    total = page.paginator.count
    if not total:
        return SafeString("")
    said = _("第 %(first)s–%(last)s %(unit)s，共 %(total)s %(unit)s") % {
        "first": f"{page.start_index():,}",
        "last": f"{page.end_index():,}",
        "total": f"{total:,}",
        "unit": unit or pgettext("rows of a list", "条"),
    }
    links = []
    if page.paginator.num_pages > 1:
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
            if not isinstance(number, int):
                links.append(SafeString('<span aria-hidden="true">…</span>'))
                continue
            links.append(
                format_html(
                    '<a class="btn btn-sm{}" href="{}"{} aria-label="{}">{}</a>',
                    "" if number == page.number else " btn-ghost",
                    address(context, **{param: None if number == 1 else number}),
                    _current(number == page.number, "page"),
                    _("第 %(number)s 页") % {"number": number},
                    number,
                )
            )
        for there, target, words, sign in (
            (page.has_previous(), page.number - 1, _("上一页"), "chevron-left"),
            (page.has_next(), page.number + 1, _("下一页"), "chevron-right"),
        ):
            if there:
                link = format_html(
                    '<a class="btn btn-sm btn-ghost" rel="{}" href="{}">{}{}</a>',
                    "prev" if sign == "chevron-left" else "next",
                    address(context, **{param: None if target == 1 else target}),
                    icon_html(sign),
                    words,
                )
                links.insert(0, link) if sign == "chevron-left" else links.append(link)
    nav = (
        format_html('<nav aria-label="{}">{}</nav>', _("翻页"), format_html_join("", "{}", ((link,) for link in links)))
        if links
        else ""
    )
    return format_html('<div class="xs-tfoot"><span>{}</span>{}</div>', said, nav)


@register.simple_tag(takes_context=True)
def sortable(
    context: template.Context,
    key: str,
    *,
    label: Text,
    num: bool = False,
    default: str = "",
    param: str = "sort",
    first: str = "ascending",
) -> SafeString:
    """``{% sortable "name" label="账号" default="-due" %}``: a ``<th>`` whose link sorts by the column.

    Args:
        key: value of the sort parameter; ``-key`` is descending.
        label: column heading.
        num: numbers, right-aligned.
        default: the sort that holds when the address names none.
        param: name of the parameter.
        first: direction of the first click, ascending or descending.
    """
    request = _request(context)
    now = (request.GET.get(param) if request else "") or default
    up, down = key, f"-{key}"
    target = down if now == up else up if now == down else (down if first == "descending" else up)
    order = {up: "ascending", down: "descending"}.get(now, "")
    sign = {"ascending": "chevron-up", "descending": "chevron-down"}.get(order, "selector")
    return format_html(
        '<th scope="col"{}{}><a href="{}">{}{}</a></th>',
        mark_safe(' class="xs-num"') if num else "",
        format_html(' aria-sort="{}"', order) if order else "",
        address(context, **{param: target, "page": None}),
        label,
        icon_html(sign),
    )


@register.simple_tag(takes_context=True)
def pick(
    context: template.Context, name: str, *, label: Text, options: Sequence[Any], drop: str = "page"
) -> SafeString:
    """``{% pick "state" label="状态" options=states %}``: a filter pill; works without script.

    Args:
        name: parameter in the address.
        label: what is filtered.
        options: ``common.components.Option`` or (value, label) pairs.
        drop: parameter that no longer holds after another choice.
    """
    request = _request(context)
    chosen = request.GET.get(name, "") if request else ""
    pairs = [
        (str(item[0]), item[1], item[2] if len(item) > 2 else None)
        if isinstance(item, tuple)
        else (str(item.value), item.label, _get(item, "count", None))
        for item in options
    ]
    shown = next((words for value, words, _count in pairs if value == chosen), None)
    to = _addresses(context, name, drop=drop)
    # A list of units has hundreds of entries: plain strings, everything in them escaped.
    rows = [
        f'<a href="{to(value)}"{_current(True, "true") if value == chosen else ""}>{conditional_escape(words)}'
        f"{'' if count is None else f' <b>{conditional_escape(count)}</b>'}</a>"
        for value, words, count in [("", _("全部"), None), *pairs]
    ]
    return format_html(
        '<details class="xs-menu" data-menu><summary class="xs-pill{}">{}{}<b>{}</b>{}</summary>'
        '<div class="xs-menu__list">{}</div></details>',
        " is-on" if shown is not None else "",
        label,
        _("："),
        shown if shown is not None else _("全部"),
        icon_html("chevron-down"),
        mark_safe("".join(rows)),
    )


@register.simple_tag(takes_context=True)
def find(
    context: template.Context, *, label: Text, placeholder: Text = "", name: str = "q", drop: str = "page"
) -> SafeString:
    """``{% find label="在表里找" placeholder="账号名" %}``: a search box; keeps other parameters but ``drop``."""
    request = _request(context)
    kept: list[tuple[str, str]] = []
    value = ""
    if request:
        value = request.GET.get(name, "")
        kept = [(key, one) for key, values in request.GET.lists() for one in values if key not in {name, drop}]
    return format_html(
        '<form class="xs-find" method="get" role="search">{}<label class="xs-sr" for="find-{}">{}</label>'
        '<input type="search" id="find-{}" name="{}" value="{}" placeholder="{}" maxlength="100">{}</form>',
        icon_html("search"),
        name,
        label,
        name,
        name,
        value,
        placeholder,
        format_html_join("", '<input type="hidden" name="{}" value="{}">', kept),
    )


@register.simple_tag
def views(tabs: Iterable[Any], *, label: Text, page: bool = False) -> SafeString:
    """``{% views tabs label="视图" %}``: saved views or page tabs (``page=True``), ``common.components.Tab``."""
    rows = [
        (
            tab.url,
            _current(bool(_get(tab, "current", False)), "page"),
            icon_html(tab.icon) if _get(tab, "icon") else "",
            tab.label,
            format_html(" <b>{}</b>", f"{tab.count:,}") if _get(tab, "count", None) is not None else "",
        )
        for tab in tabs
    ]
    return format_html(
        '<nav class="xs-views{}" aria-label="{}">{}</nav>',
        " xs-views--page" if page else "",
        label,
        format_html_join("", '<a href="{}"{}>{}{}{}</a>', rows),
    )


@register.simple_tag
def split(parts: Sequence[Any], *, label: Text, unit: Text = "", tally: bool = True) -> SafeString:
    """``{% split parts label="今天可以运行的账号" %}``: a bar of parts that add up, and the list of them as links.

    Args:
        tally: without it only the bar, for pages that show the numbers larger.
    """
    parts = [part for part in parts if part.value >= 0]
    total = sum(part.value for part in parts)
    at, rects = 0.0, []
    width = 1000 / total if total else 0
    for part in parts:
        if part.value:
            rects.append((f"k-{part.tone}", f"{at:.2f}", f"{max(part.value * width - 4, 4):.2f}"))
            at += part.value * width
    said = _("，").join(f"{part.label} {part.value}" for part in parts)
    bar = format_html(
        '<svg class="xs-split" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        f"{label}{_('：')}{said}",
        format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="10"></rect>', rects),
    )
    if not tally:
        return bar
    rows = []
    for part in parts:
        inner = format_html(
            '<i class="k-{}"></i>{}<b>{}{}</b>', part.tone, part.label, f"{part.value:,}", f" {unit}" if unit else ""
        )
        rows.append((format_html('<a href="{}">{}</a>', part.url, inner) if _get(part, "url") else inner,))
    return format_html('{}<ul class="xs-tally">{}</ul>', bar, format_html_join("", "<li>{}</li>", rows))


# ── forms ────────────────────────────────────────────


@register.simple_tag
def field(
    bound: BoundField,
    *,
    hint: Text = "",
    small: Text = "",
    live: str = "",
    rows: int = 0,
    mono: bool = False,
    readonly: bool = False,
) -> SafeString:
    """``{% field form.name live=check_url %}``: label above, control, then error, live check or hint.

    Args:
        bound: the bound field; its label and help text are used.
        hint: instead of the field's help text.
        small: quiet words after the label, e.g. 写进附件一的意见栏. Optional fields say 选填 by themselves.
        live: address that checks the form while it is typed; its answer (``{% live %}``) goes under the field.
        rows: height of a text area.
        mono: fixed-width type, for handles and codes.
        readonly: shown, not edited.
    """
    widget = bound.field.widget
    hint = hint or bound.help_text or ""
    base = bound.id_for_label or bound.auto_id or bound.html_name
    errors = list(bound.errors)
    described = []
    if errors:
        described.append(f"{base}-error")
    if hint:
        described.append(f"{base}-hint")
    attrs: dict[str, Any] = {}
    kind = "input"
    if isinstance(widget, (RadioSelect, CheckboxSelectMultiple)):
        kind = "choices"
    elif isinstance(widget, CheckboxInput):
        kind = "tick"
        attrs["class"] = "form-check-input"
    elif isinstance(widget, FileInput):
        kind = "file"
        attrs["class"] = "form-control"
    else:
        attrs["class"] = "form-select" if isinstance(widget, Select) else "form-control"
        if mono:
            attrs["class"] += " xs-mono"
    if rows:
        attrs["rows"] = rows
    if readonly:
        attrs["readonly"] = True
    if errors:
        attrs["aria-invalid"] = "true"
    if live:
        described.append(f"{base}-live")
        attrs |= {
            "hx-post": live,
            "hx-trigger": "input changed delay:400ms",
            "hx-target": f"#{base}-live",
            "hx-swap": "innerHTML",
            "hx-include": "closest form",
            "hx-sync": "this:replace",
            "hx-vals": f'{{"field": "{bound.name}"}}',
        }
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return SafeString(
        render_to_string(
            "common/field.html",
            {
                "field": bound,
                "kind": kind,
                "control": bound.as_widget(attrs=attrs) if kind != "choices" else "",
                "base": base,
                "hint": hint,
                "small": small or ("" if bound.field.required else _("选填")),
                "errors": errors,
                "live": live,
                "described": " ".join(described),
            },
        )
    )


@register.simple_block_tag
def live(content: str, *, tone: str = "ok", busy: bool = False) -> SafeString:
    """``{% live tone="late" %}<b>微信号里有汉字。</b>…{% endlive %}``: the answer of a live check under its field."""
    sign = (
        mark_safe('<span class="spinner-border spinner-border-sm" aria-hidden="true"></span>')
        if busy
        else icon_html("circle-check" if tone == "ok" else TONE_ICONS[_tone(tone)])
    )
    return format_html(
        '<p class="xs-live xs-live--{}">{}<span>{}</span></p>', "busy" if busy else _tone(tone), sign, content
    )


@register.simple_tag
def errsum(*forms: BaseForm, focus: bool = True) -> SafeString:
    """``{% errsum form %}``: on a failed submit, what is missing as links; takes the focus. Nothing if all is well."""
    rows: list[tuple[str, Text, str]] = []
    for form in forms:
        if not form.is_bound:
            continue
        for error in form.non_field_errors():
            rows.append(("", str(error), ""))
        for bound in form:
            rows.extend((bound.id_for_label or bound.auto_id, str(error), str(bound.label)) for error in bound.errors)
    if not rows:
        return SafeString("")
    said = ngettext("还差 %(count)s 处，改好再提交", "还差 %(count)s 处，改好再提交", len(rows)) % {"count": len(rows)}
    items = [
        (format_html('<a href="#{}">{}：{}</a>', target, label, error) if target else format_html("{}", error),)
        for target, error, label in rows
    ]
    return format_html(
        '<div class="xs-errsum" role="alert" tabindex="-1"{}><h2>{}{}</h2><ul>{}</ul></div>',
        mark_safe(" data-focus") if focus else "",
        icon_html("alert-circle"),
        said,
        format_html_join("", "<li>{}</li>", items),
    )


FILE_ICONS = {"pdf": "file-type-pdf", "docx": "file-type-docx", "xlsx": "file-type-xls", "zip": "file-zip"}


def size_words(size: int) -> str:
    """Return a file size in words: 824 B, 12 KB, 3.4 MB."""
    if size < 1024:
        return f"{size} B"
    if size < 1024 * 1024:
        return f"{size / 1024:.0f} KB"
    return f"{size / 1024 / 1024:.1f} MB"


@register.simple_tag
def file_row(*, name: str, url: str = "", size: int | None = None, note: Text = "", face: Any = None) -> SafeString:
    """``{% file_row name=file.name url=file.url size=file.size %}``: one attached file or document."""
    ending = name.rsplit(".", 1)[-1].lower()
    return format_html(
        '<div class="xs-file">{}{}{}<span class="xs-end">{}</span></div>',
        icon_html(FILE_ICONS.get(ending, "file-text")),
        format_html('<a href="{}">{}</a>', url, name) if url else format_html("<span>{}</span>", name),
        state(face, bare=True) if face is not None else "",
        format_html_join(
            " · ", "{}", ((part,) for part in (note, size_words(size) if size is not None else "") if part)
        ),
    )


# ── seal and QR code ─────────────────────────────────


@register.simple_tag
def stamp(name: str, *, foot: str = "", label: Text = "") -> SafeString:
    """``{% stamp unit.seal_text %}``: a round seal, the name along the rim, a star in the middle.

    Args:
        name: what runs along the rim.
        foot: short words under the star, e.g. 核验.
        label: what it means for those who cannot see it; 印章：name if left out.
    """
    count = max(len(name), 1)
    step = min(23.0, 250 / count)
    size = 13.5 if count <= 12 else max(8.0, 162 / count)
    radius = 45.5
    letters = []
    for place, letter in enumerate(name):
        angle = (place - (count - 1) / 2) * step
        x, y = 60 + radius * sin(radians(angle)), 60 - radius * cos(radians(angle))
        letters.append((f"{x:.1f}", f"{y:.1f}", f"rotate({angle:.1f} {x:.1f} {y:.1f})", letter))
    points = " ".join(
        f"{60 + r * sin(radians(36 * corner)):.1f},{60 - r * cos(radians(36 * corner)):.1f}"
        for corner in range(10)
        for r in ((15.0 if corner % 2 == 0 else 5.7),)
    )
    return format_html(
        '<svg class="xs-stamp" viewBox="0 0 120 120" role="img" aria-label="{}">'
        '<circle cx="60" cy="60" r="56.5" fill="none" stroke="currentColor" stroke-width="3"></circle>'
        '<g class="xs-stamp__text" fill="currentColor" font-size="{}" text-anchor="middle"'
        ' dominant-baseline="central">{}</g>{}<polygon fill="currentColor" points="{}"></polygon></svg>',
        label or _("印章：%(name)s") % {"name": name},
        f"{size:.1f}",
        format_html_join("", '<text x="{}" y="{}" transform="{}">{}</text>', letters),
        format_html(
            '<text class="xs-stamp__text" x="60" y="92" font-size="10.5" text-anchor="middle"'
            ' fill="currentColor">{}</text>',
            foot,
        )
        if foot
        else "",
        points,
    )


@register.simple_tag
def qr(text: str, *, label: Text = "") -> SafeString:
    """``{% qr url label="核验二维码" %}``: a QR code as SVG without inline style."""
    code = segno.make(text, error="m", micro=False)
    size = code.symbol_size(border=0)[0]
    path = "".join(
        f"M{left} {row}h{run}v1h-{run}z" for row, line in enumerate(code.matrix) for left, run in _runs(line)
    )
    return format_html(
        '<svg class="xs-qr__code" viewBox="0 0 {} {}" role="img" aria-label="{}" shape-rendering="crispEdges">'
        '<path fill="#12233b" d="{}"></path></svg>',
        size,
        size,
        label or _("二维码"),
        path,
    )


def _runs(line: Iterable[int]) -> list[tuple[int, int]]:
    """Return (start, length) of the dark runs in one row of a code."""
    found: list[tuple[int, int]] = []
    start, length = 0, 0
    for place, dark in enumerate([*line, 0]):
        if dark:
            start, length = (start, length + 1) if length else (place, 1)
        elif length:
            found.append((start, length))
            length = 0
    return found


# ── filters ──────────────────────────────────────────


@register.filter
def local(value: str | None) -> str:
    """``{{ platform.name|local }}``: a text of the policy pack in the reader's language."""
    return language.local(value) if value else ""


@register.filter
def listed(values: Iterable[object]) -> str:
    """``{{ names|listed }}``: an enumeration in the reader's language."""
    return language.listed(values)


@register.filter
def mask_mobile(value: str | None) -> str:
    """``{{ person.mobile|mask_mobile }}``: 139****2047."""
    digits = str(value or "")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else "****" if digits else ""


@register.filter
def zhdate(value: datetime | date | None) -> str:
    """2026年12月30日; in the current year 12月30日."""
    return zh_date(value) if value else "—"


@register.filter
def zhdatefull(value: datetime | date | None) -> str:
    """2026年12月30日, always with the year (documents, decisions)."""
    return zh_date(value, year=True) if value else "—"


@register.filter
def zhdatetime(value: datetime | None) -> str:
    """12月30日 17:00."""
    return zh_datetime(value) if value else "—"


@register.filter
def ago(value: datetime | None, now: datetime | None = None) -> str:
    """刚刚、12 分钟前、3 小时前、2 天前, then the date."""
    return time_ago(value, now or timezone.now()) if value else "—"


@register.filter
def remaining(value: datetime | date | None, now: datetime | None = None) -> str:
    """还剩 7 天、逾期 1 天、今天 17:00 前."""
    return time_left(value, now or timezone.now()) if value else ""
