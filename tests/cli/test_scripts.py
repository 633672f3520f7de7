"""What the Makefile calls: environment, PostgreSQL, translations, tracked files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import check_files, environment, messages, with_postgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "no space left"),
        ("WARNING: Retrying ... NewConnectionError('... Temporary failure in name resolution')", "no network"),
        ("error: Failed to fetch: `…`\n  Caused by: dns error", "no network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "differs from its recorded hash"),
        ("ERROR: Something nobody has thought of\nmore", "installing failed: ERROR: Something nobody has thought of"),
    ],
)
def test_failed_installation_is_one_line(
    output: str, meaning: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "VENV", tmp_path)
    monkeypatch.setattr(environment, "LOG", tmp_path / "install.log")
    problem = environment.step([sys.executable, "-c", f"import sys; print({output!r}); sys.exit(1)"])
    assert meaning in problem
    assert "\n" not in problem
    assert output.splitlines()[0] in (tmp_path / "install.log").read_text()


def test_wrong_python_is_one_line(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ncase "$2" in *platform*) echo 3.8.1;; *) exit 1;; esac\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "scripts" / "environment.sh"), "base"],
        env={"PATH": f"{tmp_path}", "PYTHON": str(old)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Python 3.11 or newer is needed; found:" in done.stderr.splitlines()[-1]
    assert "(3.8.1)" in done.stderr


def test_environment_is_fresh_until_a_lock_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements").mkdir()
    for name in ("base.txt", "dev.txt"):
        (tmp_path / "requirements" / name).write_text("django==5.2.19\n")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    before = environment.fingerprint("base"), environment.fingerprint("dev")
    assert before == (environment.fingerprint("base"), environment.fingerprint("dev"))
    (tmp_path / "requirements" / "dev.txt").write_text("django==5.2.20\n")
    assert environment.fingerprint("base") == before[0]
    assert environment.fingerprint("dev") != before[1]


def test_throw_away_postgres_runs_and_goes_away() -> None:
    code = (
        "import os, psycopg; url = os.environ['DATABASE_URL']; print(url); "
        "print(psycopg.connect(url).execute('SHOW server_encoding').fetchone()[0])"
    )
    clean = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "with_postgres.py"), "--", sys.executable, "-c", code],
        env=clean,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    url, encoding = done.stdout.split()
    assert encoding == "UTF8"
    folder = Path(url.split("@")[1].split("/")[0].replace("%2F", "/"))
    assert folder.name.startswith("xs-pg-")
    assert not folder.exists()


def test_missing_postgres_fails_and_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(with_postgres.shutil, "which", lambda _name: None)
    monkeypatch.setattr(with_postgres, "find_spec", lambda _name: None)
    monkeypatch.setattr(with_postgres.Path, "glob", lambda _self, _pattern: iter(()))
    monkeypatch.setattr(with_postgres.Path, "exists", lambda _self: False)
    monkeypatch.setattr(sys, "argv", ["with_postgres.py", "true"])
    assert with_postgres.main() == 2
    assert "apt-get install postgresql" in capsys.readouterr().err


def test_given_postgres_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app@example.org/app")
    code = "import os, sys; sys.exit(os.environ['DATABASE_URL'] != 'postgres://app@example.org/app')"
    monkeypatch.setattr(sys, "argv", ["with_postgres.py", "--", sys.executable, "-c", code])
    assert with_postgres.main() == 0


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the catalogue of a small package with one string in Python and one in a template."""
    package = tmp_path / "src" / "xianshen"
    (package / "web" / "templates").mkdir(parents=True)
    (package / "web" / "views.py").write_text(
        'from django.utils.translation import gettext as _\nx = _("共 %(n)s 件")\n'
    )
    (package / "web" / "templates" / "a.html").write_text(
        '{% load i18n %}\n<p>\n    {% translate "去签署" %}</p>\n  {% blocktranslate with a=b %}致{{ a }}{% endblocktranslate %}'
    )
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "PACKAGE", package)
    monkeypatch.setattr(messages, "CATALOGUE", package / "locale" / "django.po")
    monkeypatch.setattr(messages, "COMPILED", package / "locale" / "django.mo")
    return package / "locale" / "django.po"


