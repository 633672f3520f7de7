"""The work of a person (待办), gathered from the rooms that register a provider.

Rooms lie below web, so ``web.apps`` registers the providers of ``web.work`` for all of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.functional import Promise

from xianshen.organisation.selectors import Grants

if TYPE_CHECKING:
    from xianshen.organisation.models import Person

Text = str | Promise


class Group(StrEnum):
    """When something is to be done, seen from today."""

    NOW = "now"
    WEEK = "week"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class TodoItem:
    """One thing a person must do now.

    Args:
        what: the task as a sentence that begins with a verb.
        why: why it is theirs, and what happens otherwise.
        url: where it is done.
        action: verb of the button.
        rule: id of the rule behind it, or "".
        due: when it must be done, if there is a clock.
        start: when the clock began.
        soon_from: the policy's first urgent reminder point.
        key: stable key of the task.
    """

    what: Text
    why: Text
    url: str
    action: Text
    rule: str = ""
    due: datetime | None = None
    start: datetime | None = None
    soon_from: datetime | None = None
    key: str = ""

    def group(self, now: datetime) -> Group:
        """Return the group: late or today, within seven days, or later (also without a clock)."""
        if self.due is None:
            return Group.LATER
        days = (timezone.localdate(self.due) - timezone.localdate(now)).days
        return Group.NOW if days <= 0 else Group.WEEK if days <= 7 else Group.LATER

    def late(self, now: datetime) -> bool:
        """Say whether the clock has run out."""
        return self.due is not None and self.due <= now


Todos = Callable[["Person", Grants, datetime], Iterable[TodoItem]]
Count = Callable[["Person", Grants, datetime], int]


@dataclass(frozen=True, slots=True)
class Provider:
    """Where tasks come from.

    Args:
        code: name of the provider, and key of its count in the navigation.
        todos: the tasks of a person, bounded.
        count: how many there are, in one query; without it nothing is counted.
    """

    code: str
    todos: Todos
    count: Count | None = None


_providers: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Register a provider; the same code again replaces it."""
    _providers[provider.code] = provider


def providers() -> Sequence[Provider]:
    """Return the providers in the order of their registration."""
    return tuple(_providers.values())


def todos_of(person: "Person", grants: Grants, now: datetime) -> list[TodoItem]:
    """Return everything the person must do now, the most urgent first; tasks without a clock come last."""
    items = [item for provider in providers() for item in provider.todos(person, grants, now)]
    return sorted(items, key=lambda item: (item.due is None, item.due or now))


def counts_of(person: "Person", grants: Grants, now: datetime) -> dict[str, int]:
    """Return how many tasks each provider has for the person."""
    return {one.code: one.count(person, grants, now) for one in providers() if one.count is not None}
