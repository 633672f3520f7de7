"""The way from a service to the task that carries out its work: services do not know tasks.

``tasks.py`` puts its enqueuing function here when the room is made ready.
"""

from collections.abc import Callable

_enqueue: list[Callable[[int], object]] = []


def connect(enqueue: Callable[[int], object]) -> None:
    """Say how a document is handed to the worker."""
    _enqueue[:] = [enqueue]


def hand_over(document_id: int) -> None:
    """Enqueue rendering and signing of a document, in the running transaction."""
    for enqueue in _enqueue:
        enqueue(document_id)
