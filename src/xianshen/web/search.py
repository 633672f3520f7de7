"""Search over everything that rooms offer: each registers a provider for its own records."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found.

    Args:
        title: its name.
        url: its page.
        sub: identifier, unit or first words, shown after it.
        face: its state, if it has one (``common.states.Face``).
    """

    title: Text
    url: str
    sub: Text = ""
    face: Any = None


Find = Callable[[HttpRequest, str, int], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Provider:
    """Where hits come from.

    Args:
        code: name of the provider.
        label: heading of its hits, e.g. 账号.
        find: takes the request (who asks, and their grants), the query and the limit; returns only
            what this person may see.
        public: also for people who have not signed in.
    """

    code: str
    label: Text
    find: Find
    public: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one provider."""

    code: str
    label: Text
    hits: Sequence[Hit]
    more: bool


_providers: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Register a provider; the same code again replaces it."""
    _providers[provider.code] = provider


def providers() -> Sequence[Provider]:
    """Return the providers in the order of their registration."""
    return tuple(_providers.values())


def search(request: HttpRequest, query: str, *, limit: int = 10) -> list[Found]:
    """Return what each provider finds, at most ``limit`` records each."""
    query = " ".join(query.split())
    if not query:
        return []
    results = []
    for provider in providers():
        if not provider.public and not request.user.is_authenticated:
            continue
        hits = list(provider.find(request, query, limit + 1))
        if hits:
            results.append(Found(provider.code, provider.label, hits[:limit], len(hits) > limit))
    return results
