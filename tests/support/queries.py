"""Lists ask the database a fixed number of questions, however long they are."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def count_queries(action: Callable[[], object]) -> list[str]:
    """Run the action and return the statements that it sent."""
    with CaptureQueriesContext(connection) as captured:
        action()
    return [query["sql"] for query in captured.captured_queries]


def _fewest(action: Callable[[], object]) -> list[str]:
    """Return the shorter of two runs: what a process knows of the policy is looked at again every few seconds."""
    return min((count_queries(action) for _run in range(2)), key=len)


def assert_queries_constant(action: Callable[[], object], grow: Callable[[], object], *, at_most: int = 0) -> int:
    """Assert that the action sends as many statements after ``grow`` as before; return how many.

    Args:
        action: renders the list, usually a request; run once beforehand to warm caches.
        grow: makes the list longer (from one row to thirty, say).
        at_most: an upper bound as well, when given.
    """
    action()
    before = _fewest(action)
    grow()
    action()
    after = _fewest(action)
    extra = [sql for sql in after if after.count(sql) > before.count(sql)]
    assert len(after) == len(before), f"{len(before)} queries became {len(after)}; new:\n" + "\n".join(extra[:20])
    if at_most:
        assert len(after) <= at_most, f"{len(after)} queries, at most {at_most}:\n" + "\n".join(after)
    return len(after)
