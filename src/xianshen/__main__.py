"""The one entry for operations: ``python -m xianshen …`` or ``xianshen …``."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 (good), 1 (findings) or 2 (wrong use)."""
    from xianshen.cli.main import run

    return run(sys.argv[1:] if arguments is None else list(arguments))


if __name__ == "__main__":
    sys.exit(main())
