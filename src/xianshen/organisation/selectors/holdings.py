"""Who holds which position on a day, and what they may do.

All periods include their first and last day. A person who may no longer sign in holds nothing, and a
delegation lives only as long as its principal holds the position.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Exists, JSONField, OuterRef, Q, QuerySet, Subquery

from xianshen.common.actors import Actor, ActorKind
from xianshen.organisation.models import Appointment, Delegation, Person, Position, PositionKind, Unit


@dataclass(frozen=True, slots=True)
class Holding:
    """A person deciding in a position on a day.

    Args:
        person: who decides.
        position: the position in which they decide.
        unit: the position's unit.
        delegation: the delegation under which they decide, or None for their own appointment; its
            ``principal`` is loaded.
        capabilities: what the kind of position allows.
    """

    person: Person
    position: Position
    unit: Unit
    delegation: Delegation | None = None
    capabilities: frozenset[str] = frozenset()

    @property
    def on_behalf_of(self) -> str:
        """``name（position）`` of the principal, or "" for the person's own position."""
        if self.delegation is None:
            return ""
        return f"{self.delegation.principal.name}（{self.position.title}）"


@dataclass(frozen=True, slots=True)
class Grants:
    """What a person may do on a day, following from the positions they decide in.

    Args:
        holdings: own positions first, then those delegated.
        below: for each unit among the holdings, the ids of that unit and of all below it.
        person_id: primary key of the person; 0 for nobody.
        institution_id: the person's institution; 0 for nobody.
    """

    holdings: tuple[Holding, ...] = ()
    below: dict[int, frozenset[int]] = field(default_factory=dict)
    person_id: int = 0
    institution_id: int = 0

    def has(self, capability: str) -> bool:
        """Say whether any position gives the capability."""
        return any(capability in holding.capabilities for holding in self.holdings)

    def units(self, capability: str) -> set[int]:
        """Return the ids of the units, with all below them, for which the capability was given."""
        found: set[int] = set()
        for holding in self.holdings:
            if capability in holding.capabilities:
                found |= self.below.get(holding.unit.pk, frozenset((holding.unit.pk,)))
        return found

    def having(self, capability: str) -> list[Holding]:
        """Return the holdings that give the capability, own positions first."""
        return [holding for holding in self.holdings if capability in holding.capabilities]

    @property
    def capabilities(self) -> frozenset[str]:
        """All capabilities given by any position."""
        return frozenset().union(*(holding.capabilities for holding in self.holdings))


NO_GRANTS = Grants()


def _capabilities() -> Subquery:
    kinds = PositionKind.objects.filter(
        institution_id=OuterRef("position__institution_id"), code=OuterRef("position__kind")
    )
    return Subquery(kinds.values("capabilities")[:1], output_field=JSONField())


def _open(on: date) -> Q:
    return Q(position__unit__closed_on__isnull=True) | Q(position__unit__closed_on__gt=on)


def _appointments(on: date) -> QuerySet[Any]:
    return (
        Appointment.objects.on(on)
        .filter(_open(on), person__is_active=True)
        .select_related("position__unit", "person__institution")
        .annotate(capabilities=_capabilities())
        .order_by("starts_on", "pk")
    )


def live_delegations(on: date) -> QuerySet[Any]:
    """Delegations in force on a day: not revoked, and the principal still holds the position."""
    principal_holds = Appointment.objects.on(on).filter(
        position_id=OuterRef("position_id"), person_id=OuterRef("principal_id")
    )
    return (
        Delegation.objects.on(on)
        .filter(
            _open(on),
            Exists(principal_holds),
            revoked_at__isnull=True,
            delegate__is_active=True,
            principal__is_active=True,
        )
        .select_related("position__unit", "delegate__institution", "principal")
        .annotate(capabilities=_capabilities())
        .order_by("starts_on", "pk")
    )


def _holdings(appointments: Iterable[Any], delegations: Iterable[Any]) -> list[Holding]:
    own = [
        Holding(row.person, row.position, row.position.unit, None, frozenset(row.capabilities or ()))
        for row in appointments
    ]
    delegated = [
        Holding(row.delegate, row.position, row.position.unit, row, frozenset(row.capabilities or ()))
        for row in delegations
    ]
    seen: set[tuple[int, int]] = set()
    unique = []
    for holding in own + delegated:
        identity = (holding.person.pk, holding.position.pk)
        if identity not in seen:
            seen.add(identity)
            unique.append(holding)
    return unique


