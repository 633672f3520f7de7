"""Durations, the institution's calendar, and clocks."""

import calendar as months_of
from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from xianshen.regulation.enums import ClockStart, Consequence, Source
from xianshen.regulation.schema.base import ItemId, PolicyModel, Text

SATURDAY = 5


class WorkCalendar(PolicyModel):
    """Working days: Monday to Friday, less the days off, plus the make-up working days.

    Args:
        days_off: holidays of the institution that fall on Monday to Friday.
        make_up_workdays: Saturdays and Sundays that are worked (调休).
    """

    days_off: frozenset[date] = frozenset()
    make_up_workdays: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        if day in self.make_up_workdays:
            return True
        return day.weekday() < SATURDAY and day not in self.days_off


WEEKDAYS = WorkCalendar()


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


class Clock(PolicyModel):
    """A deadline: what starts it, how long it runs, who is reminded when, what happens when it runs out.

    Args:
        id: dotted id by which code asks for it.
        rule: rule behind it.
        source: whether the number stands in the regulation or is the institution's own.
        starts_on: event that starts it.
        duration: how long it runs.
        reminders: days before the due date on which people are reminded, most first.
        consequence: what happens when it runs out.
        text: the deadline in words, for people.
    """

    id: ItemId
    rule: ItemId
    source: Source
    starts_on: ClockStart
    duration: Duration
    reminders: tuple[Annotated[int, Field(ge=0, le=366)], ...] = ()
    consequence: Consequence
    text: Text

    @model_validator(mode="after")
    def _reminders_fit(self) -> Self:
        if list(self.reminders) != sorted(set(self.reminders), reverse=True):
            raise ValueError("reminders 要从大到小写，不重复")
        if self.reminders and self.duration.days is not None and self.reminders[0] > self.duration.days:
            raise ValueError("提醒早于时限开始的那一天")
        return self
