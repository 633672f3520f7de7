"""Durations, the institution's calendar, and clocks."""

import calendar as months_of
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from xianshen.regulation.enums import ClockStart, Consequence, Source
from xianshen.regulation.schema.base import Code, ItemId, PolicyModel, Text
from xianshen.regulation.schema.holidays import is_official_workday, is_weekday, official_until
from xianshen.regulation.schema.organisation import UnitRef


class WorkCalendar(PolicyModel):
    """Working days: the country's official ones, less the institution's days off, plus its make-up days.

    Args:
        official: whose holidays and make-up working days (放假调休) hold; ``none``: plainly Monday to Friday.
        days_off: the institution's own days off; they go before the official calendar.
        make_up_workdays: days that the institution works; they go before everything.
    """

    official: Literal["cn", "none"] = "cn"
    days_off: frozenset[date] = frozenset()
    make_up_workdays: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Say whether the institution works on a day; beyond the official calendar, whether it is a weekday."""
        if day in self.make_up_workdays:
            return True
        if day in self.days_off:
            return False
        known = is_official_workday(day) if self.official == "cn" else None
        return is_weekday(day) if known is None else known

    @property
    def known_until(self) -> date | None:
        """The last day for which official holidays are announced; None where none are asked for."""
        return official_until() if self.official == "cn" else None

    def guesses(self, last: date) -> bool:
        """Say whether days up to ``last`` are partly reckoned as plain weekdays, holidays not being announced."""
        known = self.known_until
        return known is not None and last > known


WEEKDAYS = WorkCalendar(official="none")


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, months_of.monthrange(year, month)[1]))


class Duration(PolicyModel):
    """How long a clock runs: exactly one of days, months, working days, or a yearly date.

    Args:
        days: calendar days; the day after the start is day 1.
        months: calendar months; a day that the month lacks becomes its last day (31 January plus one
            month is 28 or 29 February).
        working_days: days that the institution works.
        annual: ``MM-DD``; the first such day on or after the start. ``02-29`` is 28 February in other years.
    """

    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    working_days: Annotated[int, Field(ge=1, le=366)] | None = None
    annual: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.days, self.months, self.working_days, self.annual)) != 1:
            raise ValueError("days、months、working_days、annual 要写一个，且只写一个")
        if self.annual is not None:
            month, day = self._month_day(self.annual)
            if day > months_of.monthrange(2024, month)[1]:
                raise ValueError(f"{self.annual} 不是日历上的日子")
        return self

    @staticmethod
    def _month_day(annual: str) -> tuple[int, int]:
        month, day = annual.split("-")
        return int(month), int(day)

    def due(self, start: date, calendar: WorkCalendar = WEEKDAYS) -> date:
        """Return the last day of the period that begins on ``start``.

        Args:
            start: day of the event that starts the clock.
            calendar: the institution's working days; only ``working_days`` looks at it.
        """
        if self.days is not None:
            return start + timedelta(days=self.days)
        if self.months is not None:
            years, month = divmod(start.month - 1 + self.months, 12)
            return _clamped(start.year + years, month + 1, start.day)
        if self.working_days is not None:
            day, left = start, self.working_days
            while left:
                day += timedelta(days=1)
                left -= calendar.is_workday(day)
            return day
        month, day_of_month = self._month_day(self.annual or "")
        this_year = _clamped(start.year, month, day_of_month)
        return this_year if this_year >= start else _clamped(start.year + 1, month, day_of_month)


class Escalation(PolicyModel):
    """Who above is told that something is not done yet, and when: exactly one of before and after.

    Args:
        before: days before the due date (0 is the day itself).
        after: days after it, while it is still not done.
        position: kind of the position that is told.
        of: whose position: the unit's own, its home unit's, or that of the unit of a kind.
    """

    before: Annotated[int, Field(ge=0, le=366)] | None = None
    after: Annotated[int, Field(ge=1, le=366)] | None = None
    position: Code
    of: UnitRef

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.before is None) == (self.after is None):
            raise ValueError("before、after 要写一个，且只写一个")
        return self

    def day(self, due_on: date) -> date:
        """Return the day on which the escalation happens."""
        return due_on + timedelta(days=self.after if self.after is not None else -(self.before or 0))


class Clock(PolicyModel):
    """A deadline: what starts it, how long it runs, who is reminded when, what happens when it runs out.

    Args:
        id: dotted id by which code asks for it.
        rule: rule behind it.
        source: whether the number stands in the regulation or is the institution's own.
        starts_on: event that starts it.
        duration: how long it runs.
        reminders: days before the due date on which people are reminded, most first.
        escalation: who above is told, before or after the due date.
        consequence: what happens when it runs out, on the day after the due date.
        text: the deadline in words, for people.
    """

    id: ItemId
    rule: ItemId
    source: Source
    starts_on: ClockStart
    duration: Duration
    reminders: tuple[Annotated[int, Field(ge=0, le=366)], ...] = ()
    escalation: tuple[Escalation, ...] = ()
    consequence: Consequence
    text: Text

    @model_validator(mode="after")
    def _reminders_fit(self) -> Self:
        if list(self.reminders) != sorted(set(self.reminders), reverse=True):
            raise ValueError("reminders 要从大到小写，不重复")
        if self.reminders and self.duration.days is not None and self.reminders[0] > self.duration.days:
            raise ValueError("提醒早于时限开始的那一天")
        if len(set(self.escalation)) != len(self.escalation):
            raise ValueError("escalation 里有相同的两项")
        return self
