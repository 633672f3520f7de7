"""A copy of the installation's database to try things out on; the live one is only read.

The copy is an SQLite file, whatever the live database is. Of an SQLite installation it is the whole file; of a
PostgreSQL one the tables are made by the migrations and filled with everything that acts look at: not the ledger's
past, sessions, and the queue.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite

CHUNK = 2_000
#: What acts never look back at, however large it has grown.
LEFT_BEHIND = frozenset({"ledger", "sessions", "django_tasks_db", "contenttypes", "auth"})
OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF;PRAGMA foreign_keys=ON;",
}


@contextmanager
def working_on_a_copy() -> Iterator[None]:
    """While this is open, everything in this thread reads and writes a copy; it is gone afterwards.

    Raises:
        RuntimeError: inside a transaction, whose rows the copy could not see.
    """
    live = connections["default"]
    if live.in_atomic_block:
        raise RuntimeError("a copy is made outside transactions")
    with TemporaryDirectory(prefix="xianshen-copy-") as folder:
        file = Path(folder) / "copy.sqlite3"
        copy = _copy_of(live, file)
        connections["default"] = copy
        try:
            yield
        finally:
            connections["default"] = live
            copy.close()


def _copy_of(live: BaseDatabaseWrapper, file: Path) -> BaseDatabaseWrapper:
    copy = _open(live, file)
    if live.vendor == "sqlite":
        with live.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(file)])
        return copy
    _make_tables(live, copy)
    _fill_tables(live, copy)
    return copy


def _open(live: BaseDatabaseWrapper, file: Path) -> BaseDatabaseWrapper:
    settings: dict[str, Any] = {
        **live.settings_dict,
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": OPTIONS,
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
    }
    return SQLite(settings, "default")


def _make_tables(live: BaseDatabaseWrapper, copy: BaseDatabaseWrapper) -> None:
    connections["default"] = copy
    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
    finally:
        connections["default"] = live


def _tables() -> list[type[models.Model]]:
    return [
        model
        for config in apps.get_app_configs()
        if config.label not in LEFT_BEHIND
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]


def _fill_tables(live: BaseDatabaseWrapper, copy: BaseDatabaseWrapper) -> None:
    """Copy rows as they are at one moment, in pieces."""
    with transaction.atomic(using="default"):
        if live.vendor == "postgresql":
            with live.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with copy.constraint_checks_disabled():
            for model in _tables():
                names = [field.attname for field in model._meta.concrete_fields]
                rows = model._base_manager.using("default").order_by("pk").values_list(*names)
                remaining = rows.iterator(chunk_size=CHUNK)
                while batch := list(islice(remaining, CHUNK)):
                    _insert(copy, model, batch)


def _insert(copy: BaseDatabaseWrapper, model: type[models.Model], rows: list[tuple[Any, ...]]) -> None:
    fields = model._meta.concrete_fields
    quoted = copy.ops.quote_name
    names, marks = ", ".join(quoted(str(field.column)) for field in fields), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quoted(model._meta.db_table)} ({names}) VALUES ({marks})"
    values = [[field.get_db_prep_save(value, copy) for field, value in zip(fields, row, strict=True)] for row in rows]
    with copy.cursor() as cursor:
        cursor.executemany(statement, values)
