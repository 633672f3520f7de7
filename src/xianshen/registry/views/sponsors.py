"""Sponsoring units' files: which unit lacks what, and what a unit has on file."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xianshen.common.components import Tab
from xianshen.common.errors import PermissionDenied
from xianshen.common.forms import take_errors
from xianshen.common.language import local
from xianshen.ledger.selectors import entries_about
from xianshen.organisation.selectors import unit_in, units
from xianshen.registry import services
from xianshen.registry.forms import SponsorDocumentForm
from xianshen.registry.models import SponsorDocument
from xianshen.registry.permissions import may_file_sponsor_documents, may_view_sponsor_file
from xianshen.registry.selectors import (
    SPONSOR_FILE_TYPE,
    SponsorFile,
    account_counts_by_home,
    sponsor_documents_of,
    sponsor_file,
    sponsor_files,
)
from xianshen.registry.views.shared import Asker, page_of, words_in
from xianshen.regulation.enums import Capability
from xianshen.regulation.schema import Policy
from xianshen.regulation.schema.approvals import SponsorFilePart

VIEWS = ("", "lacking", "sponsoring", "ending")


@dataclass(frozen=True, slots=True)
class FileRow:
    """A unit of the list.

    Args:
        unit_id: the unit.
        name: its name.
        accounts: accounts that it answers for.
        file: its file.
        parts: parts with their valid document, in the policy's order.
        soon_from: when the first document to run out is to be renewed.
    """

    unit_id: int
    name: str
    accounts: int
    file: SponsorFile
    parts: list[tuple[SponsorFilePart, SponsorDocument | None]]
    soon_from: date | None


def sponsoring_kinds(policy: Policy) -> list[str]:
    """Return the kinds of units that keep a file: those that may have accounts and answer for themselves."""
    named = {kind for item in policy.classification for kind in item.when.unit_kinds}
    anyone = any(not item.when.unit_kinds for item in policy.classification)
    return [kind.code for kind in policy.organisation.unit_kinds if not kind.home and (anyone or kind.code in named)]


def _soon(file: SponsorFile, policy: Policy) -> date | None:
    until = file.valid_until
    if until is None:
        return None
    warn = max((max(policy.clock(part.validity).reminders, default=0) for part in policy.sponsor_file.parts), default=0)
    return date.fromordinal(until.toordinal() - warn)


def _all_rows(asker: Asker) -> list[FileRow]:
    """Return every unit that keeps a file and that the person may see (three queries)."""
    policy = asker.policy
    found = units(asker.institution_id).filter(kind__in=sponsoring_kinds(policy)).order_by("key")
    if not asker.grants.has(Capability.SPONSOR_FILES_VIEW_ALL):
        own = asker.grants.units(Capability.ACCOUNTS_VIEW_UNIT) | asker.grants.units(Capability.SPONSOR_FILES_MANAGE)
        found = found.filter(pk__in=own)
    named = list(found.values_list("pk", "name"))
    parts = policy.sponsor_file.parts
    files = sponsor_files([pk for pk, _name in named], [part.code for part in parts], asker.on)
    accounts = account_counts_by_home(asker.institution_id)
    return [
        FileRow(
            pk,
            name,
            accounts.get(pk, 0),
            files[pk],
            [(part, files[pk].documents.get(part.code)) for part in parts],
            _soon(files[pk], policy),
        )
        for pk, name in named
    ]


def _in_view(row: FileRow, view: str, on: date) -> bool:
    if view == "lacking":
        return bool(row.file.missing)
    if view == "sponsoring":
        return bool(row.accounts and row.file.missing)
    if view == "ending":
        return not row.file.missing and row.soon_from is not None and row.soon_from <= on
    return True


def _home_redirect(asker: Asker, rows: list[FileRow]) -> HttpResponse | None:
    """Lead people of one unit straight to its file."""
    if len(rows) == 1 and not asker.grants.has(Capability.SPONSOR_FILES_VIEW_ALL):
        return redirect("registry:file", unit_id=rows[0].unit_id)
    return None


@login_required
@require_GET
def file_list(request: HttpRequest) -> HttpResponse:
    """List the units with what their files hold and lack; people of one unit see their own file."""
    asker = Asker(request)
    rows = _all_rows(asker)
    if (answer := _home_redirect(asker, rows)) is not None:
        return answer
    view = request.GET.get("view", "")
    view = view if view in VIEWS else ""
    labels = {
        "": _("全部"),
        "sponsoring": _("有账号却缺材料"),
        "lacking": _("缺材料"),
        "ending": _("快到期"),
    }
    tabs = [
        Tab(label, f"?view={code}" if code else "?", sum(_in_view(row, code, asker.on) for row in rows), code == view)
        for code, label in labels.items()
    ]
    words = words_in(request.GET.get("q"))
    shown = [row for row in rows if _in_view(row, view, asker.on) and words.lower() in row.name.lower()]
    context = {
        "tabs": tabs,
        "view": view,
        "page": page_of(shown, request),
        "parts": asker.policy.sponsor_file.parts,
        "complete": sum(row.file.complete for row in rows),
        "total": len(rows),
        "filtered": bool(words),
        "now": asker.now,
    }
    return render(request, "registry/files.html", context)


def _form(asker: Asker, request: HttpRequest | None = None, *, kind: str = "") -> SponsorDocumentForm:
    parts = [(part.code, local(part.label)) for part in asker.policy.sponsor_file.parts]
    initial = {"valid_from": asker.on, "kind": kind}
    if request is None:
        return SponsorDocumentForm(parts=parts, initial=initial)
    return SponsorDocumentForm(request.POST, request.FILES, parts=parts, initial=initial)


@login_required
@require_http_methods(["GET", "POST"])
def file_page(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show a unit's file part by part; whoever keeps it adds to it here."""
    asker = Asker(request)
    try:
        unit = unit_in(asker.institution_id, unit_id)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    if not (decision := may_view_sponsor_file(unit.pk, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    manages = may_file_sponsor_documents(unit.pk, asker.grants)
    if request.method == "POST":
        if not manages:
            raise PermissionDenied.from_denied(manages)
        form = _form(asker, request)
        if form.is_valid() and _filed(asker, unit.pk, form):
            messages.success(request, _("已存入档案：%(title)s。") % {"title": form.cleaned_data["upload"].name})
            return redirect("registry:file", unit_id=unit.pk)
    else:
        form = _form(asker, kind=request.GET.get("kind", ""))
    policy = asker.policy
    parts = policy.sponsor_file.parts
    file = sponsor_file(unit.pk, [part.code for part in parts], asker.on)
    documents = list(sponsor_documents_of(asker.institution_id, unit.pk)[:200])
    context = {
        "unit": unit,
        "file": file,
        "parts": [
            (part, file.documents.get(part.code), [one for one in documents if one.kind == part.code]) for part in parts
        ],
        "soon_from": _soon(file, policy),
        "form": form,
        "manages": bool(manages),
        "manages_not": None if manages else manages,
        "accounts": account_counts_by_home(asker.institution_id).get(unit.pk, 0),
        "validity": local(policy.clock(parts[0].validity).text),
        "trace": entries_about(asker.person.institution.code, SPONSOR_FILE_TYPE, str(unit.pk), limit=12),
        "several": asker.grants.has(Capability.SPONSOR_FILES_VIEW_ALL),
        "today": asker.on,
        "now": asker.now,
    }
    return render(request, "registry/file.html", context, status=422 if form.errors else 200)


def _filed(asker: Asker, unit_id: int, form: SponsorDocumentForm) -> bool:
    """Put the document on file; what is refused is shown in the form."""
    data = form.cleaned_data
    try:
        services.file_sponsor_document(
            actor=asker.actor(Capability.SPONSOR_FILES_MANAGE, unit_id),
            grants=asker.grants,
            unit_id=unit_id,
            kind=data["kind"],
            title=data["title"],
            upload=data["upload"],
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
            now=asker.now,
        )
    except ValidationError as error:
        take_errors(form, error)
        return False
    return True


@login_required
@require_POST
def retire(request: HttpRequest, document_id: int) -> HttpResponse:
    """Take a document out of a unit's file; it stays stored."""
    asker = Asker(request)
    found = SponsorDocument.objects.filter(pk=document_id, institution_id=asker.institution_id).first()
    if found is None or not may_view_sponsor_file(found.unit_id, asker.grants):
        raise Http404
    services.retire_sponsor_document(
        actor=asker.actor(Capability.SPONSOR_FILES_MANAGE, found.unit_id),
        grants=asker.grants,
        document_id=found.pk,
        now=asker.now,
    )
    messages.success(request, _("已作废：%(title)s。") % {"title": found.title})
    return redirect("registry:file", unit_id=found.unit_id)
