"""Who files for a unit's accounts (selectors)."""

from collections.abc import Collection
from datetime import date

from xianshen.organisation.selectors import holdings_where
from xianshen.regulation.enums import Capability
from xianshen.regulation.selectors import policy_on


def filers(institution_id: int, unit_ids: Collection[int], on: date) -> dict[int, list[int]]:
    """Return, by unit, the people who may file for its accounts today, and its head; one query or two.

    Args:
        institution_id: whose units.
        unit_ids: the units.
        on: the day.
    """
    wanted = {Capability.OPENING_APPLY, Capability.SPONSOR_FILES_MANAGE}
    kinds = [
        kind.code
        for kind in policy_on(institution_id, on).organisation.position_kinds
        if wanted & set(kind.capabilities)
    ]
    found: dict[int, dict[int, None]] = {}
    for holding in holdings_where(
        on, institution_id=institution_id, position__unit_id__in=list(unit_ids), position__kind__in=kinds
    ):
        found.setdefault(holding.unit.pk, {})[holding.person.pk] = None
    return {unit: list(people) for unit, people in found.items()}
