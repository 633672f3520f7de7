"""Telling people something, in the act that it is about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import TransitionNotAllowed
from xianshen.common.zhdates import zh_datetime
from xianshen.ledger.events import EventType, Subject
from xianshen.ledger.selectors import latest_by
from xianshen.ledger.services import JSON, act, no_act, within_act
from xianshen.notices.models import KEY_LIMIT, KIND_LIMIT, TEXT_LIMIT, Notice

VALUE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Told:
    """One message of several that are sent together; the arguments are those of :func:`notify`."""

    people: tuple[int, ...]
    text: str
    url: str
    key: str
    rule: str = ""
    kind: str = ""
    urgent: bool = False
    values: Mapping[str, object] = field(default_factory=dict)


#: How long somebody waits before reminding of the same thing again: who is reminded needs time to act.
REMINDER_PAUSE = timedelta(days=1)


@no_act(why="asks when somebody last reminded; the act that reminds records it")
def require_pause(
    event: EventType, *, actor: Actor, subject: Subject, payload: Mapping[str, JSON], now: datetime
) -> None:
    """Refuse a reminder by somebody who sent the same one less than :data:`REMINDER_PAUSE` ago.

    Args:
        event: with which the reminder is recorded.
        actor: who reminds.
        subject: the record of which it reminds.
        payload: what of the entry makes two reminders the same.
        now: time of the act; the record is held locked.

    Raises:
        TransitionNotAllowed: it says when the last one went, and from when on another may go.
    """
    last = latest_by(
        actor.key, event.code, subject, institution=actor.institution, since=now - REMINDER_PAUSE, payload=payload
    )
    if last is None:
        return
    times = {
        "last": zh_datetime(timezone.localtime(last.at)),
        "next": zh_datetime(timezone.localtime(last.at + REMINDER_PAUSE)),
    }
    raise TransitionNotAllowed(
        _("%(last)s已经提醒过，对方已收到。同一件事一天提醒一次，%(next)s以后还没办再提醒。") % times
    )


@within_act
def notify(
    *,
    institution_id: int,
    people: Iterable[int],
    text: str,
    url: str,
    key: str,
    at: datetime,
    rule: str = "",
    kind: str = "",
    urgent: bool = False,
    values: Mapping[str, object] | None = None,
) -> None:
    """Tell people something once. One statement, whatever channels they use: the worker does the rest.

    Args:
        institution_id: whose people.
        people: primary keys of persons; doubles are dropped.
        text: one sentence, at most 500 characters (longer is cut with an ellipsis).
        url: where the notice leads.
        key: what it is about; a person hears each key once.
        at: time of the act.
        rule: id of the rule cited, or "".
        kind: a :class:`~xianshen.notices.enums.NoticeKind`; by it people choose channels, and the Office words it.
        urgent: does not wait for quiet hours to end or for a digest, in the channels that the policy names.
        values: for the placeholders of the kind's wording (title, step …), in the institution's language.
    """
    one = Told(tuple(people), text, url, key, rule, kind, urgent, values or {})
    Notice.objects.bulk_create(_rows(institution_id, one, at), ignore_conflicts=True)


@within_act
def notify_many(*, institution_id: int, told: Sequence[Told], at: datetime) -> None:
    """Send many messages in a few statements; each person hears each key once.

    Args:
        institution_id: whose people.
        told: the messages.
        at: time of the act.
    """
    rows = [row for one in told for row in _rows(institution_id, one, at)]
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)


def _rows(institution_id: int, one: Told, at: datetime) -> Iterator[Notice]:
    text = one.text if len(one.text) <= TEXT_LIMIT else f"{one.text[: TEXT_LIMIT - 1]}…"
    values = {name: str(value)[:VALUE_LIMIT] for name, value in one.values.items()}
    for person in dict.fromkeys(one.people):
        yield Notice(
            institution_id=institution_id,
            person_id=person,
            text=text,
            url=one.url,
            rule=one.rule,
            key=one.key[:KEY_LIMIT],
            at=at,
            kind=str(one.kind)[:KIND_LIMIT],
            urgent=one.urgent,
            values=values,
        )


@act(records=False, why="reading a notice is the reader's own business")
def mark_read(*, person_id: int, at: datetime, notice_id: int | None = None) -> int:
    """Mark one notice of the person, or all, as read; returns how many changed."""
    notices = Notice.objects.filter(person_id=person_id, read_at__isnull=True)
    if notice_id is not None:
        notices = notices.filter(pk=notice_id)
    return notices.update(read_at=at)
