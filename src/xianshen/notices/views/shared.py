"""What the pages share: who may, in which position they act, refusals beside the form."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied
from xianshen.notices.permissions import MANAGE, may_manage_notices
from xianshen.organisation.selectors import actor_in

PER_PAGE = 50
R = TypeVar("R")
View = Callable[..., HttpResponse]


def manages(view: View) -> View:
    """Let only those who look after notices."""

    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        permission = may_manage_notices(request.grants)  # type: ignore[attr-defined]
        if not permission:
            raise PermissionDenied.from_denied(permission)
        return view(request, *args, **kwargs)

    return wrapper


def institution_of(request: HttpRequest) -> int:
    """Return the primary key of the signed-in person's institution."""
    return int(request.user.institution_id)  # type: ignore[union-attr]


def who(request: HttpRequest) -> dict[str, Any]:
    """Return the keyword arguments by which services learn who acts."""
    return {"actor": manager(request), "grants": request.grants, "now": request.now}  # type: ignore[attr-defined]


def manager(request: HttpRequest) -> Actor:
    """Return the signed-in person in the position that lets them look after notices."""
    return actor_in(request.user, request.grants.having(MANAGE)[0])  # type: ignore[attr-defined, arg-type]


def attempt(form: forms.Form, service: Callable[[], R]) -> R | None:
    """Call a service; what it refuses goes beside the fields of the form, and None is returned."""
    try:
        return service()
    except ValidationError as error:
        details = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
        for field, problems in details.items():
            form.add_error(field if field in form.fields else None, problems)
    return None


def sending() -> dict[str, Any]:
    """Return what the pages say about whether anything leaves this installation."""
    return {"sends_mail": settings.MAIL is not None, "sends_robots": settings.ROBOTS_SEND, "sender": settings.MAIL_FROM}
