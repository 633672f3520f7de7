"""Playing the clocks forward: what will happen by itself, when, to which record, by which article.

The acts are the real ones, carried out on a copy (:mod:`xianshen.clocks.copying`), so that what follows from a
consequence follows here too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Min
from django.utils import timezone

from xianshen.clocks.models import Deadline
from xianshen.clocks.services import run_due
from xianshen.ledger.selectors import entries_since, newest_key

KINDS = {"clocks.reminded": "reminder", "clocks.escalated": "escalation", "clocks.ran_out": "consequence"}
FAILURE = "failure"
EFFECT = "effect"
FIRST_RUN = time(0, 5)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that will happen by itself.

    Args:
        day: when.
        kind: reminder, escalation, consequence, effect (what a consequence brought about) or failure.
        institution: code of the institution.
        record: the record, as shown on that day.
        article: number of the article, or None.
        text: what happens, in words.
    """

    day: date
    kind: str
    institution: str
    record: str
    article: int | None
    text: str


def simulate(*, start: datetime, days: int) -> Iterator[Happening]:
    """Carry out what falls due on each of the days, beginning with today; works on the database it finds.

    Args:
        start: the present moment.
        days: how many days to play forward.
    """
    zone = timezone.get_current_timezone()
    day: date | None = timezone.localdate(start)
    last = timezone.localdate(start) + timedelta(days=days)
    seen = newest_key()
    failed: set[int] = set()
    moment = start
    while day is not None and day <= last:
        run_due(moment)
        for entry in entries_since(seen):
            seen = entry.pk
            kind = KINDS.get(entry.event, EFFECT)
            yield Happening(day, kind, entry.institution, entry.subject_label, entry.article, str(entry.sentence))
        failing = Deadline.objects.filter(failures__gt=0).exclude(pk__in=failed).select_related("institution")
        for deadline in failing.order_by("pk"):
            failed.add(deadline.pk)
            yield Happening(
                day, FAILURE, deadline.institution.code, deadline.subject_label, None, deadline.last_failure
            )
        day = _next_day(day)
        if day is not None:
            moment = datetime.combine(day, FIRST_RUN, tzinfo=zone)


def _next_day(day: date) -> date | None:
    """Return the next day on which anything is due: tomorrow while something failed; None when nothing ever is."""
    tomorrow = day + timedelta(days=1)
    if Deadline.objects.filter(next_step_on__lte=day).exists():
        return tomorrow
    found: date | None = Deadline.objects.filter(next_step_on__gt=day).aggregate(day=Min("next_step_on"))["day"]
    return found
