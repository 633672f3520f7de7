"""The worker's clock: each tick once a period, failures again, lost tasks back into the queue."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django_tasks import task
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from xianshen.cli import worker
from xianshen.common import ticks as registry
from xianshen.common.ticks import tick, ticks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_ticks", {})


def test_tick_runs_once_a_period_whoever_asks(now: datetime) -> None:
    seen: list[datetime] = []
    tick("tests.hourly", every=timedelta(hours=1))(seen.append)
    assert worker.run_due(now, "first") == ["tests.hourly"]
    assert worker.run_due(now, "second") == []
    assert worker.run_due(now + timedelta(minutes=59), "second") == []
    assert worker.run_due(now + timedelta(hours=1), "second") == ["tests.hourly"]
    assert seen == [now, now + timedelta(hours=1)]


def test_failed_tick_is_tried_again_and_stops_no_other(now: datetime, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[str] = []

    @tick("tests.a_fails", every=timedelta(days=1))
    def fail(_now: datetime) -> None:
        calls.append("fail")
        raise RuntimeError("no luck")

    tick("tests.b_works")(lambda _now: calls.append("work"))
    assert worker.run_due(now, "one") == ["tests.b_works"]
    assert "tick tests.a_fails failed" in caplog.text
    worker.run_due(now + timedelta(minutes=1), "one")
    assert calls == ["fail", "work", "fail", "work"]


def test_tick_names_are_unique_and_periods_long_enough() -> None:
    tick("tests.one")(lambda _now: None)
    with pytest.raises(ValueError, match="declared twice"):
        tick("tests.one")(lambda _now: None)
    with pytest.raises(ValueError, match="looks once a minute"):
        tick("tests.two", every=timedelta(seconds=1))
    assert [one.name for one in ticks()] == ["tests.one"]


@task
def add(a: int, b: int) -> int:
    return a + b


def lost_task(now: datetime, workers: list[str], minutes: int = 10) -> DBTaskResult:
    """Return a task that a worker claimed and did not finish."""
    row = DBTaskResult.objects.get(pk=add.enqueue(1, 2).id)
    row.status, row.started_at, row.worker_ids = TaskResultStatus.RUNNING, now - timedelta(minutes=minutes), workers
    row.save()
    return row


@pytest.mark.django_db(transaction=True)
def test_task_of_a_dead_worker_is_queued_again_and_carried_out(now: datetime) -> None:
    row = lost_task(now, ["dead"])
    assert worker.recover_orphans(now) == 1
    row.refresh_from_db()
    assert (row.status, row.finished_at) == (TaskResultStatus.READY, None)
    worker.carry_out_all("alive")
    row.refresh_from_db()
    assert (row.status, row.return_value) == (TaskResultStatus.SUCCESSFUL, 3)


def test_task_of_a_living_worker_is_left_alone(now: datetime) -> None:
    row = lost_task(now, ["alive"])
    worker.run_due(now, "alive")
    assert worker.recover_orphans(now) == 0
    row.refresh_from_db()
    assert row.status == TaskResultStatus.RUNNING
    cache.delete("worker:alive")


def test_task_that_has_just_begun_is_left_alone(now: datetime) -> None:
    lost_task(now, ["unheard"], minutes=1)
    assert worker.recover_orphans(now) == 0


def test_task_that_killed_three_workers_is_given_up(now: datetime) -> None:
    row = lost_task(now, ["one", "two", "three"])
    assert worker.recover_orphans(now) == 1
    row.refresh_from_db()
    assert row.status == TaskResultStatus.FAILED
    assert "three times" in row.traceback


@pytest.mark.django_db(transaction=True)
def test_tidying_removes_old_results(now: datetime) -> None:
    row = DBTaskResult.objects.get(pk=add.enqueue(1, 2).id)
    worker.carry_out_all("one")
    DBTaskResult.objects.filter(pk=row.pk).update(finished_at=now - timedelta(days=15000))
    worker.tidy(now)
    assert not DBTaskResult.objects.filter(pk=row.pk).exists()
