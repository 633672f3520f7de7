"""Empties the database after tests that commit, although the ledger refuses DELETE and TRUNCATE.

Django's own flush truncates every table and then makes content types and permissions anew, which takes longer
than most tests. Here only tables that hold rows are emptied, and what belongs to the schema stays.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from xianshen.ledger import statements
from xianshen.ledger.triggers import APPEND_ONLY, HEAD, create_statements, drop_statements

#: Tables whose rows come with the schema.
KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})


def switch_triggers(*, on: bool) -> None:
    """Switch the append-only triggers of the present database on or off, as its owner can."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in (*APPEND_ONLY, HEAD):
                cursor.execute(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER USER")
        else:
            for statement in create_statements("sqlite") if on else drop_statements("sqlite"):
                cursor.execute(statement)


def tables_with_rows() -> list[str]:
    """Return the tables of models, those that tests made themselves included, that hold rows."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    asked = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables if table not in KEPT)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [table for (table,) in cursor.fetchall()]


def empty_database() -> None:
    """Delete every row of every model, and the ledger's files."""
    filled = tables_with_rows()
    guarded = not {*APPEND_ONLY, HEAD}.isdisjoint(filled)
    with transaction.atomic(), connection.cursor() as cursor:
        if guarded:
            switch_triggers(on=False)
        for table in filled:
            cursor.execute(f"DELETE FROM {table}")
        connection.check_constraints()
        if guarded:
            switch_triggers(on=True)
    shutil.rmtree(statements.folder(), ignore_errors=True)


@contextmanager
def quick_emptying() -> Iterator[None]:
    """While this is open, tests that commit are followed by :func:`empty_database` instead of Django's flush."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: empty_database())
        yield
