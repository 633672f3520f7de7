"""A clock's life as people and other rooms lead it: start, meet, cancel, extend."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.clocks import events
from xianshen.clocks.enums import ClockState
from xianshen.clocks.models import Deadline, DeadlineAbout
from xianshen.clocks.permissions import may_manage
from xianshen.clocks.schedule import next_step_on
from xianshen.clocks.subjects import handler_of, tell_moved
from xianshen.common.actors import Actor
from xianshen.common.composed import listed
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.language import institution_language
from xianshen.common.zhdates import zh_date
from xianshen.ledger.events import EventType, Subject
from xianshen.ledger.services import JSON, act, record, within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import notify
from xianshen.organisation.selectors import Grants
from xianshen.regulation.selectors import policy_version
from xianshen.workflow.tables import locked

if TYPE_CHECKING:
    from xianshen.regulation.schema import Policy

BATCH = 500
WHY_LIMIT = 500
#: A due date further away than this is a year typed wrongly.
YEARS_AHEAD = 10


@dataclass(frozen=True, slots=True)
class Start:
    """What a clock is started for.

    Args:
        subject: the record.
        unit_id: whose unit it concerns, or None.
        about: further records on whose pages the deadline shows, e.g. the account.
    """

    subject: Subject
    unit_id: int | None = None
    about: tuple[Subject, ...] = ()


@within_act
def record_for(deadline: Deadline, event: EventType, *, actor: Actor, payload: dict[str, JSON], now: datetime) -> None:
    """Record an event of a deadline on its record's page, under the article that the policy gives for it."""
    policy = policy_version(deadline.policy_version_id)
    record(
        event,
        actor=actor,
        subject=deadline.subject,
        payload={"clock": deadline.clock, **payload},
        at=now,
        rule=deadline.rule,
        article=policy.rule(deadline.rule).article,
        policy_version=policy.label,
        about=deadline.about,
    )


@within_act
def start_clock(
    *,
    actor: Actor,
    policy: "Policy",
    clock: str,
    subject: Subject,
    started_on: date,
    unit_id: int | None,
    now: datetime,
    about: tuple[Subject, ...] = (),
    due_on: date | None = None,
) -> Deadline:
    """Start a clock for a record; the calling act records why. One statement, two with ``about``.

    Args:
        actor: who acts.
        policy: the policy in force on the day that counts; the deadline keeps to it.
        clock: id of the clock in the policy.
        subject: the record; its type has a handler in ``clocks.subjects``.
        started_on: day of the event; the day after is day 1.
        unit_id: whose unit it concerns.
        now: time of the act.
        about: further records on whose pages the deadline shows.
        due_on: the last day that a decision sets instead of the policy's duration; not before ``started_on``.

    Raises:
        NotInPolicy: the policy has no such clock.
        KeyError: no room registered the subject type.
        IntegrityError: the record has this clock running already (callers hold its row locked).
    """
    starts = [Start(subject, unit_id, about)]
    return start_clocks(
        actor=actor, policy=policy, clock=clock, starts=starts, started_on=started_on, now=now, due_on=due_on
    )[0]


@within_act
def start_clocks(
    *,
    actor: Actor,
    policy: "Policy",
    clock: str,
    starts: Sequence[Start],
    started_on: date,
    now: datetime,
    due_on: date | None = None,
) -> list[Deadline]:
    """Start the same clock for many records on the same day; see :func:`start_clock`."""
    spec = policy.clock(clock)
    provisional = due_on is None and policy.due_guessed(clock, policy.due(clock, started_on))
    due_on = due_on or policy.due(clock, started_on)
    for subject_type in {start.subject.type for start in starts}:
        handler_of(subject_type)
    first = next_step_on(spec, state=ClockState.RUNNING, due_on=due_on, done_through=started_on)
    deadlines = Deadline.objects.bulk_create(
        [
            Deadline(
                institution_id=actor.institution_id,
                policy_version_id=policy.version_id,
                clock=spec.id,
                rule=spec.rule,
                consequence=spec.consequence,
                subject_type=start.subject.type,
                subject_id=start.subject.id,
                subject_label=start.subject.label[:200],
                unit_id=start.unit_id,
                started_on=started_on,
                due_on=due_on,
                original_due_on=due_on,
                provisional=provisional,
                done_through=started_on,
                next_step_on=first,
            )
            for start in starts
        ],
        batch_size=BATCH,
    )
    further = [
        DeadlineAbout(
            institution_id=actor.institution_id,
            deadline=deadline,
            subject_type=subject.type,
            subject_id=subject.id,
            subject_label=subject.label[:200],
        )
        for deadline, start in zip(deadlines, starts, strict=True)
        for subject in dict.fromkeys(start.about)
    ]
    if further:
        DeadlineAbout.objects.bulk_create(further, batch_size=BATCH)
    return deadlines


