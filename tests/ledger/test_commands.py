"""``xianshen ledger``: output for people and programs, exit codes, keys and files."""

import json
import re
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from tests.factories.ledger import START, note, note_many
from tests.ledger import forgery
from xianshen.__main__ import main
from xianshen.ledger import events, statements
from xianshen.ledger.checkpoints import take_checkpoint
from xianshen.ledger.checks import check_labels
from xianshen.ledger.events import EventType, LedgerError
from xianshen.ledger.keys import KEY_FILE, public_pem, signing_key
from xianshen.ledger.models import Checkpoint
from xianshen.ledger.tasks import sign_checkpoints

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


@pytest.fixture
def signed(django_capture_on_commit_callbacks: Any) -> None:
    note_many(5)
    with django_capture_on_commit_callbacks(execute=True):
        take_checkpoint(institution="shcc", now=START)


def test_verify_says_that_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    note_many(5)
    assert main(["ledger", "verify"]) == 0
    assert capsys.readouterr().out.startswith("shcc: 5 entries are as recorded; no checkpoint yet\n5 entries in ")
    assert main(["ledger", "verify", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["first_bad"], report["entries"]) == (True, None, 5)


def test_verify_of_an_empty_installation_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["institutions"] == []


def test_verify_names_the_first_bad_entry(capsys: pytest.CaptureFixture[str]) -> None:
    note_many(5)
    note_many(5, institution="other")
    forgery.open_the_database()
    forgery.change(3, actor_name="张三")
    assert main(["ledger", "verify"]) == 1
    out = capsys.readouterr().out
    assert "shcc: entry 3 was edited: the content does not have the recorded hash\n" in out
    assert "other: 5 entries are as recorded" in out
    assert "note: append-only triggers are missing" in out
    assert main(["ledger", "verify", "--institution", "other"]) == 0


@pytest.mark.parametrize(
    "arguments",
    (
        ["verify", "--institution", "nobody"],
        ["checkpoint", "--institution", "nobody"],
        ["export", "nobody"],
        ["verify", "--public-key", "/no/such/file"],
        ["export", "shcc", "/no/such/folder/file"],
    ),
)
def test_wrong_use_is_one_line_and_exit_code_2(
    signed: None, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["ledger", *arguments]) == 2
    answer = capsys.readouterr()
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1


def test_key_file_that_holds_no_key_is_wrong_use(
    signed: None, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    assert main(["ledger", "verify", "--public-key", str(junk)]) == 2
    (data / "keys" / KEY_FILE).write_text("junk")
    assert main(["ledger", "verify"]) == 2
    assert main(["ledger", "checkpoint"]) == 2
    assert main(["ledger", "public-key"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_checkpoint_signs_and_writes_the_file_once(
    capsys: pytest.CaptureFixture[str], django_capture_on_commit_callbacks: Any
) -> None:
    note_many(5)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert main(["ledger", "checkpoint", "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["ok"] is True
        [checkpoint] = answer["checkpoints"]
        assert (checkpoint["institution"], checkpoint["sequence"]) == ("shcc", 5)
    [row] = Checkpoint.objects.all()
    assert row.hash == forgery.entry(5).hash == checkpoint["hash"]
    assert len(statements.file_of("shcc").read_text().splitlines()) == 1
    assert main(["ledger", "checkpoint"]) == 0
    assert capsys.readouterr().out == f"shcc: checkpoint at entry 5, {row.hash}\n"


def test_checkpoint_without_entries_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "checkpoint", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "checkpoints": [], "broken": []}
    assert take_checkpoint(institution="nobody", now=START) is None


def test_worker_signs_every_hour_and_leaves_a_broken_chain_unsigned(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    note_many(5)
    note_many(5, institution="other")
    with django_capture_on_commit_callbacks(execute=True):
        sign_checkpoints(START)
    note()
    note(institution="other")
    forgery.open_the_database()
    forgery.change(6, actor_name="张三")
    with django_capture_on_commit_callbacks(execute=True):
        sign_checkpoints(START + timedelta(hours=1))
    assert list(Checkpoint.objects.order_by("institution", "sequence").values_list("institution", "sequence")) == [
        ("other", 5),
        ("other", 6),
        ("shcc", 5),
    ]
    assert "does not verify" in caplog.text


def test_key_is_made_once_and_readable_by_its_owner_only(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = public_pem()
    path = data / "keys" / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public_pem() == first
    assert main(["ledger", "public-key"]) == 0
    assert capsys.readouterr().out == first
    assert [file.name for file in path.parent.iterdir()] == [KEY_FILE]


def test_key_of_another_kind_is_refused(data: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = data / "keys" / KEY_FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(Ed448PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(LedgerError, match="no Ed25519 key"):
        signing_key()


def test_institution_code_cannot_leave_the_checkpoint_folder(django_capture_on_commit_callbacks: Any) -> None:
    note(institution="../学院")
    with django_capture_on_commit_callbacks(execute=True):
        take_checkpoint(institution="../学院", now=START)
    assert statements.file_of("../学院").parent == statements.folder()
    assert statements.institutions_with_files() == ["../学院"]
    assert main(["ledger", "verify"]) == 0


def outsider(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the script that the documentation gives to outsiders."""
    [script] = re.findall(r"```python\n(import hashlib.*?)```", DOCS.read_text(), re.S)
    assert len(script.splitlines()) <= 30
    (folder / "check.py").write_text(script)
    return subprocess.run(
        [sys.executable, "check.py", "export.jsonl", "ledger.pub"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_outsider_verifies_an_export_with_the_documented_script(signed: None, tmp_path: Path) -> None:
    note('第六条\n"引号" 😀 \u2028', about=[note().subject])
    export = tmp_path / "export.jsonl"
    assert main(["ledger", "export", "shcc", str(export)]) == 0
    (tmp_path / "ledger.pub").write_text(public_pem())
    lines = export.read_text().removesuffix("\n").split("\n")
    assert len(lines) == 8

    good = outsider(tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == "7 entries, 1 checkpoints: good\n"

    def judged(altered: list[str]) -> str:
        export.write_text("\n".join(altered) + "\n")
        answer = outsider(tmp_path)
        assert answer.returncode == 1
        return answer.stderr.strip()

    assert judged([*lines[:2], lines[2].replace("王敏", "张三"), *lines[3:]]) == "entry 3"
    assert judged([*lines[:2], *lines[3:]]) == "entry 4"
    assert judged([*lines[:4], *lines[7:]]) == "checkpoint 5"
    assert judged([*lines[:7], lines[7].replace("2026", "2025")]) == "checkpoint 5"


def test_export_to_standard_output_is_the_same(
    signed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = tmp_path / "export.jsonl"
    assert main(["ledger", "export", "shcc", str(export)]) == 0
    assert main(["ledger", "export", "shcc"]) == 0
    assert capsys.readouterr().out == export.read_text()


@pytest.mark.parametrize("label", ("%(missing)s", "100%", "%(text)d", "%s"))
def test_system_check_finds_a_label_that_cannot_be_filled(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_labels(None) == []
    monkeypatch.setitem(events._events, "tests.bad", EventType("tests.bad", frozenset({"text"}), label))
    found = [message for message in run_checks() if message.id == "ledger.E001"]
    assert len(found) >= 1
    assert "tests.bad" in found[0].msg
