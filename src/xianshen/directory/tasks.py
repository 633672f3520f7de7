"""What the passing of time starts in this room."""

from datetime import datetime, timedelta

from xianshen.common.ticks import tick
from xianshen.directory.services import forget_sources


@tick("directory.forget_sources", every=timedelta(hours=1))
def forget(now: datetime) -> int:
    """Erase digests of reporters' addresses after a day; return how many."""
    return forget_sources(now=now)
