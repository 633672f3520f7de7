"""Whether the embedded database was prepared by exactly this version, told without loading Django.

``xianshen prepare`` leaves a number in the SQLite file itself (``PRAGMA user_version``), made from everything
that decides what there is to prepare. A file restored from a backup brings its own number along.
"""

import hashlib
import os
import sqlite3
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]


def expected(*, demo: bool) -> int:
    """Return the number that a database prepared by this version carries, positive and below 2³¹."""
    policies = Path(os.environ.get("XIANSHEN_POLICIES") or ROOT / "policies")
    sources = [*PACKAGE.glob("*/migrations/*.py"), *policies.rglob("*.yaml"), ROOT / "requirements" / "base.txt"]
    digest = hashlib.sha256(b"demo" if demo else b"")
    for path in sorted(sources):
        if path.is_file():
            digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return int.from_bytes(digest.digest()[:4], "big") % (2**31 - 1) + 1


def matches(database: Path, *, demo: bool) -> bool:
    """Whether nothing needs preparing. False when in doubt."""
    if not database.is_file():
        return False
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
        try:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] == expected(demo=demo))
        finally:
            connection.close()
    except sqlite3.Error:
        return False
