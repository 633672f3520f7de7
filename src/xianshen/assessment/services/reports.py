"""Results of accounts that are reviewed at home, reported to the Office as a list (三级平台报备)."""

import hashlib
from datetime import datetime
from typing import Any

import rfc8785
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.assessment import events, rules
from xianshen.assessment.models import ResultReport, ReviewCampaign
from xianshen.assessment.permissions import may_report_for
from xianshen.assessment.selectors import (
    REPORT_TYPE,
    campaign_of,
    campaign_subject,
    report_of,
    report_subject,
    result_now,
    review_subject,
    unreported,
)
from xianshen.assessment.services._shared import office_people
from xianshen.assessment.transitions import REPORT
from xianshen.clocks.services import cancel_clocks, meet_clock, start_clock
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import stored
from xianshen.ledger.services import act, record
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants, holders_in, unit_in
from xianshen.regulation.enums import Capability
from xianshen.regulation.schema import ReportSpec
from xianshen.regulation.selectors import policy_version
from xianshen.workflow.tables import apply_transition, locked

TEXT_LIMIT = 1_000


def _report_spec(campaign: ReviewCampaign) -> ReportSpec | None:
    spec = policy_version(campaign.policy_version_id).annual_review
    return spec.report if spec else None


def _words(text: str, *, required: str = "") -> str:
    text = text.strip()
    if required and not text:
        raise ValidationError({"text": required})
    if len(text) > TEXT_LIMIT:
        raise ValidationError({"text": _("最多写 %(n)d 字。写要点。") % {"n": TEXT_LIMIT}})
    return text


def _snapshot(actor: Actor) -> dict[str, Any]:
    return {"name": actor.name, "position": actor.position, "unit": actor.unit, "key": actor.key}


@act
def report_results(
    *, actor: Actor, grants: Grants, campaign_id: int, unit_id: int, text: str, now: datetime
) -> ResultReport:
    """Report the decided reviews of a home unit's accounts, as one list.

    What was reported before with the same result is left out, so a list sent twice is refused.

    Raises:
        PermissionDenied: not the home unit's head.
        ReviewCampaign.DoesNotExist, Unit.DoesNotExist: not in the institution.
        TransitionNotAllowed: nothing to report, or the policy asks for no report.
    """
    unit = unit_in(actor.institution_id, unit_id)
    if not (permission := may_report_for(unit.pk, grants)):
        raise PermissionDenied.from_denied(permission)
    locked(ReviewCampaign, campaign_id, institution_id=actor.institution_id)
    campaign = campaign_of(actor.institution_id, campaign_id)
    spec = _report_spec(campaign)
    if spec is None:
        raise TransitionNotAllowed(_("现行办法没有要求报备年审结果。"), rules.REPORT)
    reviews = unreported(actor.institution_id, campaign, unit.pk)
    if not reviews:
        raise TransitionNotAllowed(_("没有新的年审结果要报备。审完再报。"), rules.HOME)
    rows = [
        {
            "review": one.pk,
            "account": one.account.name,
            "unit": one.unit.name,
            "result": result_now(one)[0],
            "decided_on": result_now(one)[1],
            "posts": one.posts_total,
            "followers": one.followers_total,
        }
        for one in reviews
    ]
    number = ResultReport.objects.filter(campaign=campaign, unit=unit).count() + 1
    report = ResultReport.objects.create(
        institution_id=actor.institution_id,
        campaign=campaign,
        unit=unit,
        number=number,
        rows=rows,
        digest=hashlib.sha256(rfc8785.dumps(rows)).hexdigest(),
        text=_words(text),
        reported_at=now,
        reported_by=_snapshot(actor),
    )
    policy = policy_version(campaign.policy_version_id)
    subject = report_subject(report)
    if spec.due:
        on = timezone.localdate(now)
        start_clock(actor=actor, policy=policy, clock=spec.due, subject=subject, started_on=on, unit_id=None, now=now)
    _tell_office(report, now)
    record(
        events.REPORTED,
        actor=actor,
        subject=subject,
        payload={"year": campaign.year, "rows": len(rows), "digest": report.digest},
        at=now,
        rule=rules.REPORT,
        article=policy.rule(rules.REPORT).article,
        policy_version=policy.label,
        about=(campaign_subject(campaign), *(review_subject(one) for one in reviews)),
    )
    return report


