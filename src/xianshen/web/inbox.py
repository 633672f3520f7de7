"""The work of a person (待办), gathered from the rooms that register a provider.

Rooms lie below web, so ``web.apps`` registers the providers of ``web.work`` for all of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from django.http import HttpRequest
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
        quiet: not to be done yet; it only stands on the time ruler.
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
    quiet: bool = False

    def group(self, now: datetime) -> Group:
        """Return the group: late or today, within seven days, or later (also without a clock)."""
        if self.due is None:
            return Group.LATER
        days = (timezone.localdate(self.due - timedelta(microseconds=1)) - timezone.localdate(now)).days
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
        most: how many ``todos`` lists at most; fewer than that are all there are.
    """

    code: str
    todos: Todos
    count: Count | None = None
    most: int = 0


_providers: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Register a provider; the same code again replaces it."""
    _providers[provider.code] = provider


def providers() -> Sequence[Provider]:
    """Return the providers in the order of their registration."""
    return tuple(_providers.values())


class Work:
    """What a person has to do now; the workbench lists it and the navigation counts it in the same request.

    Args:
        person: whose work.
        grants: what they may do today.
        now: the moment.
    """

    def __init__(self, person: "Person", grants: Grants, now: datetime) -> None:
        self.person = person
        self.grants = grants
        self.now = now
        self._listed: dict[str, list[TodoItem]] = {}

    @property
    def todos(self) -> list[TodoItem]:
        """Everything to be done, the most urgent first; tasks without a clock come last."""
        return [item for item in self.ahead if not item.quiet]

    @cached_property
    def ahead(self) -> list[TodoItem]:
        """Everything to be done, and what is only to come."""
        for provider in providers():
            self._listed[provider.code] = list(provider.todos(self.person, self.grants, self.now))
        items = [item for listed in self._listed.values() for item in listed]
        return sorted(items, key=lambda item: (item.due is None, item.due or self.now))

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many tasks each provider that counts has; what has been listed in full is not asked again."""
        return {one.code: self._count(one, one.count) for one in providers() if one.count is not None}

    def _count(self, provider: Provider, count: Count) -> int:
        listed = self._listed.get(provider.code)
        if listed is not None and len(listed) < provider.most:
            return len(listed)
        return count(self.person, self.grants, self.now)


def work_of(request: HttpRequest) -> Work:
    """Return the work of the signed-in person, the same object throughout a request."""
    work: Work | None = getattr(request, "_work", None)
    if work is None:
        work = Work(request.user, request.grants, request.now)  # type: ignore[attr-defined, arg-type]
        request._work = work  # type: ignore[attr-defined]
    return work
