"""``xianshen demo``: the demonstration institution and its sign-ins, whose passwords each installation makes itself."""

import argparse
import json
import sys
from typing import Any

from xianshen.cli.main import WrongUse
from xianshen.cli.prepare import bring_tables_up_to_date, load_when_empty, one_at_a_time
from xianshen.cli.serve import read_sign_ins, sign_in_lines


def add_commands(subparsers: Any) -> None:
    """Offer ``demo``."""
    parser = subparsers.add_parser("demo", help="load the demonstration institution and show its sign-ins")
    parser.add_argument("--json", action="store_true", help="show the sign-ins as JSON")
    parser.set_defaults(run=run_demo)


def run_demo(options: argparse.Namespace) -> int:
    """Load the demonstration into an empty database; show who can sign in.

    Raises:
        WrongUse: the database holds people that are no demonstration.
    """
    with one_at_a_time():
        for line in (*bring_tables_up_to_date(), *load_when_empty()):
            print(f"xianshen: {line}", file=sys.stderr)
    sign_ins = read_sign_ins()
    if not sign_ins:
        raise WrongUse("the database has people already; the demonstration goes into an empty one only")
    if options.json:
        json.dump(sign_ins, sys.stdout, ensure_ascii=False)
        print()
    else:
        print("\n".join(sign_in_lines(sign_ins)))
    return 0
