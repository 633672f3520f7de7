"""``xianshen clocks run | simulate``: do what is due now, or list what will happen, on a copy."""

import argparse
import json
import sys
from collections import Counter
from itertools import groupby
from typing import Any

from django.utils import timezone

from xianshen.clocks.copying import working_on_a_copy
from xianshen.clocks.services import run_due
from xianshen.clocks.simulation import FAILURE, Happening, simulate
from xianshen.regulation.numerals import article_label

GOOD, FINDINGS, WRONG_USE = 0, 1, 2
LONGEST = 3660
WORDS = {
    "reminder": "reminder",
    "escalation": "escalation",
    "consequence": "CONSEQUENCE",
    "effect": "follows",
    "failure": "FAILS",
}


def add_commands(subparsers: Any) -> None:
    """Offer ``clocks``."""
    clocks = subparsers.add_parser("clocks", help="carry out what is due, or play the clocks forward on a copy")
    actions = clocks.add_subparsers(dest="subcommand", required=True)
    run = actions.add_parser("run", help="do what is due now (the worker does it every minute)")
    run.set_defaults(run=run_now)
    play = actions.add_parser("simulate", help="list what will happen when; the live data is only read")
    play.add_argument("--days", type=int, default=365, help="how many days to play forward (default 365)")
    play.add_argument("--json", action="store_true", help="answer as JSON, one object a line")
    play.set_defaults(run=run_simulation)


def run_now(_options: argparse.Namespace) -> int:
    """Do what is due now; exit code 1 when something failed."""
    report = run_due(timezone.now())
    print(
        f"{report.consequences} consequences, {report.reminders} reminders, {report.escalations} escalations, "
        f"{report.failures} failures"
    )
    return FINDINGS if report.failures else GOOD


def run_simulation(options: argparse.Namespace) -> int:
    """List what will happen; exit code 1 when something would fail, 2 for an impossible number of days."""
    if not 0 <= options.days <= LONGEST:
        print(f"xianshen: --days is 0 to {LONGEST}, not {options.days}", file=sys.stderr)
        return WRONG_USE
    counts: Counter[str] = Counter()
    with working_on_a_copy():
        happenings = simulate(start=timezone.now(), days=options.days)
        for day, group in groupby(happenings, key=lambda one: one.day):
            if not options.json:
                print(day.isoformat())
            for happening in group:
                counts[happening.kind] += 1
                print(_as_json(happening) if options.json else _as_line(happening))
    if not options.json:
        print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing will happen")
    return FINDINGS if counts[FAILURE] else GOOD


def _as_json(happening: Happening) -> str:
    return json.dumps(
        {
            "day": happening.day.isoformat(),
            "kind": happening.kind,
            "institution": happening.institution,
            "record": happening.record,
            "article": happening.article,
            "text": happening.text,
        },
        ensure_ascii=False,
    )


def _as_line(happening: Happening) -> str:
    article = f" {article_label(happening.article)}" if happening.article else ""
    return f"  {WORDS[happening.kind]:<12}{happening.record}: {happening.text}{article}"
