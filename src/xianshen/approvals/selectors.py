"""Who decides what, seen from a step, from a person and from a subject."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import rfc8785
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.approvals.enums import DECIDE_VERDICTS, REPORT_VERDICTS, ChainState, StepKind, StepState, Verdict
from xianshen.approvals.models import ApprovalChain, ApprovalStep, Opinion, Phrase
from xianshen.common.components import Step
from xianshen.common.composed import counted, listed, picked
from xianshen.common.language import local
from xianshen.common.zhdates import zh_date
from xianshen.ledger.events import Subject
from xianshen.organisation.selectors import Holding, holder_exists, holders_by_seat
from xianshen.regulation.selectors import policy_version, versions_of

if TYPE_CHECKING:
    from xianshen.regulation.schema import Policy

AGAINST = frozenset({Verdict.RETURN, Verdict.DISAGREE, Verdict.REVOKE})
OPEN_STEPS = (StepState.CURRENT, StepState.QUERIED)
#: Steps that somebody is shown at once.
MOST_LISTED = 50
#: Steps of one person that are looked for to find their deadlines.
MOST_LOOKED_FOR = 500
STEP_TYPE = "approvals.step"


class _Constant(Value):
    """A constant of the program written into the statement instead of being passed beside it.

    SQLite uses a partial index only where it sees, while it plans, the constants of the index's condition.
    """

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.value}'", ()


_OPEN = Q(state__in=[_Constant(state.value) for state in OPEN_STEPS])


def content_digest(content: Mapping[str, str]) -> str:
    """Return the SHA-256 of what was submitted (RFC 8785), to which opinions bind."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


def subject_of(chain: ApprovalChain) -> Subject:
    """Return the chain's subject as the ledger names it."""
    return Subject(chain.subject_type, chain.subject_id, chain.title)


def soon_from(step: ApprovalStep, policy: "Policy") -> date | None:
    """Return the day of the policy's first reminder for the step's due date, or None without a clock."""
    if step.due_on is None or not step.due_clock:
        return None
    return step.due_on - timedelta(days=max(policy.clock(step.due_clock).reminders, default=0))


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who may decide a step today.

    Args:
        holdings: people in the deciding position, or acting for its holder.
        escalated: whether the step has gone to the position that policy names instead.
        vacant: whether the step's own position has no holder today.
    """

    holdings: list[Holding]
    escalated: bool
    vacant: bool


def _without(holdings: Iterable[Holding], person_id: int) -> list[Holding]:
    """Drop the applicant, and delegates who would decide in the applicant's name."""
    return [
        holding
        for holding in holdings
        if person_id not in {holding.person.pk, holding.delegation.principal_id if holding.delegation else None}
    ]


def deciders(step: ApprovalStep, chain: ApprovalChain, on: date) -> Deciders:
    """Resolve who may decide the step on a day: position, delegate, or the escalation that policy names."""
    return deciders_of([step], chain, on)[step.pk]


def deciders_of(steps: Iterable[ApprovalStep], chain: ApprovalChain, on: date) -> dict[int, Deciders]:
    """Resolve who may decide each of some steps of a chain on a day, by the step's key; one query or two."""
    seats = {step.pk: (_own_seat(step, chain), _escalation_seat(step)) for step in steps}
    asked = [seat for pair in seats.values() for seat in pair if seat is not None]
    held = holders_by_seat(chain.institution_id, asked, on)
    return {pk: _resolved(held[own], held[further] if further else None, chain) for pk, (own, further) in seats.items()}


def deciders_of_steps(steps: Sequence[ApprovalStep], on: date) -> dict[int, Deciders]:
    """Resolve who may decide each of many steps, whatever their chains, by the step's key.

    Args:
        steps: of one institution, with ``chain`` and ``chain__steps`` loaded.
        on: the day.
    """
    if not steps:
        return {}
    seats = {step.pk: (_own_seat(step, step.chain), _escalation_seat(step)) for step in steps}
    asked = [seat for pair in seats.values() for seat in pair if seat is not None]
    held = holders_by_seat(steps[0].institution_id, asked, on)
    return {
        step.pk: _resolved(held[own], held[further] if further else None, step.chain)
        for step in steps
        for own, further in (seats[step.pk],)
    }


