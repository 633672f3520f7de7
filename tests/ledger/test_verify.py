"""Whatever is done to the ledger, verification names the first bad entry and what happened to it."""

import gc
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.factories.ledger import START, note_many
from tests.ledger import forgery
from tests.ledger.forgery import CODE
from xianshen.ledger import statements, verify
from xianshen.ledger.checkpoints import BrokenChain, take_checkpoint
from xianshen.ledger.keys import KEY_FILE, public_pem
from xianshen.ledger.models import ChainHead, Checkpoint, LedgerAbout
from xianshen.ledger.reports import Reason
from xianshen.ledger.triggers import trigger_names

pytestmark = pytest.mark.django_db
LENGTH = 20


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "BATCH", 6)


@pytest.fixture
def chain() -> None:
    """Twenty entries, every third with two further subjects, and nothing that guards them but their hashes."""
    note_many(LENGTH)
    forgery.open_the_database()


@pytest.fixture
def signed_chain(django_capture_on_commit_callbacks: Any) -> None:
    """The same with checkpoints at 5, 10 and 20."""
    for count in (5, 5, 10):
        note_many(count)
        with django_capture_on_commit_callbacks(execute=True):
            take_checkpoint(institution=CODE, now=START)
    forgery.open_the_database()


def found(code: str | None = CODE) -> tuple[int, Reason] | None:
    report = verify.verify(code)
    bad = report.first_bad
    assert report.ok == (bad is None)
    if bad is None:
        return None
    assert bad.institution == CODE
    return bad.sequence, bad.reason


@pytest.mark.usefixtures("chain")
def test_untouched_ledger_verifies() -> None:
    report = verify.verify()
    assert report.ok
    assert report.entries == LENGTH
    [only] = report.institutions
    assert (only.institution, only.last, only.last_hash) == (CODE, LENGTH, forgery.entry(LENGTH).hash)


def test_empty_ledger_verifies() -> None:
    report = verify.verify()
    assert (report.ok, report.entries, report.institutions, report.notes) == (True, 0, (), ())
    assert verify.verify("nobody").ok


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize(
    ("field", "value"),
    (
        ("at", START + timedelta(microseconds=1)),
        ("event", "tests.moved"),
        ("actor_kind", "system"),
        ("actor_key", "20070008"),
        ("actor_name", "王 敏"),
        ("actor_position", ""),
        ("actor_unit", "外语系"),
        ("actor_on_behalf_of", "李强"),
        ("subject_type", "tests.other"),
        ("subject_id", "0"),
        ("subject_label", "事项"),
        ("payload", '{"text":"别的"}'),
        ("payload", "not even JSON"),
        ("payload", '{"text":"第7条"},"policy_version":""'),
        ("rule", "opening.prior_approval"),
        ("article", 0),
        ("policy_version", "2"),
        ("previous_hash", "0" * 64),
        ("hash", "0" * 64),
    ),
)
def test_every_edited_field_is_found(field: str, value: object) -> None:
    forgery.change(7, **{field: value})
    assert found() == (7, Reason.EDITED)


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("sequence", (1, 6, 7, LENGTH))
def test_edit_with_recomputed_hash_is_found(sequence: int) -> None:
    forgery.change(sequence, actor_name="张三")
    forgery.rehash(sequence)
    assert found() == (sequence, Reason.EDITED)


@pytest.mark.usefixtures("chain")
def test_fields_cannot_flow_into_each_other() -> None:
    """Moving text across the border of two fields changes the hashed text."""
    row = forgery.entry(7)
    forgery.change(7, actor_name=row.actor_name[0], actor_on_behalf_of=row.actor_name[1:])
    assert found() == (7, Reason.EDITED)


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("gone", ((1,), (7,), (6, 7, 8), (12, 13), tuple(range(1, LENGTH))))
def test_deleted_entries_are_found(gone: tuple[int, ...]) -> None:
    forgery.delete(*gone)
    assert found() == (gone[0], Reason.DELETED)


