"""What the room's views share: who asks, when, and values from addresses."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from xianshen.assessment.models import AnnualReview, ReviewCampaign
from xianshen.assessment.selectors import campaigns_in, review_of
from xianshen.common.actors import Actor
from xianshen.common.components import TraceItem
from xianshen.organisation.selectors import Grants, Holding, actor_in
from xianshen.regulation.schema import NotInPolicy, PlatformSpec, Policy
from xianshen.regulation.selectors import policy_on

if TYPE_CHECKING:
    from xianshen.ledger.models import LedgerEntry
    from xianshen.organisation.models import Person

PER_PAGE = 50
# Longest number taken from an address: primary keys and page numbers have fewer digits.
LONGEST_NUMBER = 18
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}


class Asker:
    """Who asks, and when: read once, passed on as values."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.now: datetime = timezone.now()
        self.on: date = timezone.localdate(self.now)

    @cached_property
    def person(self) -> "Person":
        return cast("Person", self.request.user)

    @cached_property
    def grants(self) -> Grants:
        return cast(Grants, self.request.grants)  # type: ignore[attr-defined]

    @property
    def institution_id(self) -> int:
        return self.person.institution_id

    @cached_property
    def policy(self) -> Policy:
        """The policy in force today."""
        return policy_on(self.institution_id, self.on)

    def actor(self, capability: str = "", unit_id: int | None = None) -> Actor:
        """Return the person in the position that lets them act."""
        held: Sequence[Holding] = self.grants.having(capability) if capability else self.grants.holdings
        if unit_id is not None:
            held = [
                holding
                for holding in held
                if unit_id in self.grants.below.get(holding.unit.pk, frozenset({holding.unit.pk}))
            ] or held
        return actor_in(self.person, held[0] if held else None)

    def campaign(self) -> ReviewCampaign | None:
        """Return the campaign that the address names by its year, or the newest; None before the first.

        Raises:
            Http404: it names a year without one.
        """
        campaigns = campaigns_in(self.institution_id)
        year = number_in(self.request.GET.get("year") or self.request.POST.get("year"))
        if year is None:
            return campaigns.first()
        found = campaigns.filter(year=min(year, 9999)).first()
        if found is None:
            raise Http404
        return found

    def review(self, review_id: int) -> AnnualReview:
        """Return a review of the institution; anything else is not found."""
        try:
            return review_of(self.institution_id, review_id)
        except AnnualReview.DoesNotExist as error:
            raise Http404 from error


def number_in(text: str | None) -> int | None:
    """Return a number from an address or a form, or None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def numbers_in(texts: Sequence[str]) -> list[int]:
    """Return the numbers among some texts, once each."""
    return list(dict.fromkeys(found for text in texts if (found := number_in(text)) is not None))


def words_in(text: str | None, *, limit: int = 100) -> str:
    """Return search words from an address as they can be compared."""
    return (text or "").replace("\x00", "").strip()[:limit]


def page_of(rows: QuerySet[Any] | Sequence[Any], request: HttpRequest, *, count: int | None = None) -> Page[Any]:
    """Return the page that the address asks for; a page that does not exist becomes the nearest."""
    paginator = Paginator(rows, PER_PAGE)
    if count is not None:
        paginator.__dict__["count"] = count
    return paginator.get_page(request.GET.get("page"))


def platform_or_none(policy: Policy, code: str) -> PlatformSpec | None:
    """Return a platform of the policy; None for one that only an older version knows."""
    try:
        return policy.platform(code)
    except NotInPolicy:
        return None


def trace_of(entries: Sequence["LedgerEntry"]) -> list[TraceItem]:
    """Return ledger entries as a timeline: what, who, their words, the article."""
    items = []
    for entry in entries:
        payload = entry.data
        items.append(
            TraceItem(
                entry.sentence,
                entry.at,
                meta=entry.who,
                quote=str(payload.get("text") or payload.get("what") or ""),
                tone="seal" if payload.get("seal") else "",
                rule=entry.rule,
                article=entry.article,
            )
        )
    return items


def disposition(name: str, plain: str) -> str:
    """Return a Content-Disposition with the Chinese name, and a plain one for old programs."""
    from urllib.parse import quote

    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
