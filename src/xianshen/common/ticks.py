"""Work that the passing of time starts: rooms declare it in their ``tasks.py``, the worker carries it out.

A tick gets the time as an argument, so that tests can pass any. It must be repeatable: when two
workers run, or one was down for a day, it does what is due and nothing twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

Work = Callable[[datetime], object]


@dataclass(frozen=True, slots=True)
class Tick:
    """Something to be done again and again.

    Args:
        name: dotted, with the room in front, e.g. ``registry.due_clocks``.
        every: how often.
        run: called with the current aware time.
    """

    name: str
    every: timedelta
    run: Work

    def slot(self, now: datetime) -> int:
        """Return the number of the period in which ``now`` lies: one run per slot, whoever does it."""
        return int(now.timestamp() // self.every.total_seconds())


_ticks: dict[str, Tick] = {}


def tick(name: str, *, every: timedelta = timedelta(minutes=1)) -> Callable[[Work], Work]:
    """Declare the decorated function as a tick. A name declared twice is a programming error.

    Raises:
        ValueError: the name is taken, or the period is under a minute (the worker looks once a minute).
    """
    if every < timedelta(minutes=1):
        raise ValueError(f"tick {name}: the worker looks once a minute")

    def declare(run: Work) -> Work:
        if name in _ticks:
            raise ValueError(f"tick {name} is declared twice")
        _ticks[name] = Tick(name, every, run)
        return run

    return declare


def ticks() -> list[Tick]:
    """Return every declared tick, in the order of their names."""
    return [_ticks[name] for name in sorted(_ticks)]
