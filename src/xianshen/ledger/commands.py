"""``xianshen ledger …``: verify, checkpoint, export, public-key. Exit codes: 0 good, 1 findings, 2 wrong use."""

import json as json_text
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from django.utils import timezone

from xianshen.ledger import keys, verify
from xianshen.ledger.canonical import entry_text
from xianshen.ledger.checkpoints import BrokenChain, institutions_to_checkpoint, take_checkpoint
from xianshen.ledger.events import LedgerError
from xianshen.ledger.reports import Bad, Reason, Report
from xianshen.ledger.statements import Statement

GOOD, FINDINGS, WRONG_USE = 0, 1, 2


def add_commands(subparsers: Any) -> None:
    """Add ``ledger`` and its subcommands; each sets ``run``, which takes the arguments and returns the exit code."""
    ledger = subparsers.add_parser("ledger", help="verify the ledger, sign a checkpoint, export")
    commands = ledger.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("verify", help="recompute every chain and hold it against the signed checkpoints")
    check.add_argument("--institution", metavar="CODE", help="verify one institution only")
    check.add_argument(
        "--public-key",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="trust this public key instead of our own (repeatable)",
    )
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(
        run=lambda given: run_verify(json=given.json, institution=given.institution, public_keys=given.public_key)
    )

    sign = commands.add_parser("checkpoint", help="verify what is new and sign where every chain ends")
    sign.add_argument("--institution", metavar="CODE", help="sign for one institution only")
    sign.add_argument("--json", action="store_true", help="print JSON")
    sign.set_defaults(run=lambda given: run_checkpoint(json=given.json, institution=given.institution))

    export = commands.add_parser("export", help="write an institution's entries and checkpoints as JSON lines")
    export.add_argument("institution", metavar="CODE", help="code of the institution")
    export.add_argument("file", metavar="FILE", type=Path, nargs="?", help="file to write; without it, standard output")
    export.set_defaults(run=lambda given: run_export(given.institution, given.file))

    public = commands.add_parser("public-key", help="print the public key with which outsiders verify checkpoints")
    public.set_defaults(run=lambda given: run_public_key())


def run_verify(json: bool = False, *, institution: str | None = None, public_keys: Sequence[Path] = ()) -> int:
    """Verify and print the report.

    Returns:
        0 if everything is good, 1 if an entry or checkpoint is bad, 2 if the institution or a key is unknown.
    """
    if institution is not None and institution not in verify.known_institutions():
        return _refuse(f"the ledger knows no institution {institution}")
    try:
        report = verify.verify(institution, public_keys=public_keys)
    except (LedgerError, OSError) as error:
        return _refuse(str(error))
    if json:
        print(json_text.dumps(report.as_json(), ensure_ascii=False))
    else:
        _print_report(report)
    return GOOD if report.ok else FINDINGS


def run_checkpoint(json: bool = False, *, institution: str | None = None) -> int:
    """Sign a checkpoint for one institution or all, and print what was signed.

    Returns:
        0 if all were signed, 1 if a chain does not verify (it stays unsigned), 2 if the institution is unknown.
    """
    codes = institutions_to_checkpoint()
    if institution is not None:
        if institution not in codes:
            return _refuse(f"the ledger knows no institution {institution}")
        codes = [institution]
    signed: list[Statement] = []
    broken: list[Bad] = []
    for code in codes:
        try:
            statement = take_checkpoint(institution=code, now=timezone.now())
        except BrokenChain as error:
            broken += [error.report.first_bad] if error.report.first_bad else []
        except (LedgerError, OSError) as error:
            return _refuse(str(error))
        else:
            signed += [statement] if statement else []
    if json:
        checkpoints = [{**one.claim(), "signature": one.signature} for one in signed]
        failures = [bad.as_json() for bad in broken]
        print(json_text.dumps({"ok": not broken, "checkpoints": checkpoints, "broken": failures}, ensure_ascii=False))
    else:
        for one in signed:
            print(f"{one.institution}: checkpoint at entry {one.sequence}, {one.hash}")
        for bad in broken:
            print(_bad_line(bad))
    return FINDINGS if broken else GOOD


def run_export(institution: str, file: Path | None = None) -> int:
    """Write an institution's entries and checkpoints as JSON lines, as docs/ledger.md describes.

    Returns:
        0, or 2 if the institution is unknown or the file cannot be written.
    """
    if institution not in verify.known_institutions():
        return _refuse(f"the ledger knows no institution {institution}")
    try:
        if file is None:
            _export(institution, sys.stdout)
        else:
            with file.open("w", encoding="utf-8", newline="\n") as out:
                _export(institution, out)
    except OSError as error:
        return _refuse(str(error))
    return GOOD


def run_public_key() -> int:
    """Print the public key, PEM."""
    try:
        print(keys.public_pem(), end="")
    except (LedgerError, OSError) as error:
        return _refuse(str(error))
    return GOOD


def _export(institution: str, out: TextIO) -> None:
    for stored in verify.read_entries(institution, after=0, end=verify.last_sequence(institution)):
        out.write(f'{{"entry":{entry_text(stored.content, stored.about)},"hash":"{stored.hash}"}}\n')
    for statement in verify.stored_statements(institution):
        out.write(statement.line() + "\n")


def _refuse(message: str) -> int:
    print(f"xianshen: {message}", file=sys.stderr)
    return WRONG_USE


def _bad_line(bad: Bad) -> str:
    return f"{bad.institution}: entry {bad.sequence} {_WORDS[bad.reason]}: {bad.detail}"


_WORDS = {
    Reason.EDITED: "was edited",
    Reason.DELETED: "was deleted",
    Reason.REORDERED: "was put elsewhere",
    Reason.REPLAYED: "is a copy",
    Reason.TRUNCATED: "and all behind it were cut off",
    Reason.FORKED: "is not of the history that was recorded",
    Reason.CHECKPOINT_SIGNATURE: "has a checkpoint with a bad signature",
    Reason.CHECKPOINT_DELETED: "lost its checkpoint",
}


def _print_report(report: Report) -> None:
    for chain in report.institutions:
        if chain.first_bad:
            print(_bad_line(chain.first_bad))
        else:
            signed = f"signed up to entry {chain.last_checkpoint}" if chain.last_checkpoint else "no checkpoint yet"
            print(f"{chain.institution}: {chain.entries} entries are as recorded; {signed}")
        for note in chain.notes:
            print(f"{chain.institution}: note: {note}")
    for note in report.notes:
        print(f"note: {note}")
    print(f"{report.entries} entries in {report.seconds:.1f} s ({report.rate:,.0f} per second)")
