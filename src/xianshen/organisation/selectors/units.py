"""Institutions and the tree of units."""

from dataclasses import dataclass

from django.db.models import Case, QuerySet, Value, When

from xianshen.common.composed import listed
from xianshen.organisation.models import Institution, Unit, UnitKind


def institution_for_host(host: str) -> Institution | None:
    """Return the institution served under a host name, else the first one, or None if there is none."""
    first = Case(When(host=host.lower(), then=0), default=1) if host else Value(0)
    return Institution.objects.order_by(first, "pk").first()


def institutions() -> QuerySet[Institution]:
    """Return every institution of this installation, for work that time starts."""
    return Institution.objects.order_by("pk")


def institution_by_code(code: str) -> Institution | None:
    """Return the institution with a code; with an empty code the only one, or None."""
    if code:
        return Institution.objects.filter(code=code).first()
    found = list(Institution.objects.order_by("pk")[:2])
    return found[0] if len(found) == 1 else None


def descendants(institution_id: int, unit_id: int) -> set[int]:
    """Return the ids of a unit and of all units below it; empty for a unit of another institution."""
    path = Unit.objects.filter(institution_id=institution_id, pk=unit_id).values_list("path", flat=True).first()
    if path is None:
        return set()
    below = Unit.objects.filter(institution_id=institution_id, path__startswith=path)
    return set(below.values_list("pk", flat=True)) | {unit_id}


def ancestors(unit: Unit) -> list[Unit]:
    """Return the units above a unit, the nearest first."""
    ids = [int(part) for part in unit.path.split("/") if part and int(part) != unit.pk]
    found = Unit.objects.in_bulk(ids)
    return [found[pk] for pk in reversed(ids) if pk in found]


def unit_of_kind(institution_id: int, kind: str) -> Unit | None:
    """Return the institution's only open unit of a kind; None if there is none or more than one."""
    found = _two_of_kind(institution_id, kind)
    return found[0] if len(found) == 1 else None


@listed
def _two_of_kind(institution_id: int, kind: str) -> QuerySet[Unit]:
    return Unit.objects.filter(institution_id=institution_id, kind=kind, closed_on__isnull=True)[:2]


@listed
def _kinds(institution_id: int, code: str) -> QuerySet[UnitKind]:
    return UnitKind.objects.filter(institution_id=institution_id, code=code)


def home_unit(unit: Unit) -> Unit | None:
    """Return the unit to which a unit belongs for decisions on its third-tier accounts.

    The kinds of home unit come from ``UnitKind.home``: the nearest open unit of those kinds above the
    unit, else the institution's only unit of the first of those kinds that has exactly one. None for
    kinds without a home.
    """
    kinds = _kinds(unit.institution_id, unit.kind)
    if not kinds or not kinds[0].home:
        return None
    home = kinds[0].home
    for above in ancestors(unit):
        if above.kind in home and above.closed_on is None:
            return above
    for code in home:
        sole = unit_of_kind(unit.institution_id, code)
        if sole is not None and sole.pk != unit.pk:
            return sole
    return None


def unit_in(institution_id: int, unit_id: int) -> Unit:
    """Return a unit of the institution.

    Raises:
        Unit.DoesNotExist: not in the institution.
    """
    return Unit.objects.get(pk=unit_id, institution_id=institution_id)


def unit_for_relation(relation: str, unit: Unit) -> Unit | None:
    """Return the unit that a policy names by its relation to a unit.

    Args:
        relation: ``sponsor`` (the unit itself), ``home`` or ``kind:<unit kind>``.
        unit: the sponsoring unit.
    """
    if relation == "sponsor":
        return unit
    if relation == "home":
        return home_unit(unit)
    return unit_of_kind(unit.institution_id, relation.removeprefix("kind:"))


def units(institution_id: int, *, closed: bool = False) -> QuerySet[Unit]:
    """Return the institution's units in order of the tree's keys; open ones unless ``closed``."""
    found = Unit.objects.filter(institution_id=institution_id)
    return found if closed else found.filter(closed_on__isnull=True)


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit in its place in the tree.

    Args:
        unit: the unit.
        depth: how far below the top, from 0.
        below: number of units directly below it.
    """

    unit: Unit
    depth: int
    below: int


def branches(institution_id: int, *, closed: bool = False) -> list[Branch]:
    """Return the tree depth first, siblings in order of their keys; one query.

    A unit whose parent is left out (closed) stands at the top.
    """
    children: dict[int | None, list[Unit]] = {}
    listed = list(units(institution_id, closed=closed).order_by("key"))
    known = {unit.pk for unit in listed}
    for unit in listed:
        children.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)
    found: list[Branch] = []
    waiting = [(unit, 0) for unit in reversed(children.get(None, []))]
    while waiting:
        unit, depth = waiting.pop()
        below = children.get(unit.pk, [])
        found.append(Branch(unit, depth, len(below)))
        waiting += [(child, depth + 1) for child in reversed(below)]
    return found


def kind_titles(institution_id: int) -> dict[str, str]:
    """Return the titles of the kinds of unit by code, in order."""
    return dict(UnitKind.objects.filter(institution_id=institution_id).values_list("code", "title"))
