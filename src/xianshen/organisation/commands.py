"""``xianshen import units|people|positions FILE``; other rooms add their kinds with :func:`add_import`.

Exit codes: 0 imported (or nothing wrong in a dry run), 1 findings and nothing imported, 2 wrong use.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.tabular import MAX_BYTES, Findings, write_template
from xianshen.organisation.enums import ImportKind
from xianshen.organisation.imports import spec_of
from xianshen.organisation.models import Institution
from xianshen.organisation.selectors import institution_by_code
from xianshen.organisation.services import ImportRefused, import_organisation, preview_import

GOOD, FINDINGS = 0, 1


class Report(Protocol):
    """What an import found and did."""

    @property
    def findings(self) -> Findings: ...

    @property
    def created(self) -> int: ...

    @property
    def updated(self) -> int: ...

    @property
    def unchanged(self) -> int: ...

    @property
    def ok(self) -> bool: ...

    def as_dict(self) -> dict[str, Any]: ...


#: Called with actor, institution, content, filename and now; writes nothing when it only previews.
Step = Callable[[Actor, Institution, bytes, str, datetime], Report]


@dataclass(frozen=True, slots=True)
class Importer:
    """How a kind of file is imported.

    Args:
        preview: what importing would do.
        carry_out: imports; a report with findings means that nothing was imported.
        template: the template to fill in, for an institution.
    """

    preview: Step
    carry_out: Step
    template: Callable[[Institution], bytes]


def add_import(subparsers: Any, kind: str, *, help: str, importer: Importer) -> None:
    """Add ``xianshen import KIND FILE`` to the command line; for a room's ``add_commands``."""
    command = subparsers.add_parser("import")
    kinds = command.add_subparsers()
    parser = kinds.add_parser(kind, help=help, description=help)
    parser.add_argument("file", nargs="?", default="", help="XLSX or CSV with the template's headings")
    parser.add_argument("--dry-run", action="store_true", help="check and count, import nothing")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--institution", default="", metavar="CODE", help="needed when there are several")
    parser.add_argument("--template", default="", metavar="OUT.xlsx", help="write the template to fill in instead")

    def run(options: argparse.Namespace) -> int:
        if options.template:
            return _write_template(importer, options.template, options.institution)
        return run_import(
            importer,
            options.file,
            dry_run=options.dry_run,
            as_json=options.json,
            institution=options.institution,
        )

    parser.set_defaults(run=run)


def run_import(
    importer: Importer | str, file: str, *, dry_run: bool = False, as_json: bool = False, institution: str = ""
) -> int:
    """Import a file and print the report.

    Args:
        importer: how, or the name of one of this room's kinds.
        file: path of the file.
        dry_run: check and count only.
        as_json: print JSON.
        institution: code of the institution, may be left out when there is only one.

    Returns:
        0 imported or nothing wrong, 1 findings.

    Raises:
        CommandError: no such file or institution.
        OSError: the file cannot be read.
    """
    how = IMPORTERS[ImportKind(importer)] if isinstance(importer, str) else importer
    if not file:
        raise CommandError("name the file to import, or --template OUT.xlsx")
    path = Path(file)
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        raise CommandError(f"{file}: larger than {MAX_BYTES // (1024 * 1024)} MB")
    content = path.read_bytes()
    school = _institution(institution)
    actor = Actor.system(institution_id=school.pk, institution=school.code)
    step = how.preview if dry_run else how.carry_out
    report = step(actor, school, content, path.name, timezone.now())
    if as_json:
        print(json.dumps({"file": file, "dry_run": dry_run, **report.as_dict()}, ensure_ascii=False))
    else:
        _print(report, file, dry_run)
    return GOOD if report.ok else FINDINGS


def add_commands(subparsers: Any) -> None:
    """Add ``import units``, ``import people`` and ``import positions``."""
    add_import(subparsers, "units", help="import units", importer=IMPORTERS[ImportKind.UNITS])
    add_import(subparsers, "people", help="import people", importer=IMPORTERS[ImportKind.PEOPLE])
    add_import(
        subparsers, "positions", help="import positions with their holders", importer=IMPORTERS[ImportKind.POSITIONS]
    )


def _institution(code: str) -> Institution:
    found = institution_by_code(code)
    if found is None:
        raise CommandError(f"no institution {code}" if code else "say which institution: --institution CODE")
    return found


def _write_template(importer: Importer, out: str, institution: str) -> int:
    Path(out).write_bytes(importer.template(_institution(institution)))
    return GOOD


def _print(report: Report, file: str, dry_run: bool) -> None:
    for finding in report.findings:
        place = _("第 %(row)s 行") % {"row": finding.row} if finding.row else ""
        head = " ".join(part for part in (place, finding.column) if part)
        value = f"「{finding.value}」" if finding.value else ""
        print(f"{file}: {head}{value}：{finding.problem}—{finding.remedy}", file=sys.stderr)
    if report.findings.uncounted:
        print(_("还有 %(count)s 处没有列出。") % {"count": report.findings.uncounted}, file=sys.stderr)
    counts = {"created": report.created, "updated": report.updated, "unchanged": report.unchanged}
    if not report.ok:
        print(_("一行也没有导入。"), file=sys.stderr)
    elif dry_run:
        print(_("会新增 %(created)s 条，更新 %(updated)s 条，不变 %(unchanged)s 条。") % counts)
    else:
        print(_("新增 %(created)s 条，更新 %(updated)s 条，不变 %(unchanged)s 条。") % counts)


def _importer(kind: ImportKind) -> Importer:
    def preview(actor: Actor, institution: Institution, content: bytes, filename: str, now: datetime) -> Report:
        return preview_import(
            actor=actor, institution=institution, kind=kind.value, content=content, filename=filename, now=now
        )

    def carry_out(actor: Actor, institution: Institution, content: bytes, filename: str, now: datetime) -> Report:
        try:
            return import_organisation(
                actor=actor, institution=institution, kind=kind.value, content=content, filename=filename, now=now
            )
        except ImportRefused as refused:
            return refused.plan

    def template(institution: Institution) -> bytes:
        spec = spec_of(kind.value)
        return write_template(spec.columns(institution), sheet=str(spec.title))

    return Importer(preview, carry_out, template)


IMPORTERS = {kind: _importer(kind) for kind in ImportKind}
