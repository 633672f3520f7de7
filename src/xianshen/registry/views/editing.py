"""Writing an opening application: the form, its drafts, its files, its submission."""

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
from xianshen.registry.checks import check_application
from xianshen.registry.enums import EDITABLE_STATES, ApplicationState
from xianshen.registry.forms import ApplicationForm, OwnerChoice, owner_choices
from xianshen.registry.models import OpeningApplication
from xianshen.registry.permissions import may_edit, may_file_sponsor_documents, may_view_application
from xianshen.registry.route import route_of
from xianshen.registry.selectors import APPLICATION_TYPE, application_of, sponsor_file
from xianshen.registry.views.applications import last_words
from xianshen.registry.views.fragments import DraftPage, news, render_parts
from xianshen.registry.views.shared import Asker, number_in
from xianshen.regulation.enums import Capability


def _own(asker: Asker, application_id: int) -> OpeningApplication:
    """Return the application for its applicant; others who may read it are told that they may not write."""
    try:
        application = application_of(asker.institution_id, application_id)
    except OpeningApplication.DoesNotExist as error:
        raise Http404 from error
    if application.applicant_id != asker.person.pk:
        if not may_view_application(application, asker.grants):
            raise Http404
        decision = may_edit(application, asker.grants)
        assert not decision
        raise PermissionDenied.from_denied(decision)
    return application


def _owners(asker: Asker, application: OpeningApplication) -> list[OwnerChoice]:
    """Return who can answer for the account: the applicant, and people of the unit or above it."""
    units = [application.unit, *ancestors(application.unit)]
    home = home_unit(application.unit)
    if home is not None:
        units.append(home)
    held = holders_in(asker.institution_id, {unit.pk for unit in units}, asker.on)
    return owner_choices(asker.person, held)


def _offer_applicant(application: OpeningApplication, owners: list[OwnerChoice]) -> None:
    """Fill a draft that nobody has touched yet with the applicant as owner, as an offer."""
    if application.revision > 1 or application.owner_id or application.owner_name:
        return
    me = next((owner for owner in owners if owner.person_id == application.applicant_id), None)
    if me is not None:
        application.owner = application.applicant
        application.owner_name, application.owner_mobile, application.owner_email = me.name, me.mobile, me.email


def _page(
    asker: Asker, application: OpeningApplication, owners: list[OwnerChoice], form: ApplicationForm | None = None
) -> DraftPage:
    form = form or ApplicationForm(application, asker.policy, owners)
    report = check_application(application, asker.policy, asker.on)
    return DraftPage(application, form, report, route_of(application, asker.policy, asker.on), asker.grants)


def _materials(asker: Asker, application: OpeningApplication) -> dict[str, Any]:
    """Return what the part 材料 shows: the unit's file, and the files of this application."""
    unit = home_unit(application.unit) or application.unit
    parts = asker.policy.sponsor_file.parts
    file = sponsor_file(unit.pk, [part.code for part in parts], asker.on)
    return {
        "file_unit": unit,
        "file_rows": [(part, file.documents.get(part.code)) for part in parts],
        "may_file": bool(may_file_sponsor_documents(unit.pk, asker.grants)),
        "attachments": attachments_of(asker.institution_id, APPLICATION_TYPE, str(application.pk)),
        "application": application,
    }


def _conflict(request: HttpRequest, application: OpeningApplication) -> SafeString:
    return SafeString(render_to_string("registry/parts/conflict.html", {"application": application}, request=request))


def _render(
    request: HttpRequest, asker: Asker, page: DraftPage, *, revision: int, conflict: bool = False, status: int = 200
) -> HttpResponse:
    application = page.application
    rounds = rounds_of(asker.institution_id, APPLICATION_TYPE, str(application.pk))
    context = {
        "page": page,
        "form": page.form,
        "parts": render_parts(page, request),
        "revision": revision,
        "conflict": _conflict(request, application) if conflict else "",
        "annex": page.form.spec,
        "returned": last_words(rounds) if application.state == ApplicationState.RETURNED else None,
        "first_responsible": _first_responsible(page),
        "now": asker.now,
        **_materials(asker, application),
    }
    return render(request, "registry/edit.html", context, status=status)


def _first_responsible(page: DraftPage) -> str:
    """Return who is first responsible for the account, as the check found, or ""."""
    found = next((check for check in page.report.checks if check.code == "first_responsible"), None)
    return found.detail if found is not None and not found.field and found.tone == "ok" else ""


