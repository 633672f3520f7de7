"""The daily run over 50,000 open clocks, and a simulated year of five institutions."""

import json
import tempfile
from collections.abc import Mapping

from bench.pages import CREATE, inside
from bench.table import table

BAR_SECONDS = 60
CLOCKS, LESS = 50_000, 10_000

DAILY = """
import json
from bench.clocks_inside import daily
print(json.dumps(daily({count}, all_remind={all_remind})))
"""
YEAR = """
import json
from bench.clocks_inside import year
print(json.dumps(year(accounts={accounts})))
"""


def _empty(environment: Mapping[str, str], url: str | None) -> None:
    if url:
        inside(
            "from django.db import connection\nwith connection.cursor() as c:\n"
            "    c.execute('DROP SCHEMA public CASCADE'); c.execute('CREATE SCHEMA public')",
            environment,
        )
    inside(CREATE, environment)


def clocks(database: str, url: str | None, *, quick: bool) -> None:
    """Print the daily run (seconds, queries, memory) and the simulated year."""
    factor = 10 if quick else 1
    rows = []
    for count, all_remind in ((LESS // factor, False), (CLOCKS // factor, False), (CLOCKS // factor, True)):
        with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
            environment = {"XIANSHEN_DATA": directory, **({"DATABASE_URL": url} if url else {})}
            _empty(environment, url)
            one = json.loads(inside(DAILY.format(count=count, all_remind=all_remind), environment).splitlines()[-1])
        met = "met" if one["seconds"] < BAR_SECONDS else "NOT MET"
        rows.append(
            (
                f"{count:,}",
                "all remind" if all_remind else "an ordinary day",
                f"{one['reminders']:,}",
                f"{one['consequences']:,}",
                f"{one['seconds']:.1f}",
                f"{one['cpu']:.1f}",
                f"{one['queries']:,}",
                f"{one['memory']:.0f}",
                f"{met}: < {BAR_SECONDS} s",
            )
        )
    table(
        f"Daily run of the clocks, {database}",
        ("open clocks", "day", "reminders", "consequences", "seconds", "CPU s", "queries", "grown by MiB", "bar"),
        rows,
    )
    with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
        environment = {"XIANSHEN_DATA": directory, **({"DATABASE_URL": url} if url else {})}
        _empty(environment, url)
        one = json.loads(inside(YEAR.format(accounts=1000 // factor), environment).splitlines()[-1])
    table(
        f"A simulated year, {database}: five institutions, 70 % of the accounts of tier 3",
        ("accounts", "deadlines", "reminders", "consequences", "each exactly once", "never early", "seconds"),
        [
            (
                f"{one['accounts']:,}",
                f"{one['deadlines']:,}",
                f"{one['reminders']:,}",
                f"{one['consequences']:,}",
                one["once"],
                one["never_early"],
                f"{one['seconds']:.1f}",
            )
        ],
    )
