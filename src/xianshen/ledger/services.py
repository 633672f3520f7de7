"""What other rooms call: the ``act`` decorator and ``record``."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from xianshen.common.actors import Actor
from xianshen.ledger.acts import (
    OutsideAct,
    ServiceMark,
    Unchanged,
    UnrecordedAct,
    act,
    enlist,
    marked_services,
    no_act,
    require_act,
    within_act,
)
from xianshen.ledger.canonical import canonical_payload
from xianshen.ledger.chain import Draft
from xianshen.ledger.events import EventType, LedgerError, Subject, check_keys, event_type
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.privacy import JSON, mask_text, new_salt, salted_digest

__all__ = [
    "JSON",
    "OutsideAct",
    "ServiceMark",
    "Unchanged",
    "UnrecordedAct",
    "act",
    "marked_services",
    "new_salt",
    "no_act",
    "record",
    "require_act",
    "salted_digest",
    "within_act",
]


@within_act
def record(
    event: EventType | str,
    *,
    actor: Actor,
    subject: Subject,
    payload: Mapping[str, JSON],
    at: datetime,
    rule: str = "",
    article: int | None = None,
    policy_version: str = "",
    about: Sequence[Subject] = (),
) -> LedgerEntry:
    """Record an act in the institution's ledger; called inside an act, last.

    The entry is checked at once and inserted when the outermost act ends, in the same transaction: only then
    do ``sequence`` and ``hash`` have values. Mobile numbers and e-mail addresses in strings are masked.

    Args:
        event: a declared event.
        actor: who acts; names are copied.
        subject: what the entry is about.
        payload: JSON with exactly the declared keys.
        at: when it happened, aware.
        rule: id of the rule behind the act, or "".
        article: number of the article that the policy in force gives for the rule.
        policy_version: the policy version by which the act was judged.
        about: further records on whose pages the entry also shows.

    Raises:
        OutsideAct: no act is under way.
        UnknownEvent: the event was never declared.
        WrongPayload: keys or values are not what was declared.
        LedgerError: ``at`` is naive, or a text cannot be stored.
    """
    declared = event_type(event)
    check_keys(declared, payload)
    if timezone.is_naive(at):
        raise LedgerError("at must be an aware datetime")
    kept = _snapshot(subject)
    further = tuple(dict.fromkeys(one for one in map(_snapshot, about) if (one.type, one.id) != (kept.type, kept.id)))
    entry = LedgerEntry(
        institution=_text(actor.institution, "actor.institution", limit=64),
        at=at,
        event=declared.code,
        actor_kind=str(actor.kind),
        actor_key=_text(actor.key, "actor.key", limit=128),
        actor_name=_text(actor.name, "actor.name"),
        actor_position=_text(actor.position, "actor.position"),
        actor_unit=_text(actor.unit, "actor.unit"),
        actor_on_behalf_of=_text(actor.on_behalf_of, "actor.on_behalf_of"),
        subject_type=kept.type,
        subject_id=kept.id,
        subject_label=kept.label,
        payload=canonical_payload(payload),
        rule=_text(rule, "rule", limit=128),
        article=article,
        policy_version=_text(policy_version, "policy_version", limit=128),
    )
    enlist(Draft(entry, further))
    return entry


def _snapshot(subject: Subject) -> Subject:
    return Subject(
        _text(subject.type, "subject.type", limit=128),
        _text(subject.id, "subject.id", limit=128),
        mask_text(_text(subject.label, "subject.label")),
    )


def _text(value: object, name: str, *, limit: int = 0) -> str:
    """Return a value as storable text: no NUL (PostgreSQL), no lone surrogate (UTF-8), not beyond the column."""
    text = str(value)
    if "\x00" in text or (limit and len(text) > limit):
        raise LedgerError(f"{name} cannot be stored: {text[:40]!r}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise LedgerError(f"{name} cannot be stored: {error}") from error
    return text
