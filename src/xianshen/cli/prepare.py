"""``xianshen prepare`` and ``xianshen migrate``: bring the data up to what this version needs, when needed."""

import argparse
import fcntl
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

#: Key of the PostgreSQL advisory lock under which nodes prepare one after the other.
LOCK = 0x7869616E


def add_commands(subparsers: Any) -> None:
    """Offer ``prepare`` and ``migrate``."""
    prepare = subparsers.add_parser("prepare", help="bring the data up to date: tables, cache, policy pack")
    prepare.add_argument(
        "--demo", action="store_true", help="load the demonstration institution into an empty database"
    )
    prepare.add_argument("--json", action="store_true", help="say what was done as JSON")
    prepare.set_defaults(run=run_prepare)
    migrate = subparsers.add_parser("migrate", help="bring the tables up to date")
    migrate.add_argument("--check", action="store_true", help="change nothing; exit code 1 when something is pending")
    migrate.set_defaults(run=run_migrate)


def run_prepare(options: argparse.Namespace) -> int:
    """Do what is needed, say it, and exit with 0."""
    with one_at_a_time():
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        done = bring_tables_up_to_date()
        if options.demo:
            from xianshen.cli.demo import load_when_empty

            done += load_when_empty()
    if options.json:
        from xianshen.cli.demo import read_sign_ins

        json.dump({"done": done, "sign_ins": read_sign_ins()}, sys.stdout, ensure_ascii=False)
        print()
    else:
        print("\n".join(done) or "nothing to do")
    return 0


def run_migrate(options: argparse.Namespace) -> int:
    """Create or change tables; with ``--check`` exit with 1 when that would be needed."""
    if options.check:
        pending = pending_migrations()
        print("\n".join(pending) or "nothing to do")
        return 1 if pending else 0
    with one_at_a_time():
        print("\n".join(bring_tables_up_to_date()) or "nothing to do")
    return 0


def pending_migrations() -> list[str]:
    """Return the names of migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def bring_tables_up_to_date() -> list[str]:
    """Apply pending migrations and create the cache table; return what was done."""
    done = []
    pending = pending_migrations()
    if pending:
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        done.append(f"tables brought up to date ({len(pending)} steps)")
    if caches["default"]._table not in connection.introspection.table_names():  # type: ignore[attr-defined]
        call_command("createcachetable", verbosity=0)
        done.append("cache table created")
    return done


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process prepare a data directory, or a PostgreSQL database, at a time."""
    settings.DATA.mkdir(parents=True, exist_ok=True)
    with (settings.DATA / ".prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
