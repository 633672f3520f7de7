"""Small pages of the frame: language, health, the form kept over an expired sign-in."""

from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from xianshen.web import kept

YEAR = 365 * 24 * 3600


def safe_next(request: HttpRequest, wanted: str) -> str:
    """Return an address of this site, or the home page."""
    allowed = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if allowed else "/"


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Choose the interface language for this browser."""
    response = HttpResponseRedirect(safe_next(request, request.GET.get("next", "/")))
    chosen = request.GET.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=YEAR,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


@cache
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("xianshen")
    except PackageNotFoundError:
        return "0"


_complete: set[str] = set()


def _migrated() -> bool:
    """Say whether no migration is pending; a positive answer holds for the life of the process."""
    if DEFAULT_DB_ALIAS not in _complete:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _complete.add(DEFAULT_DB_ALIAS)
    return True


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say whether the server can work: 200, or 503 when the database is away or behind."""
    answer: dict[str, object] = {"status": "ok", "database": True, "pending_migrations": False, "version": _version()}
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT 1")
        answer["pending_migrations"] = not _migrated()
    except DatabaseError:
        answer["database"] = False
    if not answer["database"] or answer["pending_migrations"]:
        answer["status"] = "unavailable"
    return JsonResponse(answer, status=200 if answer["status"] == "ok" else 503)


@never_cache
@login_required
@require_safe
def continue_form(request: HttpRequest) -> HttpResponse:
    """Show what was typed before the sign-in expired, ready to be sent."""
    form = kept.taken(request)
    return render(request, "web/continue.html", {"form": form})
