"""What falls due: reminders and escalations in batches, consequences one act each, exactly once.

Everything here may be repeated, interrupted and run by several workers at once: a row is locked (rows that another
worker holds are skipped) and looked at again before anything happens, and what has happened stands in the row.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.clocks import events
from xianshen.clocks.consequences import consequence_of
from xianshen.clocks.enums import ClockState, StepKind
from xianshen.clocks.models import Deadline
from xianshen.clocks.schedule import ClockStep, open_steps
from xianshen.clocks.selectors import managers_of
from xianshen.clocks.services.running import BATCH, record_for
from xianshen.clocks.subjects import handler_of, tell_moved
from xianshen.common.actors import Actor
from xianshen.common.language import institution_language, stored
from xianshen.common.zhdates import zh_date
from xianshen.ledger.services import JSON, Unchanged, act, no_act, within_act
from xianshen.notices.enums import NoticeKind
from xianshen.notices.services import Told, notify, notify_many
from xianshen.organisation.selectors import holders, unit_for_relation
from xianshen.regulation.schema import Escalation
from xianshen.regulation.selectors import policy_version

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=12)
FAILURE_LIMIT = 500


@dataclass(slots=True)
class DueReport:
    """What a run did.

    Args:
        consequences: deadlines whose consequence was carried out.
        reminders: deadlines of which somebody was reminded.
        escalations: deadlines that went to somebody above.
        failures: deadlines at which something failed; they are tried again.
    """

    consequences: int = 0
    reminders: int = 0
    escalations: int = 0
    failures: int = 0


@no_act(why="each consequence, and each batch of reminders, is an act of its own")
def run_due(now: datetime) -> DueReport:
    """Carry out everything that is due; called by the worker's tick, repeatable.

    After an outage, consequences come in the order of their due dates; of missed reminders only one is sent.

    Args:
        now: the time; a day begins at midnight in the platform's time zone.
    """
    report = DueReport()
    _run_consequences(now, report)
    _run_steps(now, report)
    return report


@no_act(why="reckons a pause")
def pause_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures: a minute, doubled each time, up to twelve hours."""
    return min(FIRST_PAUSE * int(2 ** min(failures - 1, 16)), LONGEST_PAUSE)


def _ready(now: datetime) -> Q:
    return Q(retry_at__isnull=True) | Q(retry_at__lte=now)


def _system(deadline: Deadline) -> Actor:
    return Actor.system(institution_id=deadline.institution_id, institution=deadline.institution.code)


# ── consequences ─────────────────────────────────────


def _ran_out(on: date) -> QuerySet[Deadline]:
    return Deadline.objects.filter(state=ClockState.RUNNING, due_on__lt=on)


def _run_consequences(now: datetime, report: DueReport) -> None:
    on = timezone.localdate(now)
    after: tuple[date, int] = (date.min, 0)
    while True:
        beyond = Q(due_on__gt=after[0]) | Q(due_on=after[0], pk__gt=after[1])
        due = _ran_out(on).filter(_ready(now), beyond).order_by("due_on", "pk")
        batch = list(due.values_list("due_on", "pk")[:BATCH])
        for _due_on, pk in batch:
            report.consequences += _attempt(pk, lambda key: _carry_out(deadline_id=key, now=now), now, report)
        if len(batch) < BATCH:
            return
        after = batch[-1]


def _attempt(pk: int, work: Callable[[int], bool], now: datetime, report: DueReport) -> bool:
    """Do something for one deadline; a failure is noted on it and never stops the others."""
    try:
        return work(pk)
    except Exception as error:
        logger.exception("deadline %s failed; it is tried again", pk)
        report.failures += 1
        _note_failure(deadline_id=pk, failure=f"{type(error).__name__}: {error}", now=now)
        return False


