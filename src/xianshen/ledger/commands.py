"""``xianshen ledger …``: verify, checkpoint, export, public-key. Exit codes: 0 good, 1 findings, 2 wrong use."""

import argparse
import json as json_text
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.ledger import keys, verify
from xianshen.ledger.canonical import entry_text
from xianshen.ledger.checkpoints import BrokenChain, institutions_to_checkpoint, take_checkpoint
from xianshen.ledger.events import LedgerError
from xianshen.ledger.statements import Statement

GOOD, FINDINGS, WRONG_USE = 0, 1, 2


def add_commands(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add ``ledger`` and its subcommands; each sets ``run``, which takes the arguments and returns the exit code."""
    ledger = subparsers.add_parser("ledger", help=_("核验留痕账本、签署检查点、导出"))
    commands = ledger.add_subparsers(dest="ledger_command", required=True, metavar="COMMAND")

    check = commands.add_parser("verify", help=_("逐条核验哈希链和检查点"))
    check.add_argument("--institution", metavar="CODE", help=_("只核验一个机构"))
    check.add_argument(
        "--public-key", metavar="FILE", type=Path, action="append", default=[], help=_("用此公钥核验检查点，可多次给出")
    )
    check.add_argument("--json", action="store_true", help=_("输出 JSON"))
    check.set_defaults(
        run=lambda given: run_verify(json=given.json, institution=given.institution, public_keys=given.public_key)
    )

    sign = commands.add_parser("checkpoint", help=_("核验新增部分并签署检查点"))
    sign.add_argument("--institution", metavar="CODE", help=_("只签一个机构"))
    sign.add_argument("--json", action="store_true", help=_("输出 JSON"))
    sign.set_defaults(run=lambda given: run_checkpoint(json=given.json, institution=given.institution))

    export = commands.add_parser("export", help=_("导出一个机构的账本和检查点，每行一条 JSON"))
    export.add_argument("institution", metavar="CODE", help=_("机构代码"))
    export.add_argument("file", metavar="FILE", type=Path, nargs="?", help=_("写入的文件；不给则输出到终端"))
    export.set_defaults(run=lambda given: run_export(given.institution, given.file))

    public = commands.add_parser("public-key", help=_("输出核验检查点用的公钥"))
    public.set_defaults(run=lambda given: run_public_key())


def run_verify(json: bool = False, *, institution: str | None = None, public_keys: Sequence[Path] = ()) -> int:
    """Verify and print the report.

    Returns:
        0 if everything is good, 1 if an entry or checkpoint is bad, 2 if the institution or a key is unknown.
    """
    if institution is not None and institution not in verify.known_institutions():
        return _refuse(_("账本里没有机构 %(code)s。") % {"code": institution})
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
            return _refuse(_("账本里没有机构 %(code)s。") % {"code": institution})
        codes = [institution]
    signed: list[Statement] = []
    broken: list[verify.Bad] = []
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
            values = {"code": one.institution, "sequence": one.sequence, "hash": one.hash}
            print(_("%(code)s：检查点在第 %(sequence)s 条，%(hash)s") % values)
        for bad in broken:
            print(_bad_line(bad))
    return FINDINGS if broken else GOOD


def run_export(institution: str, file: Path | None = None) -> int:
    """Write an institution's entries and checkpoints as JSON lines, as docs/ledger.md describes.

    Returns:
        0, or 2 if the institution is unknown or the file cannot be written.
    """
    if institution not in verify.known_institutions():
        return _refuse(_("账本里没有机构 %(code)s。") % {"code": institution})
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
    print(message, file=sys.stderr)
    return WRONG_USE


def _bad_line(bad: verify.Bad) -> str:
    reasons = {
        verify.Reason.EDITED: _("被修改"),
        verify.Reason.DELETED: _("被删除"),
        verify.Reason.REORDERED: _("被调换位置"),
        verify.Reason.REPLAYED: _("是另一条的复制"),
        verify.Reason.TRUNCATED: _("及其后被截去"),
        verify.Reason.FORKED: _("与链上的历史不一致"),
        verify.Reason.CHECKPOINT_SIGNATURE: _("的检查点签名无效"),
        verify.Reason.CHECKPOINT_DELETED: _("的检查点被删除"),
    }
    values = {
        "code": bad.institution,
        "sequence": bad.sequence,
        "reason": reasons[bad.reason],
        "detail": bad.detail,
    }
    return _("%(code)s：第 %(sequence)s 条%(reason)s（%(detail)s）") % values


def _print_report(report: verify.Report) -> None:
    for chain in report.institutions:
        values = {
            "code": chain.institution,
            "entries": chain.entries,
            "checkpoints": chain.checkpoints,
            "vouched": chain.last_checkpoint,
        }
        if chain.first_bad:
            print(_bad_line(chain.first_bad))
        else:
            print(_("%(code)s：%(entries)s 条完好，%(checkpoints)s 个检查点，最近在第 %(vouched)s 条") % values)
        for note in chain.notes:
            print(_("%(code)s：注意：%(note)s") % {"code": chain.institution, "note": note})
    for note in report.notes:
        print(_("注意：%(note)s") % {"note": note})
    values = {"entries": report.entries, "seconds": f"{report.seconds:.1f}", "rate": f"{report.rate:,.0f}"}
    print(_("共 %(entries)s 条，%(seconds)s 秒，每秒 %(rate)s 条") % values)
