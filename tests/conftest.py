"""Fixtures for every room's tests."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client

from tests.support.emptying import quick_emptying
from tests.support.queries import assert_queries_constant
from tests.support.tasks import carry_out_tasks
from tests.support.writes import Watch, watch

# Playwright's event loop runs in the thread that also asks the database in browser tests.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


#: Fixtures with which a test reaches the database; pytest-django refuses it to all others.
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that cannot reach the database: they are the same on every kind of it."""
    for item in items:
        asked = DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if not asked and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.no_database)


@pytest.fixture(scope="session")
def _watch() -> Iterator[Watch]:
    with watch() as state:
        yield state


@pytest.fixture(scope="session", autouse=True)
def _quick_emptying() -> Iterator[None]:
    with quick_emptying():
        yield


@pytest.fixture(autouse=True)
def _writes_stay_inside_acts(request: pytest.FixtureRequest, _watch: Watch) -> Iterator[None]:
    """Fail a test whose requests write a room's tables outside an act (see :mod:`tests.support.writes`)."""
    _watch.found.clear()
    _watch.active = request.node.get_closest_marker("writes_outside_acts") is None
    yield
    assert not _watch.found, "\n".join(_watch.found)


@pytest.fixture(autouse=True)
def _fresh_cache(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Empty the cache after tests that really commit; in the others it is rolled back with everything else."""
    yield
    if {"transactional_db", "live_server"} & set(request.fixturenames):
        with django_db_blocker.unblock():
            cache.clear()


@pytest.fixture(autouse=True)
def _fresh_policies() -> Iterator[None]:
    """Forget which policy versions this process has seen: a rolled back test's version is nobody's."""
    from xianshen.regulation.selectors import forget_policies

    yield
    forget_policies()


@pytest.fixture
def client_of() -> Callable[[Any], Client]:
    """Return a client signed in as the given person."""

    def sign_in(person: Any) -> Client:
        client = Client()
        client.force_login(person, backend=django_settings.AUTHENTICATION_BACKENDS[0])
        return client

    return sign_in


@pytest.fixture
def run_tasks(db: None) -> Callable[[], int]:
    """Return :func:`tests.support.tasks.carry_out_tasks`."""
    return carry_out_tasks


@pytest.fixture
def queries_constant() -> Callable[..., int]:
    """Return :func:`tests.support.queries.assert_queries_constant`."""
    return assert_queries_constant


@pytest.fixture
def now() -> datetime:
    """Return a fixed moment: a Monday at noon in term time."""
    return datetime(2026, 9, 14, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start the browser once for all tests of this process."""
    from tests.support.browser import launched

    with launched() as running:
        yield running


@pytest.fixture
def pages(browser: Any, live_server: Any) -> Iterator[Any]:
    """Open pages on the live server: ``pages(person, width=390)``. Any error in one fails the test."""
    from tests.support.browser import Pages, counted_answers

    with counted_answers() as answers:
        opened = Pages(browser, live_server.url, answers)
        yield opened
        opened.close()


@pytest.fixture
def page(pages: Any) -> Any:
    """Return a page at desktop width, not signed in."""
    return pages()


@pytest.fixture
def college(db: None, now: datetime) -> Any:
    """Return a small college under the shcc pack; see :mod:`tests.support.college`."""
    from tests.support.college import build_college

    return build_college(now)
