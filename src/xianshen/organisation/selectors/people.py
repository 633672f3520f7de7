"""People and positions, as the administration lists them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, Q, QuerySet

from xianshen.common.tabular import clean_key
from xianshen.organisation.models import (
    Appointment,
    Delegation,
    ImportDraft,
    Person,
    Position,
    PositionKind,
    normalise_username,
)
from xianshen.organisation.selectors.holdings import Holding, holders_in


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
    """Return positions with their holders on a day, in order of their keys; two queries.

    Args:
        institution_id: whose.
        on: the day.
        unit_ids: only of these units; all if left out.
    """
    listed = positions(institution_id)
    if unit_ids is not None:
        listed = listed.filter(unit_id__in=unit_ids)
    found: dict[int, list[Holding]] = {}
    for holding in holders_in(institution_id, unit_ids, on):
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


def without_password(found: QuerySet[Person]) -> QuerySet[Person]:
    """Narrow people to those who have no password: registered or imported, they cannot sign in yet."""
    return found.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def people(institution_id: int, *, query: str = "") -> QuerySet[Person]:
    """Return the institution's people, optionally those whose name, number or user name holds a text."""
    found = Person.objects.filter(institution_id=institution_id)
    query = query.strip().replace("\x00", "")
    if query:
        found = found.filter(
            Q(name__icontains=query) | Q(key__startswith=query) | Q(username__startswith=query.lower())
        )
    return found


def people_called(institution_id: int, text: str, *, limit: int) -> list[Person]:
    """Return the people whom a typed number, user name or full name means; a number means one person only."""
    matches = Q(key=clean_key(text)) | Q(username=normalise_username(text)) | Q(name=text.strip())
    found = list(people(institution_id).filter(matches).order_by("key")[:limit])
    return [person for person in found if person.key == clean_key(text)] or found


def holding_on(found: QuerySet[Person], on: date) -> QuerySet[Person]:
    """Return those of some people who hold a position themselves on a day."""
    return found.filter(Exists(Appointment.objects.on(on).filter(person_id=OuterRef("pk"))))


def terms(
    institution_id: int,
    *,
    position_id: int | None = None,
    person_ids: Collection[int] | None = None,
    on: date | None = None,
) -> QuerySet[Appointment]:
    """Return appointments, latest first, with position, unit and person.

    Args:
        institution_id: whose.
        position_id: only to this position.
        person_ids: only of these people.
        on: only those whose period includes the day.
    """
    found = Appointment.objects.on(on) if on is not None else Appointment.objects.all()
    found = found.filter(institution_id=institution_id).select_related("position__unit", "person")
    if position_id is not None:
        found = found.filter(position_id=position_id)
    if person_ids is not None:
        found = found.filter(person_id__in=person_ids)
    return found.order_by("-starts_on", "-pk")


def uploads(institution_id: int, person_id: int) -> QuerySet[ImportDraft]:
    """Return the files that a person uploaded and has not imported yet."""
    return ImportDraft.objects.filter(institution_id=institution_id, person_id=person_id)
