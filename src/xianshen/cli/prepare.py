"""``xianshen prepare`` and ``xianshen migrate``: bring the data up to what this version needs, when needed."""

import argparse
import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache, caches
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from xianshen.cli import stamp
from xianshen.common.errors import Refusal
from xianshen.organisation.selectors import institution_by_code
from xianshen.regulation.loader import check_pack
from xianshen.regulation.services import store_pack
from xianshen.web.demo import load

#: Key of the PostgreSQL advisory lock under which nodes prepare one after the other.
LOCK = 0x7869616E


def add_commands(subparsers: Any) -> None:
    """Offer ``prepare`` and ``migrate``."""
    prepare = subparsers.add_parser("prepare", help="bring the data up to date: tables, cache, policy pack")
    prepare.add_argument(
        "--demo", action="store_true", help="load the demonstration institution into an empty database"
    )
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
            done += load_when_empty()
        done += refresh_policies()
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA user_version = {stamp.expected(demo=options.demo)}")
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


def refresh_policies() -> list[str]:
    """Load the packs of the institutions that are here, if their files have changed; return what was done.

    A pack that may not be loaded leaves everything as it was: the platform runs on with the versions it has.
    """
    done = []
    for head in sorted(settings.POLICIES.glob("*/pack.yaml")):
        pack = head.parent
        files = sorted(path for path in pack.rglob("*") if path.is_file())
        digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
        key = f"policy-pack:{pack.name}"
        if cache.get(key) == digest:
            continue
        checked, mistakes = check_pack(pack)
        if checked is None:
            done.append(f"policy pack {pack.name} not loaded, it has {len(mistakes)} mistakes (xianshen policy check)")
        elif institution_by_code(checked.institution.code) is not None:
            try:
                result = store_pack(pack=checked, now=timezone.now())
            except Refusal as refusal:
                done.append(f"policy pack {pack.name} not loaded: {refusal.reason}")
            else:
                cache.set(key, digest, timeout=None)
                if result.loaded or result.replaced or result.worded:
                    names = result.loaded + result.replaced + result.worded
                    done.append(f"policy pack {pack.name} loaded: {', '.join(names)}")
    return done


def load_when_empty() -> list[str]:
    """Load the demonstration if nobody is registered; return what was done."""
    if get_user_model()._default_manager.exists():
        return []
    report = load(now=timezone.now())
    return [f"demonstration loaded: {report.units} units, {report.people} people, {report.accounts} accounts"]


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
