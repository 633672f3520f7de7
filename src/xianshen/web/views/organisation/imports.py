"""Importing units, people and positions: template, upload, preview with an error for each cell, confirmation."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xianshen.common.components import Tab
from xianshen.common.tabular import write_template
from xianshen.organisation import services
from xianshen.organisation.enums import ImportKind
from xianshen.organisation.imports import ImportSpec, spec_of
from xianshen.organisation.selectors import uploads
from xianshen.web.organisation_forms import UploadForm
from xianshen.web.views.organisation.base import XLSX, download, institution_of, manager, manages, posted

if TYPE_CHECKING:
    from xianshen.organisation.models import ImportDraft

AFTER = {"units": "organisation:units", "people": "organisation:people", "positions": "organisation:units"}


def _spec(kind: str) -> ImportSpec:
    try:
        return spec_of(kind)
    except (KeyError, ValueError) as error:
        raise Http404 from error


def _tabs(current: str) -> list[Tab]:
    return [
        Tab(kind.label, reverse("organisation:import", args=[kind.value]), current=kind.value == current)
        for kind in ImportKind
    ]


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Offer the template and take a file; nothing is imported yet."""
    spec = _spec(kind)
    institution = request.user.institution  # type: ignore[union-attr]
    form = UploadForm(posted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        services.keep_upload(
            actor=manager(request),
            institution=institution,
            kind=kind,
            content=upload.read(),
            filename=upload.name,
            now=timezone.now(),
        )
        return redirect("organisation:import_preview", kind)
    context = {
        "form": form,
        "kind": kind,
        "spec": spec,
        "tabs": _tabs(kind),
        "columns": spec.columns(institution),
    }
    return render(request, "web/organisation/import.html", context, status=422 if form.errors else 200)


@manages
@require_safe
def import_template(request: HttpRequest, kind: str) -> HttpResponse:
    """Return the template to fill in."""
    spec = _spec(kind)
    content = write_template(spec.columns(request.user.institution), sheet=str(spec.title))  # type: ignore[union-attr]
    return download(content, f"{kind}-template.xlsx", XLSX)


def _draft(request: HttpRequest, kind: str) -> "ImportDraft":
    _spec(kind)
    return get_object_or_404(uploads(institution_of(request), int(request.user.pk or 0)), kind=kind)


@manages
@require_safe
def import_preview(request: HttpRequest, kind: str) -> HttpResponse:
    """Show what the uploaded file would change, or what is wrong in which cell."""
    draft = _draft(request, kind)
    plan = services.preview_import(
        actor=manager(request),
        institution=request.user.institution,  # type: ignore[union-attr]
        kind=kind,
        content=bytes(draft.content),
        filename=draft.filename,
        now=timezone.now(),
    )
    context = {"draft": draft, "kind": kind, "spec": _spec(kind), "plan": plan, "tabs": _tabs(kind)}
    return render(request, "web/organisation/import_preview.html", context)


@manages
@require_POST
def import_confirm(request: HttpRequest, kind: str) -> HttpResponse:
    """Import the uploaded file, all rows or none."""
    draft = _draft(request, kind)
    try:
        plan = services.import_organisation(
            actor=manager(request),
            institution=request.user.institution,  # type: ignore[union-attr]
            kind=kind,
            content=bytes(draft.content),
            filename=draft.filename,
            now=timezone.now(),
        )
    except ValidationError as refused:
        messages.error(request, "".join(refused.messages))
        return redirect("organisation:import_preview", kind)
    services.drop_upload(actor=manager(request), kind=kind)
    counts = {"created": plan.created, "updated": plan.updated, "unchanged": plan.unchanged}
    messages.success(request, _("新增 %(created)s 条，更新 %(updated)s 条，不变 %(unchanged)s 条。") % counts)
    return redirect(AFTER[kind])


@manages
@require_POST
def import_drop(request: HttpRequest, kind: str) -> HttpResponse:
    """Forget the uploaded file."""
    _spec(kind)
    services.drop_upload(actor=manager(request), kind=kind)
    return redirect("organisation:import", kind)
