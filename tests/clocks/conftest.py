"""A college whose policy has clocks of every kind, and a kind of record that exists only in these tests."""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.factories.regulation import SHCC
from tests.support.college import College, build_college
from xianshen.clocks import consequences, subjects
from xianshen.clocks import services as clocks
from xianshen.clocks.models import Deadline
from xianshen.common.actors import Actor
from xianshen.ledger.events import Subject, declare_event
from xianshen.ledger.services import act, record
from xianshen.regulation.enums import Consequence
from xianshen.regulation.selectors import policy_on

THING = "test.thing"
DONE = declare_event("test.clocks_done", label="做了一件事")

EXTRA = """
  - id: test.week
    rule: filing.within_week
    source: regulation
    starts_on: change
    duration: {days: 7}
    reminders: [3, 1, 0]
    escalation:
      - {before: 1, position: unit_head, of: sponsor}
      - {after: 2, position: office_director, of: kind:office}
      - {after: 5, position: office_director, of: kind:office}
    consequence: expire
    text: 一周内办。
  - id: test.plain
    rule: filing.within_week
    source: regulation
    starts_on: change
    duration: {days: 7}
    reminders: [3, 1, 0]
    consequence: overdue
    text: 一周内办。
  - id: test.working
    rule: filing.within_week
    source: institution
    starts_on: change
    duration: {working_days: 5}
    reminders: [2, 0]
    consequence: expire
    text: 五个工作日内办。
  - id: test.leap
    rule: annual_review.due
    source: institution
    starts_on: year
    duration: {annual: "02-29"}
    reminders: [7, 0]
    consequence: expire
    text: 每年二月底前办。
"""


@dataclass
class Things:
    """Handler of the test records, and what their consequence did.

    Args:
        people: key of the record → whom it concerns.
        ran: keys of deadlines whose consequence was carried out, with the day.
        breaks: keys of records whose consequence fails half way.
    """

    subject_type: str = THING
    people: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ran: list[tuple[int, date]] = field(default_factory=list)
    breaks: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def url(self, deadline: Deadline) -> str:
        return f"/things/{quote(deadline.subject_id)}/"

    def concerned(self, deadlines: Sequence[Deadline], on: date) -> Mapping[int, Collection[int]]:
        if any(deadline.subject_id in self.unknown for deadline in deadlines):
            raise LookupError("the thing is gone")
        return {deadline.pk: self.people.get(deadline.subject_id, ()) for deadline in deadlines}

    def expire(self, deadline: Deadline, now: datetime) -> None:
        """Record something, and then perhaps fail."""
        actor = Actor.system(institution_id=deadline.institution_id, institution=deadline.institution.code)
        record(DONE, actor=actor, subject=deadline.subject, payload={}, at=now)
        if deadline.subject_id in self.breaks:
            raise OSError("no space left")
        self.ran.append((deadline.pk, now.date()))


@pytest.fixture
def things() -> Iterator[Things]:
    handler = Things()
    subjects.register(handler)
    consequences.register(Consequence.EXPIRE, handler.expire, subject_type=THING)
    yield handler
    del subjects._handlers[THING]
    del consequences._runs[(Consequence.EXPIRE, THING)]


def pack_with(folder: Path, extra: str = EXTRA) -> Path:
    """Copy the shcc pack and add clocks to it."""
    copy = folder / "shcc"
    shutil.copytree(SHCC, copy)
    file = copy / "2026" / "clocks.yaml"
    file.write_text(file.read_text().replace("\nclocks:\n", f"\nclocks:{extra}", 1))
    return copy


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack_with(tmp_path_factory.mktemp("clocks"))


@pytest.fixture
def college(db: None, now: datetime, pack: Path) -> College:
    return build_college(now, pack=pack)


@dataclass
class World:
    """Short ways to run clocks for test records."""

    college: College
    things: Things

    def subject(self, key: str) -> Subject:
        return Subject(THING, key, f"事项{key}")

    @act
    def start(self, key: str = "1", clock: str = "test.week", on: date | None = None, **changes: Any) -> Deadline:
        college = self.college
        day = on or college.on
        self.things.people.setdefault(key, (college.people["operator"].pk,))
        deadline = clocks.start_clock(
            **{
                "actor": college.actor("operator"),
                "policy": policy_on(college.institution.pk, college.on),
                "clock": clock,
                "subject": self.subject(key),
                "started_on": day,
                "unit_id": college.units["law"].pk,
                "now": college.now,
                **changes,
            }
        )
        record(DONE, actor=college.actor("operator"), subject=self.subject(key), payload={}, at=college.now)
        return deadline

    @act(records=False, why="a test")
    def meet(self, key: str, on: date, clock: str = "test.week") -> Deadline | None:
        return clocks.meet_clock(
            actor=self.college.actor("operator"),
            institution_id=self.college.institution.pk,
            subject_type=THING,
            subject_id=key,
            clock=clock,
            on=on,
            now=self.college.now,
        )


@pytest.fixture
def world(college: College, things: Things) -> World:
    return World(college, things)


@pytest.fixture
def at(now: datetime) -> Callable[..., datetime]:
    """Return a moment: ``at("2026-09-21", "00:00")``, in the platform's time zone."""

    def moment(day: str, time: str = "08:00") -> datetime:
        return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=now.tzinfo)

    return moment
