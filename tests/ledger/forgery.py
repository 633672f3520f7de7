"""What somebody who owns the database could do to a ledger."""

from typing import Any

from django.db import connection
from django.db.models import Model

from tests.support.emptying import switch_triggers
from xianshen.ledger.canonical import about_text, entry_hash
from xianshen.ledger.events import Subject
from xianshen.ledger.models import ChainHead, LedgerAbout, LedgerEntry

CODE = "shcc"


def open_the_database() -> None:
    """Take the triggers away."""
    switch_triggers(on=False)


def entry(sequence: int) -> LedgerEntry:
    return LedgerEntry.objects.get(institution=CODE, sequence=sequence)


def change(number: int, /, **fields: Any) -> None:
    """Edit an entry and leave its hash."""
    assert LedgerEntry.objects.filter(institution=CODE, sequence=number).update(**fields) == 1


def delete(*sequences: int) -> None:
    rows = LedgerEntry.objects.filter(institution=CODE, sequence__in=sequences)
    rows._raw_delete(rows.db)
    further = LedgerAbout.objects.filter(institution=CODE, sequence__in=sequences)
    further._raw_delete(further.db)


def set_head(sequence: int, digest: str) -> None:
    assert ChainHead.objects.filter(institution=CODE).update(sequence=sequence, hash=digest) == 1


def remove(row: Model) -> None:
    """Delete one row of any table."""
    rows = type(row)._base_manager.filter(pk=row.pk)
    rows._raw_delete(rows.db)


def rehash(sequence: int) -> str:
    """Give an entry the hash of its content, and return it."""
    row = entry(sequence)
    further = LedgerAbout.objects.filter(institution=CODE, sequence=sequence).order_by("place")
    about = about_text(Subject(one.subject_type, one.subject_id, one.subject_label) for one in further)
    change(sequence, hash=(digest := entry_hash(row.content, about)))
    return digest


def rewrite(first: int, last: int) -> None:
    """Give a part of the chain new hashes, each continuing from the one before, and set the head to its end."""
    previous = entry(first).previous_hash
    for sequence in range(first, last + 1):
        change(sequence, previous_hash=previous)
        previous = rehash(sequence)
    set_head(last, previous)


def swap(one: int, other: int) -> None:
    """Let two entries change places."""
    change(one, sequence=10**6)
    change(other, sequence=one)
    LedgerEntry.objects.filter(sequence=10**6).update(sequence=other)


def copy_to_end(source: int, end: int, **fields: Any) -> str:
    """Put a copy of an entry at the end, and set the head to it; return its hash."""
    row = entry(source)
    row.pk, row.sequence = None, end
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    set_head(end, row.hash)
    return row.hash


def drop_constraints() -> None:
    """Replace the table of entries by one without keys and constraints, so that it holds anything."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_ledgerentry RENAME TO ledger_honest")
        cursor.execute("CREATE TABLE ledger_ledgerentry AS SELECT * FROM ledger_honest")
