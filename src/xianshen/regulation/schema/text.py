"""The regulation's text, its rules and its name rules."""

from datetime import date
from typing import Annotated

from pydantic import Field

from xianshen.regulation.enums import CarriedOut, NameRuleKind, Severity, Source
from xianshen.regulation.numerals import article_label
from xianshen.regulation.schema.base import ItemId, Label, PolicyModel, Text


class Article(PolicyModel):
    """An article. Paragraphs of the text are separated by line breaks."""

    number: Annotated[int, Field(ge=1, le=999)]
    text: Text

    @property
    def label(self) -> str:
        return article_label(self.number)

    @property
    def paragraphs(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


class Chapter(PolicyModel):
    """A chapter with its heading as printed, e.g. 第2章 管理机制."""

    label: Label
    articles: Annotated[tuple[Article, ...], Field(min_length=1)]


class BasisDocument(PolicyModel):
    """A document of a higher body on which the regulation rests."""

    title: Label
    issuer: Label
    rule: ItemId


class Repeal(PolicyModel):
    """What the regulation repeals, and to what extent."""

    title: Label
    extent: Text
    rule: ItemId


class Regulation(PolicyModel):
    """The regulation: who issued it, when it is in force, what it rests on and repeals, and its text.

    Args:
        title: title of the regulation.
        issuer: issuing body.
        promulgated_on: day of promulgation.
        effective_from: first day in force.
        effective_until: last day in force, or None: until a later version takes over.
        basis: documents on which it rests.
        repeals: what it repeals.
        chapters: chapters with their articles.
    """

    title: Label
    issuer: Label
    promulgated_on: date
    effective_from: date
    effective_until: date | None = None
    basis: tuple[BasisDocument, ...] = ()
    repeals: tuple[Repeal, ...] = ()
    chapters: Annotated[tuple[Chapter, ...], Field(min_length=1)]


class PolicyRule(PolicyModel):
    """A rule: what follows from an article, in a short Chinese sentence.

    Args:
        id: dotted id, the same in every pack.
        article: number of the article from which it follows.
        text: what the rule says, for people.
        carried_out: by the software, or by people.
    """

    id: ItemId
    article: int
    text: Text
    carried_out: CarriedOut


class NameRule(PolicyModel):
    """A rule about the names of accounts.

    Args:
        rule: rule behind it.
        kind: what it looks at.
        severity: whether breaking it stops the submission.
        source: whether the words stand in the regulation or are the institution's own.
        words: prefixes, reserved names or reserved words.
        institution_names: whether the institution's name, short name and aliases are among the words.
        personal: the rule applies to accounts in an individual's name only.
        except_tiers: tiers to which it does not apply.
        text: what is wrong and what to do, for people.
    """

    rule: ItemId
    kind: NameRuleKind
    severity: Severity
    source: Source
    words: tuple[Label, ...] = ()
    institution_names: bool = False
    personal: bool = False
    except_tiers: tuple[int, ...] = ()
    text: Text
