"""Acts for tests of the ledger: a tiny vocabulary, and services that record it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import factory

from xianshen.common.actors import Actor, ActorKind
from xianshen.ledger.events import Subject, declare_event
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.services import act, record

NOTED = declare_event("tests.noted", keys=("text",), label="记下“%(text)s”")
MOVED = declare_event("tests.moved", keys=("from", "to"), label="从%(from)s移到%(to)s")
START = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


class ActorFactory(factory.Factory):
    class Meta:
        model = Actor

    kind = ActorKind.PERSON
    institution_id = 1
    institution = "shcc"
    person_id = 7
    key = "20070007"
    name = "王敏"
    position = "系主任"
    unit = "法律系"


class SubjectFactory(factory.Factory):
    class Meta:
        model = Subject

    type = "tests.thing"
    id = factory.Sequence(str)
    label = factory.LazyAttribute(lambda subject: f"事项{subject.id}")


@act
def note(
    text: str = "一",
    *,
    institution: str = "shcc",
    subject: Subject | None = None,
    about: Sequence[Subject] = (),
    at: datetime = START,
) -> LedgerEntry:
    """Record one entry in an act of its own."""
    return record(
        NOTED,
        actor=ActorFactory(institution=institution),
        subject=subject or SubjectFactory(),
        payload={"text": text},
        at=at,
        about=about,
    )


@act
def note_many(count: int, *, institution: str = "shcc") -> list[LedgerEntry]:
    """Record entries in one act; every third with two further subjects."""
    return [
        note(
            f"第{number}条",
            institution=institution,
            about=[SubjectFactory(), SubjectFactory()] if number % 3 == 0 else (),
            at=START + timedelta(seconds=number),
        )
        for number in range(1, count + 1)
    ]
