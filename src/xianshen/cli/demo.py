"""``xianshen demo``: the demonstration institution and its sign-ins, whose passwords each installation makes itself."""

import argparse
import importlib
import json
import sys
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import timezone

from xianshen.cli.main import WrongUse
from xianshen.cli.serve import sign_in_lines

SIGN_INS = "demo-sign-ins.json"


def add_commands(subparsers: Any) -> None:
    """Offer ``demo``."""
    parser = subparsers.add_parser("demo", help="load the demonstration institution and show its sign-ins")
    parser.add_argument("--json", action="store_true", help="show the sign-ins as JSON")
    parser.set_defaults(run=run_demo)


def run_demo(options: argparse.Namespace) -> int:
    """Load the demonstration into an empty database; show who can sign in.

    Raises:
        WrongUse: the database holds institutions that are no demonstration.
    """
    from xianshen.cli.prepare import bring_tables_up_to_date, one_at_a_time

    with one_at_a_time():
        for line in (*bring_tables_up_to_date(), *load_when_empty()):
            print(f"xianshen: {line}", file=sys.stderr)
    sign_ins = read_sign_ins()
    if not sign_ins:
        raise WrongUse("the database holds an institution already; the demonstration goes into an empty one only")
    if options.json:
        json.dump(sign_ins, sys.stdout, ensure_ascii=False)
        print()
    else:
        print("\n".join(sign_in_lines(sign_ins)))
    return 0


def load_when_empty() -> list[str]:
    """Load the demonstration if there is no institution; return what was done."""
    if apps.get_model("organisation.Institution")._default_manager.exists():
        return []
    importlib.import_module("xianshen.web.demo").load(now=timezone.now())
    return ["demonstration institution loaded"]


def read_sign_ins() -> list[dict[str, str]]:
    """Return the sign-ins of the demonstration (role, username, password), or nothing when none was loaded."""
    path = settings.KEYS / SIGN_INS
    return list(json.loads(path.read_text())) if path.exists() else []
