"""The form's parts that change while it is being filled in, each rendered with a digest of what it says."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from xianshen.assessment.checks import LIST_FIELD, Report, same
from xianshen.assessment.enums import ReviewResult
from xianshen.assessment.figures import CODES, LABELS, NUMBERS, Figure
from xianshen.assessment.forms import NUMERALS, ReviewForm, Section, sections
from xianshen.assessment.models import AnnualReview, PushList
from xianshen.assessment.paper import number_words


@dataclass(frozen=True, slots=True)
class LiveLine:
    """What is said under a field."""

    tone: str
    text: str
    url: str = ""
    use: str = ""


@dataclass(slots=True)
class FieldView:
    """A field as the page shows it; ``live`` is the inside of the part under it."""

    code: str
    bound: BoundField
    reason: BoundField | None = None
    live: SafeString = field(default_factory=lambda: SafeString(""))

    @property
    def area(self) -> bool:
        return type(self.bound.field.widget).__name__ == "Textarea"

    def _attrs(self, invalid: bool) -> dict[str, Any]:
        described = [f"f-live-{self.code}", *([f"hint-{self.code}"] if self.bound.help_text else [])]
        attrs: dict[str, Any] = {"class": "form-control", "aria-describedby": " ".join(described)}
        return {**attrs, "aria-invalid": "true"} if invalid else attrs

    def control(self, *, invalid: bool = False, swapped: bool = False) -> SafeString:
        attrs = self._attrs(invalid) | ({"hx-swap-oob": "true"} if swapped else {})
        return SafeString(self.bound.as_widget(attrs=attrs))

    @property
    def plain(self) -> SafeString:
        return self.control(invalid=bool(self.bound.errors))


@dataclass(frozen=True, slots=True)
class SectionView:
    """A numbered part of the form with its fields."""

    number: str
    section: Section
    fields: list[FieldView]


@dataclass
class ReviewPage:
    """Everything the form's parts say.

    Args:
        review: the form as it stands.
        form: with what was typed.
        report: what the checks say.
        push_list: the list handed in, or None.
        receiver: title of the position that receives it.
        submitting: whether it was to be handed in just now: only then is what is missing said under the fields.
    """

    review: AnnualReview
    form: ReviewForm
    report: Report
    push_list: PushList | None
    receiver: str
    submitting: bool = False

    @cached_property
    def sections(self) -> list[SectionView]:
        made = []
        for number, section in enumerate(sections(self.form)):
            fields = []
            for code in section.codes:
                reason = f"reason_{code}"
                fields.append(FieldView(code, self.form[code], self.form[reason] if self.needs_reason(code) else None))
            made.append(SectionView(NUMERALS[number], section, fields))
        return made

    def needs_reason(self, code: str) -> bool:
        """Say whether the figure differs from what the platform knows."""
        if f"reason_{code}" not in self.form.fields:
            return False
        figure = self.report.known.binding.get(code)
        value = getattr(self.review, code, None)
        if code == "posts_total" and self.push_list is not None and self.push_list.count != value:
            return False  # it has to be the list's; no reason makes up for that
        return figure is not None and value not in (None, "") and not same(figure.value, value)

    def lines_of(self, code: str) -> list[LiveLine]:
        """Return what is said under a field: errors, what the platform knows, where the figure comes from."""
        lines = [LiveLine("late", str(error)) for error in self.form.errors.get(code, [])]
        value = getattr(self.review, code, None) if code in CODES else None
        wrong = self.report.errors.get(code, [])
        if not lines and (self.submitting or value not in (None, "")):
            lines += [LiveLine("late", text) for text in wrong]
        if code not in CODES:
            return lines
        source = self.review.sources.get(code, {})
        figure = self.report.known.binding.get(code)
        if figure is not None and code != "violations" and not same(figure.value, value):
            said = _("%(source)s：%(value)s") % {"source": figure.source, "value": _shown(code, figure)}
            lines.append(LiveLine("soon", said, figure.url, f"{code}={figure.value}"))
        elif figure is not None and code == "violations":
            lines.append(
                LiveLine("soon", _("账号留痕：%(what)s") % {"what": str(figure.value).replace("\n", "；")}, figure.url)
            )
        elif source.get("source") and not lines:
            lines.append(LiveLine("ok", _("来源：%(source)s") % {"source": source["source"]}))
        for one in self.report.known.compare.get(code, ()):
            said = _("%(source)s：%(value)s") % {"source": one.source, "value": _shown(code, one)}
            lines.append(LiveLine("idle", said, one.url))
        return lines

    @property
    def gaps(self) -> list[tuple[str, str]]:
        """What is missing or wrong, in the order of the form, as links that begin with a verb: words and anchor."""
        found = []
        codes = [LIST_FIELD, *self.form.fields]
        for code in codes:
            if code.startswith("reason_") or (code not in self.report.errors and code not in self.form.errors):
                continue
            if code == LIST_FIELD:
                found.append((_("传推送清单"), "push-list"))
                continue
            label = str(LABELS.get(code) or self.form.fields[code].label)
            empty = getattr(self.review, code, self.review.extra.get(code)) in (None, "")
            found.append(((_("填%(label)s") if empty else _("改%(label)s")) % {"label": label}, f"id_{code}"))
        return found

    @property
    def verb(self) -> str:
        if self.review.result == ReviewResult.FAILED:
            return _("申诉，重新送审")
        if self.receiver:
            return _("提交给%(who)s") % {"who": self.receiver}
        return _("提交")


def _shown(code: str, figure: Figure) -> str:
    if code in NUMBERS and isinstance(figure.value, int):
        return number_words(figure.value)
    return str(figure.value)


def render_parts(page: ReviewPage, request: HttpRequest) -> dict[str, SafeString]:
    """Return the inside of every part by key, each with the digest that it posts back."""
    bodies: dict[str, str] = {}

    def part(key: str, template: str, context: Mapping[str, Any]) -> None:
        context = {"page": page, "review": page.review, **context}
        bodies[key] = render_to_string(f"assessment/parts/{template}.html", context, request=request).strip()

    for section in page.sections:
        for view in section.fields:
            part(f"live-{view.code}", "live", {"lines": page.lines_of(view.code), "view": view})
    part("checks", "checks", {"report": page.report})
    part("submit", "submit", {"gaps": page.gaps})
    parts = {
        key: format_html('{}<input type="hidden" name="seen" value="{}:{}">', SafeString(body), key, digest_of(body))
        for key, body in bodies.items()
    }
    for section in page.sections:
        for view in section.fields:
            view.live = parts[f"live-{view.code}"]
    return parts


def digest_of(html: str) -> str:
    """Return a short digest of a part as the page shows it."""
    return hashlib.sha256(html.encode()).hexdigest()[:12]


def news(parts: Mapping[str, SafeString], seen: Iterable[str]) -> SafeString:
    """Return the parts that say something new, ready to be swapped in beside the answer."""
    known = dict(pair.split(":", 1) for pair in seen if ":" in pair)
    fresh = [(key, body) for key, body in parts.items() if f'value="{key}:{known.get(key, "")}"' not in body]
    return format_html_join("", '<div id="f-{}" hx-swap-oob="innerHTML">{}</div>', fresh)
