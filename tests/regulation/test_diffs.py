"""Comparing versions: every character of both texts is accounted for."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tests.factories.regulation import SHCC, later_version, pack_at
from xianshen.regulation.diffs import ChangeKind, Run, compare_versions, text_runs
from xianshen.regulation.schema import Policy

TEXTS = st.text(st.sampled_from("甲乙丙丁，。一二"), max_size=30)


def base() -> Policy:
    return pack_at(SHCC).policies[0]


def without(policy: Policy, number: int) -> Policy:
    data = policy.model_dump(mode="json")
    for chapter in data["regulation"]["chapters"]:
        chapter["articles"] = [article for article in chapter["articles"] if article["number"] != number]
    return Policy.model_validate(data)


@given(TEXTS, TEXTS)
def test_runs_rebuild_both_texts(before: str, after: str) -> None:
    runs = text_runs(before, after)
    assert "".join(run.text for run in runs if run.kind != "insert") == before
    assert "".join(run.text for run in runs if run.kind != "delete") == after


def test_equal_versions_have_no_changes() -> None:
    changes = compare_versions(base(), base())
    assert {change.kind for change in changes} == {ChangeKind.UNCHANGED}
    assert len(changes) == 21


def test_changed_article_shows_its_characters() -> None:
    later = later_version(
        base(), label="x", effective_from=date(2027, 1, 1), texts={19: "本办法由学校办公室负责解释。"}
    )
    (change,) = [c for c in compare_versions(base(), later) if c.kind != ChangeKind.UNCHANGED]
    assert (change.kind, change.label) == (ChangeKind.CHANGED, "第十九条")
    assert change.runs == (Run("equal", "本办法由"), Run("insert", "学校"), Run("equal", "办公室负责解释。"))


def test_added_and_removed_articles_are_named() -> None:
    removed = compare_versions(base(), without(base(), 21))[-1]
    assert (removed.kind, removed.number, removed.former) == (ChangeKind.REMOVED, 21, 21)
    added = compare_versions(without(base(), 21), base())[-1]
    assert (added.kind, added.number, added.former) == (ChangeKind.ADDED, 21, None)


def test_renumbered_article_is_moved_not_changed() -> None:
    data = without(base(), 21).model_dump(mode="json")
    data["regulation"]["chapters"][-1]["articles"][-1]["number"] = 21
    change = compare_versions(without(base(), 21), Policy.model_validate(data))[-1]
    assert (change.kind, change.label, change.former_label) == (ChangeKind.MOVED, "第二十一条", "第二十条")
