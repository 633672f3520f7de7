"""Writing a filing: the form, its drafts, its files, its submission."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from xianshen.approvals.selectors import rounds_of
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.forms import take_errors
from xianshen.documents.selectors import attachments_of
from xianshen.organisation.selectors import ancestors, holders_in, home_unit
from xianshen.registry import services
from xianshen.registry.changed import as_application
from xianshen.registry.enums import EDITABLE_FILINGS, FilingKind, FilingState
from xianshen.registry.filed import FILING_TYPE, filing_of
from xianshen.registry.filing_checks import check_filing
from xianshen.registry.filing_forms import FilingForm
from xianshen.registry.forms import OwnerChoice, owner_choices
from xianshen.registry.models import Filing
from xianshen.registry.permissions import may_edit_filing, may_take_up, may_view_filing
from xianshen.registry.route import route_of
from xianshen.registry.views.applications import last_words
from xianshen.registry.views.filing_parts import FilingPage, render_filing_parts
from xianshen.registry.views.filings import filing_deadline, filing_title
from xianshen.registry.views.fragments import news
from xianshen.registry.views.shared import Asker, number_in
from xianshen.regulation.enums import Capability, SubjectKind


def own_filing(asker: Asker, filing_id: int) -> Filing:
    """Return the filing for whoever writes it; others who may read it are told that they may not write."""
    try:
        filing = filing_of(asker.institution_id, filing_id)
    except Filing.DoesNotExist as error:
        raise Http404 from error
    if filing.applicant_id != asker.person.pk:
        if not may_view_filing(filing, asker.grants):
            raise Http404
        decision = may_edit_filing(filing, asker.grants)
        assert not decision
        raise PermissionDenied.from_denied(decision)
    return filing


def _owners(asker: Asker, filing: Filing) -> list[OwnerChoice]:
    """Return who can answer for the account: the writer, and people of the unit or above it."""
    units = [filing.unit, *ancestors(filing.unit)]
    if (home := home_unit(filing.unit)) is not None:
        units.append(home)
    return owner_choices(asker.person, holders_in(asker.institution_id, {unit.pk for unit in units}, asker.on))


def _page(asker: Asker, filing: Filing, owners: list[OwnerChoice], form: FilingForm | None = None) -> FilingPage:
    form = form or FilingForm(filing, asker.policy, owners)
    route = route_of(as_application(filing), asker.policy, asker.on, SubjectKind.FILING)
    return FilingPage(filing, form, check_filing(filing, asker.policy, asker.on), route, asker.grants)


def _conflict(request: HttpRequest, filing: Filing) -> SafeString:
    return SafeString(render_to_string("registry/filing/conflict.html", {"filing": filing}, request=request))


def _files(asker: Asker, filing: Filing) -> dict[str, Any]:
    return {"filing": filing, "attachments": attachments_of(asker.institution_id, FILING_TYPE, str(filing.pk))}


def _render(
    request: HttpRequest, asker: Asker, page: FilingPage, *, revision: int, conflict: bool = False, status: int = 200
) -> HttpResponse:
    filing = page.filing
    returned = None
    if filing.state == FilingState.RETURNED:
        returned = last_words(rounds_of(asker.institution_id, FILING_TYPE, str(filing.pk)))
    context = {
        "page": page,
        "form": page.form,
        "parts": render_filing_parts(page, request),
        "revision": revision,
        "conflict": _conflict(request, filing) if conflict else "",
        "annex": page.form.spec,
        "title": filing_title(filing),
        "deadline": filing_deadline(filing),
        "returned": returned,
        "closure": filing.kind == FilingKind.CLOSURE,
        "now": asker.now,
        **_files(asker, filing),
    }
    return render(request, "registry/filing/edit.html", context, status=status)


@login_required
@require_GET
def edit(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Show the form."""
    asker = Asker(request)
    filing = own_filing(asker, filing_id)
    if filing.state not in EDITABLE_FILINGS:
        messages.info(request, _("备案已经提交，要改先撤回。"))
        return redirect("registry:filing", filing_id=filing.pk)
    if not (decision := may_edit_filing(filing, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    return _render(request, asker, _page(asker, filing, _owners(asker, filing)), revision=filing.revision)


def _posted(request: HttpRequest) -> Any:
    data = request.POST.copy()
    field, sign, value = data.get("use", "").partition("=")
    if sign:
        data[field] = value
    return data


def _revision(request: HttpRequest) -> int:
    return number_in(request.POST.get("overwrite")) or number_in(request.POST.get("revision")) or 0


def _take_contacts(filing: Filing, values: dict[str, Any], owners: list[OwnerChoice]) -> set[str]:
    """Offer a new owner's contacts where the old owner's, or none, stand; return what was changed."""
    before = filing.changes.get("owner_id", filing.account.owner_id)
    if "owner_id" not in values or values["owner_id"] == before:
        return set()
    after = next((owner for owner in owners if owner.person_id == values["owner_id"]), None)
    replaced = set()
    for code, new in (("owner_mobile", after.mobile if after else ""), ("owner_email", after.email if after else "")):
        untouched = values.get(code) in {"", getattr(filing.account, code), filing.changes.get(code)}
        if new and untouched and values.get(code) != new:
            values[code] = new
            replaced.add(code)
    return replaced


@login_required
@require_POST
def save(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Keep what was typed so far; answers HTMX with the parts of the page that say something new."""
    asker = Asker(request)
    filing = own_filing(asker, filing_id)
    owners = _owners(asker, filing)
    data = _posted(request)
    form = FilingForm(filing, asker.policy, owners, data)
    values = form.values()
    replaced = _take_contacts(filing, values, owners)
    if "use" in data:
        replaced.add(data["use"].partition("=")[0])
    try:
        services.save_filing(
            actor=asker.actor(Capability.OPENING_APPLY, filing.unit_id),
            grants=asker.grants,
            filing_id=filing.pk,
            revision=_revision(request),
            values=values,
            now=asker.now,
        )
    except TransitionNotAllowed:
        if filing.state not in EDITABLE_FILINGS or not may_edit_filing(filing, asker.grants):
            raise
        return _refused_by_revision(request, asker, filing, owners, form)
    saved = filing_of(asker.institution_id, filing.pk)
    for code in replaced & values.keys():
        data[code] = values[code]
    page = _page(asker, saved, owners, FilingForm(saved, asker.policy, owners, data))
    if not request.htmx:  # type: ignore[attr-defined]
        if page.form.errors:
            return _render(request, asker, page, revision=saved.revision, status=422)
        messages.success(request, _("已存好。想起来再接着填。"))
        return redirect("registry:filing_edit", filing_id=saved.pk)
    swapped = [view for code in sorted(replaced) if (view := page.view_of(code)) is not None and view.bound]
    body = format_html(
        '<input type="hidden" name="revision" value="{}" id="revision" hx-swap-oob="true">'
        '<div id="f-conflict" hx-swap-oob="innerHTML"></div>{}{}',
        saved.revision,
        news(render_filing_parts(page, request), data.getlist("seen")),
        format_html_join("", "{}", ((view.control_swapped,) for view in swapped)),
    )
    return HttpResponse(body, status=422 if page.form.errors else 200)


def _refused_by_revision(
    request: HttpRequest, asker: Asker, filing: Filing, owners: list[OwnerChoice], form: FilingForm
) -> HttpResponse:
    """Tell that another window has saved meanwhile; what was typed here stays on the page."""
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse(_conflict(request, filing), status=409)
        response["HX-Retarget"] = "#f-conflict"
        response["HX-Reswap"] = "innerHTML"
        return response
    page = _page(asker, filing, owners, form)
    return _render(request, asker, page, revision=_revision(request), conflict=True, status=409)


@login_required
def submit(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Save and submit. What stands against it is shown on top, and beside the fields; nothing typed is lost."""
    asker = Asker(request)
    filing = own_filing(asker, filing_id)
    if filing.state not in EDITABLE_FILINGS:
        messages.info(request, _("这份备案已经提交过了，正在审批。"))
        return redirect("registry:filing", filing_id=filing.pk)
    if request.method != "POST":
        return redirect("registry:filing_edit", filing_id=filing.pk)
    owners = _owners(asker, filing)
    form = FilingForm(filing, asker.policy, owners, _posted(request))
    who: dict[str, Any] = {
        "actor": asker.actor(Capability.OPENING_APPLY, filing.unit_id),
        "grants": asker.grants,
        "now": asker.now,
    }
    try:
        saved = services.save_filing(filing_id=filing.pk, revision=_revision(request), values=form.values(), **who)
        if not form.errors:
            done = services.submit_filing(filing_id=saved.pk, revision=saved.revision, **who)
            said = _("已提交「%(name)s」的备案。") % {"name": filing.account.name}
            if done.late_days:
                said += _("逾期 %(n)d 天，已标明。") % {"n": done.late_days}
            messages.success(request, said)
            return redirect("registry:filing", filing_id=saved.pk)
    except ValidationError as error:
        take_errors(form, error)
    except TransitionNotAllowed:
        fresh = filing_of(asker.institution_id, filing.pk)
        if fresh.state not in EDITABLE_FILINGS:
            messages.info(request, _("这份备案已经提交过了，正在审批。"))
            return redirect("registry:filing", filing_id=fresh.pk)
        return _refused_by_revision(request, asker, fresh, owners, form)
    fresh = filing_of(asker.institution_id, filing.pk)
    page = _page(asker, fresh, owners, form)
    further = {name: errors for name, errors in page.report.errors.items() if name not in form.errors}
    if further:
        take_errors(form, ValidationError(further))
    return _render(request, asker, page, revision=fresh.revision, status=422)


@login_required
@require_POST
def discard(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Give up what was written."""
    asker = Asker(request)
    filing = own_filing(asker, filing_id)
    services.discard_filing(
        actor=asker.actor(Capability.OPENING_APPLY, filing.unit_id),
        grants=asker.grants,
        filing_id=filing.pk,
        now=asker.now,
    )
    messages.success(request, _("备案 %(number)s 不在你手里了。") % {"number": filing.number})
    return redirect("registry:account", account_id=filing.account_id)


@login_required
@require_POST
def take_up(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Begin to write an expected filing, or go on with a colleague's."""
    asker = Asker(request)
    try:
        filing = filing_of(asker.institution_id, filing_id)
    except Filing.DoesNotExist as error:
        raise Http404 from error
    if not may_view_filing(filing, asker.grants):
        raise Http404
    if not (decision := may_take_up(filing, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    if filing.applicant_id != asker.person.pk:
        services.take_up_filing(
            actor=asker.actor(Capability.OPENING_APPLY, filing.unit_id),
            grants=asker.grants,
            filing_id=filing.pk,
            now=asker.now,
        )
    return redirect("registry:filing_edit", filing_id=filing.pk)


def _file_list(request: HttpRequest, asker: Asker, filing: Filing, error: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        if error:
            messages.error(request, error)
        return redirect(f"{reverse('registry:filing_edit', args=[filing.pk])}#materials")
    context = {**_files(asker, filing), "upload_error": error}
    return render(request, "registry/filing/attachments.html", context, status=422 if error else 200)


@login_required
@require_POST
def attach(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Put a file to the filing; what it is follows from its content, not from its name."""
    asker = Asker(request)
    filing = own_filing(asker, filing_id)
    error = ""
    proofs, materials = request.FILES.getlist("proof"), request.FILES.getlist("upload")
    if not proofs and not materials:
        error = _("还没有选文件。选好再传。")
    for kind, uploads in (("cancellation_proof", proofs), ("material", materials)):
        for upload in uploads:
            try:
                services.attach_to_filing(
                    actor=asker.actor(Capability.OPENING_APPLY, filing.unit_id),
                    grants=asker.grants,
                    filing_id=filing.pk,
                    upload=upload,
                    kind=kind,
                    now=asker.now,
                )
            except ValidationError as refused:
                error = "".join(refused.messages)
    return _file_list(request, asker, filing, error)


@login_required
@require_POST
def detach(request: HttpRequest, filing_id: int, attachment_id: int) -> HttpResponse:
    """Take a file off the filing."""
    asker = Asker(request)
    filing = own_filing(asker, filing_id)
    try:
        services.detach_from_filing(
            actor=asker.actor(Capability.OPENING_APPLY, filing.unit_id),
            grants=asker.grants,
            filing_id=filing.pk,
            attachment_id=attachment_id,
            now=asker.now,
        )
    except ObjectDoesNotExist as missing:
        raise Http404 from missing
    return _file_list(request, asker, filing, "")
