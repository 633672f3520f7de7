"""Dates in words, over midnight, the end of February and the turn of the year."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xianshen.common.zhdates import due_words, time_ago, time_left, zh_date, zh_datetime

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("due", "now", "left", "below"),
    [
        (at(2028, 3, 1), at(2028, 2, 28, 23, 59), "还剩 1 天", "2月29日前"),
        (at(2027, 3, 1), at(2027, 2, 28, 23, 59), "今天 24:00 前", "还剩 1 分钟"),
        (date(2028, 2, 29), at(2028, 2, 29, 12), "今天 24:00 前", "还剩 12 小时"),
        (date(2028, 2, 29), at(2028, 3, 1), "逾期 1 天", "2月29日应办"),
        (at(2027, 1, 1, 0, 30), at(2026, 12, 31, 23, 30), "还剩 1 天", "2027年1月1日前"),
        (at(2026, 12, 31, 23, 30), at(2027, 1, 1, 0, 30), "逾期 1 天", "2026年12月31日应办"),
        (at(2026, 9, 14, 17), at(2026, 9, 14, 17, 0), "逾期 1 分钟", "9月14日应办"),
        (at(2026, 9, 14, 17), at(2026, 9, 14, 20, 5), "逾期 3 小时", "9月14日应办"),
    ],
)
def test_deadlines_in_words(due: datetime | date, now: datetime, left: str, below: str) -> None:
    assert time_left(due, now) == left
    assert due_words(due, now) == below


def test_the_day_is_the_day_in_shanghai() -> None:
    assert zh_date(datetime(2026, 9, 13, 16, 30, tzinfo=UTC), today=date(2026, 9, 14)) == "9月14日"
    assert zh_datetime(datetime(2026, 9, 13, 16, 30, tzinfo=UTC), year=True) == "2026年9月14日 00:30"


def test_the_year_shows_only_when_it_is_another_one() -> None:
    assert zh_date(date(2026, 12, 30), today=date(2026, 1, 1)) == "12月30日"
    assert zh_date(date(2026, 12, 30), today=date(2027, 1, 1)) == "2026年12月30日"
    assert zh_date(date(2026, 12, 30), year=True) == "2026年12月30日"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=20), "刚刚"),
        (timedelta(minutes=12), "12 分钟前"),
        (timedelta(hours=3), "3 小时前"),
        (timedelta(days=2), "2 天前"),
        (timedelta(days=8), "9月6日"),
        (timedelta(days=300), "2025年11月18日"),
    ],
)
def test_time_ago(span: timedelta, words: str) -> None:
    now = at(2026, 9, 14, 12)
    assert time_ago(now - span, now) == words


moments = st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2034, 1, 1), timezones=st.just(SHANGHAI))


@given(moments, moments)
def test_late_means_that_the_moment_has_passed(due: datetime, now: datetime) -> None:
    assert time_left(due, now).startswith("逾期") is (due <= now)


@given(st.dates(min_value=date(2024, 1, 1), max_value=date(2034, 1, 1)), moments)
def test_a_day_lasts_until_its_end(due: date, now: datetime) -> None:
    assert time_left(due, now).startswith("逾期") is (due < now.date())
    assert time_left(due, now).startswith("今天") is (due == now.date())
