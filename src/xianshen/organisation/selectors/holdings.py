"""Who holds which position on a day, and what they may do.

All periods include their first and last day. A person who may no longer sign in holds nothing, and a
delegation lives only as long as its principal holds the position.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import SimpleLazyObject

from xianshen.common.actors import Actor, ActorKind
from xianshen.common.rows import RowReader
from xianshen.organisation.models import Appointment, Delegation, Person, Position, Unit


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


def _open(on: date) -> Q:
    return Q(position__unit__closed_on__isnull=True) | Q(position__unit__closed_on__gt=on)


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
        .order_by("starts_on", "pk")
    )


_READER = RowReader(person=Person, position=Position, unit=Unit, delegation=Delegation, principal=Person)
#: Holders and delegates in one answer. What counts as holding is said once more in ``holder_exists``, for querysets.
_HELD = """
SELECT {own}, kind.capabilities, 0 AS delegated, held.starts_on AS since, held.id AS held_id
FROM organisation_appointment held
JOIN organisation_person person ON person.id = held.person_id
JOIN organisation_position position ON position.id = held.position_id
JOIN organisation_unit unit ON unit.id = position.unit_id
LEFT JOIN organisation_positionkind kind ON kind.institution_id = position.institution_id AND kind.code = position.kind
WHERE held.starts_on <= %s AND (held.ends_on IS NULL OR held.ends_on >= %s)
  AND (unit.closed_on IS NULL OR unit.closed_on > %s) AND person.is_active
  AND held.institution_id = %s AND position.institution_id = %s AND ({condition})
UNION ALL
SELECT {delegated}, kind.capabilities, 1, delegation.starts_on, delegation.id
FROM organisation_delegation delegation
JOIN organisation_person person ON person.id = delegation.delegate_id
JOIN organisation_person principal ON principal.id = delegation.principal_id
JOIN organisation_position position ON position.id = delegation.position_id
JOIN organisation_unit unit ON unit.id = position.unit_id
LEFT JOIN organisation_positionkind kind ON kind.institution_id = position.institution_id AND kind.code = position.kind
WHERE delegation.starts_on <= %s AND delegation.ends_on >= %s
  AND (unit.closed_on IS NULL OR unit.closed_on > %s) AND person.is_active AND principal.is_active
  AND delegation.revoked_at IS NULL
  AND EXISTS (
    SELECT 1 FROM organisation_appointment held
    WHERE held.position_id = delegation.position_id AND held.person_id = delegation.principal_id
      AND held.starts_on <= %s AND (held.ends_on IS NULL OR held.ends_on >= %s)
  )
  AND delegation.institution_id = %s AND position.institution_id = %s AND ({condition})
ORDER BY delegated, since, held_id
"""


def _held(institution_id: int, on: date, condition: str, *values: int | str) -> list[Holding]:
    """Return the institution's holdings on a day, holders before delegates, longest first; one query.

    Args:
        institution_id: whose positions.
        on: the day.
        condition: SQL over ``person`` (who decides), ``position`` and ``unit``.
        values: for its placeholders.
    """
    columns = {"own": _READER.columns(without=("delegation", "principal")), "delegated": _READER.columns()}
    day = connection.ops.adapt_datefield_value(on)
    institution = (institution_id, institution_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _HELD.format(**columns, condition=condition),
            [day, day, day, *institution, *values, day, day, day, day, day, *institution, *values],
        )
        rows = cursor.fetchall()
    found: dict[tuple[int, int], Holding] = {}
    for row in rows:
        person, position, unit, delegation, principal = _READER.read(row)
        position.unit = unit
        if delegation is not None:
            delegation.position, delegation.delegate, delegation.principal = position, person, principal
        capabilities = frozenset(json.loads(row[_READER.width] or "[]"))
        found.setdefault((person.pk, position.pk), Holding(person, position, unit, delegation, capabilities))
    return list(found.values())


def holdings_of(person: Person, on: date) -> list[Holding]:
    """Return the positions in which a person decides on a day, own ones first; one query."""
    if not person.is_active:
        return []
    found = _held(person.institution_id, on, "person.id = %s", person.pk)
    return [replace(holding, person=person) for holding in found]


#: Kind of position and unit, as a step of a procedure names who decides it.
KindAndUnit = tuple[str, int]


def holders_by_seat(institution_id: int, seats: Iterable[KindAndUnit], on: date) -> dict[KindAndUnit, list[Holding]]:
    """Return who decides in some units' positions on a day, by kind of position and unit; one query.

    Args:
        institution_id: whose positions.
        seats: kinds of position with units; doubles are dropped.
        on: the day.

    Returns:
        holders before delegates; an empty list where nobody decides.
    """
    found: dict[KindAndUnit, list[Holding]] = {seat: [] for seat in seats}
    if not found:
        return found
    condition = " OR ".join(["(position.kind = %s AND position.unit_id = %s)"] * len(found))
    for holding in _held(institution_id, on, condition, *(value for seat in found for value in seat)):
        found[holding.position.kind, holding.position.unit_id].append(holding)
    return found


def holders(institution_id: int, *, position_kind: str, unit_id: int, on: date) -> list[Holding]:
    """Return who decides in a unit's positions of a kind on a day, holders before delegates; one query."""
    return holders_by_seat(institution_id, [(position_kind, unit_id)], on)[position_kind, unit_id]


def holders_in(
    institution_id: int, unit_ids: Iterable[int] | None, on: date, *, kinds: Iterable[str] | None = None
) -> list[Holding]:
    """Return who decides in some units on a day, holders before delegates; one query.

    Args:
        institution_id: whose positions.
        unit_ids: the units; None: all.
        on: the day.
        kinds: kinds of position; None: all.
    """
    conditions, values = ["1 = 1"], list[int | str]()
    asked: tuple[tuple[str, Iterable[int | str] | None], ...] = (
        ("position.unit_id", unit_ids),
        ("position.kind", kinds),
    )
    for column, wanted in asked:
        if wanted is None:
            continue
        listed = list(dict.fromkeys(wanted))
        if not listed:
            return []
        conditions.append(f"{column} IN ({', '.join(['%s'] * len(listed))})")
        values += listed
    return _held(institution_id, on, " AND ".join(conditions), *values)


def holdings_where(
    on: date,
    *,
    institution_id: int,
    position__unit_id__in: Iterable[int] | None = None,
    position__kind__in: Iterable[str] | None = None,
) -> list[Holding]:
    """Return what :func:`holders_in` does."""
    return holders_in(institution_id, position__unit_id__in, on, kinds=position__kind__in)


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
    """Return what a person may do on a day; one query, and another once somebody asks about the units below."""
    holdings = holdings_of(person, on)
    if not holdings:
        return Grants(person_id=person.pk, institution_id=person.institution_id)
    below: Any = SimpleLazyObject(partial(_units_below, person.institution_id, holdings))
    return Grants(tuple(holdings), below, person.pk, person.institution_id)


def _units_below(institution_id: int, holdings: Iterable[Holding]) -> dict[int, frozenset[int]]:
    paths = {holding.unit.pk: holding.unit.path for holding in holdings}
    below: dict[int, set[int]] = {pk: {pk} for pk in paths}
    condition = Q()
    for path in paths.values():
        condition |= Q(path__startswith=path)
    units = Unit.objects.filter(condition, institution_id=institution_id).values_list("pk", "path")
    for pk, path in units:
        for top, start in paths.items():
            if path.startswith(start):
                below[top].add(pk)
    return {pk: frozenset(ids) for pk, ids in below.items()}


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
