"""The way from a service to the task that sends one message at once: services do not know tasks.

``tasks.py`` puts its enqueuing function here when the worker or the site is made ready.
"""

from collections.abc import Callable

_enqueue: list[Callable[[int], object]] = []


def connect(enqueue: Callable[[int], object]) -> None:
    """Say how a delivery is handed to the worker."""
    _enqueue[:] = [enqueue]


def hand_over(delivery_id: int) -> None:
    """Have a delivery sent as soon as the running transaction is over."""
    for enqueue in _enqueue:
        enqueue(delivery_id)
