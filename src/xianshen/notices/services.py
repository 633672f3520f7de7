from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from xianshen.ledger.services import act, within_act
from xianshen.notices.models import Notice


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
) -> None:
    """Tell people something once.

    Args:
        institution_id: whose people.
        people: primary keys of persons; doubles are dropped.
        text: one sentence, at most 500 characters (longer is cut with an ellipsis).
        url: where the notice leads.
        key: what it is about; a person hears each key once.
        at: time of the act.
        rule: id of the rule cited, or "".
    """
    if len(text) > 500:
        text = f"{text[:499]}…"
    Notice.objects.bulk_create(
        [
            Notice(institution_id=institution_id, person_id=person, text=text, url=url, rule=rule, key=key[:120], at=at)
            for person in dict.fromkeys(people)
        ],
        ignore_conflicts=True,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One message of several that are sent together; the arguments are those of :func:`notify`."""

    people: tuple[int, ...]
    text: str
    url: str
    key: str
    rule: str = ""


@within_act
def notify_many(*, institution_id: int, told: Sequence[Told], at: datetime) -> None:
    """Send many messages in a few statements; each person hears each key once.

    Args:
        institution_id: whose people.
        told: the messages.
        at: time of the act.
    """
    Notice.objects.bulk_create(
        [
            Notice(
                institution_id=institution_id,
                person_id=person,
                text=one.text if len(one.text) <= 500 else f"{one.text[:499]}…",
                url=one.url,
                rule=one.rule,
                key=one.key[:120],
                at=at,
            )
            for one in told
            for person in dict.fromkeys(one.people)
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )


@act(records=False, why="reading a notice is the reader's own business")
def mark_read(*, person_id: int, at: datetime, notice_id: int | None = None) -> int:
    """Mark one notice of the person, or all, as read; returns how many changed."""
    notices = Notice.objects.filter(person_id=person_id, read_at__isnull=True)
    if notice_id is not None:
        notices = notices.filter(pk=notice_id)
    return notices.update(read_at=at)