@within_act
def meet_clock(
    *,
    actor: Actor,
    institution_id: int,
    subject_type: str,
    subject_id: str,
    clock: str,
    on: date,
    now: datetime,
) -> Deadline | None:
    """Stop a clock because what it asks for was done; two statements, and a ledger entry only when it is late.

    A deadline that has run out is met late: its consequence stands, its escalations end. Met late before its
    consequence was carried out (after an outage, say), the consequence is not carried out any more.

    Args:
        actor: who did it.
        institution_id: whose record.
        subject_type: type of the record.
        subject_id: its key.
        clock: id of the clock.
        on: day on which it was done; later than the due date means late.
        now: time of the act.

    Returns:
        the deadline (``late`` says whether it was late), or None when no such clock waits.
    """
    waiting = _latest_waiting(institution_id, subject_type, subject_id, clock)
    if not waiting:
        return None
    _meet(waiting[0], actor=actor, on=on, now=now)
    return waiting[0]


@listed
def _latest_waiting(institution_id: int, subject_type: str, subject_id: str, clock: str) -> QuerySet[Deadline]:
    waiting = Deadline.objects.select_for_update(of=("self",)).filter(
        institution_id=institution_id,
        subject_type=subject_type,
        subject_id=subject_id,
        clock=clock,
        state__in=(ClockState.RUNNING, ClockState.RAN_OUT),
    )
    return waiting.order_by("-pk")[:1]


@within_act
def meet_clocks(
    *,
    actor: Actor,
    institution_id: int,
    subject_type: str,
    subject_ids: Sequence[str],
    clock: str,
    on: date,
    now: datetime,
) -> list[Deadline]:
    """Stop the same clock of many records in one go; see :func:`meet_clock`."""
    waiting = (
        Deadline.objects.select_for_update(of=("self",))
        .filter(
            institution_id=institution_id,
            subject_type=subject_type,
            subject_id__in=subject_ids,
            clock=clock,
            state__in=(ClockState.RUNNING, ClockState.RAN_OUT),
        )
        .order_by("pk")
    )
    deadlines = list(waiting)
    for deadline in deadlines:
        _meet(deadline, actor=actor, on=on, now=now)
    return deadlines


def _meet(deadline: Deadline, *, actor: Actor, on: date, now: datetime) -> None:
    deadline.state = ClockState.MET
    deadline.met_on = on
    _end(deadline, now)
    if deadline.late:
        payload: dict[str, JSON] = {
            "due_on": deadline.due_on.isoformat(),
            "on": on.isoformat(),
            "days_late": max((on - deadline.due_on).days, 0),
        }
        record_for(deadline, events.MET_LATE, actor=actor, payload=payload, now=now)


def _end(deadline: Deadline, now: datetime) -> None:
    deadline.ended_at = now
    deadline.next_step_on = deadline.retry_at = None
    deadline.failures, deadline.last_failure = 0, ""
    fields = ("state", "met_on", "ended_at", "next_step_on", "retry_at", "failures", "last_failure")
    deadline.save(update_fields=fields)


