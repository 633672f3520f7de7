"""What can be said about a filing before anybody signs it (selectors).

What the filing changes is judged by the same checks as an opening application.
"""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xianshen.common.language import listed
from xianshen.common.zhdates import zh_date
from xianshen.registry import rules
from xianshen.registry.changed import as_application, changed, value_of
from xianshen.registry.checks import (
    Check,
    Report,
    handle_checks,
    is_empty,
    name_likeness_checks,
    name_rule_checks,
    one_line,
    people_checks,
    worst_first,
)
from xianshen.registry.closing import open_tasks
from xianshen.registry.enums import CheckTone, FilingKind
from xianshen.registry.filed import last_change_on
from xianshen.registry.models import Filing
from xianshen.registry.running import state_face
from xianshen.registry.similarity import similar_names
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.schema import FieldSpec, FormSpec, NotInPolicy, Policy

CHANGE_CLOCK = "filing.change"
LEGACY_CLOCK = "filing.legacy"
CONTACTS = frozenset({"owner_name", "owner_mobile", "owner_email", "second_contact_mobile"})


def form_of(policy: Policy) -> FormSpec | None:
    """Return the form on which filings are made, or None where the policy knows no filings."""
    try:
        return policy.form_for(SubjectKind.FILING)
    except NotInPolicy:
        return None


def due_of(filing: Filing, policy: Policy) -> date | None:
    """Return the last day for filing the change or closure; None while its day is not known."""
    if filing.kind == FilingKind.LEGACY or filing.changed_on is None:
        return None
    return policy.due(CHANGE_CLOCK, filing.changed_on)


def _wrong_day(title: str, detail: str) -> list[Check]:
    return [Check("day", CheckTone.LATE, title, detail, rules.FILING, "changed_on")]


def day_checks(filing: Filing, policy: Policy, on: date) -> list[Check]:
    """Judge the day of the change or of the closure, and whether it is filed in time."""
    if filing.kind == FilingKind.LEGACY:
        return []
    closing = filing.kind == FilingKind.CLOSURE
    day, opened = filing.changed_on, filing.account.opened_on
    if day is None:
        return _wrong_day(_("还没有写停办日期") if closing else _("还没有写变更日期"), _("备案的时限从这一天起算。"))
    if day > on:
        return _wrong_day(
            _("停办日期还没有到") if closing else _("变更日期还没有到"), _("写实际发生的那一天，最晚是今天。")
        )
    if opened and day < opened:
        detail = _("账号%(date)s才开通。核对日期。") % {"date": zh_date(opened, year=True)}
        return _wrong_day(_("日期早于开通"), detail)
    last = last_change_on(filing.account_id, [one.code for one in changed(filing)])
    if last and day < last:
        detail = _("这一项%(date)s已经变更过一次。日期写在那以后，历次名称才接得上。") % {
            "date": zh_date(last, year=True)
        }
        return _wrong_day(_("日期早于上一次变更"), detail)
    due = due_of(filing, policy)
    if due and on > due:
        days = (on - due).days
        detail = _("最晚%(date)s备案。照样受理，标明逾期，计入考评。") % {"date": zh_date(due, today=on)}
        title = ngettext("已逾期 %(n)d 天", "已逾期 %(n)d 天", days) % {"n": days}
        return [Check("late", CheckTone.SOON, title, detail, rules.FILING)]
    return [Check("in_time", CheckTone.OK, _("在规定时间内"), "", rules.FILING)]


def state_checks(filing: Filing) -> list[Check]:
    """Say that an account that may not run is filed for all the same."""
    account = filing.account
    if not account.suspension_reason:
        return []
    detail = _("备案照常办理。能不能运行不因备案改变，要恢复另由办公室决定。")
    if filing.kind == FilingKind.LEGACY:
        detail = _("备案办结后，因未备案而暂停的账号恢复运行。")
    title = _("账号现在是「%(state)s」") % {"state": state_face(account).label}
    return [Check("suspended", CheckTone.SOON, title, detail, rules.MAY_RUN)]


