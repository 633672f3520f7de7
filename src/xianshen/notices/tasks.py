"""What the worker does for notices: look for new ones, send what is due, tidy up."""

from datetime import datetime, timedelta

from django.utils import timezone
from django_tasks import task

from xianshen.common.ticks import tick
from xianshen.notices import queue, services


@tick("notices.send")
def send_due(now: datetime) -> int:
    """Turn new notices into messages and send what is due; return how many messages came to an end."""
    services.recover_claims(now=now)
    services.fan_out(now=now)
    return services.deliver_due(now=now)


@tick("notices.tidy", every=timedelta(days=1))
def tidy(now: datetime) -> int:
    """Forget what was sent long ago."""
    return services.tidy(now=now)


@task()
def deliver_one(delivery_id: int) -> None:
    """Send one message now, for somebody who waits to see whether it arrives. Doing it twice sends once."""
    services.deliver_due(now=timezone.now(), only=delivery_id)


def enqueue(delivery_id: int) -> None:
    """Hand a message to the worker, in the running transaction."""
    deliver_one.enqueue(delivery_id)


queue.connect(enqueue)
