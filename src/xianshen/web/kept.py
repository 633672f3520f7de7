"""What was typed is kept: forms that could not be taken are shown again, ready to be sent once more.

A form posted after the sign-in has expired is put into the browser's anonymous session, for thirty
minutes and up to a size, bound to its path and to the person who was last signed in on this browser
(a signed cookie says who). After they sign in again they see it and send it with one click.
Passwords and codes are never kept; files have to be chosen again.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

SESSION_KEY = "kept_form"
KEEP_FOR = timedelta(minutes=30)
LIMIT = 256 * 1024
OWNER_COOKIE = "last_person"
OWNER_SALT = "xianshen.web.kept.owner"
OWNER_AGE = 30 * 24 * 3600
SECRET_WORDS = ("password", "otp", "secret", "totp", "credential")
NEVER = frozenset({"csrfmiddlewaretoken"})


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form as it was posted.

    Args:
        path: where it was going.
        fields: names and values, in order; no secrets.
        secrets: names of password-like fields, to be typed again.
        files: names of file fields that held a file, to be chosen again.
    """

    path: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def typed(self) -> list[tuple[str, str]]:
        """The values that a person may have typed: longer ones, for reading and copying."""
        return [(name, value) for name, value in self.fields if len(value) > 1 and not value.isdigit()]

    @property
    def size(self) -> int:
        return sum(len(name.encode()) + len(value.encode()) for name, value in self.fields)


def is_secret(name: str) -> bool:
    """Say whether a field holds a password or a one-time code."""
    lower = name.lower()
    return any(word in lower for word in SECRET_WORDS) or lower == "code"


def posted(request: HttpRequest) -> KeptForm:
    """Return what the request posted."""
    fields: list[tuple[str, str]] = []
    secrets: list[str] = []
    for name, values in request.POST.lists():
        if name in NEVER:
            continue
        if is_secret(name):
            secrets.append(name)
            continue
        fields.extend((name, str(value)) for value in values)
    return KeptForm(request.get_full_path(), fields, secrets, [name for name, file in request.FILES.items() if file])


def same_origin(request: HttpRequest) -> bool:
    """Say whether the browser states that the request comes from a page of this site."""
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return bool(origin) and urlsplit(origin).netloc == request.get_host()


def _owner(request: HttpRequest) -> str:
    try:
        return str(signing.loads(request.COOKIES.get(OWNER_COOKIE, ""), salt=OWNER_SALT, max_age=OWNER_AGE))
    except signing.BadSignature:
        return ""


def _is_login_redirect(response: HttpResponseBase) -> bool:
    if response.status_code != 302:
        return False
    return urlsplit(response.headers.get("Location", "")).path == resolve_url(settings.LOGIN_URL)


def after(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Keep the form of an expired sign-in; remember who is signed in; forget a kept form that has been sent."""
    person = getattr(request, "_cached_user", None)
    if person is not None and person.is_authenticated:
        if _owner(request) != str(person.pk):
            response.set_cookie(
                OWNER_COOKIE,
                signing.dumps(str(person.pk), salt=OWNER_SALT),
                max_age=OWNER_AGE,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        if request.method == "POST" and response.status_code < 400:
            stored = request.session.get(SESSION_KEY)
            if stored and stored["path"] == request.get_full_path():
                forget(request)
        return response
    if request.method != "POST" or not _is_login_redirect(response):
        return response
    if getattr(request, "htmx", False):
        from xianshen.web.views.errors import toast

        return toast(
            request,
            text=_("登录已过期。你写的内容还在这一页，登录以后接着办。"),
            status=401,
            url=resolve_url(settings.LOGIN_URL),
            link=_("在新窗口登录"),
            blank=True,
        )
    return keep(request)


def keep(request: HttpRequest) -> HttpResponse:
    """Put the posted form aside and go to the sign-in page."""
    login = resolve_url(settings.LOGIN_URL)
    owner, form = _owner(request), posted(request)
    if not owner:
        return HttpResponseRedirect(login)
    if form.size > LIMIT:
        messages.warning(request, _("登录已过期，刚才的内容太长，没有留住。用浏览器的后退键可以回到那一页。"))
        return HttpResponseRedirect(login)
    request.session[SESSION_KEY] = {
        "path": form.path,
        "fields": form.fields,
        "secrets": form.secrets,
        "files": form.files,
        "owner": owner,
        "at": timezone.now().isoformat(),
    }
    messages.info(request, _("登录已过期。刚才填的内容已经留住，登录以后接着提交。"))
    return HttpResponseRedirect(f"{login}?next={reverse('web:continue')}")


def taken(request: HttpRequest) -> KeptForm | None:
    """Return the kept form if it is fresh and belongs to the signed-in person; else forget it."""
    stored: dict[str, Any] | None = request.session.get(SESSION_KEY)
    if not stored:
        return None
    fresh = timezone.now() - datetime.fromisoformat(stored["at"]) <= KEEP_FOR
    if not fresh or stored["owner"] != str(request.user.pk):
        del request.session[SESSION_KEY]
        return None
    pairs = [(str(name), str(value)) for name, value in stored["fields"]]
    return KeptForm(stored["path"], pairs, list(stored["secrets"]), list(stored["files"]))


def forget(request: HttpRequest) -> None:
    """Drop the kept form, if there is one."""
    request.session.pop(SESSION_KEY, None)
