"""Look over the tracked files: lock files satisfy their sources, and nothing names a machine.

Prints ``FILE:LINE: what is wrong`` and exits with 1 when there is something.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
#: Home directories and the like, hosts of package registries and their mirrors, and merge leftovers.
FOREIGN = re.compile(
    r"(?<![\w.~$}])/(?:root|home/\w+|Users/\w+|workspace|work)/\w"
    r"|(?:extra-)?index-url\s*[=:]|files\.pythonhosted\.org|registry\.npmjs|\bmirrors?\.\w+\.\w+"
    r"|^(?:<{7}|>{7}) "
)
TEXT_LIMIT = 2_000_000


def main() -> int:
    """Print what is wrong; return 1 if there is anything."""
    findings = [*check_locks(), *check_text()]
    print("\n".join(findings) or "files: nothing to complain about")
    return 1 if findings else 0


def check_locks() -> Iterator[str]:
    """Yield every requirement that its lock file does not meet with a pinned, hashed version."""
    pins: dict[str, str] = {}
    for name in ("base", "dev"):
        lock = ROOT / "requirements" / f"{name}.txt"
        blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text(), flags=re.IGNORECASE)
        for block in blocks:
            if pin := re.match(r"([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", block):
                pins[_normal(pin[1])] = pin[2]
                if "--hash=sha256:" not in block:
                    yield f"{lock.relative_to(ROOT)}: {pin[1]} has no hash (make lock)"
        source = lock.with_suffix(".in")
        for number, line in enumerate(source.read_text().splitlines(), 1):
            if not line.strip() or line.startswith(("#", "-")):
                continue
            wanted = Requirement(line.split(" #")[0])
            version = pins.get(_normal(wanted.name))
            if version is None or not wanted.specifier.contains(version, prereleases=True):
                yield f"{source.relative_to(ROOT)}:{number}: locked is {version}, wanted {wanted} (make lock)"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def check_text() -> Iterator[str]:
    """Yield every line of a tracked text file that belongs to one machine only, or to a failed merge."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path == Path(__file__) or "vendor" in path.parts or not path.is_file() or path.stat().st_size > TEXT_LIMIT:
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if found := FOREIGN.search(line):
                yield f"{name}:{number}: names a machine or a registry: {found[0].strip()}"


if __name__ == "__main__":
    sys.exit(main())
