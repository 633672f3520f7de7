"""The parts of the application form that change while it is written.

Each part stands in an element ``f-<key>`` and carries a digest of what it says. A save posts the digests
back, and only parts that say something new are sent: the page keeps still, and screen readers hear news only.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import Promise, cached_property
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from xianshen.common.components import Check as CheckItem
from xianshen.common.forms import TextField
from xianshen.common.language import local
from xianshen.common.templatetags.components import icon_html, sprite_names
from xianshen.organisation.selectors import Grants
from xianshen.registry.checks import Check, Report, chosen, one_line
from xianshen.registry.enums import CheckTone
from xianshen.registry.forms import ApplicationForm, Section, sections
from xianshen.registry.models import OpeningApplication
from xianshen.registry.permissions import may_view_account
from xianshen.registry.route import Route
from xianshen.registry.views.shared import platform_or_none, public_url
from xianshen.regulation.enums import FieldType
from xianshen.regulation.schema import FieldSpec

MATERIALS = "materials"
NUMERALS = "一二三四五六七八九"
# From which share of common character pairs on the words are stronger; a hint, never a refusal.
MUCH = 0.6
Text = str | Promise


@dataclass(frozen=True, slots=True)
class LiveLine:
    """One sentence under a field: what is wrong, why, and what to do."""

    tone: str
    title: Text
    detail: Text = ""
    rule: str = ""
    suggestion: str = ""
    field: str = ""


@dataclass(slots=True)
class FieldView:
    """A field as the page shows it.

    Args:
        code: its code.
        bound: the bound field; None for the unit, which is shown only.
        spec: the pack's field, or None for the platform's own questions.
        kind: unit, input, area, select, choices, ticks or platforms.
        icons: icons of the choices by value, for platforms.
        invalid: whether something is wrong with what stands in it.
        live: inside of the part under it.
        count: inside of the part that counts its characters, for long texts.
    """

    code: str
    bound: BoundField | None
    spec: FieldSpec | None
    kind: str
    icons: Mapping[str, str] = field(default_factory=dict)
    invalid: bool = False
    live: str = ""
    count: str = ""

    @property
    def label(self) -> str:
        return local(one_line(self.spec.label)) if self.spec else str(self.bound.label) if self.bound else ""

    @property
    def optional(self) -> bool:
        return self.spec is not None and not self.spec.required

    @property
    def counted(self) -> bool:
        return self.kind == "area"

    @property
    def grouped(self) -> bool:
        """Whether it is a group of choices with a legend."""
        return self.kind in {"choices", "ticks", "platforms"}

    def _attrs(self) -> dict[str, Any]:
        attrs: dict[str, Any] = {"class": "form-select" if self.kind == "select" else "form-control"}
        described = [f"f-live-{self.code}"]
        if self.bound is not None and (self.bound.help_text or self.counted):
            described.append(f"hint-{self.code}")
        attrs["aria-describedby"] = " ".join(described)
        if self.invalid:
            attrs["aria-invalid"] = "true"
        if self.code == "handle":
            attrs["class"] += " xs-mono"
        return attrs

    @property
    def control(self) -> SafeString:
        """The control, or the group of choices."""
        assert self.bound is not None
        return self._choices() if self.grouped else SafeString(self.bound.as_widget(attrs=self._attrs()))

    @property
    def control_swapped(self) -> SafeString:
        """The control as it replaces the one on the page."""
        assert self.bound is not None
        if self.grouped:
            return SafeString("")
        return SafeString(self.bound.as_widget(attrs={**self._attrs(), "hx-swap-oob": "true"}))

    def _choices(self) -> SafeString:
        assert self.bound is not None
        items = [
            (choice.tag(), self._icon(str(choice.data["value"])), choice.choice_label)
            for choice in self.bound.subwidgets
        ]
        shown = SafeString("")
        if self.kind == "ticks":
            shown = format_html('<input type="hidden" name="{}-shown" value="1">', self.code)
        return format_html(
            '<div class="xs-seg">{}</div>{}',
            format_html_join("", "<label>{}<span>{}{}</span></label>", items),
            shown,
        )

    def _icon(self, value: str) -> SafeString:
        name = self.icons.get(value, "")
        return icon_html(name if name in sprite_names() else "world") if self.kind == "platforms" else SafeString("")


@dataclass(frozen=True, slots=True)
class SectionView:
    """A numbered part of the form with its fields."""

    number: str
    section: Section
    fields: list[FieldView]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that stands between the draft and its submission, as a link."""

    text: Text
    target: str


