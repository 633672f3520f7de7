"""How people and seats are written (selectors)."""


def seat(unit: str, title: str) -> str:
    """Return a position with its unit, the unit's name said once: 法律系系主任, but 办公室主任."""
    return title if title.startswith(unit) else f"{unit}{title}"