def _own_seat(step: ApprovalStep, chain: ApprovalChain) -> tuple[str, int]:
    return answering_position(step, chain) if step.state == StepState.QUERIED else (step.position_kind, step.unit_id)


def _escalation_seat(step: ApprovalStep) -> tuple[str, int] | None:
    return (step.escalation_position_kind, step.escalation_unit_id) if step.escalation_unit_id else None


def _resolved(own: list[Holding], further: list[Holding] | None, chain: ApprovalChain) -> Deciders:
    others = _without(own, chain.applicant_id)
    if others or further is None:
        return Deciders(others, escalated=False, vacant=not own)
    return Deciders(_without(further, chain.applicant_id), escalated=True, vacant=not own)


def answering_position(step: ApprovalStep, chain: ApprovalChain) -> tuple[str, int]:
    """Return position kind and unit that answer a query: those of the last deciding step."""
    decided = [s for s in chain.steps.all() if s.kind == StepKind.DECIDE and s.order < step.order]
    return (decided[-1].position_kind, decided[-1].unit_id) if decided else (step.position_kind, step.unit_id)


def escalation_positions(institution_id: int) -> frozenset[str]:
    """Return the kinds of position to which any version of the institution's policy lets steps go on.

    Versions are kept in memory, so this asks the database nothing once they are known.
    """
    policies = (policy_version(version.version_id) for version in versions_of(institution_id))
    return frozenset(
        step.escalate_to.position
        for policy in policies
        for chain in policy.chains
        for step in chain.steps
        if step.escalate_to
    )


#: What somebody decides in: kind of position, unit, and for whom they act (None: in their own position).
_Chair = tuple[str, int, int | None]


def _chairs(holdings: Iterable[Holding]) -> tuple[_Chair, ...]:
    return tuple(
        (held.position.kind, held.unit.pk, held.delegation.principal_id if held.delegation else None)
        for held in holdings
    )


def _waiting(
    institution_id: int, person_id: int, chairs: tuple[_Chair, ...], may_inherit: frozenset[str], on: date
) -> QuerySet[ApprovalStep]:
    """Return the open steps that wait for somebody in any of their chairs."""
    direct, escalated = Q(pk__in=[]), Q(pk__in=[])
    inherits = False
    for kind, unit_id, principal_id in chairs:
        allowed = ~Q(chain__applicant_id=person_id)
        if principal_id is not None:
            allowed &= ~Q(chain__applicant_id=principal_id)
        direct |= Q(position_kind=kind, unit_id=unit_id) & allowed
        if kind in may_inherit:
            inherits = True
            escalated |= Q(escalation_position_kind=kind, escalation_unit_id=unit_id) & allowed
    mine = direct
    if inherits:
        somebody_else = holder_exists(
            kind=OuterRef("position_kind"),
            unit_id=OuterRef("unit_id"),
            on=on,
            except_person=OuterRef("chain__applicant_id"),
        )
        mine |= escalated & ~somebody_else
    answering = Exists(
        ApprovalStep.objects.filter(
            chain_id=OuterRef("chain_id"),
            kind=StepKind.DECIDE,
            position_kind__in={kind for kind, _unit, _principal in chairs},
            unit_id__in={unit_id for _kind, unit_id, _principal in chairs},
        )
    )
    current = Q(state=StepState.CURRENT) & mine
    queried = Q(state=StepState.QUERIED) & Q(answering)
    return ApprovalStep.objects.filter(_OPEN, institution_id=institution_id).filter(current | queried)


def _in_order(steps: QuerySet[ApprovalStep]) -> QuerySet[ApprovalStep]:
    return steps.select_related("chain__unit").defer("chain__content").order_by("due_on", "started_at", "pk")


