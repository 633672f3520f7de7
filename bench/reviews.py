"""The campaign board with 5,000 reviews beside a bare view, and what opening such a campaign costs."""

import tempfile

from bench.load import Session, getter, run, server
from bench.pages import CREATE, PEER, inside, queries
from bench.table import percentile, table

PAGES = {
    "board by unit": "/reviews/",
    "board by account": "/reviews/?by=account&view=all",
    "board, last page": "/reviews/?by=account&view=all&page=100",
    "report": "/reviews/summary/",
}
BAR_P95 = 400.0
POPULATE = """
import time
from datetime import timedelta
from bench.data import *
from bench.scale import Scale
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.services import open_campaign
from xianshen.organisation.models import Person
from xianshen.organisation.selectors import actor_for, grants_of
cast = populate(Scale(accounts={accounts}, chains={accounts}, entries={accounts}))
MediaAccount.objects.update(opened_on=NOW.date() - timedelta(days=800), state="active", suspension_reason="")
media = Person.objects.get(pk=cast.media)
on = NOW.date()
year = NOW.replace(month=1, day=15)
began = time.process_time()
open_campaign(actor=actor_for(media, on), grants=grants_of(media, on), year=NOW.year, now=min(NOW, NOW.replace(month=12, day=30)))
spent = time.process_time() - began
states = ("draft", "draft", "unit", "office", "returned", "passed", "passed", "rectify")
for number, state in enumerate(states):
    AnnualReview.objects.filter(pk__in=[pk for pk in AnnualReview.objects.values_list("pk", flat=True) if pk % 8 == number]).update(
        state=state, saved_at=NOW if number else None, posts_total=100, followers_total=2000,
        submitted_at=NOW if state not in ("draft",) else None)
print(f"{{session_of(cast.media)}} {{spent:.1f}} {{AnnualReview.objects.count()}}")
"""


def reviews(database: str, url: str | None, *, quick: bool) -> None:
    """Measure one database and print the table."""
    accounts = 500 if quick else 5_000
    rows = []
    with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
        environment = {"XIANSHEN_DATA": directory, **({"DATABASE_URL": url} if url else {})}
        if url:
            inside(
                "from django.db import connection\nwith connection.cursor() as c:\n"
                "    c.execute('DROP SCHEMA public CASCADE'); c.execute('CREATE SCHEMA public')",
                environment,
            )
        inside(CREATE, environment)
        session, spent, count = inside(POPULATE.format(accounts=accounts), environment).split()
        counted = {name: queries(path, "media", environment) for name, path in PAGES.items()}
        with server(environment) as (port, _process):
            for name, path in {"bare view": PEER, **PAGES}.items():
                run([getter(Session(port, session), path) for _ in range(2)], 3)
                one = run([getter(Session(port, session), path)], 20 if quick else 60)
                eight = run([getter(Session(port, session), path) for _ in range(8)], 5 if quick else 15)
                if one.errors or eight.errors:
                    raise RuntimeError(f"{name}: {(one.errors + eight.errors)[0]}")
                p95 = percentile(one.times, 0.95) * 1000
                rows.append(
                    (
                        name,
                        counted.get(name, ""),
                        f"{percentile(one.times, 0.5) * 1000:.1f}",
                        f"{p95:.1f}" + ("" if name == "bare view" else " (met)" if p95 <= BAR_P95 else " (NOT MET)"),
                        f"{percentile(eight.times, 0.5) * 1000:.1f}",
                        f"{percentile(eight.times, 0.95) * 1000:.1f}",
                    )
                )
    table(
        f"Annual review, {database}: {int(count):,} reviews of 200 units; opened in {spent} s of processor time "
        f"(ms; bar: p95 ≤ {BAR_P95:.0f})",
        ("page", "queries", "p50", "p95", "p50 8 clients", "p95 8 clients"),
        rows,
    )