@act
def _carry_out(*, deadline_id: int, now: datetime) -> bool:
    """Carry out a deadline's consequence, unless another worker does, or nothing is due any more."""
    deadline = (
        _ran_out(timezone.localdate(now))
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("institution", "unit")
        .filter(pk=deadline_id)
        .first()
    )
    if deadline is None:
        raise Unchanged(False)
    deadline.state = ClockState.RAN_OUT
    deadline.ran_out_at = now
    deadline.done_through = max(deadline.done_through, deadline.due_on)
    deadline.failures, deadline.last_failure, deadline.retry_at = 0, "", None
    deadline.plan()
    deadline.save(
        update_fields=[
            "state",
            "ran_out_at",
            "done_through",
            "failures",
            "last_failure",
            "retry_at",
            "next_step_on",
        ]
    )
    payload: dict[str, JSON] = {
        "due_on": deadline.due_on.isoformat(),
        "consequence": deadline.consequence,
        "days_late": (timezone.localdate(now) - deadline.due_on).days,
    }
    record_for(deadline, events.RAN_OUT, actor=_system(deadline), payload=payload, now=now)
    try:
        consequence_of(deadline.consequence, deadline.subject_type)(deadline, now)
    except Unchanged as unchanged:
        raise RuntimeError(f"the consequence {deadline.consequence} left its work undone") from unchanged
    return True


@act(records=False, why="a failed attempt changed nothing; the consequence is recorded when it is carried out")
def _note_failure(*, deadline_id: int, failure: str, now: datetime) -> None:
    """Keep on the deadline that an attempt failed, and when to try again; the Office hears of the first."""
    deadline = Deadline.objects.select_for_update(of=("self",)).select_related("institution").get(pk=deadline_id)
    deadline.failures = min(deadline.failures + 1, 30_000)
    text = failure.replace("\x00", "").encode(errors="replace").decode()
    deadline.last_failure = " ".join(text.split())[:FAILURE_LIMIT]
    deadline.retry_at = now + pause_after(deadline.failures)
    deadline.save(update_fields=["failures", "last_failure", "retry_at"])
    if deadline.failures == 1:
        notify(
            institution_id=deadline.institution_id,
            people=managers_of(deadline.institution_id, timezone.localdate(now)),
            text=stored(
                gettext_lazy("%(what)s：时限到了，该做的没有做成，系统会再试。看看时限总表里写的原因。"),
                what=deadline.subject_label,
            ),
            url="/clocks/?view=failing",
            rule=deadline.rule,
            key=f"clock:{deadline.pk}:failing:{deadline.due_on}",
            at=now,
            kind=NoticeKind.CLOCK_FAILING,
        )


@within_act
def tell_overdue(deadline: Deadline, now: datetime) -> None:
    """The consequence of being late and nothing else: it stands in the ledger, and those concerned are told."""
    on = timezone.localdate(now)
    with institution_language():
        text = _("%(what)s：%(due)s的时限已过，还没有办。办完才停止计逾期。") % {
            "what": deadline.subject_label,
            "due": zh_date(deadline.due_on, today=on),
        }
    notify(
        institution_id=deadline.institution_id,
        people=handler_of(deadline.subject_type).concerned([deadline], on).get(deadline.pk, ()),
        text=text,
        url=deadline.url,
        rule=deadline.rule,
        key=f"clock:{deadline.pk}:overdue:{deadline.due_on}",
        at=now,
        kind=NoticeKind.CLOCK_CONSEQUENCE,
        values={"title": deadline.subject_label, "due": deadline.due_on},
    )


# ── reminders and escalations ────────────────────────


def _waiting(on: date) -> QuerySet[Deadline]:
    """Deadlines with a reminder or an escalation due; those whose consequence comes first are left out."""
    living = Q(state=ClockState.RUNNING, due_on__gte=on) | Q(state=ClockState.RAN_OUT)
    return Deadline.objects.filter(living, next_step_on__lte=on)