_count_waiting = counted(_waiting)


@listed
def _list_waiting(
    institution_id: int,
    person_id: int,
    chairs: tuple[_Chair, ...],
    may_inherit: frozenset[str],
    on: date,
) -> QuerySet[ApprovalStep]:
    return _in_order(_waiting(institution_id, person_id, chairs, may_inherit, on))[:MOST_LISTED]


@picked
def _pick_waiting(
    institution_id: int,
    person_id: int,
    chairs: tuple[_Chair, ...],
    may_inherit: frozenset[str],
    on: date,
) -> QuerySet[ApprovalStep, int]:
    waiting = _in_order(_waiting(institution_id, person_id, chairs, may_inherit, on))
    return waiting.values_list("pk", flat=True)[:MOST_LOOKED_FOR]


def steps_to_do(institution_id: int, person_id: int, holdings: Sequence[Holding], on: date) -> QuerySet[ApprovalStep]:
    """Return the steps that wait for the person today with their chains, most urgent first.

    Args:
        institution_id: the person's institution.
        person_id: the person.
        holdings: what the person holds or acts for today.
        on: the day.
    """
    return _in_order(_waiting(institution_id, person_id, _chairs(holdings), escalation_positions(institution_id), on))


def most_urgent(institution_id: int, person_id: int, holdings: Sequence[Holding], on: date) -> list[ApprovalStep]:
    """Return the first of :func:`steps_to_do`, at most :data:`MOST_LISTED`; one query."""
    return _list_waiting(institution_id, person_id, _chairs(holdings), escalation_positions(institution_id), on)


def keys_to_do(institution_id: int, person_id: int, holdings: Sequence[Holding], on: date) -> list[int]:
    """Return the primary keys of the steps that wait for the person, at most :data:`MOST_LOOKED_FOR`; one query."""
    return _pick_waiting(institution_id, person_id, _chairs(holdings), escalation_positions(institution_id), on)


def count_to_do(institution_id: int, person_id: int, holdings: Sequence[Holding], on: date) -> int:
    """Return how many steps wait for the person today; one query."""
    return _count_waiting(institution_id, person_id, _chairs(holdings), escalation_positions(institution_id), on)


def chain_of(institution_id: int, chain_id: int) -> ApprovalChain:
    """Return a chain with its steps and opinions (three queries).

    Raises:
        ApprovalChain.DoesNotExist: no such chain in the institution.
    """
    return (
        ApprovalChain.objects.select_related("unit", "applicant", "policy_version")
        .prefetch_related(
            Prefetch("steps", ApprovalStep.objects.select_related("unit", "escalation_unit")),
            Prefetch("steps__opinions", Opinion.objects.all()),
        )
        .get(pk=chain_id, institution_id=institution_id)
    )


def step_of(institution_id: int, chain_id: int, step_id: int) -> ApprovalStep:
    """Return a step with its chain (one query).

    Raises:
        ApprovalStep.DoesNotExist: no such step in such a chain of the institution.
    """
    found = _step(institution_id, step_id)
    if not found or found[0].chain_id != chain_id:
        raise ApprovalStep.DoesNotExist(step_id)
    return found[0]


@listed
def _step(institution_id: int, step_id: int) -> QuerySet[ApprovalStep]:
    return ApprovalStep.objects.select_related("chain").filter(pk=step_id, chain__institution_id=institution_id)


@listed
def steps_in(chain_id: int) -> QuerySet[ApprovalStep]:
    """Return a chain's steps in order; one query."""
    return ApprovalStep.objects.filter(chain_id=chain_id)


def rounds_of(institution_id: int, subject_type: str, subject_id: str) -> list[ApprovalChain]:
    """Return all rounds of a subject, newest first, with steps and opinions."""
    return list(
        ApprovalChain.objects.filter(institution_id=institution_id, subject_type=subject_type, subject_id=subject_id)
        .select_related("unit", "applicant")
        .prefetch_related(
            Prefetch("steps", ApprovalStep.objects.select_related("unit", "escalation_unit")),
            Prefetch("steps__opinions", Opinion.objects.all()),
        )
        .order_by("-round")
    )


