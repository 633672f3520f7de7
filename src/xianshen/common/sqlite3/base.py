"""Django's SQLite backend, with writers that wait for each other in shorter steps."""

import threading
import time

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

#: Seconds between two attempts to begin. A writer holds the lock for two to ten milliseconds; SQLite itself soon
#: waits 25 ms and more, and the cores stand idle meanwhile.
PAUSE = 0.0005

#: One thread of a process at a time tries to begin; the others wait without trying.
_trying = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """Begins a transaction as soon as the writer before it has ended; gives up after ``timeout`` as SQLite does."""

    def _start_transaction_under_autocommit(self) -> None:
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", 5.0))
        give_up = time.monotonic() + timeout
        if not _trying.acquire(timeout=timeout):
            raise OperationalError("database is locked")
        try:
            self._busy_timeout(0)
            self._begin(give_up)
        finally:
            _trying.release()
            self._busy_timeout(timeout)

    def _begin(self, give_up: float) -> None:
        while True:
            try:
                super()._start_transaction_under_autocommit()  # type: ignore[misc]  # Django's own
            except OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= give_up:
                    raise
                time.sleep(PAUSE)
            else:
                return

    def _busy_timeout(self, seconds: float) -> None:
        with self.wrap_database_errors:
            self.connection.execute(f"PRAGMA busy_timeout={round(seconds * 1000)}")