@dataclass
class DraftPage:
    """Everything the form's parts say.

    Args:
        application: the draft as it stands.
        form: the form, with what was typed.
        report: what the checks say.
        route: where it would go.
        grants: of the applicant.
    """

    application: OpeningApplication
    form: ApplicationForm
    report: Report
    route: Route
    grants: Grants

    def _kind(self, bound: BoundField, spec: FieldSpec | None) -> str:
        if spec is not None and spec.type == FieldType.PLATFORM:
            return "platforms"
        if spec is not None and spec.type == FieldType.CHECKBOXES:
            return "ticks"
        widget = type(bound.field.widget).__name__
        return {"Textarea": "area", "Select": "select", "RadioSelect": "choices"}.get(widget, "input")

    def view_of(self, code: str) -> FieldView | None:
        """Return the field with a code, or None if the form has none."""
        spec = next((one for one in self.form.spec.fields if one.code == code), None)
        if spec is not None and spec.type == FieldType.UNIT:
            return FieldView(code, None, spec, "unit")
        if code not in self.form.fields:
            return None
        bound = self.form[code]
        kind = self._kind(bound, spec)
        icons = {one.code: one.icon for one in self.form.policy.platforms} if kind == "platforms" else {}
        wrong = any(line.tone == CheckTone.LATE for line in self.lines_of(code))
        return FieldView(code, bound, spec, kind, icons, wrong)

    @cached_property
    def sections(self) -> list[SectionView]:
        found: list[SectionView] = []
        for section in sections(self.form):
            fields = [view for code in section.codes if (view := self.view_of(code))]
            if fields or section.code == MATERIALS:
                found.append(SectionView(NUMERALS[len(found)], section, fields))
        return found

    def lines_of(self, code: str) -> list[LiveLine]:
        """Return what is to be said under a field: errors of the form first, then findings of the checks."""
        lines = [LiveLine("late", str(error)) for error in self.form.errors.get(code, [])]
        said = {str(line.title) for line in lines}
        for check in self.report.of_field(code):
            if f"{check.title}：{check.detail}" in said:
                lines = [line for line in lines if str(line.title) != f"{check.title}：{check.detail}"]
            lines.append(LiveLine(check.tone.value, check.title, check.detail, check.rule, check.suggestion, code))
        return lines

    def count_of(self, view: FieldView) -> str:
        """Return how long a long text is and how long it may be."""
        assert view.bound is not None
        field_ = view.bound.field
        typed = str(view.bound.value() or "").replace("\r\n", "\n").strip()
        words = {"n": len(typed), "most": field_.max_length if isinstance(field_, TextField) else 0}
        least = view.spec.min_length if view.spec else 0
        if least:
            return _("现在 %(n)d 字，要 %(least)d–%(most)d 字。") % {**words, "least": least}
        return _("现在 %(n)d 字，最多 %(most)d 字。") % words

    def anchor(self, code: str) -> str:
        """Return the id of a field's control, or of the place where the gap can be closed."""
        return MATERIALS if code == "sponsor_file" else f"id_{code}"

    def _label(self, code: str) -> str:
        return str(self.form.fields[code].label) if code in self.form.fields else ""

    @property
    def gaps(self) -> list[Gap]:
        """What is missing or wrong, in the order of the form, as links that begin with a verb."""
        missing = {spec.code for spec in self.report.missing}
        wrong = {check.field or "name" for check in self.report.blocking} | set(self.form.errors)
        found = []
        for spec in self.form.spec.fields:
            if spec.code in missing:
                text = _("选%(label)s") if chosen(spec) else _("填%(label)s")
            elif spec.code in wrong:
                text = _("改%(label)s")
            else:
                continue
            found.append(Gap(text % {"label": local(one_line(spec.label))}, self.anchor(spec.code)))
        if "difference" in wrong:
            found.append(Gap(_("改%(label)s") % {"label": self._label("difference")}, self.anchor("difference")))
        return found

    @property
    def check_items(self) -> list[CheckItem]:
        items = []
        for check in self.report.checks:
            link = ""
            if check.tone == CheckTone.LATE and check.field:
                link = f"#{self.anchor(check.field)}"
            elif check.field == "sponsor_file":
                link = f"#{MATERIALS}"
            items.append(
                CheckItem(
                    check.title,
                    check.tone.value,  # type: ignore[arg-type]
                    self._in_short(check),
                    check.rule,
                    link,
                    _("去改") if check.tone == CheckTone.LATE else _("看材料"),
                )
            )
        return items

    def _in_short(self, check: Check) -> str:
        """Return the detail of a check beside the form; what stands under its field is not said twice."""
        if check.field not in self.form.fields:
            return check.detail
        return _("改好才能提交。") if check.blocking else _("不拦提交，审批人会看到。")

    @property
    def near(self) -> list[dict[str, Any]]:
        """Accounts with overlapping positioning, shared passages marked."""
        found = []
        for similar in self.report.similar_scopes:
            account = similar.account
            seen = may_view_account(account, self.grants)
            platform = platform_or_none(self.form.policy, account.platform)
            found.append(
                {
                    "account": account,
                    "url": f"/accounts/{account.pk}/" if seen else public_url(account),
                    "platform": local(platform.name) if platform else account.platform,
                    "percent": similar.percent,
                    "much": similar.overlap >= MUCH,
                    "shared": len(similar.passages),
                    "scope": marked(account.content_scope, similar.passages),
                }
            )
        return found


