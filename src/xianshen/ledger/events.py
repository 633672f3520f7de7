"""The vocabulary of the ledger: every event is declared once, with exactly the keys of its payload."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise


class LedgerError(Exception):
    """The ledger was used wrongly: a mistake in the program, never in what a person typed."""


class UnknownEvent(LedgerError):
    """The event was never declared with :func:`declare_event`."""


class WrongPayload(LedgerError):
    """The payload lacks a declared key, has an undeclared one, or holds something that JSON cannot hold."""


#: Names that a payload key may not have: such data must stay erasable, so it lives outside the ledger.
PERSONAL_KEYS = frozenset({"mobile", "phone", "telephone", "email", "mail", "id_number", "password"})


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of act that the ledger may hold.

    Args:
        code: dotted code, e.g. ``registry.opening_submitted``; stored in the entry, never renamed.
        keys: the keys that a payload of this event has, no more and no fewer.
        label: Chinese sentence for timelines (a lazy translation); may hold ``%(key)s`` for keys of the payload.
    """

    code: str
    keys: frozenset[str]
    label: str | Promise


@dataclass(frozen=True, slots=True)
class Subject:
    """What an entry is about, as a snapshot without a foreign key.

    Args:
        type: dotted model label, e.g. ``registry.media_account``.
        id: primary key as text.
        label: name as shown on the day of the act.
    """

    type: str
    id: str
    label: str


_events: dict[str, EventType] = {}


def declare_event(code: str, *, keys: Iterable[str] = (), label: str | Promise) -> EventType:
    """Declare an event and return its type; done at module level in a room's ``events.py``.

    Raises:
        LedgerError: the code is declared twice, or a key names personal data that must stay erasable.
    """
    if code in _events:
        raise LedgerError(f"event {code} is declared twice")
    if isinstance(keys, str):
        raise LedgerError(f"event {code}: keys is a collection of names, not one string")
    event = EventType(code, frozenset(keys), label)
    if personal := event.keys & PERSONAL_KEYS:
        raise LedgerError(
            f"event {code}: {', '.join(sorted(personal))} must stay erasable; record a salted_digest instead"
        )
    _events[code] = event
    return event


def declared_events() -> Mapping[str, EventType]:
    """Return all declared events by code."""
    return dict(_events)


def event_type(event: EventType | str) -> EventType:
    """Return the declared type of an event given as type or code.

    Raises:
        UnknownEvent: it was never declared, or another type was declared under its code.
    """
    code = event if isinstance(event, str) else event.code
    declared = _events.get(code)
    if declared is None or (isinstance(event, EventType) and event is not declared):
        raise UnknownEvent(code)
    return declared


def check_keys(event: EventType, payload: Mapping[str, object]) -> None:
    """Hold a payload against the declared keys.

    Raises:
        WrongPayload: naming missing and superfluous keys.
    """
    if event.keys == payload.keys():
        return
    missing = ", ".join(sorted(event.keys - payload.keys())) or "none"
    extra = ", ".join(sorted(str(key) for key in payload.keys() - event.keys)) or "none"
    raise WrongPayload(f"event {event.code}: missing keys: {missing}; undeclared keys: {extra}")
