"""Whatever the calendar, the outages and the number of workers: each consequence once, never early, no double reminder."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clocks.conftest import Things, World
from tests.support.college import build_college
from xianshen.clocks import services as clocks
from xianshen.clocks.models import Deadline
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.verify import verify
from xianshen.notices.models import Notice
from xianshen.regulation.schema import WorkCalendar
from xianshen.regulation.selectors import policy_on

FIRST = date(2026, 9, 14)
WORKERS = 4
days = st.integers(0, 30).map(lambda n: FIRST + timedelta(days=n))
CALENDARS = st.builds(
    WorkCalendar,
    official=st.sampled_from(["cn", "none"]),
    days_off=st.frozensets(days, max_size=8),
    make_up_workdays=st.frozensets(days, max_size=4),
)
RECORDS = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["test.week", "test.working"]), st.none() | st.integers(0, 20)),
    min_size=1,
    max_size=6,
)
AWAKE = st.frozensets(st.integers(1, 40), min_size=1, max_size=5)


@pytest.fixture
def committed(transactional_db: None, now: datetime, pack: Path, things: Things) -> World:
    return World(build_college(now, pack=pack), things)


def side_by_side(moment: datetime) -> None:
    """Let four workers do what is due at the same moment."""

    def work(_number: int) -> Any:
        try:
            return clocks.run_due(moment)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        reports = list(pool.map(work, range(WORKERS)))
    assert not sum(report.failures for report in reports)


def expected_reminders(deadline: Deadline, awake: list[date], until: date) -> int:
    """Count the awake days on which a reminder is due: missed ones become one, none after the due date."""
    wanted, seen = 0, deadline.started_on
    for day in awake:
        points = (deadline.due_on - timedelta(days=before) for before in deadline.spec.reminders)
        if day <= min(deadline.due_on, until) and any(seen < point <= day for point in points):
            wanted += 1
        seen = max(seen, day)
    return wanted


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calendar=CALENDARS, records=RECORDS, awake=AWAKE)
def test_each_deadline_ends_exactly_once_whatever_happens(
    committed: World, calendar: WorkCalendar, records: list[tuple[int, str, int | None]], awake: frozenset[int]
) -> None:
    world, zone = committed, committed.college.now.tzinfo
    Deadline.objects.all().delete()
    known = set(LedgerEntry.objects.values_list("pk", flat=True))
    policy = policy_on(world.college.institution.pk, FIRST).model_copy(update={"calendar": calendar})
    started, meetings = [], {}
    for number, (offset, clock, met_after) in enumerate(records):
        deadline = world.start(str(number), clock, FIRST + timedelta(days=offset - 12), policy=policy)
        started.append(deadline)
        if met_after is not None:
            meetings[number] = FIRST + timedelta(days=met_after)
    worked = sorted(FIRST + timedelta(days=day) for day in awake)
    for day in worked:
        for number, met_on in list(meetings.items()):
            if met_on <= day:
                world.meet(str(number), met_on, records[number][1])
                del meetings[number]
        side_by_side(datetime.combine(day, datetime.min.time(), tzinfo=zone))

    entries = list(LedgerEntry.objects.exclude(pk__in=known).order_by("pk"))
    never = FIRST + timedelta(days=10_000)
    for number, deadline in enumerate(started):
        met_after = records[number][2]
        met_on = FIRST + timedelta(days=met_after) if met_after is not None else never
        mine = [entry for entry in entries if entry.subject_id == str(number)]
        ran = [entry for entry in mine if entry.event == "clocks.ran_out"]
        first_chance = next((day for day in worked if day > deadline.due_on), never)
        assert len(ran) == (first_chance < met_on and first_chance != never)
        assert all(entry.at.astimezone(zone).date() == first_chance > deadline.due_on for entry in ran)
        reminded = [entry for entry in mine if entry.event == "clocks.reminded"]
        assert len(reminded) == expected_reminders(deadline, worked, met_on - timedelta(days=1))
        assert Notice.objects.filter(key__startswith=f"clock:{deadline.pk}:2").count() == len(reminded)
    assert verify().ok
