from datetime import datetime, timedelta

from xianshen.clocks import services
from xianshen.common.ticks import tick


@tick("clocks.run_due")
def run_due(now: datetime) -> object:
    return services.run_due(now)


@tick("clocks.reckon_again", every=timedelta(days=1))
def reckon_again(now: datetime) -> int:
    return services.reckon_again(now)
