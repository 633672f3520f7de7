"""The college with its people, as the room's pages see it today."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests.factories.registry import College, college
from xianshen.regulation.selectors import forget_policies


@pytest.fixture
def school(db: None) -> Iterator[College]:
    """Return the college, set up now: pages read the clock themselves."""
    forget_policies()
    yield college(timezone.now())
    forget_policies()
