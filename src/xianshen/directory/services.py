"""Impostor reports: received from anybody, checked and answered by whoever the policy names."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import rfc8785
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.actors import Actor
from xianshen.common.codes import new_code
from xianshen.common.language import stored
from xianshen.directory import events, rules
from xianshen.directory.models import (
    ANSWER_LIMIT,
    CONTACT_LIMIT,
    LINK_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    ImpostorReport,
)
from xianshen.directory.selectors import (
    WINDOW,
    link_key,
    name_key,
    people_handling_reports,
    recent_frequency,
    report_subject,
)
from xianshen.directory.texts import one_line, storable
from xianshen.directory.transitions import REPORT
from xianshen.ledger.services import Unchanged, act, new_salt, record, salted_digest
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants
from xianshen.regulation.selectors import cite, policy_on
from xianshen.workflow.tables import apply_transition, locked

SOURCE_KEPT = timedelta(days=1)


class TooManyReports(ValidationError):
    """Too many reports from one address, or altogether; nothing was stored."""


def _article(institution_id: int, now: datetime) -> int | None:
    citation = cite(institution_id, rules.IMPOSTOR_REPORT, timezone.localdate(now))
    return citation.article if citation else None


def _cleaned(name: str, platform: str, link: str, text: str, contact: str) -> dict[str, str]:
    """Return the values as stored.

    Raises:
        ValidationError: by field.
    """
    limits = {"name": (name, NAME_LIMIT), "link": (link, LINK_LIMIT), "contact": (contact, CONTACT_LIMIT)}
    errors: dict[str, str] = {}
    values = {"platform": one_line(platform, 40), "text": storable(text).strip()}
    for field, (value, limit) in limits.items():
        values[field] = one_line(value, limit + 1)
        if len(values[field]) > limit:
            errors[field] = _("最多 %(limit)s 个字。写短一些。") % {"limit": limit}
    if not values["name"] and not values["link"]:
        errors["name"] = _("账号名称、账号 ID 或链接至少写一样，才找得到它。")
    if not values["text"]:
        errors["text"] = _("还没有写哪里不对。写一两句看到了什么。")
    elif len(values["text"]) > TEXT_LIMIT:
        errors["text"] = _("最多 %(limit)s 个字，写要点。") % {"limit": TEXT_LIMIT}
    if errors:
        raise ValidationError(errors)
    return values


@act
def report_impostor(
    *,
    actor: Actor,
    name: str,
    platform: str,
    link: str,
    text: str,
    contact: str,
    source: str,
    now: datetime,
) -> ImpostorReport:
    """Take in a report that an account passes itself off as the institution's; anybody may report.

    The ledger keeps the number and a salted digest of what was reported, none of its words.

    Args:
        actor: the public, or a person.
        name: name of the account.
        platform: code of the platform type, or "".
        link: handle or address.
        text: what is wrong.
        contact: how to reach the reporter, or "".
        source: keyed digest of the address from which it came, or "".
        now: time of receipt.

    Raises:
        ValidationError: a field is missing or too long.
        TooManyReports: from this source, or altogether.
    """
    values = _cleaned(name, platform, link, text, contact)
    again = ImpostorReport.objects.filter(
        institution_id=actor.institution_id,
        source=source,
        received_at__gt=now - WINDOW,
        name=values["name"],
        link=values["link"],
        text=values["text"],
    ).first()
    if again is not None and source:
        raise Unchanged(again)
    if recent_frequency(actor.institution_id, source, now).too_many:
        raise TooManyReports(_("一小时内收到的举报太多，这一份没有收下。过一小时再交，内容还在页面上。"))
    salt = new_salt()
    report = ImpostorReport.objects.create(
        institution_id=actor.institution_id,
        number=new_code(),
        name_fold=name_key(values["name"]),
        link_key=link_key(values["link"]),
        salt=salt,
        source=source,
        received_at=now,
        **values,
    )
    said = {field: values[field] for field in ("name", "platform", "link", "text")}
    notify(
        institution_id=actor.institution_id,
        people=people_handling_reports(actor.institution_id, timezone.localdate(now)),
        text=stored(gettext_lazy("收到冒用举报：「%(title)s」。"), title=report.title[:80]),
        url=f"/directory/reports/{report.pk}/",
        rule=rules.IMPOSTOR_REPORT,
        key=f"impostor:{report.pk}",
        at=now,
        kind=NoticeKind.IMPOSTOR_REPORT,
        values={"title": report.title[:80]},
    )
    record(
        events.REPORTED,
        actor=actor,
        subject=report_subject(report),
        payload={"number": report.number, "digest": salted_digest(_canonical(said), salt)},
        at=now,
        rule=rules.IMPOSTOR_REPORT,
        article=_article(actor.institution_id, now),
    )
    return report


def _canonical(said: Mapping[str, str]) -> str:
    return hashlib.sha256(rfc8785.dumps(dict(said))).hexdigest()


def _handle(
    transition: str,
    *,
    report_id: int,
    actor: Actor,
    grants: Grants,
    payload: Mapping[str, str],
    changes: Mapping[str, object],
    now: datetime,
) -> ImpostorReport:
    report = locked(ImpostorReport, report_id, institution_id=actor.institution_id)
    policy = policy_on(actor.institution_id, timezone.localdate(now))
    apply_transition(
        REPORT,
        report,
        transition,
        who=grants,
        actor=actor,
        at=now,
        subject=report_subject(report),
        payload={"number": report.number, **payload},
        changes={"handled_by_id": grants.person_id, **changes},
        article=policy.rule(rules.IMPOSTOR_REPORT).article,
        policy_version=policy.label,
    )
    return report


def _answer(answer: str) -> str:
    text = storable(answer).strip()
    if not text:
        raise ValidationError({"answer": _("还没有写答复。写明核实的结果和依据，举报人凭编号能看到。")})
    if len(text) > ANSWER_LIMIT:
        raise ValidationError({"answer": _("答复最多 %(limit)s 个字，写要点。") % {"limit": ANSWER_LIMIT}})
    return text


@act
def check_report(*, report_id: int, actor: Actor, grants: Grants, now: datetime) -> ImpostorReport:
    """Begin to check a report; from now on verification says that the account is being checked.

    Raises:
        ImpostorReport.DoesNotExist: not in the actor's institution.
        PermissionDenied: no position of theirs handles reports.
        TransitionNotAllowed: it is being checked already, or closed.
    """
    return _handle("check", report_id=report_id, actor=actor, grants=grants, payload={}, changes={}, now=now)


@act
def confirm_report(*, report_id: int, actor: Actor, grants: Grants, answer: str, now: datetime) -> ImpostorReport:
    """Find that the account is an impostor; verification warns of it, the reporter's contact is erased.

    Args:
        answer: the finding, public under the report's number.

    Raises:
        ImpostorReport.DoesNotExist, PermissionDenied: as :func:`check_report`.
        TransitionNotAllowed: nobody has begun to check it, or it is closed.
        ValidationError: no answer, or one that is too long.
    """
    return _close("confirm", report_id=report_id, actor=actor, grants=grants, answer=answer, now=now)


@act
def dismiss_report(*, report_id: int, actor: Actor, grants: Grants, answer: str, now: datetime) -> ImpostorReport:
    """Find that the account is no impostor; the reporter's contact is erased.

    Raises:
        ImpostorReport.DoesNotExist, PermissionDenied, TransitionNotAllowed, ValidationError: as :func:`confirm_report`.
    """
    return _close("dismiss", report_id=report_id, actor=actor, grants=grants, answer=answer, now=now)


@act
def _close(
    transition: str, *, report_id: int, actor: Actor, grants: Grants, answer: str, now: datetime
) -> ImpostorReport:
    text = _answer(answer)
    return _handle(
        transition,
        report_id=report_id,
        actor=actor,
        grants=grants,
        payload={"text": text},
        changes={"answer": text, "closed_at": now, "contact": ""},
        now=now,
    )


@act(records=False, why="a technical trace that bounds abuse is erased when its time is over")
def forget_sources(*, now: datetime) -> int:
    """Erase the digests of addresses from which reports came more than a day ago; return how many."""
    old = ImpostorReport.objects.filter(received_at__lt=now - SOURCE_KEPT).exclude(source="")
    return old.update(source="")