def marked(text: str, passages: Iterable[str], *, around: int = 24) -> SafeString:
    """Return a text with passages marked, cut to the neighbourhood of the first and the last mark.

    Args:
        text: the text.
        passages: what to mark, longest first.
        around: characters kept before the first and after the last mark.
    """
    spans: list[tuple[int, int]] = []
    for passage in passages:
        start = text.find(passage)
        end = start + len(passage)
        if start >= 0 and all(end <= left or start >= right for left, right in spans):
            spans.append((start, end))
    if not spans:
        return conditional_escape(text[: 4 * around])
    spans.sort()
    first, last = max(spans[0][0] - around, 0), min(spans[-1][1] + around, len(text))
    parts: list[tuple[str]] = [("…" if first else "",)]
    at = first
    for start, end in spans:
        parts += [(text[at:start],), (format_html("<mark>{}</mark>", text[start:end]),)]
        at = end
    parts += [(text[at:last],), ("…" if last < len(text) else "",)]
    return format_html_join("", "{}", parts)


def digest_of(html: str) -> str:
    """Return a short digest of a part as the page shows it."""
    return hashlib.sha256(html.encode()).hexdigest()[:12]


def render_parts(page: DraftPage, request: HttpRequest) -> dict[str, SafeString]:
    """Return the inside of every part by key, each with the digest that it posts back."""
    bodies: dict[str, str] = {}

    def part(key: str, template: str, context: Mapping[str, Any]) -> None:
        bodies[key] = render_to_string(f"registry/parts/{template}.html", {"page": page, **context}, request=request)

    for section in page.sections:
        for view in section.fields:
            if view.bound is None:
                continue
            part(f"live-{view.code}", "live", {"lines": page.lines_of(view.code), "view": view})
            if view.counted:
                bodies[f"count-{view.code}"] = page.count_of(view)
    part("checks", "checks", {})
    if page.form.compares:
        part("near", "near", {})
    part("route", "route", {})
    part("submit", "submit", {"gaps": page.gaps})
    parts = {
        key: format_html(
            '{}<input type="hidden" name="seen" value="{}:{}">', SafeString(body.strip()), key, digest_of(body.strip())
        )
        for key, body in bodies.items()
    }
    for section in page.sections:
        for view in section.fields:
            view.live = parts.get(f"live-{view.code}", SafeString(""))
            view.count = parts.get(f"count-{view.code}", SafeString(""))
    return parts


def news(parts: Mapping[str, SafeString], seen: Iterable[str]) -> SafeString:
    """Return the parts that say something new, ready to be swapped in beside the answer.

    Args:
        parts: all parts by key.
        seen: ``key:digest`` pairs that the page shows.
    """
    known = dict(pair.split(":", 1) for pair in seen if ":" in pair)
    fresh = [(key, body) for key, body in parts.items() if f'value="{key}:{known.get(key, "")}"' not in body]
    return format_html_join("", '<div id="f-{}" hx-swap-oob="innerHTML">{}</div>', fresh)
