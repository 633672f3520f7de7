"""What happens when a clock runs out, told by the rooms above.

A consequence runs inside the act of its deadline, as the system: it calls services of its room (acts, or
``within_act``) and either everything stands or nothing does.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from xianshen.regulation.enums import Consequence

if TYPE_CHECKING:
    from xianshen.clocks.models import Deadline

Run = Callable[["Deadline", datetime], None]

_runs: dict[tuple[Consequence, str], Run] = {}


class NoConsequence(LookupError):
    """No room carries out a consequence for a subject type: the policy names something that the code lacks."""


def register(consequence: Consequence, run: Run, *, subject_type: str = "") -> None:
    """Register what a consequence does.

    Args:
        consequence: as policy names it.
        run: called with the deadline (locked, already marked as run out) and the time.
        subject_type: only for deadlines of this subject type; for all others if left out.

    Raises:
        ValueError: registered twice.
    """
    key = (consequence, subject_type)
    if key in _runs:
        raise ValueError(f"consequence {consequence} of {subject_type or 'everything'} is registered already")
    _runs[key] = run


def consequence_of(consequence: str, subject_type: str) -> Run:
    """Return what runs for a subject type.

    Raises:
        NoConsequence: nobody registered it.
    """
    known = Consequence(consequence)
    run = _runs.get((known, subject_type)) or _runs.get((known, ""))
    if run is None:
        raise NoConsequence(f"nobody carries out {consequence} for {subject_type}")
    return run


def registered() -> frozenset[tuple[Consequence, str]]:
    """Return what is carried out: consequences with the subject type, "" for all others."""
    return frozenset(_runs)
