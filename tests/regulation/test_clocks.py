"""Durations: due dates at the ends of months, on leap days, and by working days."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.factories.regulation import OTHER, pack_at
from xianshen.regulation.commands import calendar_warnings
from xianshen.regulation.schema import Clock, Duration, WorkCalendar

DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
CALENDARS = st.builds(
    WorkCalendar,
    days_off=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20),
    make_up_workdays=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=10),
)


@pytest.mark.parametrize(
    ("months", "start", "due"),
    [
        (1, date(2027, 1, 31), date(2027, 2, 28)),
        (1, date(2028, 1, 31), date(2028, 2, 29)),
        (1, date(2026, 12, 31), date(2027, 1, 31)),
        (1, date(2026, 9, 1), date(2026, 10, 1)),
        (12, date(2028, 2, 29), date(2029, 2, 28)),
        (24, date(2026, 2, 28), date(2028, 2, 28)),
        (14, date(2026, 12, 30), date(2028, 2, 29)),
    ],
)
def test_month_that_lacks_the_day_ends_on_its_last(months: int, start: date, due: date) -> None:
    assert Duration(months=months).due(start) == due


@pytest.mark.parametrize(
    ("annual", "start", "due"),
    [
        ("12-30", date(2026, 1, 1), date(2026, 12, 30)),
        ("12-30", date(2026, 12, 30), date(2026, 12, 30)),
        ("12-30", date(2026, 12, 31), date(2027, 12, 30)),
        ("02-29", date(2027, 1, 1), date(2027, 2, 28)),
        ("02-29", date(2027, 3, 1), date(2028, 2, 29)),
        ("02-29", date(2028, 2, 29), date(2028, 2, 29)),
    ],
)
def test_annual_date_is_the_next_one(annual: str, start: date, due: date) -> None:
    assert Duration(annual=annual).due(start) == due


def test_working_days_follow_the_institutions_calendar() -> None:
    policy = pack_at(OTHER).policies[0]
    assert policy.due("filing.change", date(2026, 9, 29)) == date(2026, 10, 9)  # 30 Sep, 8 and 9 Oct
    assert policy.due("filing.change", date(2026, 10, 8)) == date(2026, 10, 12)  # 9, 10 (made up) and 12 Oct
    assert Duration(working_days=3).due(date(2026, 9, 29)) == date(2026, 10, 2)


def test_official_holidays_and_make_up_days_hold_unless_the_institution_says_otherwise() -> None:
    official = WorkCalendar()
    assert not official.is_workday(date(2026, 10, 5))
    assert official.is_workday(date(2026, 10, 10))
    assert official.is_workday(date(2026, 9, 20))
    own = WorkCalendar(days_off=frozenset({date(2026, 10, 10)}), make_up_workdays=frozenset({date(2026, 10, 5)}))
    assert own.is_workday(date(2026, 10, 5))
    assert not own.is_workday(date(2026, 10, 10))
    assert WorkCalendar(official="none").is_workday(date(2026, 10, 5))


def test_year_without_announced_holidays_is_said_not_guessed() -> None:
    pack = pack_at(OTHER)
    calendar = pack.policies[0].calendar
    assert calendar.known_until is not None
    assert not calendar.guesses(calendar.known_until)
    assert calendar.guesses(calendar.known_until + timedelta(days=1))
    assert calendar_warnings(pack, calendar.known_until)
    assert not calendar_warnings(pack, calendar.known_until - timedelta(days=400))


@given(DAYS, st.integers(1, 400))
def test_days_are_counted_from_the_day_after(start: date, days: int) -> None:
    assert Duration(days=days).due(start) == start + timedelta(days=days)


@given(DAYS, st.integers(1, 60))
def test_months_land_in_the_right_month(start: date, months: int) -> None:
    due = Duration(months=months).due(start)
    assert (due.year * 12 + due.month) - (start.year * 12 + start.month) == months
    assert due.day == min(start.day, monthrange(due.year, due.month)[1])


@given(DAYS, DAYS, st.integers(1, 60))
def test_later_start_is_never_due_earlier(one: date, other: date, months: int) -> None:
    early, late = sorted((one, other))
    duration = Duration(months=months)
    assert duration.due(early) <= duration.due(late)


@given(DAYS, st.dates(date(2024, 1, 1), date(2024, 12, 31)))
def test_annual_date_is_within_a_year_and_repeats(start: date, day: date) -> None:
    duration = Duration(annual=f"{day:%m-%d}")
    due = duration.due(start)
    assert start <= due <= start + timedelta(days=366)
    assert duration.due(due) == due


@given(st.dates(date(2026, 1, 1), date(2026, 11, 30)), st.integers(1, 15), CALENDARS)
def test_working_days_are_all_worked(start: date, count: int, calendar: WorkCalendar) -> None:
    due = Duration(working_days=count).due(start, calendar)
    between = [start + timedelta(days=offset) for offset in range(1, (due - start).days + 1)]
    assert calendar.is_workday(due)
    assert sum(calendar.is_workday(day) for day in between) == count


@pytest.mark.parametrize(
    "fields", [{}, {"days": 1, "months": 1}, {"days": 0}, {"annual": "13-01"}, {"annual": "04-31"}, {"months": -1}]
)
def test_duration_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Duration.model_validate(fields)


def test_clock_needs_a_consequence() -> None:
    fields = {"id": "a.b", "rule": "a.b", "source": "regulation", "starts_on": "change", "duration": {"days": 7}}
    with pytest.raises(ValidationError, match="consequence"):
        Clock.model_validate({**fields, "text": "一周内备案。"})
