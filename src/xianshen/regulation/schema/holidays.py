"""China's official holidays and make-up working days (国务院放假安排), from the library ``chinesecalendar``.

The arrangement for a year is announced late in the year before, and a release of the library follows it. For
a year that the library does not know, nothing is made up: the answer is None.
"""

from datetime import date
from functools import lru_cache

SATURDAY = 5


def is_weekday(day: date) -> bool:
    """Say whether a day is one of Monday to Friday."""
    return day.weekday() < SATURDAY


@lru_cache(maxsize=1)
def _years() -> tuple[int, int]:
    import chinese_calendar

    years = {day.year for day in chinese_calendar.holidays}
    return min(years), max(years)


def official_until() -> date:
    """Return the last day for which the official arrangement is known here."""
    return date(_years()[1], 12, 31)


def is_official_workday(day: date) -> bool | None:
    """Say whether a day is worked by the official arrangement; None for a year that is not known.

    Args:
        day: the day.
    """
    import chinese_calendar

    first, last = _years()
    return bool(chinese_calendar.is_workday(day)) if first <= day.year <= last else None
