"""What every request knows: the institution, the moment, and what the person may do."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.language import wording_of
from xianshen.organisation.selectors import NO_GRANTS, Grants, actor_in, grants_of, institution_for_host

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: Pages that somebody with a one-time password may still see.
BEFORE_OWN_PASSWORD = frozenset(
    {"account_change_password", "account_logout", "account_reauthenticate", "web:healthz", "web:language"}
)


class InstitutionMiddleware:
    """Sets ``request.now``, ``today``, and lazily ``institution``, ``grants`` and ``actor``.

    The institution is the signed-in person's; for others the one served under the host name, else the
    first. ``actor`` is the person in their first position; views that act in a certain position use
    ``selectors.actor_in``. Nothing is asked of the database until a view asks for it. Texts of the policy pack are
    shown in that institution's wording (``common.language.local``).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        values = {
            "now": now,
            "today": timezone.localdate(now),
            "institution": SimpleLazyObject(lambda: _institution(request)),
            "grants": SimpleLazyObject(lambda: _grants(request)),
            "actor": SimpleLazyObject(lambda: _actor(request)),
        }
        for name, value in values.items():
            setattr(request, name, value)
        with wording_of(lambda: int(request.institution.pk)):  # type: ignore[attr-defined]
            return self.get_response(request)


class OwnPasswordMiddleware:
    """Leads somebody who signed in with a one-time password to choose their own before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or match.view_name in BEFORE_OWN_PASSWORD:
            return None
        if not (request.user.is_authenticated and request.user.must_change_password):
            return None
        target = reverse("account_change_password")
        messages.info(request, _("你用的是一次性密码。设好自己的密码，就能接着办事。"))
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": target})
        return redirect(target)


def _institution(request: HttpRequest) -> Any:
    if request.user.is_authenticated:
        return request.user.institution
    return institution_for_host(request.get_host().rpartition(":")[0] or request.get_host())


def _grants(request: HttpRequest) -> Grants:
    if not request.user.is_authenticated:
        return NO_GRANTS
    return grants_of(request.user, timezone.localdate())


def _actor(request: HttpRequest) -> Actor:
    if request.user.is_authenticated:
        holdings = request.grants.holdings  # type: ignore[attr-defined]
        return actor_in(request.user, holdings[0] if holdings else None)
    institution = request.institution  # type: ignore[attr-defined]
    return Actor.public(institution_id=institution.pk, institution=institution.code)
