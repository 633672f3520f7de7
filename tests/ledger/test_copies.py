"""The story of an audit: somebody harms a copy of the database, and the command names the first bad entry."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management.color import no_style
from django.db import connection

from tests.factories.ledger import START, note_many
from tests.ledger import forgery
from tests.ledger.forgery import CODE
from tests.support.copies import Copy, copied_data, copied_database, working_on
from xianshen.__main__ import main
from xianshen.ledger.checkpoints import take_checkpoint
from xianshen.ledger.models import ChainHead, Checkpoint, LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)


def edit() -> None:
    forgery.change(7, payload='{"text":"别的"}')


def edit_and_rehash() -> None:
    forgery.change(7, payload='{"text":"别的"}')
    forgery.rehash(7)


def delete() -> None:
    forgery.delete(7)


def reorder() -> None:
    forgery.swap(7, 8)


def truncate() -> None:
    forgery.delete(11, 12)


def truncate_cleanly() -> None:
    forgery.delete(11, 12)
    forgery.set_head(10, forgery.entry(10).hash)
    for row in Checkpoint.objects.filter(sequence__gt=10):
        forgery.remove(row)


def truncate_the_tables() -> None:
    for sql in connection.ops.sql_flush(no_style(), ["ledger_ledgerentry", "ledger_ledgerabout", "ledger_chainhead"]):
        with connection.cursor() as cursor:
            cursor.execute(sql)


def replay() -> None:
    forgery.copy_to_end(4, 13)


def replay_rewritten() -> None:
    forgery.change(7, payload=forgery.entry(4).payload)
    forgery.rewrite(7, 12)


@pytest.fixture
def harmed(tmp_path: Path) -> Iterator[Callable[[Callable[[], None]], Copy]]:
    """Return a function that harms a copy of a signed ledger and returns the copy."""
    note_many(8)
    take_checkpoint(institution=CODE, now=START)
    note_many(4)
    take_checkpoint(institution=CODE, now=START)
    honest = list(LedgerEntry.objects.order_by("sequence").values_list())
    head = list(ChainHead.objects.values_list())

    with copied_database(tmp_path) as copy, copied_data(tmp_path):

        def harm(deed: Callable[[], None]) -> Copy:
            with working_on(copy):
                forgery.open_the_database()
                deed()
            return copy

        yield harm
    assert list(LedgerEntry.objects.order_by("sequence").values_list()) == honest
    assert list(ChainHead.objects.values_list()) == head
    assert main(["ledger", "verify"]) == 0


@pytest.mark.parametrize(
    ("deed", "sequence", "reason"),
    (
        (edit, 7, "edited"),
        (edit_and_rehash, 7, "edited"),
        (delete, 7, "deleted"),
        (reorder, 7, "reordered"),
        (truncate, 11, "truncated"),
        (truncate_cleanly, 11, "truncated"),
        (truncate_the_tables, 1, "truncated"),
        (replay, 13, "replayed"),
        (replay_rewritten, 8, "forked"),
    ),
)
def test_verify_command_names_the_first_bad_entry(
    harmed: Callable[[Callable[[], None]], Copy],
    capsys: pytest.CaptureFixture[str],
    deed: Callable[[], None],
    sequence: int,
    reason: str,
) -> None:
    copy = harmed(deed)
    with working_on(copy):
        assert main(["ledger", "verify", "--json"]) == 1
        report = json.loads(capsys.readouterr().out)
        assert main(["ledger", "verify"]) == 1
        told = capsys.readouterr().out

    assert report["ok"] is False
    bad = report["first_bad"]
    assert (bad["institution"], bad["sequence"], bad["reason"]) == (CODE, sequence, reason)
    assert told.startswith(f"{CODE}: entry {sequence} ")


def test_checkpoint_command_does_not_sign_what_is_gone(
    harmed: Callable[[Callable[[], None]], Copy], capsys: pytest.CaptureFixture[str]
) -> None:
    with working_on(harmed(truncate_the_tables)):
        assert main(["ledger", "checkpoint", "--json"]) == 1
        assert Checkpoint.objects.count() == 2
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["checkpoints"], answer["broken"][0]["reason"]) == (False, [], "truncated")


def test_untouched_copy_verifies(
    harmed: Callable[[Callable[[], None]], Copy], capsys: pytest.CaptureFixture[str]
) -> None:
    copy = harmed(lambda: None)
    with working_on(copy):
        assert main(["ledger", "verify", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["first_bad"], report["entries"]) == (True, None, 12)
