"""What the passing of time starts: a version whose first day has come."""

from datetime import datetime, timedelta

from xianshen.common.ticks import tick
from xianshen.regulation.services import bring_into_force


@tick("regulation.bring_into_force", every=timedelta(minutes=5))
def begin_versions(now: datetime) -> list[str]:
    """Bring versions into force on their first day."""
    return bring_into_force(now=now)
