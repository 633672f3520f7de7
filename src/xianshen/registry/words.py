"""How people and seats are written (selectors)."""

from xianshen.common.language import local


def seat(unit: str, title: str) -> str:
    """Return a position with its unit, the unit's name said once: 法律系系主任, but 办公室主任."""
    shown = local(title)
    if title.startswith(unit):
        return shown
    return f"{unit}{shown}" if shown == title else f"{unit} {shown}"
