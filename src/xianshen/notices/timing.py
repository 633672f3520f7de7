"""When a message goes out: quiet hours, the hour of the daily digest, pauses between attempts."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

#: Pauses after the first, second … failed attempt; the last one repeats until it is given up.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
)


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: longer each time, an hour at most.

    An hour, not more: when a server that was down for a day is back, nobody waits long.
    """
    return PAUSES[min(max(attempts, 1), len(PAUSES)) - 1]


def give_up_after() -> timedelta:
    """Return how long a message is tried before it is given up."""
    return timedelta(days=settings.NOTICES_GIVE_UP_DAYS)


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet hours, from and until a time of day, over midnight if ``until`` is earlier. Equal or empty: none."""

    begin: time | None = None
    end: time | None = None

    def __bool__(self) -> bool:
        return self.begin is not None and self.end is not None and self.begin != self.end

    def includes(self, clock: time) -> bool:
        """Say whether a time of day is quiet; the end itself is not."""
        if self.begin is None or self.end is None or self.begin == self.end:
            return False
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def over(self, moment: datetime) -> datetime:
        """Return the moment, or the end of the quiet hours in which it lies."""
        local = timezone.localtime(moment)
        if self.end is None or not self.includes(local.time()):
            return moment
        return _next(local, self.end)


def next_digest(after: datetime, at: time) -> datetime:
    """Return the next time that the clock shows ``at``, strictly after a moment."""
    return _next(timezone.localtime(after), at)


def _next(local: datetime, clock: time) -> datetime:
    day = local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return day if day > local else day + timedelta(days=1)
