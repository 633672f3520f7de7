"""What time does to the organisation: expired counts and forgotten uploads go."""

from datetime import datetime, timedelta

from xianshen.common.ticks import tick
from xianshen.organisation import services


@tick("organisation.forget_expired", every=timedelta(hours=1))
def forget_expired(now: datetime) -> None:
    """Delete counts of attempts whose time is over, and uploads that nobody confirmed."""
    services.forget_expired(now=now)
