"""Values that template components take. Every component also accepts any object with the same attributes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise

from xianshen.common.states import Tone

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Step:
    """One step of ``{% steps %}``.

    Args:
        label: short name, e.g. 校办公室.
        note: who or when, under the label.
        state: done, now, back (returned to the applicant) or next.
    """

    label: Text
    note: Text = ""
    state: Literal["done", "now", "back", "next"] = "next"


@dataclass(frozen=True, slots=True)
class TraceItem:
    """One line of ``{% trace %}``.

    Args:
        text: what happened.
        at: when; shown as date and time.
        meta: who, in which position, on whose behalf; joined to the time with a middle dot.
        quote: the words of an opinion.
        tone: now, ok, stop (stop orders only), seal (signed), or "" for ordinary entries.
        rule: id of the rule cited.
        article: number of the article cited (used when there is no rule).
        url: where the line leads.
    """

    text: Text
    at: datetime | None = None
    meta: Text = ""
    quote: str = ""
    tone: Literal["", "now", "ok", "stop", "seal"] = ""
    rule: str = ""
    article: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``{% checks %}``: a check that the system made.

    Args:
        text: the finding.
        tone: ok, soon (judge it yourself), late (wrong), stop, wait or idle.
        detail: why, and what to do.
        rule: id of the rule cited.
        url: link to what was found.
        link: words of that link.
    """

    text: Text
    tone: Tone = "ok"
    detail: Text = ""
    rule: str = ""
    url: str = ""
    link: Text = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One pair of ``{% facts %}``; an empty value is shown as a dash."""

    label: Text
    value: object = ""
    rule: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of ``{% views %}`` (saved views, page tabs)."""

    label: Text
    url: str
    count: int | None = None
    current: bool = False
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of ``{% pick %}``."""

    value: str
    label: Text
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of ``{% split %}``: numbers that add up to a whole, each a link.

    Args:
        label: what is counted.
        value: how many.
        tone: a state tone, or ``rest``.
        url: the list of the records counted.
    """

    label: Text
    value: int
    tone: Literal["ok", "wait", "unit", "soon", "late", "stop", "idle", "rest"] = "rest"
    url: str = ""
