"""What the platform itself knows for an account's review, told by whoever knows it.

A provider says what it knows and nothing else: a figure that nobody knows stays empty and is entered by hand.
Rooms above register theirs in ``AppConfig.ready``::

    assessment.figures.register(CollectedPosts())
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from xianshen.assessment.models import AnnualReview

Value = int | str
Text = str | Promise

#: Figures of a review, in the order of the form.
CODES = ("posts_total", "followers_total", "best_title", "best_clicks", "best_reposts", "violations")
NUMBERS = frozenset({"posts_total", "followers_total", "best_clicks", "best_reposts"})
LABELS: Mapping[str, Text] = {
    "posts_total": _("全年推送条数"),
    "followers_total": _("总粉丝数"),
    "best_title": _("最佳图文"),
    "best_clicks": _("点击量"),
    "best_reposts": _("转发量"),
    "violations": _("有无违规发布"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that somebody knows.

    Args:
        value: the figure.
        source: where it comes from, in words, e.g. 推送清单.
        binding: it is what the platform holds to be true: who writes something else gives a reason. Otherwise it
            only stands beside the field for comparison (last year's number, say).
        url: where it can be checked, or "".
    """

    value: Value
    source: Text
    binding: bool = True
    url: str = ""


Offers = Mapping[int, Mapping[str, Figure]]


class FigureProvider(Protocol):
    """Somebody who knows figures of accounts."""

    code: str

    def figures(self, reviews: "Sequence[AnnualReview]", on: date) -> Offers:
        """Return what is known: primary key of the review → code of the figure → figure.

        Asked for one review or for a page of them, of one institution and one year, with ``account`` and
        ``campaign`` loaded. Nothing is said of a figure that is not known.
        """


_providers: dict[str, FigureProvider] = {}


def register(provider: FigureProvider) -> None:
    """Register a provider; a second one with the same code is an error. Later ones go before earlier ones."""
    if provider.code in _providers:
        raise ValueError(f"figures of {provider.code} are registered already")
    _providers[provider.code] = provider


def providers() -> tuple[FigureProvider, ...]:
    """Return the providers in the order of their registration."""
    return tuple(_providers.values())


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one review.

    Args:
        binding: what the platform holds to be true, by code.
        compare: what stands beside the fields for comparison, by code.
    """

    binding: Mapping[str, Figure]
    compare: Mapping[str, tuple[Figure, ...]]


def known(review: "AnnualReview", on: date) -> Known:
    """Return everything that is known of a review."""
    binding: dict[str, Figure] = {}
    compare: dict[str, tuple[Figure, ...]] = {}
    for provider in providers():
        for code, figure in provider.figures([review], on).get(review.pk, {}).items():
            if figure.binding:
                binding[code] = figure
            else:
                compare[code] = (*compare.get(code, ()), figure)
    return Known(binding, compare)
