"""What clocks need to know about the things they run for, told by the rooms above.

A room registers one handler per subject type in its ``AppConfig.ready``::

    clocks.subjects.register(FilingDeadlines())
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from xianshen.clocks.models import Deadline


class DeadlineSubject(Protocol):
    """A kind of thing that can have a deadline, e.g. a filing."""

    subject_type: str

    def url(self, deadline: "Deadline") -> str:
        """Return the address where what the deadline asks for is done."""

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        """Return whom the deadlines concern today: primary key of the deadline → primary keys of people.

        Asked in bulk, for up to some hundreds of deadlines of one institution: the number of queries may not
        grow with them. Deadlines that concern nobody may be left out.

        A handler may also have:

        - ``candidates(grants, on) -> Q``: deadlines that may concern a person without belonging to a unit in which
          they hold a position (an owner from elsewhere, the Office);
        - ``lists_itself(deadline, on) -> bool``: the room's own inbox has the task today, so clocks leave it out;
        - ``moved(deadline)``: called within the act that gave it another due date, for rooms that keep a copy.
        """


_handlers: dict[str, DeadlineSubject] = {}


def register(handler: DeadlineSubject) -> None:
    """Register the handler of a subject type; a second one for the same type is an error."""
    if handler.subject_type in _handlers:
        raise ValueError(f"subject type {handler.subject_type} has a handler already")
    _handlers[handler.subject_type] = handler


def handler_of(subject_type: str) -> DeadlineSubject:
    """Return the handler of a subject type.

    Raises:
        KeyError: no room registered one, a programming error.
    """
    return _handlers[subject_type]


def handlers() -> tuple[DeadlineSubject, ...]:
    """Return all registered handlers."""
    return tuple(_handlers.values())


def tell_moved(deadline: "Deadline") -> None:
    """Tell the room above that a deadline has another due date, if it wants to know."""
    moved = getattr(handler_of(deadline.subject_type), "moved", None)
    if moved is not None:
        moved(deadline)


def subject_types() -> frozenset[str]:
    """Return the subject types that have a handler."""
    return frozenset(_handlers)
