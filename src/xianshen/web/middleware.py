"""Language, refusals and expired sign-ins, for every page."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_cache_control

from xianshen.common.errors import Refusal

GetResponse = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger(__name__)


class LanguageChoiceMiddleware:
    """Chinese, unless this browser or else the signed-in person chose another language.

    Accept-Language is ignored on purpose: the regulation and the offices' words are Chinese, and a
    browser's default is no choice.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.known = frozenset(code for code, _name in settings.LANGUAGES)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(self._language(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        return response

    def _language(self, request: HttpRequest) -> str:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in self.known:
            try:
                chosen = request.user.language if request.user.is_authenticated else ""
            except DatabaseError:  # whoever needs the person will say that the database is away
                chosen = ""
        return chosen if chosen in self.known else settings.LANGUAGE_CODE


class PrivatePagesMiddleware:
    """Keeps what signed-in people see out of caches, and empties the browser's own at signing out.

    Pages say ``private, no-cache`` rather than ``no-store``, so that the back button still returns to a form with
    what was typed in it; signing out sends ``Clear-Site-Data``, after which it leads nowhere. A view that says
    something about caching itself is left alone.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = request.user
        response = self.get_response(request)
        known = getattr(request, "_cached_user", None)
        if known is not None and known.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        if request.user is not before and not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"cache"'
        return response


class RefusalMiddleware:
    """Turns refusals into pages (or toasts, for HTMX) that say why and what next.

    It also keeps what was typed when a sign-in has expired.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        from xianshen.web import kept

        return kept.after(request, self.get_response(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        from xianshen.web.views import errors

        if isinstance(exception, Refusal):
            return errors.refused(request, exception)
        if isinstance(exception, ValidationError):
            return errors.invalid(request, exception)
        if isinstance(exception, errors.DATABASE_AWAY):
            logger.error("database not available: %s", exception)
            return errors.busy(request)
        return None