def holdings_of(person: Person, on: date) -> list[Holding]:
    """Return the positions in which a person decides on a day, own ones first; two queries."""
    if not person.is_active:
        return []
    scope = {"institution_id": person.institution_id}
    return _holdings(
        _appointments(on).filter(person_id=person.pk, **scope),
        live_delegations(on).filter(delegate_id=person.pk, **scope),
    )


def holdings_where(on: date, **where: Any) -> list[Holding]:
    """Return holdings on a day under conditions on the position (``position__…``), holders first; two queries."""
    return _holdings(_appointments(on).filter(**where), live_delegations(on).filter(**where))


def holders(institution_id: int, *, position_kind: str, unit_id: int, on: date) -> list[Holding]:
    """Return who decides in a unit's positions of a kind on a day, holders before delegates; two queries."""
    where = {
        "institution_id": institution_id,
        "position__institution_id": institution_id,
        "position__kind": position_kind,
        "position__unit_id": unit_id,
    }
    return holdings_where(on, **where)


def holders_in(institution_id: int, unit_ids: Iterable[int], on: date) -> list[Holding]:
    """Return who decides in any position of some units on a day, holders before delegates; two queries."""
    where = {"institution_id": institution_id, "position__unit_id__in": set(unit_ids)}
    return _holdings(_appointments(on).filter(**where), live_delegations(on).filter(**where))


def holder_exists(*, kind: Any, unit_id: Any, on: date, except_person: Any) -> Q:
    """Return a condition for a queryset: somebody else than a person holds or acts in a position today.

    Args:
        kind: the position's kind, or an expression such as ``OuterRef("position_kind")``.
        unit_id: its unit, or an expression.
        on: the day.
        except_person: person who does not count, nor delegates of theirs; a key or an expression.
    """
    own = (
        Appointment.objects.on(on)
        .filter(_open(on), position__kind=kind, position__unit_id=unit_id, person__is_active=True)
        .exclude(person_id=except_person)
    )
    delegated = (
        live_delegations(on)
        .filter(position__kind=kind, position__unit_id=unit_id)
        .exclude(principal_id=except_person)
        .exclude(delegate_id=except_person)
    )
    return Q(Exists(own)) | Q(Exists(delegated))


def grants_of(person: Person, on: date) -> Grants:
    """Return what a person may do on a day; at most three queries."""
    holdings = holdings_of(person, on)
    if not holdings:
        return Grants(person_id=person.pk, institution_id=person.institution_id)
    paths = {holding.unit.pk: holding.unit.path for holding in holdings}
    below: dict[int, set[int]] = {pk: {pk} for pk in paths}
    condition = Q()
    for path in paths.values():
        condition |= Q(path__startswith=path)
    units = Unit.objects.filter(condition, institution_id=person.institution_id).values_list("pk", "path")
    for pk, path in units:
        for top, start in paths.items():
            if path.startswith(start):
                below[top].add(pk)
    return Grants(tuple(holdings), {pk: frozenset(ids) for pk, ids in below.items()}, person.pk, person.institution_id)


def actor_for(person: Person, on: date, *, holding: Holding | None = None) -> Actor:
    """Return the person as the ledger shows them.

    Args:
        person: who acts.
        on: the day of the act.
        holding: the position in which they act; without it their first position on that day, if any.
    """
    if holding is None:
        found = holdings_of(person, on)
        holding = found[0] if found else None
    return actor_in(person, holding)


def actor_in(person: Person, holding: Holding | None) -> Actor:
    """Return the person acting in exactly this holding, or in no position; no holdings are looked up."""
    return Actor(
        kind=ActorKind.PERSON,
        institution_id=person.institution_id,
        institution=person.institution.code,
        person_id=person.pk,
        key=person.key,
        name=person.name,
        position=holding.position.title if holding else "",
        unit=holding.unit.name if holding else "",
        on_behalf_of=holding.on_behalf_of if holding else "",
    )
