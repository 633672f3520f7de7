"""Carrying out enqueued tasks inside a test's own transaction, where the worker would drop the connection."""

from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult


def carry_out_tasks() -> int:
    """Carry out every task that is due, those that they enqueue included; return how many.

    A task that fails fails the test with its traceback.
    """
    worker = Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="tests",
        excluded_queue_names=[],
    )
    count = 0
    while (task := DBTaskResult.objects.ready().first()) is not None:
        task.claim(worker.worker_id)
        worker.run_task(task)
        task.refresh_from_db()
        assert not task.traceback, task.traceback
        count += 1
    return count
