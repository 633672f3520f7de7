"""``xianshen policy check | load | map`` from the terminal's side."""

import json
import shutil
from pathlib import Path

import pytest

from tests.factories.regulation import OTHER
from xianshen.cli.main import run
from xianshen.regulation import articlemap
from xianshen.regulation.models import PolicyVersion

GOOD, FINDINGS, WRONG_USE = 0, 1, 2


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a pack with one mistake."""
    pack = Path(shutil.copytree(OTHER, tmp_path / "linhai"))
    path = pack / "2025-r3" / "rules.yaml"
    path.write_text(path.read_text().replace("id: name.unique, article: 7", "id: name.unique, article: 17"))
    return pack


def test_check_of_a_good_pack(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "check", str(OTHER)]) == GOOD
    assert "good (linhai: 2025-r3)" in capsys.readouterr().out


def test_check_names_file_line_and_field(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "check", str(broken)]) == FINDINGS
    assert capsys.readouterr().out == f"{broken}/2025-r3/rules.yaml:29: rules[27].article: 没有第 17 条。\n"


def test_check_as_json(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "check", str(broken), "--json"]) == FINDINGS
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["mistakes"][0] | {"message": ""} == {
        "file": f"{broken}/2025-r3/rules.yaml",
        "line": 29,
        "field": "rules[27].article",
        "message": "",
    }
    assert run(["policy", "check", str(OTHER), "--json"]) == GOOD
    good = json.loads(capsys.readouterr().out)
    assert all("放假安排" in warning for warning in good.pop("warnings"))
    assert good == {"ok": True, "versions": ["2025-r3"], "mistakes": []}


@pytest.mark.parametrize("action", ["check", "load"])
def test_folder_that_is_not_there_is_wrong_use(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", action, "no/such/folder"]) == WRONG_USE
    assert "no such folder" in capsys.readouterr().err


@pytest.mark.django_db
def test_load_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "load", str(OTHER)]) == GOOD
    assert "linhai: loaded 2025-r3\nlinhai: in force 2025-r3" in capsys.readouterr().out
    assert run(["policy", "load", str(OTHER), "--json"]) == GOOD
    answer = json.loads(capsys.readouterr().out)
    assert (answer["unchanged"], answer["loaded"], answer["in_force"]) == (["2025-r3"], [], "2025-r3")


@pytest.mark.django_db
def test_load_of_a_broken_pack_changes_nothing(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "load", str(broken)]) == FINDINGS
    assert "rules[27].article" in capsys.readouterr().out
    assert not PolicyVersion.objects.exists()


@pytest.mark.django_db
def test_load_that_changes_a_version_in_force_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["policy", "load", str(OTHER)])
    pack = Path(shutil.copytree(OTHER, tmp_path / "linhai"))
    path = pack / "2025-r3" / "clocks.yaml"
    path.write_text(path.read_text().replace("{working_days: 3}", "{working_days: 5}"))
    before = list(PolicyVersion.objects.values_list("digest"))
    assert run(["policy", "load", str(pack), "--json"]) == FINDINGS
    assert "已经施行" in capsys.readouterr().out
    assert list(PolicyVersion.objects.values_list("digest")) == before


def test_map_is_written_and_then_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(articlemap, "STORED_TESTS", tmp_path / "tests.json")
    monkeypatch.setattr(articlemap, "problems", lambda policy, tests: [])
    arguments = ["policy", "map", str(OTHER), "--tests", "tests", "--output", str(tmp_path / "map.md")]
    assert run(arguments) == FINDINGS
    assert "out of date" in capsys.readouterr().out
    assert run([*arguments, "--write"]) == GOOD
    assert run(arguments) == GOOD
    assert "| 第九条 |" in (tmp_path / "map.md").read_text(encoding="utf-8")


def test_map_with_a_problem_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(articlemap, "STORED_TESTS", tmp_path / "tests.json")
    monkeypatch.setattr(articlemap, "tests_in", lambda folder: {})
    assert run(["policy", "map", str(OTHER), "--output", str(tmp_path / "map.md")]) == FINDINGS
    assert "no test is marked with it" in capsys.readouterr().out