def translate(catalogue: Path, **strings: str) -> None:
    text = catalogue.read_text()
    for msgid, msgstr in strings.items():
        assert f'msgid "{msgid}"\nmsgstr ""' in text
        text = text.replace(f'msgid "{msgid}"\nmsgstr ""', f'msgid "{msgid}"\nmsgstr "{msgstr}"')
    catalogue.write_text(text)


GOOD = {"共 %(n)s 件": "%(n)s items", "去签署": "Sign", "致%(a)s": "To %(a)s"}


def test_complete_catalogue_has_no_mistakes_and_survives_an_update(catalogue: Path) -> None:
    messages.update()
    translate(catalogue, **GOOD)
    messages.compile_catalogue()
    assert list(messages.find_mistakes()) == []
    before = catalogue.read_bytes()
    messages.update()
    assert catalogue.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"去签署": ""}, "not translated: '去签署'"),
        ({"共 %(n)s 件": "%(m)s items"}, "placeholders differ"),
        ({"去签署": "去签署"}, "translated by itself"),
    ],
)
def test_wrong_translation_is_named(catalogue: Path, change: dict[str, str], complaint: str) -> None:
    messages.update()
    translate(catalogue, **{**GOOD, **change})
    messages.compile_catalogue()
    found = list(messages.find_mistakes())
    assert len(found) == 1
    assert complaint in found[0]


def test_strings_that_came_or_went_and_english_msgids_are_named(catalogue: Path) -> None:
    messages.update()
    translate(catalogue, **GOOD)
    messages.compile_catalogue()
    views = messages.PACKAGE / "web" / "views.py"
    views.write_text(views.read_text().replace("共 %(n)s 件", "%(n)s items in all"))
    (messages.PACKAGE / "static").mkdir()
    (messages.PACKAGE / "static" / "a.js").write_text("// 注释\nalert('已保存')\n")
    found = "\n".join(messages.find_mistakes())
    assert "msgid is not Chinese: '%(n)s items in all'" in found
    assert "not in the catalogue (make messages): '%(n)s items in all'" in found
    assert "no longer in the source (make messages): '共 %(n)s 件'" in found
    assert "a.js: Chinese text in a script" in found


def test_stale_compiled_catalogue_is_named(catalogue: Path) -> None:
    messages.update()
    translate(catalogue, **GOOD)
    assert [line.split(": ")[1] for line in messages.find_mistakes()] == ["not up to date (make messages)"]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("see /home" + "/somebody/project", True),
        ("index" + "-url = https://example.org/simple", True),
        ("<<<<<<< HEAD", True),
        ('path("home/", view)', False),
        ("https://example.org/home/page", False),
    ],
)
def test_machine_names_are_found(line: str, named: bool) -> None:
    assert bool(check_files.FOREIGN.search(line)) is named


def test_lock_without_a_wanted_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "requirements"
    folder.mkdir()
    (folder / "base.in").write_text("# what it needs\nDjango>=5.2,<5.3\nflask>=3  # web\n")
    (folder / "base.txt").write_text("# by uv\ndjango==5.2.1 \\\n    --hash=sha256:00\nitsdangerous==2.0\n")
    (folder / "dev.in").write_text("-c base.txt\ndjango>=6\n")
    (folder / "dev.txt").write_text("# by uv\n")
    monkeypatch.setattr(check_files, "ROOT", tmp_path)
    assert list(check_files.check_locks()) == [
        "requirements/base.txt: itsdangerous has no hash (make lock)",
        "requirements/base.in:3: locked is None, wanted flask>=3 (make lock)",
        "requirements/dev.in:2: locked is 5.2.1, wanted django>=6 (make lock)",
    ]
