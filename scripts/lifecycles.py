"""Draw every declared lifecycle into docs/lifecycles.md; ``--check`` only says whether it is in step."""

import argparse
import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from xianshen.workflow.tables import TransitionTable

TARGET = Path(__file__).resolve().parent.parent / "docs" / "lifecycles.md"
HEAD = """# Lifecycles

Drawn from the rooms' `transitions.py` by `scripts/lifecycles.py`; do not edit.
"""


def rows_of(table: "TransitionTable[Any]") -> str:
    """Return the table as Markdown."""
    lines = ["| transition | words | from | to | ledger event | rule |", "|---|---|---|---|---|---|"]
    for one in table:
        sources = ", ".join(sorted(one.sources))
        lines.append(f"| `{one.name}` | {one.label} | {sources} | {one.target} | `{one.event.code}` | `{one.rule}` |")
    return "\n".join(lines) + "\n"


def drawn() -> str:
    """Return the document."""
    from django.conf import settings

    from xianshen.workflow.diagram import mermaid
    from xianshen.workflow.tables import TransitionTable

    parts = [HEAD]
    for room in settings.ROOMS:
        name = f"xianshen.{room}.transitions"
        if find_spec(name) is None:
            continue
        for table in vars(importlib.import_module(name)).values():
            if isinstance(table, TransitionTable):
                parts.append(f"## {table.name} (`{room}`)\n\n```mermaid\n{mermaid(table)}\n```\n")
                parts.append(rows_of(table))
    return "\n".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xianshen.settings")
    django.setup()
    text = drawn()
    if options.check:
        if TARGET.exists() and TARGET.read_text() == text:
            return 0
        print("docs/lifecycles.md is not in step with the code: run python scripts/lifecycles.py")
        return 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
