"""People and positions, as the administration lists them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from xianshen.organisation.models import Delegation, Person, Position, PositionKind
from xianshen.organisation.selectors.holdings import Holding, holdings_where


@dataclass(frozen=True, slots=True)
class Seat:
    """A position with whoever decides in it on a day; vacant when nobody holds it themselves.

    Args:
        position: the position, its unit loaded.
        holdings: holders first, then delegates.
    """

    position: Position
    holdings: tuple[Holding, ...]

    @property
    def vacant(self) -> bool:
        return all(holding.delegation is not None for holding in self.holdings)


def seats(institution_id: int, on: date, *, unit_ids: Collection[int] | None = None) -> list[Seat]:
    """Return positions with their holders on a day, in order of their keys; three queries.

    Args:
        institution_id: whose.
        on: the day.
        unit_ids: only of these units; all if left out.
    """
    listed = positions(institution_id)
    where: dict[str, object] = {"position__institution_id": institution_id}
    if unit_ids is not None:
        listed = listed.filter(unit_id__in=unit_ids)
        where["position__unit_id__in"] = unit_ids
    found: dict[int, list[Holding]] = {}
    for holding in holdings_where(on, **where):
        found.setdefault(holding.position.pk, []).append(holding)
    return [Seat(position, tuple(found.get(position.pk, ()))) for position in listed]


def vacancies(institution_id: int, on: date) -> list[Seat]:
    """Return the positions of open units that nobody holds on a day."""
    return [seat for seat in seats(institution_id, on) if seat.vacant and seat.position.unit.closed_on is None]


def position_kind_titles(institution_id: int) -> dict[str, str]:
    """Return the titles of the kinds of position by code, in order."""
    return dict(PositionKind.objects.filter(institution_id=institution_id).values_list("code", "title"))


def delegations(institution_id: int, *, person_id: int | None = None) -> QuerySet[Delegation]:
    """Return the institution's delegations, newest first, or those that a person gave or received."""
    found = Delegation.objects.filter(institution_id=institution_id).select_related(
        "position__unit", "principal", "delegate"
    )
    if person_id is not None:
        found = found.filter(Q(principal_id=person_id) | Q(delegate_id=person_id))
    return found.order_by("-starts_on", "-pk")


def positions(institution_id: int) -> QuerySet[Position]:
    """Return the institution's positions with their units, in order of their keys."""
    return Position.objects.filter(institution_id=institution_id).select_related("unit")


def people(institution_id: int, *, query: str = "") -> QuerySet[Person]:
    """Return the institution's people, optionally those whose name, number or user name holds a text."""
    found = Person.objects.filter(institution_id=institution_id)
    query = query.strip().replace("\x00", "")
    if query:
        found = found.filter(
            Q(name__icontains=query) | Q(key__startswith=query) | Q(username__startswith=query.lower())
        )
    return found
