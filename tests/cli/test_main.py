"""The command line: exit codes, one line per mistake, nothing loaded that is not needed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError

from xianshen.cli import main as cli
from xianshen.common.errors import TransitionNotAllowed

ROOT = Path(__file__).resolve().parents[2]


def xianshen(*arguments: str, data: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line as an operator would, on a data directory of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "DATABASE_", "PYTEST"))}
    return subprocess.run(
        [sys.executable, "-m", "xianshen", *arguments],
        env={**clean, "PYTHONPATH": str(ROOT / "src"), "XIANSHEN_DATA": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_help_lists_every_command_without_loading_django() -> None:
    code = (
        "import sys\nfrom xianshen.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit as end: assert not end.code\n"
        "assert 'django' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in cli.COMMANDS:
        assert f"\n    {name} " in done.stdout


@pytest.mark.parametrize("name", sorted(set(cli.COMMANDS) - {"manage"}))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.build_parser(name).parse_args([name, "--help"])
    assert end.value.code == 0
    assert f"xianshen {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["serve", "--nosuch"], ["policy"], ["ledger", "nosuch"]])
def test_wrong_use_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.run(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: xianshen")


def test_wrong_setting_is_one_line(tmp_path: Path) -> None:
    done = xianshen("ledger", "verify", data=tmp_path, XIANSHEN_DEBUG="perhaps")
    assert (done.returncode, done.stderr) == (2, "xianshen: XIANSHEN_DEBUG must be 0 or 1, not 'perhaps'\n")


def test_missing_tables_are_one_line(tmp_path: Path) -> None:
    done = xianshen("ledger", "verify", data=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("xianshen: the database ")
    assert done.stderr.count("\n") == 1


def test_unreachable_database_is_one_line(tmp_path: Path) -> None:
    url = f"postgres://nobody@{str(tmp_path).replace('/', '%2F')}/nothing"
    done = xianshen("migrate", data=tmp_path, DATABASE_URL=url)
    assert done.returncode == 2
    assert done.stderr.startswith("xianshen: the database does not answer: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "text"),
    (
        (ValidationError(["一", "二"]), "一; 二"),
        (TransitionNotAllowed("现在不能撤回。"), "现在不能撤回。"),
        (OperationalError("could not connect\nmore"), "the database does not answer: could not connect"),
        (OperationalError("database or disk is full"), "no space left on the disk of the database"),
        (KeyError("a mistake in the program"), None),
    ),
)
def test_expected_failures_are_explained(error: Exception, text: str | None) -> None:
    assert cli.explain(error) == text


def test_two_rooms_may_add_to_one_command() -> None:
    parser = cli.Parser(prog="xianshen")
    commands = parser.add_subparsers(dest="command")

    def add(name: str) -> None:
        group = commands.add_parser("import", help="import")
        action = group.add_subparsers(required=True).add_parser(name, help=name)
        action.set_defaults(run=lambda _options: name)

    add("units")
    add("accounts")
    for name in ("units", "accounts"):
        options: Any = parser.parse_args(["import", name])
        assert options.run(options) == name


def test_manage_passes_on_to_django(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["manage", "--version"]) == 0
    assert capsys.readouterr().out == f"{django.get_version()}\n"


def test_migrate_check_counts_as_finding_until_done(tmp_path: Path) -> None:
    assert xianshen("migrate", "--check", data=tmp_path).returncode == 1
    first = xianshen("migrate", data=tmp_path)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("tables brought up to date")
    again = xianshen("migrate", "--check", data=tmp_path)
    assert (again.returncode, again.stdout) == (0, "nothing to do\n")