def change_checks(filing: Filing, policy: Policy, on: date) -> list[Check]:
    """Judge what is changed: the name, the handle, people and contacts."""
    codes = {one.code for one in changed(filing)}
    if filing.kind == FilingKind.CHANGE and not codes:
        detail = _("改动要变的那一项，其余不动。")
        return [Check("nothing", CheckTone.LATE, _("还没有改任何一项"), detail, rules.FILING, "name")]
    application = as_application(filing)
    checks: list[Check] = []
    if "name" in codes:
        similar = similar_names(filing.institution_id, application.name, except_id=filing.account_id)
        checks += name_rule_checks(application, policy)
        checks += name_likeness_checks(application, similar)
        if not application.name.strip():
            detail = _("写平台上现在的名称。")
            checks.append(Check("name", CheckTone.LATE, _("名称不能空着"), detail, rules.FILING, "name"))
    if "handle" in codes:
        checks += handle_checks(application, policy)
    judged = CONTACTS if filing.kind == FilingKind.LEGACY else codes
    checks += [
        check
        for check in people_checks(application, policy, on)
        if check.tone == CheckTone.LATE and check.field in judged
    ]
    return checks


def _gap(code: str, title: str, detail: str) -> Check:
    return Check(code, CheckTone.LATE, title, detail, rules.FILING, code)


def closure_checks(filing: Filing, on: date) -> list[Check]:
    """Judge what a closure has to settle: followers, content, custody, and what is still open for the account."""
    if filing.kind != FilingKind.CLOSURE:
        return []
    found = []
    if not filing.followers_plan.strip():
        found.append(_gap("followers_plan", _("还没有写粉丝怎么安排"), _("写怎么告知、转到哪里。")))
    if not filing.content_plan.strip():
        found.append(_gap("content_plan", _("还没有写已发内容怎么处理"), _("写留存、迁移还是删除，由谁保管。")))
    if not filing.custody_returned:
        detail = _("账号、密码和绑定的手机交回主办单位后再提交。")
        found.append(_gap("custody_returned", _("账号还没有交回"), detail))
    elif not filing.custody_returned_to.strip():
        found.append(_gap("custody_returned_to", _("还没有写交给谁"), _("写接收人的姓名。")))
    if tasks := open_tasks(filing.account, on):
        title = ngettext("还有 %(n)d 件事没有办完", "还有 %(n)d 件事没有办完", len(tasks)) % {"n": len(tasks)}
        detail = _("先办完再停办：%(what)s。") % {"what": listed(task.title for task in tasks[:5])}
        found.append(Check("open_tasks", CheckTone.LATE, title, detail, rules.FILING))
    return found


def form_value(filing: Filing, code: str) -> object:
    """Return the value of a field of the policy's form."""
    match code:
        case "unit":
            return filing.unit.name
        case "platform":
            return filing.account.platform
        case "filing_kind":
            return filing.kind
        case "reason":
            return filing.reason
        case "changes":
            return listed(one.label for one in changed(filing))
        case "name" | "handle" | "opened_on" | "owner_name" | "owner_mobile" | "owner_email" | "administrators":
            return value_of(filing, code)
    return filing.extra.get(code)


def missing_fields(filing: Filing, form: FormSpec) -> list[FieldSpec]:
    """Return the required fields that are still empty, in form order."""
    return [field for field in form.fields if field.required and is_empty(form_value(filing, field.code))]


def text_checks(filing: Filing, form: FormSpec) -> list[Check]:
    """Judge the least lengths that the policy sets."""
    found = []
    for field in form.fields:
        value = form_value(filing, field.code)
        if isinstance(value, str) and 0 < len(value.strip()) < field.min_length:
            detail = _("现在 %(n)d 字，至少写 %(least)d 字，让审批人看得明白。") % {
                "n": len(value.strip()),
                "least": field.min_length,
            }
            title = _("%(label)s太短") % {"label": one_line(field.label)}
            found.append(Check(f"short_{field.code}", CheckTone.LATE, title, detail, field.rule, field.code))
    return found


def check_filing(filing: Filing, policy: Policy, on: date) -> Report:
    """Check a filing as it stands, saved or not.

    Args:
        filing: with ``account`` and ``unit`` loaded.
        policy: the policy in force on the day that matters; it has a form for filings.
        on: that day.
    """
    form = policy.form_for(SubjectKind.FILING)
    checks = [
        *day_checks(filing, policy, on),
        *change_checks(filing, policy, on),
        *closure_checks(filing, on),
        *state_checks(filing),
        *text_checks(filing, form),
    ]
    return Report(worst_first(checks), [], missing_fields(filing, form))
