"""What the search box finds: accounts, applications, articles."""

from collections.abc import Iterable

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from xianshen.assessment import selectors as assessment
from xianshen.registry import selectors as registry
from xianshen.registry.enums import ApplicationState
from xianshen.regulation import selectors as regulation
from xianshen.web.search import Hit, Provider, register


def find_accounts(request: HttpRequest, query: str, limit: int) -> Iterable[Hit]:
    grants = request.grants  # type: ignore[attr-defined]
    return [
        Hit(
            account.name,
            reverse("registry:account", args=[account.pk]),
            account.unit.name,
            registry.state_face(account),
        )
        for account in registry.search(registry.accounts_visible_to(grants), query)[:limit]
    ]


def find_applications(request: HttpRequest, query: str, limit: int) -> Iterable[Hit]:
    grants = request.grants  # type: ignore[attr-defined]
    found = registry.applications_visible_to(grants).filter(Q(name__icontains=query) | Q(number__iexact=query))
    return [
        Hit(
            application.name or application.number,
            reverse("registry:application", args=[application.pk]),
            f"{application.number} · {application.unit.name}",
            ApplicationState(application.state).face,
        )
        for application in found[:limit]
    ]


def find_reviews(request: HttpRequest, query: str, limit: int) -> Iterable[Hit]:
    grants = request.grants  # type: ignore[attr-defined]
    found = assessment.reviews_visible_to(grants).filter(account__name__icontains=query)
    return [
        Hit(
            review.account.name,
            reverse("assessment:review", args=[review.pk]),
            _("%(year)s 年度年审 · %(unit)s") % {"year": review.campaign.year, "unit": review.unit.name},
            review.face,
        )
        for review in found.order_by("-campaign__year", "account__name", "pk")[:limit]
    ]


def find_articles(request: HttpRequest, query: str, limit: int) -> Iterable[Hit]:
    today = request.today  # type: ignore[attr-defined]
    institution = request.institution  # type: ignore[attr-defined]
    if institution is None or regulation.version_on(institution.pk, today) is None:
        return []
    policy = regulation.policy_on(institution.pk, today)
    hits = []
    for article in policy.articles.values():
        place = article.text.find(query)
        if place < 0 and query != article.label and query != str(article.number):
            continue
        start = max(0, place - 12)
        hits.append(Hit(article.label, regulation.article_url(article.number, today), article.text[start : start + 48]))
    return hits[:limit]


def register_providers() -> None:
    """Register every provider; called once by the app."""
    register(Provider("accounts", _("账号"), find_accounts))
    register(Provider("applications", _("申请"), find_applications))
    register(Provider("reviews", _("年审"), find_reviews))
    register(Provider("articles", _("条文"), find_articles, public=True))
