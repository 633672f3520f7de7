"""A filing as words: the values printed on the form, and what is submitted (selectors)."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.language import institution_language
from xianshen.common.zhdates import zh_date
from xianshen.registry.changed import Changed, changed, value_of
from xianshen.registry.checks import one_line
from xianshen.registry.enums import FilingKind
from xianshen.registry.filing_checks import form_value
from xianshen.registry.models import Filing
from xianshen.registry.paper import words_for
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.schema import FieldSpec, FormSpec, Policy

# What is printed of a long text in the box for changes; the whole stands in what was submitted.
PRINTED = 120
CHANGED = gettext_lazy("变更：")
CHANGED = gettext_lazy("变更：")


def _day(day: date | None) -> str:
    return zh_date(day, year=True) if day else ""


def _short(text: str) -> str:
    return text if len(text) <= PRINTED else f"{text[:PRINTED]}…"


def _line(one: Changed, *, short: bool) -> str:
    before, after = one.before or _("（无）"), one.after or _("（删去）")
    if short:
        before, after = _short(before), _short(after)
    return _("%(before)s → %(after)s") % {"before": before, "after": after}


def changes_text(filing: Filing) -> str:
    """Return what stands in the form's box for changes."""
    lines = []
    if filing.kind == FilingKind.CLOSURE:
        lines = [
            _("停办日期：%(day)s") % {"day": _day(filing.changed_on)} if filing.changed_on else "",
            _("粉丝：%(plan)s") % {"plan": filing.followers_plan.strip()} if filing.followers_plan.strip() else "",
            _("已发内容：%(plan)s") % {"plan": filing.content_plan.strip()} if filing.content_plan.strip() else "",
            _("账号、密码已交回：%(who)s") % {"who": filing.custody_returned_to.strip()}
            if filing.custody_returned
            else "",
        ]
    else:
        lines = [
            _("%(label)s：%(words)s") % {"label": one.label, "words": _line(one, short=True)}
            for one in changed(filing)
            if one.code != "opened_on"
        ]
        if filing.kind == FilingKind.CHANGE and filing.changed_on:
            lines.append(_("变更日期：%(day)s") % {"day": _day(filing.changed_on)})
    return "\n".join(line for line in lines if line)


def _words(filing: Filing, field: FieldSpec, policy: Policy) -> str:
    match field.code:
        case "changes":
            return changes_text(filing)
        case "name":
            return str(filing.before.get("name", filing.account.name))
        case "opened_on":
            day = value_of(filing, "opened_on")
            return _day(date.fromisoformat(day)) if day else ""
    return words_for(field, form_value(filing, field.code), policy)


def filing_values(filing: Filing, policy: Policy, form: FormSpec) -> dict[str, str]:
    """Return field code → words, for the printed form, in its language."""
    with institution_language():
        return {field.code: _words(filing, field, policy) for field in form.fields}


def filing_content(filing: Filing, policy: Policy) -> Mapping[str, str]:
    """Return label → words of everything that is submitted, printed on the form or not; kept with its digest."""
    form = policy.form_for(SubjectKind.FILING)
    values = filing_values(filing, policy, form)
    content = {one_line(field.label): values[field.code] for field in form.fields}
    with institution_language():
        if filing.kind == FilingKind.LEGACY:
            content[_("备案事由")] = str(FilingKind.LEGACY.label)
        for one in changed(filing):
            content[f"{CHANGED}{one.label}"] = _line(one, short=False)
        if filing.changed_on:
            closing = filing.kind == FilingKind.CLOSURE
            content[_("停办日期") if closing else _("变更日期")] = _day(filing.changed_on)
        if filing.late_days:
            content[_("逾期")] = _("%(n)d 天") % {"n": filing.late_days}
        if filing.note.strip():
            content[_("办公室的说明")] = filing.note.strip()
    return content
