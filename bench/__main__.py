"""``python -m bench [names] [--database sqlite|postgresql|both] [--quick]``."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.table import machine

ROOT = Path(__file__).resolve().parent.parent
PER_DATABASE = ("pages", "decisions", "openings", "clocks", "legacy", "reviews")
ALONE = ("startup", "hashing", "documents", "ledger")


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the address of a private PostgreSQL that waits for the disk, or of ``DATABASE_URL``."""
    sys.path.insert(0, str(ROOT))
    from scripts.with_postgres import cluster

    with cluster(durable=True) as url:
        yield url


def measure(name: str, database: str, url: str | None, *, quick: bool) -> None:
    from bench import acts, clocks, legacy_import, pages, reviews

    measures = {
        "pages": pages.pages,
        "decisions": acts.decisions,
        "openings": acts.openings,
        "clocks": clocks.clocks,
        "legacy": legacy_import.legacy_import,
        "reviews": reviews.reviews,
    }
    measures[name](database, url, quick=quick)


def alone(name: str) -> None:
    from bench import startup

    if name == "startup":
        startup.startup()
    elif name == "hashing":
        startup.hashing()
    else:
        module = {"documents": "bench.documents", "ledger": "bench.ledger_verify"}[name]
        path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
        subprocess.run([sys.executable, "-m", module], check=True, env={**os.environ, "PYTHONPATH": path})


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(PER_DATABASE + ALONE)}; default: all")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, to see that everything runs")
    options = parser.parse_args()
    names = options.names or [*PER_DATABASE, *ALONE]
    unknown = set(names) - {*PER_DATABASE, *ALONE}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    print(machine(), flush=True)
    wanted = [name for name in PER_DATABASE if name in names]
    if wanted and options.database != "postgresql":
        for name in wanted:
            measure(name, "SQLite", None, quick=options.quick)
    if wanted and options.database != "sqlite":
        with postgresql() as url:
            for name in wanted:
                measure(name, "PostgreSQL", url, quick=options.quick)
    for name in ALONE:
        if name in names:
            alone(name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
