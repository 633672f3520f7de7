"""An act is one transaction, and leaves an entry or nothing at all."""

import inspect
from typing import assert_type

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.factories.ledger import NOTED, START, ActorFactory, SubjectFactory, note
from xianshen.common.errors import Refusal
from xianshen.ledger.events import LedgerError
from xianshen.ledger.models import ChainHead, LedgerEntry
from xianshen.ledger.services import (
    OutsideAct,
    Unchanged,
    UnrecordedAct,
    act,
    marked_services,
    no_act,
    record,
    within_act,
)

pytestmark = pytest.mark.django_db


def change(institution: str = "changed") -> None:
    """Write something beside the ledger: another institution's chain, as the room has no other tables."""
    ChainHead.objects.create(institution=institution, sequence=0, hash="0" * 64)


def changed() -> bool:
    return ChainHead.objects.filter(institution="changed").exists()


def test_act_without_entry_is_rolled_back() -> None:
    @act
    def forget() -> None:
        change()

    with pytest.raises(UnrecordedAct, match="forget"):
        forget()
    assert not changed()


def test_act_returns_the_result_and_keeps_name_signature_and_types() -> None:
    @act
    def double(number: int, *, text: str = "") -> int:
        """Say it twice."""
        note(text)
        return number * 2

    assert_type(double(2), int)
    assert double(2, text="二") == 4
    assert double.__doc__ == "Say it twice."
    assert list(inspect.signature(double).parameters) == ["number", "text"]


def test_nested_act_joins_the_outer_one() -> None:
    @act
    def outer() -> None:
        change()
        note()

    outer()
    assert changed()
    assert LedgerEntry.objects.count() == 1


def test_inner_act_need_not_record_when_the_outer_does() -> None:
    @act
    def inner() -> None:
        change()

    @act
    def outer() -> None:
        inner()
        note()

    outer()
    assert changed()


def test_refusal_rolls_back_what_was_changed_and_recorded() -> None:
    @act
    def refuse() -> None:
        change()
        note()
        raise Refusal("不可以")

    with pytest.raises(Refusal):
        refuse()
    assert not changed()
    assert not LedgerEntry.objects.exists()


def test_refused_inner_act_can_be_caught_without_leaving_its_entry() -> None:
    @act
    def refuse() -> None:
        change()
        note("refused")
        raise Refusal("不可以")

    @act
    def outer() -> None:
        note("before")
        with pytest.raises(Refusal):
            refuse()
        note("after")

    outer()
    assert not changed()
    assert [entry.data["text"] for entry in LedgerEntry.objects.order_by("sequence")] == ["before", "after"]


def test_unchanged_rolls_back_and_returns() -> None:
    @act
    def submit_again() -> str:
        change()
        note()
        raise Unchanged("as before")

    assert submit_again() == "as before"
    assert not changed()
    assert not LedgerEntry.objects.exists()


def test_declared_exception_records_nothing_and_says_why() -> None:
    @act(records=False, why="a draft is nobody's decision")
    def save_draft() -> str:
        change()
        return "saved"

    assert save_draft() == "saved"
    assert changed()
    mark = marked_services()[f"{__name__}.{save_draft.__qualname__}"]
    assert (mark.kind, mark.why) == ("unrecorded", "a draft is nobody's decision")


def test_declared_exception_needs_a_reason() -> None:
    with pytest.raises(LedgerError, match="why"):
        act(records=False)


def test_recording_act_inside_a_declared_exception_must_still_record() -> None:
    @act
    def forget() -> None:
        change()

    @act(records=False, why="test")
    def outer() -> None:
        forget()

    with pytest.raises(UnrecordedAct):
        outer()
    assert not changed()


def test_entries_are_written_after_every_other_write_of_the_act() -> None:
    @act
    def outer() -> int:
        note()
        before = LedgerEntry.objects.count()
        change()
        return before

    assert outer() == 0
    assert LedgerEntry.objects.count() == 1


def test_record_inside_bare_atomic_is_refused() -> None:
    @act
    def risky() -> None:
        with transaction.atomic():
            record(NOTED, actor=ActorFactory(), subject=SubjectFactory(), payload={"text": "一"}, at=START)

    with pytest.raises(LedgerError, match="bare"):
        risky()
    assert not LedgerEntry.objects.exists()


def test_within_act_is_refused_outside() -> None:
    @within_act
    def helper() -> str:
        return "done"

    @act
    def outer() -> str:
        note()
        return helper()

    with pytest.raises(OutsideAct, match="helper"):
        helper()
    assert outer() == "done"


def test_no_act_leaves_the_function_alone() -> None:
    @no_act(why="computes only")
    def add(a: int, b: int) -> int:
        return a + b

    assert add(1, 2) == 3
    assert marked_services()[f"{__name__}.{add.__qualname__}"].why == "computes only"


def test_act_commits_before_it_returns_to_the_outermost_caller(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    seen: list[int | None] = []

    @act
    def outer() -> LedgerEntry:
        entry = note()
        transaction.on_commit(lambda: seen.append(entry.sequence))
        return entry

    with django_capture_on_commit_callbacks(execute=True):
        entry = outer()
    assert seen == [entry.sequence] == [1]
