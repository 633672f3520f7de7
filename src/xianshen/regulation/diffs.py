"""Comparing two versions of a regulation, article by article and character by character."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from xianshen.regulation.numerals import article_label
from xianshen.regulation.schema import Policy


class ChangeKind(StrEnum):
    """What happened to an article between two versions."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that both versions have, or only one of them.

    Args:
        kind: ``equal``, ``insert`` (only the later version) or ``delete`` (only the earlier one).
        text: the text.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ArticleChange:
    """What happened to an article.

    Args:
        kind: unchanged, changed, added, removed, or moved (same text, other number).
        number: number in the later version; in the earlier one if it was removed.
        former: number in the earlier version, or None if it was added.
        runs: the text with what was inserted and deleted.
    """

    kind: ChangeKind
    number: int
    former: int | None
    runs: tuple[Run, ...]

    @property
    def label(self) -> str:
        return article_label(self.number)

    @property
    def former_label(self) -> str:
        return article_label(self.former) if self.former else ""


def text_runs(before: str, after: str) -> tuple[Run, ...]:
    """Return the character-wise difference between two texts."""
    runs = []
    for tag, left, left_end, right, right_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append(Run("equal", before[left:left_end]))
            continue
        if left < left_end:
            runs.append(Run("delete", before[left:left_end]))
        if right < right_end:
            runs.append(Run("insert", after[right:right_end]))
    return tuple(runs)


def compare_versions(before: Policy, after: Policy) -> list[ArticleChange]:
    """Compare two versions of a regulation.

    Articles are matched by text first (so that a renumbered article is moved, not changed), then by number.

    Args:
        before: the earlier version.
        after: the later version.

    Returns:
        One change per article of the later version in its order, then the articles that were removed.
    """
    old = {number: article.text for number, article in before.articles.items()}
    new = {number: article.text for number, article in after.articles.items()}
    same = {number for number in new if old.get(number) == new[number]}
    moved: dict[int, int] = {}
    left = {number: text for number, text in old.items() if number not in same}
    for number, text in new.items():
        former = next((old_number for old_number, old_text in left.items() if old_text == text), None)
        if number not in same and former is not None:
            moved[number] = former
            del left[former]
    changes = []
    for number, text in new.items():
        whole = (Run("equal", text),)
        if number in same:
            changes.append(ArticleChange(ChangeKind.UNCHANGED, number, number, whole))
        elif number in moved:
            changes.append(ArticleChange(ChangeKind.MOVED, number, moved[number], whole))
        elif number in left:
            changes.append(ArticleChange(ChangeKind.CHANGED, number, number, text_runs(left.pop(number), text)))
        else:
            changes.append(ArticleChange(ChangeKind.ADDED, number, None, (Run("insert", text),)))
    changes += [
        ArticleChange(ChangeKind.REMOVED, number, number, (Run("delete", text),)) for number, text in left.items()
    ]
    return changes