def _tell_office(report: ResultReport, now: datetime) -> None:
    said = stored(
        gettext_lazy("%(unit)s报备 %(year)s 年度三级平台年审结果 %(n)d 个，等你确认。"),
        unit=report.unit.name,
        year=report.campaign.year,
        n=len(report.rows),
    )
    notify(
        institution_id=report.institution_id,
        people=office_people(report.institution_id, timezone.localdate(now)),
        text=said,
        url=f"/reviews/reports/{report.pk}/",
        rule=rules.REPORT,
        key=f"review:report:{report.pk}:{now:%Y%m%d%H%M%S}",
        at=now,
        kind=NoticeKind.REVIEW_TODO,
    )


def _locked(report_id: int, institution_id: int) -> ResultReport:
    locked(ResultReport, report_id, institution_id=institution_id)
    return report_of(institution_id, report_id)


def _move(
    report: ResultReport, name: str, *, actor: Actor, grants: Grants, text: str, now: datetime, **changes: object
) -> None:
    apply_transition(
        REPORT,
        report,
        name,
        who=grants,
        actor=actor,
        at=now,
        subject=report_subject(report),
        payload={"year": report.campaign.year, "text": text},
        changes=changes,
        about=(campaign_subject(report.campaign),),
    )


@act
def query_report(*, actor: Actor, grants: Grants, report_id: int, text: str, now: datetime) -> ResultReport:
    """Ask the home unit about its list.

    Raises:
        PermissionDenied, TransitionNotAllowed; ValidationError: no question.
    """
    report = _locked(report_id, actor.institution_id)
    text = _words(text, required=_("没有写质询什么。写清哪个账号、什么地方不清楚。"))
    _move(report, "query", actor=actor, grants=grants, text=text, now=now, query=text, answer="")
    on = timezone.localdate(now)
    people = [
        holding.person.pk
        for holding in holders_in(report.institution_id, {report.unit_id}, on)
        if Capability.APPROVALS_VIEW_UNIT in holding.capabilities
    ]
    said = stored(gettext_lazy("办公室质询年审报备：%(text)s"), text=text)
    notify(
        institution_id=report.institution_id,
        people=people,
        text=said,
        url=f"/reviews/reports/{report.pk}/",
        rule=rules.REPORT,
        key=f"review:report:{report.pk}:query:{now:%Y%m%d%H%M%S}",
        at=now,
        kind=NoticeKind.REVIEW_TODO,
    )
    _stop_clock(report, actor, now, met=False)
    return report


@act
def answer_report(*, actor: Actor, grants: Grants, report_id: int, text: str, now: datetime) -> ResultReport:
    """Answer the Office's question.

    Raises:
        PermissionDenied, TransitionNotAllowed; ValidationError: no answer.
    """
    report = _locked(report_id, actor.institution_id)
    text = _words(text, required=_("没有写答复。照着质询逐条写。"))
    _move(report, "answer", actor=actor, grants=grants, text=text, now=now, answer=text)
    spec = _report_spec(report.campaign)
    if spec and spec.due:
        start_clock(
            actor=actor,
            policy=policy_version(report.campaign.policy_version_id),
            clock=spec.due,
            subject=report_subject(report),
            started_on=timezone.localdate(now),
            unit_id=None,
            now=now,
        )
    _tell_office(report, now)
    return report


@act
def acknowledge_report(*, actor: Actor, grants: Grants, report_id: int, text: str, now: datetime) -> ResultReport:
    """Take note of a list for the Office.

    Raises:
        PermissionDenied, TransitionNotAllowed.
    """
    report = _locked(report_id, actor.institution_id)
    text = _words(text)
    _move(
        report,
        "acknowledge",
        actor=actor,
        grants=grants,
        text=text,
        now=now,
        settled_at=now,
        settled_by=_snapshot(actor),
    )
    _stop_clock(report, actor, now, met=True)
    return report


def _stop_clock(report: ResultReport, actor: Actor, now: datetime, *, met: bool) -> None:
    spec = _report_spec(report.campaign)
    if spec is None or not spec.due:
        return
    where: dict[str, Any] = {
        "actor": actor,
        "institution_id": report.institution_id,
        "subject_type": REPORT_TYPE,
        "subject_id": str(report.pk),
        "clock": spec.due,
        "now": now,
    }
    if met:
        meet_clock(**where, on=timezone.localdate(now))
    else:
        cancel_clocks(**where, why=stored(gettext_lazy("等单位答复质询")))


__all__ = ["acknowledge_report", "answer_report", "query_report", "report_results"]
