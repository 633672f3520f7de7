"""``xianshen worker``: carry out enqueued tasks, and once a minute what the passing of time starts."""

import argparse
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.core.management import call_command
from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.module_loading import autodiscover_modules
from django_tasks.base import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from xianshen.common.ticks import Tick, tick, ticks

logger = logging.getLogger(__name__)

#: A worker is taken for dead when it has not been heard of for this long.
SILENCE = timedelta(minutes=3)
#: A task that has killed this many workers is not tried again.
ATTEMPTS = 3


def add_commands(subparsers: Any) -> None:
    """Offer ``worker``."""
    parser = subparsers.add_parser("worker", help="run tasks and clocks")
    parser.add_argument("--once", action="store_true", help="do what is due now, then end")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between looks for tasks (default 1)")
    parser.set_defaults(run=work)


def work(options: argparse.Namespace) -> int:
    """Run until stopped by a signal; with ``--once`` until nothing is left to do."""
    discover()
    name = get_random_string(32)
    if options.once:
        run_due(timezone.now(), name)
        carry_out_all(name)
        return 0
    logging.getLogger("django_tasks_db").setLevel(logging.ERROR)
    worker = _worker(name, interval=options.interval, batch=False)
    worker.configure_signals()
    threading.Thread(target=_watch_the_clock, args=(name,), name="clock", daemon=True).start()
    worker.run()
    return 0


def carry_out_all(name: str) -> None:
    """Carry out enqueued tasks until none is left, those that they enqueue included."""
    _worker(name, interval=0, batch=True).run()


def _worker(name: str, *, interval: float, batch: bool) -> Worker:
    return Worker(
        queue_names=["*"],
        interval=interval,
        batch=batch,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=name,
        excluded_queue_names=[],
    )


def discover() -> None:
    """Import every room's ``tasks`` module, so that its tasks and ticks are known."""
    autodiscover_modules("tasks")


def run_due(now: datetime, worker: str) -> list[str]:
    """Run every tick whose period has no run yet, whichever worker would do it; return their names.

    A tick that fails is logged and tried again a minute later; the others are not affected.
    """
    cache.set(f"worker:{worker}", now.timestamp(), timeout=int(SILENCE.total_seconds()))
    done = []
    for due in ticks():
        lease = f"tick:{due.name}:{due.slot(now)}"
        if not cache.add(lease, worker, timeout=int(due.every.total_seconds()) * 2):
            continue
        try:
            due.run(now)
        except Exception:
            logger.exception("tick %s failed; it is tried again in a minute", due.name)
            cache.delete(lease)
        else:
            done.append(due.name)
    return done


def _watch_the_clock(worker: str) -> None:
    """Look at the clock at every full minute, for ever."""
    pause = threading.Event()
    while True:
        close_old_connections()
        try:
            run_due(timezone.now(), worker)
        except Exception:
            logger.exception("the clock could not be watched; next look in a minute")
        finally:
            connection.close()
        pause.wait(60 - datetime.now(UTC).timestamp() % 60)


@tick("tasks.recover")
def recover_orphans(now: datetime) -> int:
    """Give the tasks of workers that died back to the queue; return how many.

    A task that has already cost three workers their lives is marked as failed instead.
    """
    recovered = 0
    with transaction.atomic():
        running = DBTaskResult.objects.running().filter(started_at__lt=now - SILENCE)
        for task in running.select_for_update(skip_locked=True):
            if any(cache.get(f"worker:{worker}") for worker in task.worker_ids[-1:]):
                continue
            again = len(task.worker_ids) < ATTEMPTS
            task.status = TaskResultStatus.READY if again else TaskResultStatus.FAILED
            task.finished_at = None if again else now
            task.traceback = "" if again else "The worker ended while it ran this task, three times."
            task.save(update_fields=["status", "finished_at", "traceback"])
            logger.warning("task %s lost its worker: %s", task.pk, "queued again" if again else "given up")
            recovered += 1
    return recovered


@tick("tasks.tidy", every=timedelta(days=1))
def tidy(now: datetime) -> None:
    """Remove finished tasks of the last fortnights and expired sessions."""
    call_command("prune_db_task_results", verbosity=0, queue_name="*", min_age_days=14, failed_min_age_days=90)
    call_command("clearsessions")


__all__ = ["Tick", "add_commands", "discover", "recover_orphans", "run_due", "tidy", "work"]