def _run_steps(now: datetime, report: DueReport) -> None:
    on = timezone.localdate(now)
    after: tuple[date | None, int] = (date.min, 0)
    while True:
        beyond = Q(next_step_on__gt=after[0]) | Q(next_step_on=after[0], pk__gt=after[1])
        due = _waiting(on).filter(_ready(now), beyond).order_by("next_step_on", "pk")
        batch = list(due.values_list("next_step_on", "pk")[:BATCH])
        keys = [pk for _day, pk in batch]
        if keys:
            _step_all(keys, now, report)
        if len(batch) < BATCH:
            return
        after = batch[-1]


def _step_all(keys: Sequence[int], now: datetime, report: DueReport) -> None:
    """Take the steps of a batch in one act; if that fails, one by one, so that one bad record holds up no other."""
    try:
        told = _take_steps(keys=keys, now=now)
    except Exception:
        if len(keys) == 1:
            _attempt(keys[0], lambda key: _counted(_take_steps(keys=[key], now=now), report), now, report)
            return
        logger.exception("a batch of %s reminders failed; taking them one by one", len(keys))
        for key in keys:
            _attempt(key, lambda one: _counted(_take_steps(keys=[one], now=now), report), now, report)
    else:
        _counted(told, report)


def _counted(told: tuple[int, int], report: DueReport) -> bool:
    report.reminders += told[0]
    report.escalations += told[1]
    return any(told)


@dataclass(slots=True)
class _Seats:
    """Who holds the positions that escalations name, looked up once a batch.

    Args:
        on: the day.
    """

    on: date
    found: dict[tuple[int, int | None, str, str], tuple[str, tuple[int, ...]]] = field(default_factory=dict)

    def of(self, deadline: Deadline, escalation: Escalation) -> tuple[str, tuple[int, ...]]:
        """Return the name of a unit and the people who hold the position in it."""
        key = (deadline.institution_id, deadline.unit_id, escalation.of, escalation.position)
        if key not in self.found:
            unit = unit_for_relation(escalation.of, deadline.unit) if deadline.unit else None
            people = (
                holders(deadline.institution_id, position_kind=escalation.position, unit_id=unit.pk, on=self.on)
                if unit
                else []
            )
            self.found[key] = (unit.name if unit else "", tuple(dict.fromkeys(one.person.pk for one in people)))
        return self.found[key]


@act(records=False, why="every reminder is recorded; a step that concerns nobody only moves the clock on")
def _take_steps(*, keys: Sequence[int], now: datetime) -> tuple[int, int]:
    """Remind and escalate for some deadlines; missed reminders become one. Returns how many of each."""
    on = timezone.localdate(now)
    rows = (
        _waiting(on)
        .filter(pk__in=keys)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("institution", "unit")
        .prefetch_related("further")
        .order_by("institution_id", "subject_type", "pk")
    )
    reminders = escalations = 0
    seats = _Seats(on)
    moved: dict[date | None, list[int]] = {}
    for (institution_id, subject_type), group in groupby(rows, key=lambda row: (row.institution_id, row.subject_type)):
        deadlines = list(group)
        told: list[Told] = []
        concerned = handler_of(subject_type).concerned(deadlines, on)
        for deadline in deadlines:
            steps = _missed(deadline, on)
            if deadline.state == ClockState.RUNNING and any(step.kind == StepKind.REMINDER for step in steps):
                reminders += _remind(deadline, concerned.get(deadline.pk, ()), on, now, told)
            for to in dict.fromkeys(step.to for step in steps if step.to is not None):
                escalations += _escalate(deadline, seats.of(deadline, to), on, now, told)
            deadline.done_through = on
            deadline.plan()
            moved.setdefault(deadline.next_step_on, []).append(deadline.pk)
        notify_many(institution_id=institution_id, told=told, at=now)
    for day, moved_keys in moved.items():
        Deadline.objects.filter(pk__in=moved_keys).update(
            done_through=on, next_step_on=day, failures=0, last_failure="", retry_at=None
        )
    return reminders, escalations