@pytest.mark.usefixtures("chain")
def test_entry_given_to_another_institution_is_missed_here() -> None:
    forgery.change(7, institution="other")
    report = verify.verify()
    assert [(one.institution, one.first_bad.sequence) for one in report.institutions if one.first_bad] == [
        ("other", 1),
        (CODE, 7),
    ]


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize(("one", "other"), ((7, 8), (1, LENGTH), (6, 13)))
def test_reordered_entries_are_found(one: int, other: int) -> None:
    forgery.swap(one, other)
    assert found() == (one, Reason.REORDERED)


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("place", (21, 10**15))
def test_entry_moved_to_the_end_is_found(place: int) -> None:
    forgery.change(7, sequence=place)
    assert found() == (7, Reason.REORDERED)


@pytest.mark.usefixtures("chain")
def test_replayed_entry_is_found() -> None:
    forgery.copy_to_end(4, 21)
    assert found() == (21, Reason.REPLAYED)


@pytest.mark.usefixtures("chain")
def test_entry_that_continues_from_an_older_one_is_found() -> None:
    forgery.copy_to_end(4, 21, previous_hash=forgery.entry(18).hash)
    forgery.set_head(21, forgery.rehash(21))
    assert found() == (21, Reason.FORKED)


@pytest.mark.usefixtures("chain")
def test_two_entries_with_one_number_are_found() -> None:
    row = forgery.entry(7)
    forgery.drop_constraints()
    row.pk, row.actor_name = 10**12, "张三"
    row.save(force_insert=True)
    assert found() == (7, Reason.FORKED)


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("first", (1, 13, LENGTH))
def test_cut_off_entries_are_found_by_the_head(first: int) -> None:
    forgery.delete(*range(first, LENGTH + 1))
    assert found() == (first, Reason.TRUNCATED)


@pytest.mark.usefixtures("chain")
def test_head_that_is_gone_set_back_or_altered_is_found() -> None:
    head = ChainHead.objects.get()
    forgery.set_head(18, forgery.entry(18).hash)
    assert found() == (19, Reason.FORKED)
    forgery.set_head(LENGTH, "1" * 64)
    assert found() == (LENGTH, Reason.EDITED)
    forgery.remove(head)
    assert found() == (LENGTH + 1, Reason.TRUNCATED)


@pytest.mark.usefixtures("chain")
def test_further_subjects_are_covered_by_the_hash() -> None:
    rows = LedgerAbout.objects.filter(sequence=6)
    assert rows.count() == 2
    row = rows.get(place=0)

    rows.filter(pk=row.pk).update(subject_label="别的")
    assert found() == (6, Reason.EDITED)
    rows.filter(pk=row.pk).update(subject_label=row.subject_label, place=5)
    assert found() == (6, Reason.EDITED)
    rows.filter(pk=row.pk).update(place=0, sequence=7)
    assert found() == (6, Reason.EDITED)
    rows = LedgerAbout.objects.filter(pk=row.pk)
    rows.update(sequence=6)
    assert found() is None
    rows.update(sequence=2)
    assert found() == (2, Reason.EDITED)
    rows.update(sequence=50)
    assert found() == (6, Reason.EDITED)


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize("sequence", (0, LENGTH + 1, 50))
def test_further_subject_of_no_entry_is_found(sequence: int) -> None:
    LedgerAbout.objects.create(
        institution=CODE, sequence=sequence, place=0, subject_type="tests.thing", subject_id="1", subject_label=""
    )
    assert found() == (sequence, Reason.FORKED)


@pytest.mark.usefixtures("chain")
def test_entry_before_the_first_is_found() -> None:
    row = forgery.entry(7)
    row.pk, row.sequence = None, 0
    row.save(force_insert=True)
    assert found() == (1, Reason.FORKED)


