from datetime import datetime, timedelta

from xianshen.assessment.services import enrol_everywhere
from xianshen.common.ticks import tick


@tick("assessment.enrol", every=timedelta(hours=6))
def enrol_new_accounts(now: datetime) -> int:
    """Add accounts that came after a campaign was opened."""
    return enrol_everywhere(now=now)
