"""Several processes record at once: no gap, no fork, no deadlock, and nothing of what did not commit."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from tests.support.copies import copied_database, working_on
from xianshen.ledger import verify
from xianshen.ledger.models import ChainHead, LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
PROCESSES, ACTS = 4, 40


def start_writer(number: int, url: str, folder: Path, *options: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "XIANSHEN_DATA": str(folder / f"writer{number}"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.writer", str(number), str(ACTS), *options],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_ready(writers: list[subprocess.Popen[str]]) -> None:
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n", writer.communicate()[1]


def release(writers: list[subprocess.Popen[str]]) -> None:
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
        writer.stdin = None


def test_processes_that_record_at_once_build_one_chain(tmp_path: Path) -> None:
    with copied_database(tmp_path) as copy:
        with working_on(copy), connection.cursor() as cursor:
            cursor.execute("CREATE TABLE tests_shared (number integer NOT NULL)")
            cursor.execute("INSERT INTO tests_shared VALUES (0)")
        writers = [start_writer(number, copy.url, tmp_path) for number in range(PROCESSES)]
        victim = start_writer(PROCESSES, copy.url, tmp_path, "die")
        try:
            wait_until_ready([*writers, victim])
            release([*writers, victim])
            results = [writer.communicate(timeout=120) for writer in writers]
            victim.communicate(timeout=120)
        finally:
            for writer in (*writers, victim):
                writer.kill()
        assert [(out, writer.returncode, error) for writer, (out, error) in zip(writers, results, strict=True)] == [
            ("done\n", 0, "")
        ] * PROCESSES
        assert victim.returncode == -signal.SIGKILL

        acts = (PROCESSES + 1) * ACTS
        with working_on(copy):
            with connection.cursor() as cursor:
                cursor.execute("SELECT number FROM tests_shared")
                assert cursor.fetchone() == (acts,)
            report = verify.verify()
            assert report.first_bad is None
            assert [(one.institution, one.entries) for one in report.institutions] == [("north", acts), ("south", acts)]
            for institution in ("north", "south"):
                entries = LedgerEntry.objects.filter(institution=institution).order_by("sequence")
                assert list(entries.values_list("sequence", flat=True)) == list(range(1, acts + 1))
                head = ChainHead.objects.get(institution=institution)
                assert (head.sequence, head.hash) == (acts, entries.reverse()[0].hash)
                by_writer = Counter(entry.data["text"].split("/")[0] for entry in entries)
                assert by_writer == {str(number): ACTS for number in range(PROCESSES + 1)}
