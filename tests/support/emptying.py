"""Lets tests empty the database although the ledger refuses DELETE and TRUNCATE."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.backends.base.operations import BaseDatabaseOperations

from xianshen.ledger import statements
from xianshen.ledger.triggers import APPEND_ONLY, HEAD, create_statements, drop_statements


def switch_triggers(*, on: bool) -> None:
    """Switch the append-only triggers of the present database on or off, as its owner can."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in (*APPEND_ONLY, HEAD):
                cursor.execute(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER USER")
        else:
            for statement in create_statements("sqlite") if on else drop_statements("sqlite"):
                cursor.execute(statement)


@contextmanager
def ledger_may_be_emptied() -> Iterator[None]:
    """While this is open, Django's flush (after every transactional test) empties the ledger as well."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_without_triggers(operations: BaseDatabaseOperations, sql_list: list[str]) -> None:
        if not any(HEAD in sql for sql in sql_list):
            return flush(operations, sql_list)
        with transaction.atomic():
            switch_triggers(on=False)
            flush(operations, sql_list)
            switch_triggers(on=True)
        shutil.rmtree(statements.folder(), ignore_errors=True)
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_without_triggers)
        yield
