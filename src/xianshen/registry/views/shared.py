"""What the room's views share: who asks, when, and which records they may see."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import cached_property

from xianshen.common.actors import Actor
from xianshen.organisation.selectors import Grants, Holding, actor_in
from xianshen.registry.models import MediaAccount
from xianshen.regulation.enums import Capability
from xianshen.regulation.schema import NotInPolicy, PlatformSpec, Policy
from xianshen.regulation.selectors import policy_on

if TYPE_CHECKING:
    from xianshen.organisation.models import Person

T = TypeVar("T")

PER_PAGE = 50
# Longest number taken from an address: primary keys and page numbers have fewer digits.
LONGEST_NUMBER = 18


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
        """Return the person in the position that lets them act.

        Args:
            capability: what the act needs; without it the person's first position is taken.
            unit_id: the unit for which it is needed.
        """
        held: Sequence[Holding] = self.grants.having(capability) if capability else self.grants.holdings
        if unit_id is not None:
            held = [
                holding
                for holding in held
                if unit_id in self.grants.below.get(holding.unit.pk, frozenset({holding.unit.pk}))
            ] or held
        return actor_in(self.person, held[0] if held else None)


def sole_unit(asker: Asker) -> int | None:
    """Return the unit for which the person applies when there is no choice, else None."""
    may = asker.grants.units(Capability.OPENING_APPLY)
    return next(iter(may)) if len(may) == 1 else None


def number_in(text: str | None) -> int | None:
    """Return a number from an address or a form, or None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def words_in(text: str | None, *, limit: int = 100) -> str:
    """Return search words from an address as they can be compared."""
    return (text or "").replace("\x00", "").strip()[:limit]


def page_of(rows: QuerySet[Any] | Sequence[Any], request: HttpRequest, *, count: int | None = None) -> Page[Any]:
    """Return the page that the address asks for; a page that does not exist becomes the nearest.

    Args:
        rows: all rows, in order.
        request: the request.
        count: how many there are, when that is known already.
    """
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


def public_url(account: MediaAccount) -> str:
    """Return the account's public page, or "" where no directory is served."""
    try:
        return reverse("directory:account", args=[account.code])
    except NoReverseMatch:
        return ""