@pytest.mark.usefixtures("chain")
def test_clean_cut_needs_a_checkpoint_to_be_found() -> None:
    forgery.delete(19, 20)
    forgery.set_head(18, forgery.entry(18).hash)
    assert found() is None


@pytest.mark.usefixtures("signed_chain")
def test_signed_ledger_verifies() -> None:
    report = verify.verify()
    assert report.ok
    [only] = report.institutions
    assert (only.checkpoints, only.last_checkpoint, only.notes) == (3, LENGTH, ())
    missing = ", ".join(sorted(trigger_names(connection.vendor)))
    assert report.notes == (f"append-only triggers are missing: {missing}",)


@pytest.mark.usefixtures("signed_chain")
@pytest.mark.parametrize(("first", "signed"), ((1, 5), (5, 5), (6, 10), (7, 10), (11, 20), (20, 20)))
def test_rewritten_history_is_found_by_the_next_checkpoint(first: int, signed: int) -> None:
    forgery.change(first, actor_name="张三")
    forgery.rewrite(first, LENGTH)
    assert found() == (signed, Reason.FORKED)


@pytest.mark.usefixtures("signed_chain")
def test_clean_cut_is_found_by_the_checkpoint() -> None:
    forgery.delete(19, 20)
    forgery.set_head(18, forgery.entry(18).hash)
    assert found() == (19, Reason.TRUNCATED)


@pytest.mark.usefixtures("signed_chain")
def test_clean_cut_together_with_its_checkpoints_is_found_by_the_file() -> None:
    forgery.delete(*range(8, 21))
    forgery.set_head(7, forgery.entry(7).hash)
    for row in Checkpoint.objects.filter(sequence__gt=7):
        forgery.remove(row)
    assert found() == (8, Reason.TRUNCATED)


@pytest.mark.usefixtures("signed_chain")
def test_ledger_that_is_gone_as_a_whole_is_found_by_the_file() -> None:
    forgery.delete(*range(1, 21))
    for row in (*Checkpoint.objects.all(), *ChainHead.objects.all()):
        forgery.remove(row)
    assert found(None) == (1, Reason.TRUNCATED)


@pytest.mark.usefixtures("signed_chain")
def test_fork_behind_a_checkpoint_names_the_entry_behind_it() -> None:
    forgery.copy_to_end(4, 21, previous_hash="2" * 64)
    forgery.set_head(21, forgery.rehash(21))
    assert found() == (21, Reason.FORKED)


@pytest.mark.usefixtures("signed_chain")
@pytest.mark.parametrize(
    "fields",
    (
        {"signature": "00" * 64},
        {"signature": "no hex"},
        {"hash": "1" * 64},
        {"sequence": 11},
        {"at": START + timedelta(seconds=1)},
        {"key_id": "0" * 16},
    ),
)
def test_altered_checkpoint_is_found(fields: dict[str, Any]) -> None:
    Checkpoint.objects.filter(sequence=10).update(**fields)
    moved = "sequence" in fields
    assert found() == (10, Reason.CHECKPOINT_DELETED if moved else Reason.CHECKPOINT_SIGNATURE)


@pytest.mark.usefixtures("signed_chain")
def test_edited_entry_says_more_than_its_checkpoint() -> None:
    Checkpoint.objects.filter(sequence=10).update(signature="00" * 64)
    forgery.change(10, actor_name="张三")
    assert found() == (10, Reason.EDITED)


@pytest.mark.usefixtures("signed_chain")
def test_deleted_checkpoint_is_found() -> None:
    forgery.remove(Checkpoint.objects.get(sequence=10))
    assert found() == (10, Reason.CHECKPOINT_DELETED)


@pytest.mark.usefixtures("signed_chain")
def test_altered_checkpoint_file_is_found() -> None:
    file = statements.file_of(CODE)
    file.write_text(file.read_text().replace('"sequence":10', '"sequence":9'))
    assert found() == (9, Reason.CHECKPOINT_SIGNATURE)