@within_act
def cancel_clocks(
    *,
    actor: Actor,
    institution_id: int,
    subject_type: str,
    subject_id: str,
    why: str,
    now: datetime,
    clock: str = "",
) -> int:
    """Stop a record's clocks because what they ask for is no longer asked; returns how many were running.

    A deadline that has run out stays so; its escalations end.

    Args:
        actor: who acts.
        institution_id: whose record.
        subject_type: type of the record.
        subject_id: its key.
        why: the reason in words.
        now: time of the act.
        clock: only this clock; all if left out.
    """
    found = Deadline.objects.select_for_update(of=("self",)).filter(
        institution_id=institution_id,
        subject_type=subject_type,
        subject_id=subject_id,
        state__in=(ClockState.RUNNING, ClockState.RAN_OUT),
    )
    if clock:
        found = found.filter(clock=clock)
    cancelled = 0
    for deadline in found.order_by("pk"):
        if deadline.state == ClockState.RAN_OUT:
            if deadline.next_step_on is not None:
                deadline.next_step_on = None
                deadline.save(update_fields=["next_step_on"])
            continue
        deadline.state = ClockState.CANCELLED
        _end(deadline, now)
        payload: dict[str, JSON] = {"due_on": deadline.due_on.isoformat(), "why": why}
        record_for(deadline, events.CANCELLED, actor=actor, payload=payload, now=now)
        cancelled += 1
    return cancelled


@act
def extend_clock(
    *,
    actor: Actor,
    grants: Grants,
    deadline_id: int,
    institution_id: int,
    due_on: date,
    why: str,
    now: datetime,
) -> Deadline:
    """Give more time; who granted it and why stands in the ledger, and those concerned are told.

    Args:
        actor: of the Office.
        grants: what the person may do.
        deadline_id: the deadline.
        institution_id: its institution.
        due_on: the new last day.
        why: the reason in words.
        now: time of the act.

    Raises:
        Deadline.DoesNotExist: no such deadline in the institution.
        PermissionDenied: not the Office.
        TransitionNotAllowed: it does not run any more.
        ValidationError: no reason, or the day is not after the present one and today.
    """
    deadline = locked(Deadline, deadline_id, institution_id=institution_id)
    if not (permission := may_manage(grants, deadline.rule)):
        raise PermissionDenied.from_denied(permission)
    if deadline.state != ClockState.RUNNING:
        raise TransitionNotAllowed(
            _("这个时限已是「%(state)s」，不能延长。刷新页面看最新情况。") % {"state": deadline.get_state_display()},
            deadline.rule,
        )
    on = timezone.localdate(now)
    why = " ".join(why.split())
    problems: dict[str, str] = {}
    if not why:
        problems["why"] = _("没有写理由。延长要留痕，写明为什么延、延给谁。")
    elif len(why) > WHY_LIMIT:
        problems["why"] = _("理由最多 %(limit)d 字。写要点，材料作附件。") % {"limit": WHY_LIMIT}
    if due_on <= deadline.due_on or due_on < on:
        problems["due_on"] = _("新的截止日要晚于现在的%(due)s，也不能早于今天。选一个更晚的日子。") % {
            "due": zh_date(deadline.due_on, year=True)
        }
    elif due_on.year > on.year + YEARS_AHEAD:
        problems["due_on"] = _("这一天太远，年份可能写错了。核对年份。")
    if problems:
        raise ValidationError(problems)
    before = deadline.due_on
    deadline.due_on, deadline.provisional = due_on, False
    deadline.failures, deadline.last_failure, deadline.retry_at = 0, "", None
    deadline.plan()
    deadline.save(update_fields=["due_on", "provisional", "failures", "last_failure", "retry_at", "next_step_on"])
    tell_moved(deadline)
    people = handler_of(deadline.subject_type).concerned([deadline], on).get(deadline.pk, ())
    with institution_language():
        text = _("%(what)s：办公室把时限延到%(due)s。%(why)s") % {
            "what": deadline.subject_label,
            "due": zh_date(due_on, year=True),
            "why": why,
        }
    notify(
        institution_id=institution_id,
        people=people,
        text=text,
        url=deadline.url,
        rule=deadline.rule,
        key=f"clock:{deadline.pk}:extended:{due_on}:{now:%Y%m%d%H%M%S}",
        at=now,
        kind=NoticeKind.CLOCK_EXTENDED,
        values={"title": deadline.subject_label, "due": due_on, "said": why},
    )
    payload: dict[str, JSON] = {"before": before.isoformat(), "after": due_on.isoformat(), "why": why}
    record_for(deadline, events.EXTENDED, actor=actor, payload=payload, now=now)
    return deadline
