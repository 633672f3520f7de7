"""A process that records acts: ``python -m tests.ledger.writer NUMBER COUNT [die]``; starts when its input is closed.

Every act touches a row that all writers share, before or after it records, and records in two institutions, in
either order: with locks taken as the services happen to be written, this would deadlock. With ``die``, the process
is killed in one more act, after its entries were written and before they are committed.
"""

import os
import signal
import sys
from typing import Any

import django
from django.db import connection

COUNT_UP = "UPDATE tests_shared SET number = number + 1"


def die_before_commit(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Let a statement be executed, and end the process if it moved a chain head."""
    result = execute(sql, params, many, context)
    if sql.startswith('UPDATE "ledger_chainhead"'):
        os.kill(os.getpid(), signal.SIGKILL)
    return result


def main(number: int, count: int, *, die: bool) -> None:
    django.setup()
    from tests.factories.ledger import note
    from xianshen.ledger.services import act

    def touch() -> None:
        with connection.cursor() as cursor:
            cursor.execute(COUNT_UP)

    @act
    def touch_first(text: str) -> None:
        touch()
        note(text, institution="north")
        note(text, institution="south")

    @act
    def record_first(text: str) -> None:
        note(text, institution="south")
        note(text, institution="north")
        touch()

    print("ready", flush=True)
    sys.stdin.read()
    for turn in range(count):
        (record_first if (number + turn) % 2 else touch_first)(f"{number}/{turn}")
    if die:
        with connection.execute_wrapper(die_before_commit):
            touch_first("lost")
    print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), die="die" in sys.argv[3:])
