"""May this account run today? The one place that answers (selectors).

The account page, the public directory and the public API all show what :func:`may_run` says.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.states import Face, Tone
from xianshen.common.zhdates import zh_date
from xianshen.registry import rules
from xianshen.registry.enums import AccountState, SuspensionReason
from xianshen.registry.models import MediaAccount

REASON_RULES = {
    SuspensionReason.NOT_REVIEWED: rules.ANNUAL_REVIEW,
    SuspensionReason.REVIEW_FAILED: rules.ANNUAL_REVIEW,
    SuspensionReason.STOP_ORDER: rules.STOP_ORDER,
    SuspensionReason.LEGACY_UNFILED: rules.LEGACY,
    SuspensionReason.LINKAGE_BREACH: rules.LINKAGE,
    SuspensionReason.APPROVAL_REVOKED: rules.PRIOR_APPROVAL,
    SuspensionReason.SERVER_LAPSED: rules.CAMPUS_SERVER,
}
OFFICE_RESUMES = gettext_lazy("负责人补办手续后，由办公室恢复运行。")
NEXT_STEPS = {
    SuspensionReason.NOT_REVIEWED: gettext_lazy("补交年审表，审定合格后恢复运行。"),
    SuspensionReason.REVIEW_FAILED: gettext_lazy("按年审意见整改后重新提交年审表，审定合格后恢复运行。"),
    SuspensionReason.LEGACY_UNFILED: gettext_lazy("补交备案登记表，批准后恢复运行。"),
    SuspensionReason.SERVER_LAPSED: gettext_lazy("向科技处重新报批服务器，批准后恢复运行。"),
}


@dataclass(frozen=True, slots=True)
class RunningCheck:
    """One condition of running.

    Args:
        tone: ok, late, idle …
        title: the condition in words.
        detail: evidence or what is missing.
        rule: rule id cited.
    """

    tone: Tone
    title: str
    detail: str
    rule: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether an account may run on a day.

    Args:
        allowed: yes or no.
        reason: why not, in words; "" when it may.
        rule: rule id behind a no.
        since: from which day on it may not.
        next_step: what to do about it.
        checks: the conditions one by one.
    """

    allowed: bool
    reason: str = ""
    rule: str = ""
    since: date | None = None
    next_step: str = ""
    checks: list[RunningCheck] = field(default_factory=list)

    @property
    def face(self) -> Face:
        return Face(_("可以"), "ok", "circle-check") if self.allowed else Face(_("不可以"), "late", "ban")


def state_face(account: MediaAccount) -> Face:
    """Return the state badge; a suspension names its reason, a stop order has its own look."""
    if account.state != AccountState.SUSPENDED:
        return AccountState(account.state).face
    reason = SuspensionReason(account.suspension_reason)
    if reason == SuspensionReason.STOP_ORDER:
        return Face(reason.label, "stop", "hand-stop")
    return Face(_("暂停：%(reason)s") % {"reason": reason.label}, "late", "player-pause")


def _refusal(account: MediaAccount) -> tuple[str, str, str]:
    """Return reason, rule and next step for an account that may not run."""
    if account.state == AccountState.SUSPENDED:
        reason = SuspensionReason(account.suspension_reason)
        return (
            _("已暂停：%(reason)s") % {"reason": reason.label},
            REASON_RULES[reason],
            str(NEXT_STEPS.get(reason, OFFICE_RESUMES)),
        )
    if account.state == AccountState.APPLIED:
        return (
            _("开设已批准，涉及校内数据服务，等科技处审批服务器"),
            rules.CAMPUS_SERVER,
            _("向科技处报批服务器，批准后账号启用。"),
        )
    if account.state == AccountState.CLOSING:
        return _("正在停办"), rules.MAY_RUN, _("停办手续办完前不再发布内容。")
    return _("已停办"), rules.MAY_RUN, _("要重新运行，另行申请开设。")


def may_run(account: MediaAccount, on: date) -> Answer:
    """Answer whether the account may run on the day.

    Args:
        account: the account.
        on: the day; before the account was opened the answer is no.
    """
    if account.opened_on and on < account.opened_on:
        return Answer(False, _("那一天还没有开通"), rules.PRIOR_APPROVAL, next_step=_("以开通日期为准。"))
    stopped = account.suspension_reason == SuspensionReason.STOP_ORDER
    reviewed = account.suspension_reason not in {SuspensionReason.NOT_REVIEWED, SuspensionReason.REVIEW_FAILED}
    checks = [
        RunningCheck("ok", _("开设经批准"), _("已登记在册"), rules.PRIOR_APPROVAL)
        if account.suspension_reason not in {SuspensionReason.APPROVAL_REVOKED, SuspensionReason.LEGACY_UNFILED}
        else RunningCheck(
            "late", _("开设手续不全"), str(SuspensionReason(account.suspension_reason).label), rules.PRIOR_APPROVAL
        ),
        RunningCheck("ok", _("年审没有问题"), _("没有未年审、不合格的记录"), rules.ANNUAL_REVIEW)
        if reviewed
        else RunningCheck(
            "late", _("年审没有通过"), str(SuspensionReason(account.suspension_reason).label), rules.ANNUAL_REVIEW
        ),
        RunningCheck("stop", _("责令停止运行"), _("决定有效"), rules.STOP_ORDER)
        if stopped
        else RunningCheck("ok", _("没有停止运行的决定"), "", rules.STOP_ORDER),
        _data_service_check(account, on),
    ]
    if account.state == AccountState.ACTIVE and server_lapsed(account, on):
        return Answer(
            False,
            _("服务器的批准已到期"),
            rules.CAMPUS_SERVER,
            account.server_valid_until and account.server_valid_until + timedelta(days=1),
            str(NEXT_STEPS[SuspensionReason.SERVER_LAPSED]),
            checks,
        )
    if account.state == AccountState.ACTIVE:
        return Answer(True, checks=checks)
    reason, rule, next_step = _refusal(account)
    return Answer(False, reason, rule, account.state_since, next_step, checks)


def server_lapsed(account: MediaAccount, on: date) -> bool:
    """Whether the account's data service needs a server and has none that is approved on the day."""
    if not account.data_service:
        return False
    ended = account.server_valid_until is not None and account.server_valid_until < on
    return ended or not account.server_filing_reference


def _data_service_check(account: MediaAccount, on: date) -> RunningCheck:
    if not account.data_service:
        return RunningCheck("idle", _("不涉及校内数据服务"), _("无须报科技处"), rules.CAMPUS_SERVER)
    until = account.server_valid_until
    if not server_lapsed(account, on):
        detail = account.server_filing_reference
        if until is not None:
            detail = _("%(number)s，有效至%(date)s") % {"number": detail, "date": zh_date(until, year=True)}
        return RunningCheck("ok", _("服务器经科技处审批"), detail, rules.CAMPUS_SERVER)
    if until is not None:
        return RunningCheck(
            "late",
            _("服务器的批准已到期"),
            _("有效至%(date)s") % {"date": zh_date(until, year=True)},
            rules.CAMPUS_SERVER,
        )
    return RunningCheck("wait", _("服务器还没有批"), _("等科技处审批"), rules.CAMPUS_SERVER)
