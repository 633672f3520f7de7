"""Account board, workbench and account page, small and ten times larger, beside a bare view."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from bench.load import Session, getter, run, server
from bench.scale import Scale
from bench.table import percentile, table

PAGES = {"account board": "/accounts/", "workbench": "/", "account page": "/accounts/1/"}
PEER = "/bench/one-query/"
BAR_RATIO, BAR_GROWTH = 8.0, 1.3


def inside(code: str, environment: Mapping[str, str]) -> str:
    """Run Python with Django set up in a process of its own; returns what it prints."""
    root = Path(__file__).resolve().parent.parent
    prepare = "import django; django.setup()\n"
    found = subprocess.run(
        [sys.executable, "-c", prepare + code],
        env={
            **os.environ,
            **environment,
            "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")]),
            "DJANGO_SETTINGS_MODULE": "bench.settings",
        },
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return found.stdout.strip().splitlines()[-1] if found.stdout.strip() else ""


CREATE = """
from django.core.management import call_command
call_command("migrate", verbosity=0, run_syncdb=True)
call_command("createcachetable")
"""


def queries(path: str, person: str, environment: Mapping[str, str]) -> int:
    """Return how many queries the second request of a page makes, session and person included."""
    code = f"""
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.db import connection
from xianshen.organisation.models import Person
client = Client(HTTP_HOST="localhost")
client.force_login(Person.objects.get(username={person!r}))
assert client.get({path!r}).status_code == 200
with CaptureQueriesContext(connection) as seen:
    client.get({path!r})
print(len(seen))
"""
    return int(inside(code, environment))


def measure(environment: Mapping[str, str], session: str, calls: int) -> dict[str, dict[str, float]]:
    """Return for the bare view and each page p50 and p95 in milliseconds at 1 and 8 clients."""
    found: dict[str, dict[str, float]] = {}
    with server(dict(environment)) as (port, _process):
        for name, path in {"bare view": PEER, **PAGES}.items():
            run([getter(Session(port, session), path) for _ in range(4)], 10)
            one = run([getter(Session(port, session), path)], calls)
            eight = run([getter(Session(port, session), path) for _ in range(8)], max(10, calls // 4))
            if one.errors or eight.errors:
                raise RuntimeError(f"{name}: {(one.errors + eight.errors)[0]}")
            found[name] = {
                "p50": percentile(one.times, 0.5) * 1000,
                "p95": percentile(one.times, 0.95) * 1000,
                "p50 of 8": percentile(eight.times, 0.5) * 1000,
                "p95 of 8": percentile(eight.times, 0.95) * 1000,
            }
    return found


def pages(database: str, url: str | None, *, quick: bool) -> None:
    """Measure one database at two sizes and print the table."""
    small = Scale(
        accounts=200 if quick else 2_000, chains=1_000 if quick else 10_000, entries=2_000 if quick else 200_000
    )
    large = Scale(small.accounts * 10, small.chains * 10, small.entries * 10)
    figures, counted = [], []
    for scale in (small, large):
        with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
            environment = {"XIANSHEN_DATA": directory, **({"DATABASE_URL": url} if url else {})}
            if url:
                inside(
                    "from django.db import connection\nwith connection.cursor() as c:\n"
                    "    c.execute('DROP SCHEMA public CASCADE'); c.execute('CREATE SCHEMA public')",
                    environment,
                )
            inside(CREATE, environment)
            session = inside(
                f"from bench.data import *\ncast = populate(Scale(**{asdict(scale)}))\nprint(session_of(cast.media))",
                environment,
            )
            counted.append({name: queries(path, "media", environment) for name, path in PAGES.items()})
            figures.append(measure(environment, session, 40 if quick else 200))
    rows = []
    for name in PAGES:
        peer = figures[1]["bare view"]["p50"]
        ratio = figures[1][name]["p50"] / peer
        growth = figures[1][name]["p50"] / figures[0][name]["p50"]
        rows.append(
            (
                name,
                f"{counted[0][name]} / {counted[1][name]}",
                *(f"{figures[1][name][key]:.1f}" for key in ("p50", "p95", "p50 of 8", "p95 of 8")),
                f"{ratio:.1f}× ({'met' if ratio <= BAR_RATIO else 'NOT MET'}: ≤ {BAR_RATIO:.0f}×)",
                f"{growth:.2f}× ({'met' if growth <= BAR_GROWTH else 'NOT MET'}: ≤ {BAR_GROWTH}×)",
            )
        )
    bare = figures[1]["bare view"]
    rows.insert(0, ("bare view", "", *(f"{bare[key]:.1f}" for key in ("p50", "p95", "p50 of 8", "p95 of 8")), "1", ""))
    table(
        f"Pages, {database}: {large.accounts:,} accounts, {large.chains * 2:,} approvals, {large.entries:,} ledger entries "
        f"(ms; growth from a tenth)",
        ("page", "queries small / large", "p50", "p95", "p50 8 clients", "p95 8 clients", "to bare view", "growth"),
        rows,
    )
