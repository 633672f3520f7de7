"""Writers on SQLite wait for each other, and not for longer than they were told."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError

from xianshen.common.sqlite3.base import DatabaseWrapper

pytestmark = pytest.mark.django_db  # connections of its own, which pytest-django would not let it open otherwise


def _connection(path: Path, timeout: float) -> DatabaseWrapper:
    defaults = {"ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    options = {"transaction_mode": "IMMEDIATE", "timeout": timeout}
    named = {
        "ENGINE": "xianshen.common.sqlite3",
        "NAME": str(path),
        "OPTIONS": options,
        "TIME_ZONE": settings.TIME_ZONE,
    }
    connection = DatabaseWrapper({**defaults, **named}, alias=f"apart-{timeout}")
    connection.ensure_connection()
    return connection


def _begin(connection: DatabaseWrapper) -> float:
    began = time.monotonic()
    connection._start_transaction_under_autocommit()
    return time.monotonic() - began


@pytest.fixture
def holder(tmp_path: Path) -> sqlite3.Connection:
    """Somebody else who is writing."""
    found = sqlite3.connect(tmp_path / "apart.sqlite3", isolation_level=None, check_same_thread=False)
    found.execute("PRAGMA journal_mode=WAL")
    found.execute("BEGIN IMMEDIATE")
    return found


def test_begins_when_the_writer_before_ends(tmp_path: Path, holder: sqlite3.Connection) -> None:
    waiting = _connection(tmp_path / "apart.sqlite3", timeout=30)
    threading.Timer(0.2, lambda: holder.execute("COMMIT")).start()
    assert 0.1 < _begin(waiting) < 20
    waiting._rollback()
    assert waiting.connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,), "other statements wait as before"
    waiting.close()


def test_gives_up_in_time_and_lets_others_try(tmp_path: Path, holder: sqlite3.Connection) -> None:
    waiting = _connection(tmp_path / "apart.sqlite3", timeout=0.2)
    for _attempt in range(2):
        with pytest.raises(OperationalError, match="locked"):
            _begin(waiting)
    holder.execute("ROLLBACK")
    _begin(waiting)
    waiting._rollback()
    waiting.close()
