"""What the screens of the organisation share: who may, in which position they act, refusals beside the form."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.tabular import Column, write_csv, write_xlsx
from xianshen.organisation.enums import MANAGE
from xianshen.organisation.selectors import actor_in

PER_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
R = TypeVar("R")
View = Callable[..., HttpResponse]


def manages(view: View) -> View:
    """Let only those in whose position the organisation's data are kept."""

    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.grants.has(MANAGE):  # type: ignore[attr-defined]
            raise PermissionDenied(_("单位、职务和人员由归口管理部门维护，你的职务没有这项权限。联系办公室办理。"))
        return view(request, *args, **kwargs)

    return wrapper


def institution_of(request: HttpRequest) -> int:
    """Return the primary key of the signed-in person's institution."""
    return int(request.user.institution_id)  # type: ignore[union-attr]


def code_of(request: HttpRequest) -> str:
    """Return the code of the signed-in person's institution, the ledger's key."""
    return str(request.user.institution.code)  # type: ignore[union-attr]


def manager(request: HttpRequest) -> Actor:
    """Return the signed-in person in the position that lets them keep the data."""
    return actor_in(request.user, request.grants.having(MANAGE)[0])  # type: ignore[attr-defined, arg-type]


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, to be validated even if it is nothing; None when the form is only shown."""
    return request.POST if request.method == "POST" else None


def attempt(form: forms.Form, service: Callable[[], R]) -> R | None:
    """Call a service; what it refuses goes beside the fields of the form, and None is returned."""
    try:
        return service()
    except ValidationError as error:
        details = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
        for field, problems in details.items():
            form.add_error(field if field in form.fields else None, problems)
    except TransitionNotAllowed as refusal:
        form.add_error(None, str(refusal.reason))
    return None


def form_page(
    request: HttpRequest,
    form: forms.Form,
    *,
    service: Callable[[], R],
    said: Callable[[R], str],
    leads: Callable[[R], HttpResponse],
    context: Callable[[], Mapping[str, Any]],
    template: str = "web/organisation/form.html",
    name: str = "form",
) -> HttpResponse:
    """Show a form, or carry out what was posted with it.

    Args:
        form: bound when something was posted.
        service: the act; called when the form is valid.
        said: the message about what the act returned.
        leads: where to go afterwards.
        context: what else the page shows; called only when the page is shown.
        template: the page.
        name: of the form in the page.

    Returns:
        the redirect; the page; or the page with what was wrong beside the fields (422).
    """
    if form.is_bound and form.is_valid():
        result = attempt(form, service)
        if result is not None:
            messages.success(request, said(result))
            return leads(result)
    return render(request, template, {**context(), name: form}, status=422 if form.is_bound else 200)


def download(content: bytes, filename: str, content_type: str) -> HttpResponse:
    """Return a file to keep."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def export(request: HttpRequest, name: str, columns: list[Column], rows: list[dict[str, Any]]) -> HttpResponse | None:
    """Return the table as XLSX or CSV if the address asks for it (``format``)."""
    match request.GET.get("format"):
        case "xlsx":
            return download(write_xlsx(columns, rows), f"{name}.xlsx", XLSX)
        case "csv":
            return download(write_csv(columns, rows), f"{name}.csv", "text/csv; charset=utf-8")
    return None
