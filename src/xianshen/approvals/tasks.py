from datetime import datetime, timedelta

from xianshen.approvals.services import send_due_reminders
from xianshen.common.ticks import tick


@tick("approvals.due_reminders", every=timedelta(hours=1))
def remind_deciders(now: datetime) -> int:
    return send_due_reminders(now=now)
