"""Dates and spans of time in words, as the interface writes them.

A deadline given as a date lasts until the end of that day; a deadline at exactly midnight is read as
the end of the day before (今天 24:00 前).
"""

from datetime import date, datetime, time, timedelta

from django.utils import dateformat, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def deadline_parts(value: datetime | date, *, start: bool = False) -> datetime:
    """Return the moment a date or a datetime means: a date counts until its end (from its beginning if ``start``)."""
    if isinstance(value, datetime):
        return value
    day = value if start else value + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time()), timezone.get_current_timezone())


def _last_day(moment: datetime) -> tuple[date, str]:
    """Return the local day on which a deadline falls and its hour as words."""
    local = timezone.localtime(moment)
    if local.time() == time():
        return local.date() - timedelta(days=1), "24:00"
    return local.date(), f"{local:%H:%M}"


def zh_date(value: datetime | date, *, year: bool | None = None, today: date | None = None) -> str:
    """Return 12月30日 (30 Dec in English), with the year when it is another one (or when ``year`` is set)."""
    day = timezone.localtime(value).date() if isinstance(value, datetime) else value
    if year is None:
        year = day.year != (today or timezone.localdate()).year
    # Translators: letters of Django's date filter.
    return dateformat.format(day, _("Y年n月j日") if year else _("n月j日"))


def zh_datetime(value: datetime, *, year: bool | None = None) -> str:
    """Return 12月30日 17:00."""
    return f"{zh_date(value, year=year)} {timezone.localtime(value):%H:%M}"


def _days(count: int) -> str:
    return ngettext("%(count)s 天", "%(count)s 天", count) % {"count": count}


def _hours(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        count = max(minutes, 1)
        return ngettext("%(count)s 分钟", "%(count)s 分钟", count) % {"count": count}
    count = minutes // 60
    return ngettext("%(count)s 小时", "%(count)s 小时", count) % {"count": count}


def time_left(due: datetime | date, now: datetime) -> str:
    """Return 还剩 7 天, 今天 17:00 前, or 逾期 1 天 (hours on the day itself)."""
    moment = deadline_parts(due)
    day, hour = _last_day(moment)
    days = (day - timezone.localtime(now).date()).days
    if moment <= now:
        return _("逾期 %(span)s") % {"span": _days(-days) if days < 0 else _hours(now - moment)}
    if days <= 0:
        return _("今天 %(hour)s 前") % {"hour": hour}
    return _("还剩 %(span)s") % {"span": _days(days)}


def due_words(due: datetime | date, now: datetime) -> str:
    """Return the second line of a clock: 12月30日前, 还剩 3 小时 on the last day, 11月22日应办 when late."""
    moment = deadline_parts(due)
    day, _hour = _last_day(moment)
    shown = zh_date(day, today=timezone.localtime(now).date())
    if moment <= now:
        return _("%(date)s应办") % {"date": shown}
    if day <= timezone.localtime(now).date():
        return _("还剩 %(span)s") % {"span": _hours(moment - now)}
    return _("%(date)s前") % {"date": shown}


def time_ago(value: datetime, now: datetime) -> str:
    """Return 刚刚, 12 分钟前, 3 小时前, 2 天前, and the date after a week."""
    span = now - value
    if span < timedelta(minutes=1):
        return _("刚刚")
    if span < timedelta(days=1):
        return _("%(span)s前") % {"span": _hours(span)}
    if span < timedelta(days=7):
        return _("%(span)s前") % {"span": _days(span.days)}
    return zh_date(value, today=timezone.localdate(now))
