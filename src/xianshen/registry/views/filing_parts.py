"""The parts of a filing's form that change while it is written; see :mod:`xianshen.registry.views.fragments`."""

from collections.abc import Mapping
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from xianshen.organisation.selectors import Grants
from xianshen.registry.changed import Changed, changed
from xianshen.registry.checks import Report, chosen, one_line
from xianshen.registry.enums import FilingKind
from xianshen.registry.filing_forms import FilingForm, FilingSection
from xianshen.registry.models import Filing
from xianshen.registry.route import Route
from xianshen.registry.views.fragments import NUMERALS, DraftPage, Gap, LiveLine, SectionView, digest_of
from xianshen.regulation.schema import FieldSpec


class FilingPage(DraftPage):
    """Everything that the parts of a filing's form say.

    Args:
        filing: the filing as it stands.
        form: the form, with what was typed.
        report: what the checks say.
        route: where it would go.
        grants: of the person who writes it.
    """

    def __init__(self, filing: Filing, form: FilingForm, report: Report, route: Route, grants: Grants) -> None:
        super().__init__(filing, form, report, route, grants)  # type: ignore[arg-type] # reason: reads the same names
        self.filing = filing
        self.filing_form = form

    def _kind(self, bound: BoundField, spec: FieldSpec | None) -> str:
        kind = super()._kind(bound, None)
        return "tick" if type(bound.field.widget).__name__ == "CheckboxInput" else kind

    @cached_property
    def sections(self) -> list[SectionView]:
        found: list[SectionView] = []
        for section in self.filing_form.sections:
            fields = [view for code in section.codes if (view := self.view_of(code))]
            if fields or section.code == "materials":
                found.append(SectionView(NUMERALS[len(found)], _as_section(section), fields))
        return found

    @cached_property
    def changes(self) -> list[Changed]:
        """What the filing changes, old and new."""
        return changed(self.filing)

    def lines_of(self, code: str) -> list[LiveLine]:
        """Return what is to be said under a field: what stood there, and what is wrong with what stands there now."""
        lines = super().lines_of(code)
        before = next((one for one in self.changes if one.code == code), None)
        if before is not None:
            said = _("原来：%(before)s") % {"before": before.before or _("没有")}
            lines.insert(0, LiveLine("wait", said))
        return lines

    @property
    def gaps(self) -> list[Gap]:
        """What is missing or wrong, in the order of the form, as links that begin with a verb."""
        missing = {spec.code: spec for spec in self.report.missing}
        wrong = {check.field for check in self.report.blocking} | set(self.form.errors)
        found = []
        for section in self.sections:
            for view in section.fields:
                if view.code in missing:
                    text = _("选%(label)s") if chosen(missing[view.code]) else _("填%(label)s")
                elif view.code in wrong:
                    text = _("改%(label)s")
                else:
                    continue
                found.append(Gap(text % {"label": one_line(view.label)}, f"id_{view.code}"))
        shown = {view.code for section in self.sections for view in section.fields}
        found += [Gap(check.title, "checks-title") for check in self.report.blocking if check.field not in shown]
        found += [
            Gap(_("填%(label)s") % {"label": one_line(spec.label)}, "checks-title")
            for code, spec in missing.items()
            if code not in shown
        ]
        return found


def _as_section(section: FilingSection) -> Any:
    return section


def render_filing_parts(page: FilingPage, request: HttpRequest) -> dict[str, SafeString]:
    """Return the inside of every part by key, each with the digest that it posts back."""
    bodies: dict[str, str] = {}

    def part(key: str, template: str, context: Mapping[str, Any]) -> None:
        bodies[key] = render_to_string(f"registry/{template}.html", {"page": page, **context}, request=request)

    views = [view for section in page.sections for view in section.fields if view.bound is not None]
    for view in views:
        part(f"live-{view.code}", "filing/live", {"lines": page.lines_of(view.code)})
        if view.counted:
            bodies[f"count-{view.code}"] = page.count_of(view)
    part("checks", "parts/checks", {})
    if page.filing.kind != FilingKind.CLOSURE:
        part("diff", "filing/diff", {})
    part("route", "filing/route", {})
    part("submit", "filing/submit", {"gaps": page.gaps})
    parts = {
        key: format_html(
            '{}<input type="hidden" name="seen" value="{}:{}">', SafeString(body.strip()), key, digest_of(body.strip())
        )
        for key, body in bodies.items()
    }
    for view in views:
        view.live = parts[f"live-{view.code}"]
        view.count = parts.get(f"count-{view.code}", SafeString(""))
    return parts
