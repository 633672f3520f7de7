"""Templates and styles fit together: nothing named that does not exist, nothing fetched from elsewhere."""

import re
from pathlib import Path

import pytest
from django.template import engines

from scripts.icons import in_sprite, missing, wanted

SOURCE = Path(__file__).resolve().parents[2] / "src" / "xianshen"
TEMPLATES = sorted(SOURCE.glob("*/templates/**/*.html"))
STYLES = [path for path in SOURCE.glob("**/static/**/*.css") if "vendor" not in path.parts]
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
#: Classes that only name a thing for scripts and tests.
NAMES_ONLY = frozenset({"xs-gallery"})


def classes_of(source: str) -> set[str]:
    """Return the xs- classes that a template names; those completed by a variable are left out."""
    found: set[str] = set()
    for value in re.findall(r'class="([^"]*)"', source):
        words = TAG.sub("\0", value).split()
        found.update(word.replace("\0", "") for word in words if "-\0" not in word)
    found = {word for word in found if word.startswith("xs-")}
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_templates_compile_and_name_only_classes_that_exist(path: Path) -> None:
    source = path.read_text()
    engines["django"].from_string(source)
    defined = {name for style in STYLES for name in re.findall(r"\.(xs-[\w-]+)", style.read_text())}
    assert classes_of(source) - defined - NAMES_ONLY == set()


def test_the_sprite_holds_exactly_the_icons_of_the_list() -> None:
    assert in_sprite() == set(wanted())
    assert missing() == []


def test_styles_and_scripts_fetch_nothing_from_elsewhere() -> None:
    files = [path for path in (SOURCE / "static").rglob("*") if path.suffix in {".css", ".js"}]
    assert files
    for path in files:
        text = path.read_text().replace("http://www.w3.org/", "")
        fetched = re.findall(r"""url\(["']?(https?:)?//|@import\s|fetch\(["']https?:|src\s*=\s*["']https?:""", text)
        assert not fetched, path


def test_every_font_file_is_named_by_its_style_sheet() -> None:
    for folder in (SOURCE / "static" / "vendor").glob("noto-*"):
        named = set(re.findall(r"files/([\w-]+\.woff2)", (folder / "index.css").read_text()))
        assert named == {path.name for path in (folder / "files").iterdir()}


def test_everything_vendored_comes_with_its_licence() -> None:
    vendor = SOURCE / "static" / "vendor"
    readme = (vendor / "README.md").read_text()
    for folder in (path for path in vendor.iterdir() if path.is_dir()):
        assert (folder / "LICENSE").stat().st_size > 500
        assert f"`{folder.name}/`" in readme


def test_styles_use_only_what_chromium_90_knows() -> None:
    text = (SOURCE / "static" / "css" / "xianshen.css").read_text().split("*/", 1)[1]
    for word in (":has(", "color-mix(", "@layer", "@container", "is-on:"):
        assert word not in text
