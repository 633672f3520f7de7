"""Import of a list of 50,000 accounts of before the rules, with 1,000 errors and without: time, memory, all or nothing."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.clocks import _empty as empty
from bench.pages import inside
from bench.table import table

ROWS, ERRORS = 50_000, 1_000
BAR_MIB = 300

PREPARE = """
from bench.legacy_import import prepare
prepare({directory!r}, rows={rows}, errors={errors})
"""
RUN = """
import json
from bench.legacy_import import run
print(json.dumps(run({path!r})))
"""


def prepare(directory: str, *, rows: int, errors: int) -> None:
    """Write the college, and three lists: with errors as CSV, right as CSV (GBK) and as XLSX."""
    from bench.data import UNITS, cast_and_units
    from xianshen.common.tabular import write_csv, write_xlsx
    from xianshen.registry.imports import SHEET, account_columns

    _cast, policy, _units = cast_and_units()
    columns = account_columns(policy)
    step = max(rows // errors, 1)

    def values(number: int, *, wrong: bool) -> dict[str, str]:
        bad = wrong and number % step == 0
        return {
            "name": f"第{number}号服务园地",
            "platform": "微信订阅号",
            "handle": f"garden_{number}",
            "unit": "nowhere" if bad and number % 2 else f"u{number % UNITS}",
            "owner": f"operator{number % UNITS}",
            "mobile": "12345" if bad and not number % 2 else "13916392047",
            "email": f"garden{number}@example.edu.cn",
            "content_scope": f"发布本部门的通知、活动预告和办事指南，第{number}号。",
            "opened_on": f"{2015 + number % 10}年{1 + number % 12}月{1 + number % 28}日",
        }

    target = Path(directory)
    wrong = write_csv(columns, (values(number, wrong=True) for number in range(rows)))
    (target / "wrong.csv").write_bytes(wrong)
    right = write_csv(columns, (values(number, wrong=False) for number in range(rows)))
    (target / "right.csv").write_bytes(right.decode("utf-8-sig").encode("gb18030"))
    book = write_xlsx(columns, (values(number, wrong=False) for number in range(rows)), sheet=str(SHEET))
    (target / "right.xlsx").write_bytes(book)


def run(path: str) -> dict[str, float | int | str]:
    """Import a list as the system; returns seconds, peak memory in MiB and what is on record afterwards."""
    import resource
    import time

    from bench.data import NOW
    from xianshen.common.actors import Actor
    from xianshen.ledger.models import LedgerEntry
    from xianshen.organisation.models import Institution
    from xianshen.registry.models import Filing, MediaAccount
    from xianshen.registry.services import import_legacy

    institution = Institution.objects.get(code="shcc")
    content = Path(path).read_bytes()
    resting = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began, processor = time.perf_counter(), time.process_time()
    plan = import_legacy(
        actor=Actor.system(institution_id=institution.pk, institution=institution.code),
        institution=institution,
        grants=None,
        content=content,
        filename=Path(path).name,
        now=NOW,
    )
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - processor,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "resting": resting,
        "findings": plan.findings.total,
        "accounts": MediaAccount.objects.count(),
        "filings": Filing.objects.count(),
        "entries": LedgerEntry.objects.count(),
        "size": len(content) / 2**20,
    }


def legacy_import(database: str, url: str | None, *, quick: bool) -> None:
    """Print the table; the list with errors enters nothing, the right one everything, again it enters nothing."""
    factor = 10 if quick else 1
    rows = []
    for name, ways in (("CSV", ("wrong.csv", "right.csv", "right.csv")), ("XLSX", ("right.xlsx",))):
        with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
            environment: Mapping[str, str] = {"XIANSHEN_DATA": directory, **({"DATABASE_URL": url} if url else {})}
            empty(environment, url)
            inside(PREPARE.format(directory=directory, rows=ROWS // factor, errors=ERRORS // factor), environment)
            for number, way in enumerate(ways):
                one = json.loads(inside(RUN.format(path=str(Path(directory) / way)), environment))
                said = "with errors" if way.startswith("wrong") else "the same again" if number == 2 else "right"
                rows.append(
                    (
                        f"{name}, {one['size']:.1f} MiB",
                        said,
                        f"{one['findings']:,}",
                        f"{one['accounts']:,}",
                        f"{one['filings']:,}",
                        f"{one['entries']:,}",
                        f"{one['seconds']:.1f}",
                        f"{one['cpu']:.1f}",
                        f"{one['memory']:.0f} ({one['resting']:.0f} before)",
                        f"{'met' if one['memory'] < BAR_MIB else 'NOT MET'}: < {BAR_MIB} MiB",
                    )
                )
    table(
        f"Import of {ROWS // factor:,} accounts of before the rules, {database}",
        ("file", "list", "errors", "accounts", "filings", "ledger", "seconds", "CPU s", "peak MiB", "bar"),
        rows,
    )
