"""How fast the ledger is verified and written: ``python -m bench.ledger_verify [--entries N]``; both databases.

Each database is measured in processes of its own: one that records, one that verifies a short and a long chain,
so that what memory the verification needs is seen apart from what the recording needed.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.table import machine, table

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = 300_000
SHORT = 20_000
ACTS = 1_000
BAR = 20_000


def fill(entries: int) -> str:
    """Record a short and a long chain through the services; return acts and entries per second."""
    from datetime import UTC, datetime

    from django.core.management import call_command
    from django.utils.translation import gettext_lazy

    from xianshen.common.actors import Actor, ActorKind
    from xianshen.ledger.events import Subject, declare_event
    from xianshen.ledger.services import act, record

    call_command("migrate", verbosity=0)
    agreed = declare_event(
        "bench.agreed", keys=("chain", "step", "text", "digest", "seal"), label=gettext_lazy("%(step)s：同意")
    )
    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    @act
    def agree(institution: str, first: int, count: int) -> None:
        actor = Actor(ActorKind.PERSON, 1, institution, 7, "20070007", "王敏", "系主任", "法律系", "李强（系主任）")
        for number in range(first, first + count):
            account = Subject("registry.media_account", str(number % 5_000), "上海海关学院法律系学生会")
            record(
                agreed,
                actor=actor,
                subject=Subject("registry.opening_application", str(number), "法律系学生会微信订阅号开设申请"),
                payload={
                    "chain": number,
                    "step": "所在部门意见",
                    "text": "定位清楚，负责人和发布审核机制落实，同意开设。",
                    "digest": f"{number:064x}",
                    "seal": "法律系",
                },
                at=at,
                rule="opening.prior_approval",
                article=8,
                policy_version="shcc-2016",
                about=[account] if number % 3 == 0 else (),
            )

    agree("acts", 0, 1)
    began = time.perf_counter()
    for number in range(ACTS):
        agree("acts", number, 1)
    acts = ACTS / (time.perf_counter() - began)
    began = time.perf_counter()
    for institution, length in (("short", SHORT), ("long", entries)):
        for first in range(0, length, 5_000):
            agree(institution, first, min(5_000, length - first))
    return f"{acts:.0f} {(SHORT + entries) / (time.perf_counter() - began):.0f}"


def check() -> str:
    """Verify both chains; return the rate of the long one, by the clock and by processor time, and its memory."""
    from xianshen.ledger.verify import verify

    assert verify("short").ok
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    busy = time.process_time()
    report = verify("long")
    busy = time.process_time() - busy
    assert report.ok
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{report.entries} {report.rate:.0f} {report.entries / busy:.0f} {(after - before) / 1024:.1f} {after / 1024:.0f}"


def measured(step: str, entries: int, environment: dict[str, str]) -> list[str]:
    """Run a step in a process of its own and return the figures that it printed."""
    command = [sys.executable, "-m", "bench.ledger_verify", "--entries", str(entries), "--step", step]
    path = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    everything = {"DJANGO_SETTINGS_MODULE": "xianshen.settings", **os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run(command, cwd=ROOT, env=everything, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()


def row(database: str, entries: int, environment: dict[str, str]) -> list[str]:
    """Measure on one database."""
    with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
        environment = {**environment, "XIANSHEN_DATA": directory}
        acts, written = measured("fill", entries, environment)
        count, rate, free, more, peak = measured("check", entries, environment)
    bar = "met" if int(rate) >= BAR else "MISSED"
    return [
        database,
        f"{int(count):,}",
        f"{int(rate):,} ({bar}: {BAR:,})",
        f"{int(free):,}",
        f"+{more} MiB of {peak}",
        f"{int(acts):,}",
        f"{int(written):,}",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.ledger_verify", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES, help=f"length of the long chain (default {ENTRIES:,})")
    parser.add_argument("--step", choices=("fill", "check"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        import django

        django.setup()
        print(fill(options.entries) if options.step == "fill" else check())
        return 0
    from scripts.with_postgres import cluster

    rows = [row("SQLite", options.entries, {"DATABASE_URL": ""})]
    with cluster() as url:
        rows.append(row("PostgreSQL", options.entries, {"DATABASE_URL": url}))
    head = (
        "database",
        "entries",
        "verified per second",
        "per processor second",
        f"memory beyond {SHORT:,}",
        "acts per second",
        "entries of large acts",
    )
    table(f"Ledger, one process; load {os.getloadavg()[0]:.1f} ({machine()})", head, rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
