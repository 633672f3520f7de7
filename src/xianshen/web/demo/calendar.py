"""When the demonstration's history happened: working days before now, in order, never in the future."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone

#: Days of history when the regulation has been in force for so long; less is stretched over what there is.
SPAN = 80
#: Between two steps of a story that would fall on the same hour.
PAUSE = timedelta(minutes=40)

Happening = Callable[[datetime], object]


@dataclass(slots=True)
class History:
    """Things that happened, told with their distance from now, carried out in order.

    Args:
        now: the end of the history.
        begins: first day on which something may happen.
    """

    now: datetime
    begins: date
    _plan: list[tuple[datetime, int, Happening]] = field(default_factory=list)
    _told: dict[str, datetime] = field(default_factory=dict)

    def moment(self, days_ago: float, hour: int = 10, minute: int = 0) -> datetime:
        """Return a moment so many days ago, on a working day, squeezed when there are fewer days than that."""
        today = timezone.localdate(self.now)
        span = (today - self.begins).days
        day = today - timedelta(days=round(days_ago * min(1.0, span / SPAN)))
        while day.weekday() >= 5 and day > self.begins and days_ago > 0:
            day -= timedelta(days=1)
        wanted = timezone.make_aware(datetime.combine(max(day, self.begins), time(hour, minute)))
        return min(wanted, self.now - timedelta(minutes=1))

    def then(self, days_ago: float, happening: Happening, hour: int = 10, minute: int = 0, *, story: str = "") -> None:
        """Note something that happened.

        Args:
            days_ago, hour, minute: see :meth:`moment`.
            happening: what happened, called with the time.
            story: what belongs together and happened in the order in which it is noted.
        """
        at = self.moment(days_ago, hour, minute)
        if story in self._told and at <= self._told[story]:
            at = min(self._told[story] + PAUSE, self.now)
        if story:
            self._told[story] = at
        self._plan.append((at, len(self._plan), happening))

    def run(self) -> None:
        """Carry everything out in order of time."""
        for at, _order, happening in sorted(self._plan, key=lambda one: one[:2]):
            happening(at)
