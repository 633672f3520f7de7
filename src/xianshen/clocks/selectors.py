"""Questions about deadlines: of a record, of a person, of the institution."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import groupby

from django.db.models import Case, Q, QuerySet, Value, When

from xianshen.clocks.enums import ClockState
from xianshen.clocks.models import Deadline, FeedAddress
from xianshen.clocks.subjects import handler_of, handlers
from xianshen.organisation.selectors import Grants, holdings_where
from xianshen.regulation.enums import Capability
from xianshen.regulation.selectors import policy_on

ASKED_AT_ONCE = 500
#: Deadlines of a person that are looked through at most, nearest first.
LOOKED_THROUGH = 2_000


def _about(subject_type: str, subject_id: str) -> Q:
    own = Q(subject_type=subject_type, subject_id=subject_id)
    return own | Q(further__subject_type=subject_type, further__subject_id=subject_id)


def deadlines_of(institution_id: int, subject_type: str, subject_id: str) -> QuerySet[Deadline]:
    """Return every deadline of a record itself, newest first."""
    return (
        Deadline.objects.filter(institution_id=institution_id, subject_type=subject_type, subject_id=subject_id)
        .prefetch_related("further")
        .order_by("-started_on", "-pk")
    )


def deadlines_about(institution_id: int, subject_type: str, subject_id: str) -> QuerySet[Deadline]:
    """Return every deadline of a record, its own and those that name it, newest first."""
    return (
        Deadline.objects.filter(_about(subject_type, subject_id), institution_id=institution_id)
        .distinct()
        .order_by("-started_on", "-pk")
    )


def running_about(institution_id: int, subject_type: str, subject_id: str) -> QuerySet[Deadline]:
    """Return the running deadlines of a record, its own and those that name it, nearest first."""
    return (
        Deadline.objects.filter(
            _about(subject_type, subject_id), institution_id=institution_id, state=ClockState.RUNNING
        )
        .distinct()
        .order_by("due_on", "pk")
    )


def open_about(institution_id: int, subject_type: str, subject_id: str) -> QuerySet[Deadline]:
    """Return what is still to be done about a record: running deadlines, and those that ran out undone."""
    return (
        Deadline.objects.filter(
            _about(subject_type, subject_id),
            institution_id=institution_id,
            state__in=(ClockState.RUNNING, ClockState.RAN_OUT),
        )
        .distinct()
        .order_by("due_on", "pk")
    )


def deadline_of(institution_id: int, deadline_id: int) -> Deadline:
    """Return a deadline of the institution.

    Raises:
        Deadline.DoesNotExist: not in the institution.
    """
    return Deadline.objects.select_related("unit").get(pk=deadline_id, institution_id=institution_id)


def concerned_people(deadlines: Sequence[Deadline], on: date) -> dict[int, frozenset[int]]:
    """Return whom deadlines concern: primary key of the deadline → primary keys of people."""
    found: dict[int, frozenset[int]] = {}
    ordered = sorted(deadlines, key=lambda deadline: (deadline.institution_id, deadline.subject_type))
    for (_institution, subject_type), group in groupby(ordered, key=lambda one: (one.institution_id, one.subject_type)):
        same = list(group)
        for start in range(0, len(same), ASKED_AT_ONCE):
            answers = handler_of(subject_type).concerned(same[start : start + ASKED_AT_ONCE], on)
            found |= {pk: frozenset(people) for pk, people in answers.items()}
    return found


def deadlines_concerning(
    grants: Grants, on: date, *, until: date | None = None, without: Collection[str] = ()
) -> list[Deadline]:
    """Return the open deadlines that concern a person today, nearest first.

    Looked for among those of the units in which the person holds a position (and below), those without a unit, and
    whatever a handler adds with an optional ``candidates(grants, on) -> Q``.

    Args:
        grants: the person.
        on: the day.
        until: only those due by this day.
        without: subject types that are shown elsewhere.
    """
    if not grants.person_id:
        return []
    units = frozenset[int]().union(*grants.below.values()) if grants.below else frozenset()
    condition = Q(unit_id__in=units) | Q(unit_id__isnull=True)
    for more in _candidates(grants, on):
        condition |= more
    found = Deadline.objects.filter(
        condition, institution_id=grants.institution_id, state__in=(ClockState.RUNNING, ClockState.RAN_OUT)
    ).exclude(subject_type__in=without)
    if until is not None:
        found = found.filter(due_on__lte=until)
    deadlines = list(found.select_related("unit").order_by("due_on", "pk")[:LOOKED_THROUGH])
    people = concerned_people(deadlines, on)
    return [deadline for deadline in deadlines if grants.person_id in people.get(deadline.pk, ())]


def _candidates(grants: Grants, on: date) -> Iterator[Q]:
    for handler in handlers():
        ask = getattr(handler, "candidates", None)
        if ask is not None:
            yield Q(subject_type=handler.subject_type) & ask(grants, on)


def lists_itself(deadline: Deadline, on: date) -> bool:
    """Say whether the room above lists what the deadline asks for among its own tasks today."""
    ask = getattr(handler_of(deadline.subject_type), "lists_itself", None)
    return bool(ask and ask(deadline, on))


def managers_of(institution_id: int, on: date) -> list[int]:
    """Return the people of the Office who look after deadlines today."""
    kinds = policy_on(institution_id, on).organisation.position_kinds
    managing = [kind.code for kind in kinds if Capability.CLOCKS_MANAGE in kind.capabilities]
    found = holdings_where(on, institution_id=institution_id, position__kind__in=managing)
    return list(dict.fromkeys(holding.person.pk for holding in found))


def board(institution_id: int, *, failing_first: bool = True) -> QuerySet[Deadline]:
    """Return the institution's deadlines for the Office's board; failing ones on top, then the nearest."""
    found = Deadline.objects.filter(institution_id=institution_id).select_related("unit")
    if not failing_first:
        return found.order_by("due_on", "pk")
    return found.order_by(Case(When(failures__gt=0, then=Value(0)), default=Value(1)), "due_on", "pk")


def count_failing(institution_id: int) -> int:
    """Return how many deadlines failed to do what was due."""
    return Deadline.objects.filter(institution_id=institution_id, failures__gt=0).count()


def address_of(person_id: int) -> FeedAddress | None:
    """Return the person's calendar feed, or None."""
    return FeedAddress.objects.filter(person_id=person_id).first()


def feed_with(digest: str) -> FeedAddress | None:
    """Return the feed whose secret has a digest, if its person may still sign in."""
    return (
        FeedAddress.objects.filter(digest=digest, person__is_active=True).select_related("person__institution").first()
    )