@login_required
@require_GET
def edit(request: HttpRequest, application_id: int) -> HttpResponse:
    """Show the form."""
    asker = Asker(request)
    application = _own(asker, application_id)
    if application.state not in EDITABLE_STATES:
        messages.info(request, _("申请已经提交，要改先撤回。"))
        return redirect("registry:application", application_id=application.pk)
    if not (decision := may_edit(application, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    owners = _owners(asker, application)
    _offer_applicant(application, owners)
    return _render(request, asker, _page(asker, application, owners), revision=application.revision)


def _posted(request: HttpRequest) -> Any:
    """Return what was posted; a suggestion that was taken over (``use=handle=…``) counts as typed."""
    data = request.POST.copy()
    field, sign, value = data.get("use", "").partition("=")
    if sign:
        data[field] = value
    return data


def _revision(request: HttpRequest) -> int:
    return number_in(request.POST.get("overwrite")) or number_in(request.POST.get("revision")) or 0


def _take_contacts(application: OpeningApplication, values: dict[str, Any], owners: list[OwnerChoice]) -> set[str]:
    """Offer another owner's contacts where the old owner's, or none, stand; return what was changed."""
    if "owner_id" not in values or values["owner_id"] == application.owner_id:
        return set()
    by_id = {owner.person_id: owner for owner in owners}
    before, after = by_id.get(application.owner_id or 0), by_id.get(values["owner_id"] or 0)
    changed = set()
    for code, name in (("owner_mobile", "mobile"), ("owner_email", "email")):
        old = getattr(before, name, "")
        new = getattr(after, name, "")
        if code in values and values[code] in {"", old} and new and values[code] != new:
            values[code] = new
            changed.add(code)
    return changed


@login_required
@require_POST
def save(request: HttpRequest, application_id: int) -> HttpResponse:
    """Keep what was typed so far; answers HTMX with the parts of the page that say something new."""
    asker = Asker(request)
    application = _own(asker, application_id)
    owners = _owners(asker, application)
    data = _posted(request)
    form = ApplicationForm(application, asker.policy, owners, data)
    values = form.values()
    replaced = _take_contacts(application, values, owners)
    if "use" in data:
        replaced.add(data["use"].partition("=")[0])
    refused: ValidationError | None = None
    try:
        services.save_draft(
            grants=asker.grants,
            application_id=application.pk,
            revision=_revision(request),
            values=values,
            now=asker.now,
        )
    except TransitionNotAllowed:
        if application.state not in EDITABLE_STATES or not may_edit(application, asker.grants):
            raise
        return _refused_by_revision(request, asker, application, owners, form)
    except ValidationError as error:
        refused = error
    saved = application_of(asker.institution_id, application.pk)
    for code in replaced & values.keys():
        data[code] = values[code]
    form = ApplicationForm(saved, asker.policy, owners, data)
    if refused is not None:
        take_errors(form, refused)
    page = _page(asker, saved, owners, form)
    if not request.htmx:  # type: ignore[attr-defined]
        if form.errors:
            return _render(request, asker, page, revision=saved.revision, status=422)
        messages.success(request, _("已存好。想起来再接着填。"))
        return redirect("registry:application_edit", application_id=saved.pk)
    body = format_html(
        '<input type="hidden" name="revision" value="{}" id="revision" hx-swap-oob="true">'
        '<div id="f-conflict" hx-swap-oob="innerHTML"></div>{}{}',
        saved.revision,
        news(render_parts(page, request), data.getlist("seen")),
        _controls(page, replaced),
    )
    return HttpResponse(body, status=422 if form.errors else 200)


def _controls(page: DraftPage, codes: set[str]) -> SafeString:
    """Return controls whose value the answer changes."""
    views = [page.view_of(code) for code in sorted(codes)]
    return format_html_join("", "{}", ((view.control_swapped,) for view in views if view is not None and view.bound))


def _refused_by_revision(
    request: HttpRequest,
    asker: Asker,
    application: OpeningApplication,
    owners: list[OwnerChoice],
    form: ApplicationForm,
) -> HttpResponse:
    """Tell that another window has saved meanwhile; what was typed here stays on the page."""
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse(_conflict(request, application), status=409)
        response["HX-Retarget"] = "#f-conflict"
        response["HX-Reswap"] = "innerHTML"
        return response
    page = _page(asker, application, owners, form)
    return _render(request, asker, page, revision=_revision(request), conflict=True, status=409)


@login_required
def submit(request: HttpRequest, application_id: int) -> HttpResponse:
    """Save and submit. What stands against it is shown on top, and beside the fields; nothing typed is lost."""
    asker = Asker(request)
    application = _own(asker, application_id)
    if application.state not in EDITABLE_STATES:
        messages.info(request, _("这份申请已经提交过了，正在审批。"))
        return redirect("registry:application", application_id=application.pk)
    if request.method != "POST":
        return redirect("registry:application_edit", application_id=application.pk)
    owners = _owners(asker, application)
    form = ApplicationForm(application, asker.policy, owners, _posted(request))
    try:
        saved = services.save_draft(
            grants=asker.grants,
            application_id=application.pk,
            revision=_revision(request),
            values=form.values(),
            now=asker.now,
        )
        if not form.errors:
            services.submit_application(
                actor=asker.actor(Capability.OPENING_APPLY, application.unit_id),
                grants=asker.grants,
                application_id=saved.pk,
                revision=saved.revision,
                now=asker.now,
            )
            messages.success(request, _("已提交「%(name)s」的开设申请。") % {"name": saved.name.strip()})
            return redirect("registry:application", application_id=saved.pk)
    except ValidationError as error:
        take_errors(form, error)
    except TransitionNotAllowed:
        return _overtaken(request, asker, application, owners, form)
    fresh = application_of(asker.institution_id, application.pk)
    page = _page(asker, fresh, owners, form)
    further = {name: errors for name, errors in page.report.errors.items() if name not in form.errors}
    if further:
        take_errors(form, ValidationError(further))
    return _render(request, asker, page, revision=fresh.revision, status=422)


def _overtaken(
    request: HttpRequest,
    asker: Asker,
    application: OpeningApplication,
    owners: list[OwnerChoice],
    form: ApplicationForm,
) -> HttpResponse:
    """Answer a submission that something else came before: the same one again, or another window's save."""
    fresh = application_of(asker.institution_id, application.pk)
    if fresh.state not in EDITABLE_STATES:
        messages.info(request, _("这份申请已经提交过了，正在审批。"))
        return redirect("registry:application", application_id=fresh.pk)
    return _refused_by_revision(request, asker, fresh, owners, form)


@login_required
@require_POST
def discard(request: HttpRequest, application_id: int) -> HttpResponse:
    """Remove a draft that was never submitted."""
    asker = Asker(request)
    application = _own(asker, application_id)
    services.discard_draft(
        actor=asker.actor(Capability.OPENING_APPLY, application.unit_id),
        grants=asker.grants,
        application_id=application.pk,
        now=asker.now,
    )
    messages.success(request, _("已删除草稿 %(number)s。") % {"number": application.number})
    return redirect("registry:applications")


def _material_list(request: HttpRequest, asker: Asker, application: OpeningApplication, error: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        if error:
            messages.error(request, error)
        return redirect(f"{reverse('registry:application_edit', args=[application.pk])}#materials")
    context = {**_materials(asker, application), "upload_error": error}
    return render(request, "registry/parts/attachments.html", context, status=422 if error else 200)


@login_required
@require_POST
def attach(request: HttpRequest, application_id: int) -> HttpResponse:
    """Put a file to the application; what it is follows from its content, not from its name."""
    asker = Asker(request)
    application = _own(asker, application_id)
    error = ""
    uploads = request.FILES.getlist("upload")
    if not uploads:
        error = _("还没有选文件。选好再传。")
    for upload in uploads:
        try:
            services.attach_material(
                actor=asker.actor(Capability.OPENING_APPLY, application.unit_id),
                grants=asker.grants,
                application_id=application.pk,
                upload=upload,
                now=asker.now,
            )
        except ValidationError as refused:
            error = "".join(refused.messages)
    return _material_list(request, asker, application, error)


@login_required
@require_POST
def detach(request: HttpRequest, application_id: int, attachment_id: int) -> HttpResponse:
    """Take a file off the application."""
    asker = Asker(request)
    application = _own(asker, application_id)
    try:
        services.detach_material(
            actor=asker.actor(Capability.OPENING_APPLY, application.unit_id),
            grants=asker.grants,
            application_id=application.pk,
            attachment_id=attachment_id,
            now=asker.now,
        )
    except ObjectDoesNotExist as missing:
        raise Http404 from missing
    return _material_list(request, asker, application, "")
