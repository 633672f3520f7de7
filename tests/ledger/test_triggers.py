"""The database itself refuses to forget."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories.ledger import START, SubjectFactory, note, note_many
from xianshen.ledger.models import ChainHead, Checkpoint, LedgerAbout, LedgerEntry
from xianshen.ledger.triggers import APPEND_ONLY, HEAD, installed_triggers, trigger_names

pytestmark = pytest.mark.django_db


def contents() -> list[list[tuple[object, ...]]]:
    return [
        sorted(model.objects.values_list(), key=repr) for model in (LedgerEntry, LedgerAbout, ChainHead, Checkpoint)
    ]


@pytest.fixture
def filled() -> None:
    note_many(4)
    Checkpoint.objects.create(
        institution="shcc", sequence=4, hash="0" * 64, at=START, key_id="0" * 16, signature="0" * 128
    )


def refused(act: Callable[[], object]) -> bool:
    before = contents()
    with pytest.raises(IntegrityError), transaction.atomic():
        act()
    return contents() == before


def run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_all_triggers_are_installed() -> None:
    assert installed_triggers(connection) == trigger_names(connection.vendor)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_append_only_tables_refuse_update_and_delete(table: str) -> None:
    assert refused(lambda: run(f"UPDATE {table} SET institution = 'other'"))
    assert refused(lambda: run(f"UPDATE {table} SET sequence = sequence WHERE id = (SELECT max(id) FROM {table})"))
    assert refused(lambda: run(f"DELETE FROM {table}"))
    assert refused(lambda: run(f"DELETE FROM {table} WHERE sequence = (SELECT max(sequence) FROM {table})"))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("table", (*APPEND_ONLY, HEAD))
def test_postgresql_refuses_truncate(table: str) -> None:
    if connection.vendor == "postgresql":
        assert refused(lambda: run(f"TRUNCATE {table}"))
        assert refused(lambda: run(f"TRUNCATE {table} CASCADE"))
    else:
        assert refused(lambda: run(f"DELETE FROM {table}"))


@pytest.mark.usefixtures("filled")
def test_queryset_and_instance_methods_are_refused_as_well() -> None:
    entry = LedgerEntry.objects.get(sequence=2)
    entry.actor_name = "张三"
    assert refused(entry.save)
    assert refused(LedgerEntry.objects.get(sequence=2).delete)
    assert refused(lambda: LedgerEntry.objects.update(actor_name="张三"))
    assert refused(LedgerEntry.objects.all().delete)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "change",
    (
        "sequence = sequence - 1",
        "sequence = sequence",
        "sequence = sequence + 1",
        "hash = 'x'",
        "institution = 'other'",
        "sequence = NULL",
    ),
)
def test_chain_head_only_moves_forward_to_an_existing_entry(change: str) -> None:
    assert refused(lambda: run(f"UPDATE {HEAD} SET {change}"))


@pytest.mark.usefixtures("filled")
def test_chain_head_cannot_be_deleted_or_begin_elsewhere() -> None:
    assert refused(lambda: run(f"DELETE FROM {HEAD}"))
    assert refused(lambda: ChainHead.objects.create(institution="other", sequence=3, hash="0" * 64))
    assert refused(lambda: ChainHead.objects.create(institution="other", sequence=0, hash="1" * 64))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("sequence", (0, 2, 4, 6, 100))
def test_entry_that_does_not_follow_the_head_is_refused(sequence: int) -> None:
    copy = LedgerEntry.objects.get(sequence=4)
    copy.pk, copy.sequence = None, sequence
    assert refused(lambda: copy.save(force_insert=True))


@pytest.mark.usefixtures("filled")
def test_entry_with_another_previous_hash_is_refused() -> None:
    copy = LedgerEntry.objects.get(sequence=4)
    copy.pk, copy.sequence = None, 5
    assert refused(lambda: copy.save(force_insert=True))


@pytest.mark.usefixtures("filled")
def test_entry_of_an_unknown_institution_is_refused() -> None:
    copy = LedgerEntry.objects.get(sequence=1)
    copy.pk, copy.institution = None, "other"
    assert refused(lambda: copy.save(force_insert=True))


@pytest.mark.usefixtures("filled")
def test_existing_entry_cannot_be_replaced_by_a_following_one() -> None:
    head = ChainHead.objects.get()
    row = LedgerEntry.objects.get(sequence=2)
    row.sequence, row.previous_hash = head.sequence + 1, head.hash
    fields = list(LedgerEntry._meta.concrete_fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    verb = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
    assert refused(lambda: run(f"{verb} INTO ledger_ledgerentry ({columns}) VALUES ({places})", *values))


@pytest.mark.usefixtures("filled")
def test_further_subject_cannot_be_added_to_a_recorded_entry() -> None:
    subject = SubjectFactory()
    row = {"subject_type": subject.type, "subject_id": subject.id, "subject_label": subject.label}
    assert refused(lambda: LedgerAbout.objects.create(institution="shcc", sequence=4, place=9, **row))


def test_recording_goes_on_after_refusals() -> None:
    note()
    assert refused(lambda: run("DELETE FROM ledger_ledgerentry"))
    assert note().sequence == 2
