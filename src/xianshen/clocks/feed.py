"""A person's deadlines as a calendar (RFC 5545), for calendar programs to subscribe to."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from xianshen.clocks.models import Deadline
from xianshen.regulation.numerals import article_label
from xianshen.regulation.selectors import policy_version

REFRESH = timedelta(hours=6)


def calendar_of(deadlines: Iterable[Deadline], *, host: str, base: str, now: datetime) -> bytes:
    """Return the calendar; the library folds lines and escapes texts.

    Args:
        deadlines: what concerns the person.
        host: name of the site, for the identity of events.
        base: address of the site, without a slash at the end.
        now: when it was made.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//xianshen//clocks//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("先审时限"))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for deadline in deadlines:
        calendar.add_component(_event(deadline, host=host, base=base, now=now))
    return bytes(calendar.to_ical())


def _event(deadline: Deadline, *, host: str, base: str, now: datetime) -> Event:
    spec = deadline.spec
    article = policy_version(deadline.policy_version_id).rule(deadline.rule).article
    event = Event()
    event.add("uid", f"deadline-{deadline.pk}@{host}")
    event.add("dtstamp", now)
    event.add("dtstart", deadline.due_on)
    event.add("dtend", deadline.due_on + timedelta(days=1))
    # Grows with every extension, so that programs take the new day.
    event.add(
        "sequence",
        (deadline.due_on - deadline.original_due_on).days if deadline.due_on > deadline.original_due_on else 0,
    )
    label = _("逾期：%(what)s") if deadline.ran_out_at else _("截止：%(what)s")
    event.add("summary", label % {"what": deadline.subject_label})
    event.add("description", f"{spec.text}（{article_label(article)}）")
    event.add("url", f"{base}{deadline.url}")
    event.add("transp", "TRANSPARENT")
    return event
