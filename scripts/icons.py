"""Build ``src/xianshen/static/icons.svg`` from the Tabler icons that the product uses.

Usage: ``npm pack @tabler/icons@3.51.0``, unpack it, then ``python scripts/icons.py PACKAGE_DIR``.
``python scripts/icons.py --missing`` lists icons named in templates or Python that the sprite lacks
(exit code 1 if there are any).
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPRITE = ROOT / "src" / "xianshen" / "static" / "icons.svg"
NAMES = ROOT / "scripts" / "icons.txt"
VERSION = "3.51.0"
LICENCE = "MIT, Copyright (c) 2020-2026 Paweł Kuna"
HEADER = f"<!-- @tabler/icons {VERSION}, {LICENCE}. Built by scripts/icons.py; do not edit. -->"


def wanted() -> list[str]:
    """Return the icon names of ``scripts/icons.txt``, sorted, without comments."""
    lines = (line.split("#")[0].split() for line in NAMES.read_text().splitlines())
    return sorted({name for names in lines for name in names})


def symbol(package: Path, name: str) -> str:
    """Return one ``<symbol>``; raise ``FileNotFoundError`` when the package has no such icon."""
    source = (package / "icons" / "outline" / f"{name}.svg").read_text()
    body = re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL)
    shapes = re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", body)
    drawn = [re.sub(r"\s*/>", "/>", shape) for shape in shapes if 'd="M0 0h24v24H0z"' not in shape]
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{"".join(drawn)}</symbol>'


def build(package: Path) -> None:
    """Write the sprite."""
    symbols = "\n".join(symbol(package, name) for name in wanted())
    SPRITE.write_text(f'{HEADER}\n<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n')


def in_sprite() -> set[str]:
    """Return the names of the icons in the sprite."""
    return set(re.findall(r'id="i-([a-z0-9-]+)"', SPRITE.read_text()))


def missing() -> list[str]:
    """Return ``name: file`` for icons that templates and Python name and the sprite lacks."""
    have = in_sprite()
    pattern = re.compile(r"""\{% icon "([a-z0-9-]+)"|\bicon=["']([a-z0-9-]+)["']""")
    found = []
    for path in sorted([*ROOT.glob("src/xianshen/**/*.html"), *ROOT.glob("src/xianshen/**/*.py")]):
        for one, other in pattern.findall(path.read_text()):
            if (name := one or other) not in have:
                found.append(f"{name}: {path.relative_to(ROOT)}")
    return found


def main(arguments: list[str]) -> int:
    if arguments == ["--missing"]:
        print("\n".join(lacking := missing()), end="\n" if lacking else "")
        return 1 if lacking else 0
    if len(arguments) != 1:
        print(__doc__)
        return 2
    build(Path(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