def current_step(chain: ApprovalChain) -> ApprovalStep | None:
    """Return the step that waits, from prefetched steps."""
    return next((step for step in chain.steps.all() if step.state in OPEN_STEPS), None)


def submitted_by(institution_id: int, person_id: int) -> QuerySet[ApprovalChain]:
    """Return the person's submissions, newest first, with steps."""
    return (
        ApprovalChain.objects.filter(institution_id=institution_id, applicant_id=person_id)
        .select_related("unit")
        .prefetch_related(Prefetch("steps", ApprovalStep.objects.select_related("unit")))
        .order_by("-submitted_at", "-pk")
    )


def opinions_by(institution_id: int, person_id: int) -> QuerySet[Opinion]:
    """Return what the person has signed (已办), newest first."""
    return (
        Opinion.objects.filter(institution_id=institution_id, person_id=person_id)
        .select_related("step", "step__chain", "step__chain__unit")
        .order_by("-signed_at", "-pk")
    )


def chains_in(institution_id: int) -> QuerySet[ApprovalChain]:
    """Return all chains of the institution, newest first, with steps."""
    return (
        ApprovalChain.objects.filter(institution_id=institution_id)
        .select_related("unit", "applicant")
        .prefetch_related(Prefetch("steps", ApprovalStep.objects.select_related("unit")))
        .order_by("-submitted_at", "-pk")
    )


@dataclass(frozen=True, slots=True)
class ContentChange:
    """A field that changed between two submissions."""

    label: str
    before: str
    after: str


def content_changes(earlier: ApprovalChain, later: ApprovalChain) -> list[ContentChange]:
    """Say what the applicant changed between two rounds."""
    labels = dict.fromkeys([*earlier.content, *later.content])
    return [
        ContentChange(label, earlier.content.get(label, ""), later.content.get(label, ""))
        for label in labels
        if earlier.content.get(label, "") != later.content.get(label, "")
    ]


def phrases_of(person_id: int) -> list[str]:
    return list(Phrase.objects.filter(person_id=person_id).order_by("pk").values_list("text", flat=True))


def steps_of(chain: ApprovalChain, *, opinions: bool = True) -> list[Step]:
    """Return the chain as the progress component shows it: submission, steps.

    Args:
        chain: with prefetched steps.
        opinions: also say who decided how; needs prefetched opinions.
    """
    items = [Step(_("提交"), zh_date(timezone.localdate(chain.submitted_at)), "done")]
    for step in chain.steps.all():
        last = list(step.opinions.all())[-1] if opinions and step.opinions.all() else None
        if step.state in OPEN_STEPS:
            items.append(Step(local(step.name), step.get_state_display(), "now"))
        elif step.state == StepState.WAITING:
            items.append(Step(local(step.name), "", "next"))
        elif step.state == StepState.DONE:
            against = last.verdict in AGAINST if last else chain.state in {ChainState.RETURNED, ChainState.REJECTED}
            note = f"{local(last.position_title)} {last.get_verdict_display()}" if last else ""
            items.append(Step(local(step.name), note, "back" if against else "done"))
    return items


def verdicts_for(step: ApprovalStep, policy: "Policy", spec: str) -> tuple[Verdict, ...]:
    """Return what may be decided in the step; the powers over a report are the policy's.

    Args:
        step: the step.
        policy: the policy by which the chain was built.
        spec: id of the chain in the policy.
    """
    if step.state == StepState.QUERIED:
        return (Verdict.ANSWER,)
    if step.kind == StepKind.DECIDE:
        return DECIDE_VERDICTS
    report = policy.chain(spec).report
    powers = {power.value for power in report.powers} if report else set()
    return tuple(verdict for verdict in REPORT_VERDICTS if verdict == Verdict.ACKNOWLEDGE or verdict.value in powers)