@pytest.mark.usefixtures("signed_chain")
def test_lost_or_torn_checkpoint_file_is_noted_and_mended(django_capture_on_commit_callbacks: Any) -> None:
    file = statements.file_of(CODE)
    whole = file.read_text()
    file.write_text(whole[:-40])
    [only] = verify.verify(CODE).institutions
    assert only.first_bad is None
    assert only.notes == (
        "1 lines of the checkpoint file are unreadable",
        "1 checkpoints are missing in the checkpoint file",
    )
    file.unlink()
    [only] = verify.verify(CODE).institutions
    assert (only.first_bad, only.notes) == (None, ("3 checkpoints are missing in the checkpoint file",))

    file.write_text("torn")
    take_checkpoint(institution=CODE, now=START)
    assert file.read_text() == "torn\n" + whole


@pytest.mark.usefixtures("signed_chain")
def test_broken_chain_is_not_signed() -> None:
    count = Checkpoint.objects.count()
    forgery.copy_to_end(4, 21)
    before = statements.file_of(CODE).read_text()
    with pytest.raises(BrokenChain, match="replayed"):
        take_checkpoint(institution=CODE, now=START)
    assert Checkpoint.objects.count() == count
    assert statements.file_of(CODE).read_text() == before


@pytest.mark.usefixtures("signed_chain")
def test_chain_that_was_cut_off_behind_its_checkpoint_is_not_signed() -> None:
    forgery.delete(19, 20)
    forgery.set_head(18, forgery.entry(18).hash)
    with pytest.raises(BrokenChain) as refused:
        take_checkpoint(institution=CODE, now=START)
    bad = refused.value.report.first_bad
    assert bad is not None
    assert (bad.sequence, bad.reason) == (19, Reason.TRUNCATED)


@pytest.mark.usefixtures("signed_chain")
def test_checkpoints_are_held_against_given_public_keys(data: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours.pub"
    ours.write_text(public_pem())
    (data / "keys" / KEY_FILE).unlink()
    assert found() == (5, Reason.CHECKPOINT_SIGNATURE)
    assert verify.verify(CODE, public_keys=[ours]).ok

    theirs = tmp_path / "theirs.pub"
    theirs.write_text(public_pem())
    report = verify.verify(CODE, public_keys=[theirs])
    assert report.first_bad is not None
    assert (report.first_bad.sequence, report.first_bad.reason) == (5, Reason.CHECKPOINT_SIGNATURE)

    (data / "keys" / "ledger-ed25519-2026.pub").write_text(ours.read_text())
    assert verify.verify(CODE).ok


@pytest.mark.usefixtures("signed_chain")
def test_report_as_json_names_the_first_bad_entry() -> None:
    forgery.change(7, actor_name="张三")
    report = verify.verify().as_json()
    assert report["ok"] is False
    assert report["first_bad"]["institution"] == CODE
    assert report["first_bad"]["sequence"] == 7
    assert report["first_bad"]["reason"] == "edited"
    assert report["institutions"][0]["entries"] == 6


@pytest.mark.usefixtures("chain")
def test_other_institutions_are_verified_all_the_same() -> None:
    note_many(3, institution="zhejiang")
    forgery.change(7, actor_name="张三")
    report = verify.verify()
    assert [(one.institution, one.first_bad is None, one.entries) for one in report.institutions] == [
        (CODE, False, 6),
        ("zhejiang", True, 3),
    ]
    assert verify.verify("zhejiang").ok


def test_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the entries need no more memory at once: never more than a batch is held."""

    def peak(code: str) -> int:
        gc.collect()
        tracemalloc.start()
        assert verify.verify(code).ok
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    monkeypatch.setattr(verify, "BATCH", 200)
    note_many(400, institution="short")
    note_many(4000, institution="long")
    peak("short")
    assert peak("long") < 1.2 * peak("short")
