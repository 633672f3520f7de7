"""Copies of the test database, to be harmed or shared with other processes."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Copy:
    """A copied database.

    Args:
        url: its ``DATABASE_URL``, for other processes.
        name: its name or file, for a connection of this process.
    """

    url: str
    name: str


@contextmanager
def copied_database(folder: Path) -> Iterator[Copy]:
    """Copy the committed contents of the test database; the copy is gone afterwards.

    Args:
        folder: where an SQLite copy may lie.
    """
    if connection.vendor == "sqlite":
        file = folder / "copy.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(file)])
        yield Copy(f"sqlite:///{file}", str(file))
        return
    given = connection.settings_dict
    name = f"{given['NAME']}_copy"
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        for left in reversed(range(ATTEMPTS)):
            # A thread of the live server may still hold a connection; it opens another when it is asked again.
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [given["NAME"]])
            try:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{given["NAME"]}"')
                break
            except OperationalError:
                if not left:
                    raise
                time.sleep(0.5)
    login = quote(given["USER"]) + (f":{quote(given['PASSWORD'])}" if given["PASSWORD"] else "")
    address = quote(given["HOST"], safe="") + (f":{given['PORT']}" if given["PORT"] else "")
    try:
        yield Copy(f"postgres://{login}@{address}/{name}", name)
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def working_on(copy: Copy) -> Iterator[BaseDatabaseWrapper]:
    """While this is open, everything in this thread works on the copy."""
    honest = connections["default"]
    other = honest.copy()
    other.settings_dict = {**honest.settings_dict, "NAME": copy.name}
    connections["default"] = other
    try:
        yield other
    finally:
        other.close()
        connections["default"] = honest


@contextmanager
def copied_data(folder: Path) -> Iterator[Path]:
    """Copy the data directory (keys, checkpoint files), and point the settings to the copy."""
    honest = (settings.DATA, settings.KEYS)
    copy = folder / "data-copy"
    shutil.copytree(settings.DATA, copy)
    settings.DATA, settings.KEYS = copy, copy / "keys"
    try:
        yield copy
    finally:
        settings.DATA, settings.KEYS = honest
