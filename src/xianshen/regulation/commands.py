"""``xianshen policy check | load | map``: checking packs, loading them, and the article map."""

import argparse
import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.errors import Refusal
from xianshen.regulation import articlemap
from xianshen.regulation.loader import Pack, check_pack
from xianshen.regulation.services import BrokenPack, load_pack
from xianshen.regulation.source import Mistake

GOOD, FINDINGS, WRONG_USE = 0, 1, 2


def add_commands(subparsers: Any) -> None:
    """Offer ``policy``."""
    policy = subparsers.add_parser("policy", help="check a policy pack, or put it into force")
    actions = policy.add_subparsers(dest="subcommand", required=True)
    check = actions.add_parser("check", help="name every mistake in a pack: FILE:LINE: field: what is wrong")
    check.add_argument("path", type=Path, help="folder of the pack, e.g. policies/shcc")
    check.add_argument("--json", action="store_true", help="answer as JSON")
    check.set_defaults(run=lambda options: run_check(options.path, json_output=options.json))
    load = actions.add_parser("load", help="check a pack, store its versions and bring today's into force")
    load.add_argument("path", type=Path, help="folder of the pack")
    load.add_argument("--json", action="store_true", help="answer as JSON")
    load.set_defaults(run=lambda options: run_load(options.path, json_output=options.json))
    article_map = actions.add_parser("map", help="check the article map: article, rules, screens, tests")
    article_map.add_argument("path", type=Path, help="folder of the pack")
    article_map.add_argument("--tests", type=Path, default=Path("tests"), help="folder of the tests (default tests)")
    article_map.add_argument("--output", type=Path, default=Path("docs/article-map.md"), help="the document")
    article_map.add_argument("--write", action="store_true", help="write the document and the product's own copy")
    article_map.set_defaults(run=run_map)


def run_check(path: Path, *, json_output: bool = False) -> int:
    """Print one line per mistake; exit code 1 if there are any, 2 if there is no such folder."""
    if not path.is_dir():
        print(f"xianshen: {path}: no such folder", file=sys.stderr)
        return WRONG_USE
    pack, mistakes = check_pack(path)
    warnings = calendar_warnings(pack, timezone.localdate()) if pack else []
    if json_output:
        versions = [policy.label for policy in pack.policies] if pack else []
        found = {"ok": pack is not None, "versions": versions, "mistakes": _as_json(mistakes), "warnings": warnings}
        print(json.dumps(found, ensure_ascii=False))
    elif pack is None:
        print("\n".join(str(mistake) for mistake in mistakes))
    else:
        labels = ", ".join(policy.label for policy in pack.policies)
        print(f"{path}: good ({pack.institution.code}: {labels})")
        print(*(f"{path}: warning: {warning}" for warning in warnings), sep="\n", end="\n" if warnings else "")
    return GOOD if pack else FINDINGS


def calendar_warnings(pack: Pack, on: date) -> list[str]:
    """Say which clocks reckon in working days of a coming year whose official holidays are not known here.

    Args:
        pack: a pack without mistakes.
        on: today; a year from it is looked at.
    """
    warnings = []
    for policy in pack.policies:
        clocks = [clock.id for clock in policy.clocks if clock.duration.working_days is not None]
        known = policy.calendar.known_until
        if clocks and known is not None and policy.calendar.guesses(on + timedelta(days=366)):
            warnings.append(
                _("%(version)s：%(clocks)s 按工作日算，放假安排只知道到 %(until)s，以后按周一至周五推算。")
                % {"version": policy.label, "clocks": "、".join(clocks), "until": known.isoformat()}
            )
    return warnings


def run_load(path: Path, *, json_output: bool = False) -> int:
    """Load a pack; exit code 1 if it has mistakes or may not be loaded, 2 if there is no such folder."""
    if not path.is_dir():
        print(f"xianshen: {path}: no such folder", file=sys.stderr)
        return WRONG_USE
    try:
        result = load_pack(path=path, now=timezone.now())
    except BrokenPack as broken:
        return _refused([str(mistake) for mistake in broken.mistakes], _as_json(broken.mistakes), json_output)
    except Refusal as refusal:
        return _refused([str(refusal.reason)], [], json_output)
    if json_output:
        fields = ("institution", "loaded", "replaced", "unchanged", "worded", "in_force", "entered")
        print(json.dumps({"ok": True, **{name: getattr(result, name) for name in fields}}, ensure_ascii=False))
        return GOOD
    for word, labels in (
        ("loaded", result.loaded),
        ("replaced", result.replaced),
        ("unchanged", result.unchanged),
        ("worded", result.worded),
    ):
        if labels:
            print(f"{result.institution}: {word} {', '.join(labels)}")
    print(f"{result.institution}: in force {result.in_force or 'none'}")
    return GOOD


def run_map(options: argparse.Namespace) -> int:
    """Check the article map, or write it; exit code 1 when something is missing or the document is stale."""
    pack, mistakes = check_pack(options.path)
    if pack is None:
        print("\n".join(str(mistake) for mistake in mistakes))
        return FINDINGS
    tests = articlemap.tests_in(options.tests)
    problems = articlemap.problems(pack.policies[-1], tests)
    if options.write:
        articlemap.store_tests(tests)
        options.output.write_text(articlemap.document(pack.policies[-1], tests), encoding="utf-8")
    else:
        problems += articlemap.stale(pack.policies[-1], tests, options.output)
    print("\n".join(problems) or f"{options.path}: the article map is complete")
    return FINDINGS if problems else GOOD


def _as_json(mistakes: list[Mistake]) -> list[dict[str, str | int]]:
    return [
        {"file": mistake.file, "line": mistake.line, "field": mistake.field, "message": mistake.message}
        for mistake in mistakes
    ]


def _refused(lines: list[str], mistakes: list[dict[str, str | int]], json_output: bool) -> int:
    if json_output:
        print(json.dumps({"ok": False, "reasons": lines, "mistakes": mistakes}, ensure_ascii=False))
    else:
        print("\n".join(lines))
    return FINDINGS