def _missed(deadline: Deadline, on: date) -> list[ClockStep]:
    steps = open_steps(deadline.spec, state=deadline.state, due_on=deadline.due_on, done_through=deadline.done_through)
    return [step for step in steps if step.on <= on]


def _remind(deadline: Deadline, people: Iterable[int], on: date, now: datetime, told: list[Told]) -> int:
    people = tuple(dict.fromkeys(people))
    if not people:
        return 0
    left = (deadline.due_on - on).days
    words = _("今天截止") if left == 0 else _("还剩 %(days)d 天") % {"days": left}
    told.append(
        Told(
            people=people,
            text=_("%(what)s：%(left)s。%(text)s")
            % {"what": deadline.subject_label, "left": words, "text": deadline.spec.text},
            url=deadline.url,
            rule=deadline.rule,
            key=f"clock:{deadline.pk}:{on}",
            kind=NoticeKind.CLOCK_REMINDER,
            values={"title": deadline.subject_label, "due": deadline.due_on},
        )
    )
    payload: dict[str, JSON] = {"due_on": deadline.due_on.isoformat(), "days_left": left, "people": len(people)}
    record_for(deadline, events.REMINDED, actor=_system(deadline), payload=payload, now=now)
    return 1


def _escalate(deadline: Deadline, seat: tuple[str, tuple[int, ...]], on: date, now: datetime, told: list[Told]) -> int:
    unit, people = seat
    if not people:
        return 0
    late = (on - deadline.due_on).days
    words = (
        _("已逾期 %(days)d 天") % {"days": late}
        if late > 0
        else _("今天截止")
        if late == 0
        else _("还剩 %(days)d 天") % {"days": -late}
    )
    told.append(
        Told(
            people=people,
            text=_("%(what)s还没有办，%(left)s。按规定报你知悉。") % {"what": deadline.subject_label, "left": words},
            url=deadline.url,
            rule=deadline.rule,
            key=f"clock:{deadline.pk}:up:{on}",
            kind=NoticeKind.CLOCK_ESCALATION,
            values={"title": deadline.subject_label, "due": deadline.due_on},
        )
    )
    payload: dict[str, JSON] = {"due_on": deadline.due_on.isoformat(), "to": unit, "people": len(people)}
    record_for(deadline, events.ESCALATED, actor=_system(deadline), payload=payload, now=now)
    return 1


# ── due dates over a year whose holidays were not announced ──


@no_act(why="each due date is an act of its own")
def reckon_again(now: datetime) -> int:
    """Reckon due dates anew that had been guessed, once the holidays are known; returns how many changed."""
    changed = 0
    guessed = Deadline.objects.filter(state=ClockState.RUNNING, provisional=True).order_by("pk")
    for pk in list(guessed.values_list("pk", flat=True)):
        changed += _reckon(deadline_id=pk, now=now)
    return changed


@act(records=False, why="recorded when the date changes; otherwise only the doubt goes")
def _reckon(*, deadline_id: int, now: datetime) -> bool:
    deadline = (
        Deadline.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("institution")
        .filter(pk=deadline_id, state=ClockState.RUNNING, provisional=True)
        .first()
    )
    if deadline is None:
        return False
    policy = policy_version(deadline.policy_version_id)
    due_on = policy.due(deadline.clock, deadline.started_on)
    if policy.due_guessed(deadline.clock, due_on):
        return False
    before = deadline.due_on
    due_on = max(due_on, min(before, timezone.localdate(now)))
    deadline.provisional, deadline.due_on = False, due_on
    deadline.plan()
    deadline.save(update_fields=["provisional", "due_on", "next_step_on"])
    if due_on == before:
        return False
    tell_moved(deadline)
    payload: dict[str, JSON] = {"before": before.isoformat(), "after": due_on.isoformat()}
    record_for(deadline, events.RECKONED, actor=_system(deadline), payload=payload, now=now)
    return True
