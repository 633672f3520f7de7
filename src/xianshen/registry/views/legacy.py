"""Accounts of before the rules: the list, each unit's answer, and the Office's part."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xianshen.clocks.selectors import deadlines_of
from xianshen.common.components import Option, Tab
from xianshen.common.errors import PermissionDenied, Refusal
from xianshen.common.forms import take_errors
from xianshen.common.tabular import write_template
from xianshen.organisation.selectors import units
from xianshen.registry import services
from xianshen.registry.enums import EDITABLE_FILINGS, FilingState, SuspensionReason
from xianshen.registry.exports import MEDIA_TYPES
from xianshen.registry.filed import LEGACY_LIST_TYPE, filing_of, legacy_counts, legacy_visible_to
from xianshen.registry.filing_forms import DisownForm, LegacyUploadForm
from xianshen.registry.forms import ReasonForm
from xianshen.registry.imports import SHEET, account_columns
from xianshen.registry.models import Filing, LegacyUpload
from xianshen.registry.permissions import may_file_for, may_manage_accounts, may_view_filing
from xianshen.registry.views.shared import Asker, number_in, page_of, platform_or_none, words_in
from xianshen.regulation.enums import Capability

if TYPE_CHECKING:
    from xianshen.clocks.models import Deadline

#: Bound of a page, not of the regulation: so many are confirmed in one request.
MOST_CONFIRMED = 100
VIEWS = {
    "to_confirm": Q(state=FilingState.EXPECTED),
    "under_way": Q(state__in=[*EDITABLE_FILINGS, FilingState.SUBMITTED]),
    "disowned": Q(state=FilingState.DISOWNED),
    "filed": Q(state=FilingState.APPROVED),
    "unfiled": Q(account__suspension_reason=SuspensionReason.LEGACY_UNFILED),
    "everything": Q(),
}


def _tabs(found: QuerySet[Filing], view: str, unit: int | None) -> list[Tab]:
    counts = found.order_by().aggregate(**{code: Count("pk", filter=where) for code, where in VIEWS.items()})
    labels = {
        "to_confirm": _("等确认"),
        "under_way": _("办理中"),
        "disowned": _("说不是的"),
        "filed": _("已备案"),
        "unfiled": _("未备案暂停"),
        "everything": _("全部"),
    }
    more = f"&unit={unit}" if unit else ""
    return [Tab(label, f"?view={code}{more}", counts[code], view == code) for code, label in labels.items()]


def _deadline(asker: Asker, unit_id: int | None) -> "Deadline | None":
    """Return the clock of the unit's list; of the only unit when none is chosen."""
    if unit_id is None:
        return None
    found = deadlines_of(asker.institution_id, LEGACY_LIST_TYPE, str(unit_id))
    return found.exclude(state="cancelled").order_by("-pk").first()


@login_required
@require_GET
def legacy_list(request: HttpRequest) -> HttpResponse:
    """List legacy accounts: for a unit its own to answer, for the Office all, with the progress of each unit."""
    asker = Asker(request)
    visible = legacy_visible_to(asker.grants)
    office = bool(may_manage_accounts(asker.grants))
    counts = legacy_counts(visible)
    unit = number_in(request.GET.get("unit"))
    if unit is None and len(counts) == 1:
        unit = counts[0].unit_id
    of_unit = visible.filter(unit_id=unit) if unit else visible
    view = request.GET.get("view", "")
    if view not in VIEWS:
        view = "to_confirm"
    found = of_unit.filter(VIEWS[view])
    if words := words_in(request.GET.get("q")):
        found = found.filter(Q(account__name__icontains=words) | Q(account__handle__icontains=words))
    page = page_of(found, request)
    files = asker.grants.units(Capability.OPENING_APPLY)
    rows = []
    for filing in page.object_list:
        platform = platform_or_none(asker.policy, filing.account.platform)
        mine = filing.unit_id in files or filing.account.owner_id == asker.person.pk
        rows.append(
            {"filing": filing, "account": filing.account, "platform": platform, "mine": mine, "face": filing.face}
        )
    context = {
        "tabs": _tabs(of_unit, view, unit),
        "view": view,
        "unit": unit,
        "page": page,
        "rows": rows,
        "answers": view == "to_confirm" and any(row["mine"] for row in rows),
        "office": office,
        "counts": counts if len(counts) > 1 and not unit else [],
        "units": [Option(str(one.unit_id), one.unit_name, one.total) for one in counts],
        "filtered": bool(request.GET.get("q")),
        "deadline": _deadline(asker, unit),
        "clock": asker.policy.clock("filing.legacy"),
        "now": asker.now,
    }
    return render(request, "registry/legacy/list.html", context)


@login_required
@require_POST
def legacy_confirm(request: HttpRequest) -> HttpResponse:
    """Confirm some of one's accounts; those that lack something stay, and it is said what."""
    asker = Asker(request)
    ids = [number for text in request.POST.getlist("ids") if (number := number_in(text)) is not None]
    if not ids:
        messages.error(request, _("还没有选账号。勾上你们单位的，再确认。"))
        return redirect("registry:legacy")
    done, lacking = 0, []
    known = {one.pk: one for one in legacy_visible_to(asker.grants).filter(pk__in=ids[:MOST_CONFIRMED])}
    if len(known) < len(set(ids[:MOST_CONFIRMED])):
        raise Http404
    for filing in known.values():
        try:
            services.confirm_legacy(
                actor=asker.actor(Capability.OPENING_APPLY, filing.unit_id),
                grants=asker.grants,
                filing_id=filing.pk,
                now=asker.now,
            )
        except (ValidationError, Refusal) as refused:
            why = "".join(refused.messages) if isinstance(refused, ValidationError) else str(refused.reason)
            lacking.append(_("「%(name)s」%(why)s") % {"name": filing.account.name, "why": why})
        else:
            done += 1
    if done:
        said = ngettext("已确认 %(n)d 个账号，备案已提交。", "已确认 %(n)d 个账号，备案已提交。", done)
        messages.success(request, said % {"n": done})
    if lacking:
        messages.warning(request, _("要先改正的：%(what)s") % {"what": _("；").join(lacking[:5])})
    unit = number_in(request.POST.get("unit"))
    return redirect(f"{request.path.removesuffix('confirm/')}{f'?unit={unit}' if unit else ''}")


def _listed(asker: Asker, filing_id: int) -> Filing:
    try:
        filing = filing_of(asker.institution_id, filing_id)
    except Filing.DoesNotExist as error:
        raise Http404 from error
    if not may_view_filing(filing, asker.grants) or filing.origin != "legacy":
        raise Http404
    return filing


@login_required
@require_http_methods(["GET", "POST"])
def legacy_disown(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Say that a listed account is not the unit's."""
    asker = Asker(request)
    filing = _listed(asker, filing_id)
    if not (decision := may_file_for(filing.account, asker.grants)):
        raise PermissionDenied.from_denied(decision)
    form = DisownForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.disown_legacy(
                actor=asker.actor(Capability.OPENING_APPLY, filing.unit_id),
                grants=asker.grants,
                filing_id=filing.pk,
                text=form.cleaned_data["text"],
                now=asker.now,
            )
        except ValidationError as error:
            take_errors(form, error)
        else:
            messages.success(request, _("已告诉办公室，「%(name)s」不是你们的。") % {"name": filing.account.name})
            return redirect("registry:legacy")
    context = {"filing": filing, "account": filing.account, "form": form}
    return render(request, "registry/legacy/disown.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def legacy_settle(request: HttpRequest, filing_id: int) -> HttpResponse:
    """Decide, as the Office, about an account that its unit disowns: another unit's, or nobody's."""
    asker = Asker(request)
    filing = _listed(asker, filing_id)
    if not (decision := may_manage_accounts(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    form = ReasonForm(request.POST if request.method == "POST" and "strike" in request.POST else None)
    error = ""
    if request.method == "POST":
        who: dict[str, Any] = {
            "actor": asker.actor(Capability.ACCOUNTS_MANAGE),
            "grants": asker.grants,
            "now": asker.now,
        }
        try:
            if "strike" not in request.POST:
                unit = number_in(request.POST.get("unit"))
                if unit is None or not units(asker.institution_id).filter(pk=unit).exists():
                    raise ValidationError({"unit": _("还没有选单位。选账号真正的主办单位。")})
                done = services.reassign_legacy(filing_id=filing.pk, unit_id=unit, **who)
                messages.success(request, _("已请%(unit)s确认。") % {"unit": done.unit.name})
                return redirect("registry:legacy")
            if form.is_valid():
                services.strike_legacy(filing_id=filing.pk, text=form.cleaned_data["text"], **who)
                messages.success(request, _("「%(name)s」已划去。") % {"name": filing.account.name})
                return redirect("registry:legacy")
        except ValidationError as refused:
            error = "".join(refused.messages)
    context = {
        "filing": filing,
        "account": filing.account,
        "form": form,
        "error": error,
        "units": units(asker.institution_id).exclude(pk=filing.unit_id).order_by("name"),
    }
    failed = bool(error or form.errors)
    return render(request, "registry/legacy/settle.html", context, status=422 if failed else 200)


@login_required
@require_http_methods(["GET", "POST"])
def legacy_import(request: HttpRequest) -> HttpResponse:
    """Take a list; nothing is imported before it has been looked at."""
    asker = Asker(request)
    if not (decision := may_manage_accounts(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    posted = request.method == "POST"
    form = LegacyUploadForm(request.POST if posted else None, request.FILES if posted else None)
    if posted and form.is_valid():
        upload = form.cleaned_data["file"]
        services.keep_legacy_upload(
            actor=asker.actor(Capability.ACCOUNTS_MANAGE),
            grants=asker.grants,
            content=upload.read(),
            filename=upload.name,
            now=asker.now,
        )
        return redirect("registry:legacy_preview")
    context = {"form": form, "columns": account_columns(asker.policy), **_period(asker)}
    return render(request, "registry/legacy/import.html", context, status=422 if form.errors else 200)


def _period(asker: Asker) -> dict[str, Any]:
    start = services.legacy_start(asker.policy, asker.on)
    due = asker.policy.due("filing.legacy", start)
    return {"start": start, "due": due, "over": due < asker.on, "clock": asker.policy.clock("filing.legacy")}


def _upload(asker: Asker) -> LegacyUpload | None:
    return LegacyUpload.objects.filter(person_id=asker.person.pk, institution_id=asker.institution_id).first()


@login_required
@require_http_methods(["GET", "POST"])
def legacy_preview(request: HttpRequest) -> HttpResponse:
    """Show what the list would add, or what is wrong in which cell; on confirmation, import all of it."""
    asker = Asker(request)
    if not (decision := may_manage_accounts(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    upload = _upload(asker)
    if upload is None:
        return redirect("registry:legacy_import")
    form = LegacyUploadForm(request.POST if request.method == "POST" else None)
    form.fields["file"].required = False
    content = bytes(upload.content)
    if request.method == "POST" and form.is_valid():
        try:
            plan = services.import_legacy(
                actor=asker.actor(Capability.ACCOUNTS_MANAGE),
                institution=asker.person.institution,
                grants=asker.grants,
                content=content,
                filename=upload.filename,
                now=asker.now,
                extend_until=form.cleaned_data["extend_until"],
                extend_why=form.cleaned_data["extend_why"],
            )
        except ValidationError as refused:
            take_errors(form, refused)
        else:
            if plan.ok:
                services.drop_legacy_upload(grants=asker.grants)
                words = {"created": plan.created, "unchanged": plan.unchanged}
                messages.success(request, _("已列入 %(created)d 个存量账号，%(unchanged)d 个早已在册。") % words)
                return redirect("registry:legacy")
    plan = services.preview_legacy(
        institution=asker.person.institution,
        grants=asker.grants,
        content=content,
        filename=upload.filename,
        now=asker.now,
    )
    context = {"plan": plan, "upload": upload, "form": form, "rows": plan.rows[:50], **_period(asker)}
    return render(request, "registry/legacy/preview.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def legacy_drop(request: HttpRequest) -> HttpResponse:
    """Forget the uploaded list."""
    services.drop_legacy_upload(grants=Asker(request).grants)
    return redirect("registry:legacy_import")


@login_required
@require_GET
def legacy_template(request: HttpRequest) -> HttpResponse:
    """Return the template to fill in."""
    asker = Asker(request)
    if not (decision := may_manage_accounts(asker.grants)):
        raise PermissionDenied.from_denied(decision)
    content = write_template(account_columns(asker.policy), sheet=str(SHEET))
    response = HttpResponse(content, content_type=MEDIA_TYPES["xlsx"])
    response["Content-Disposition"] = 'attachment; filename="legacy-template.xlsx"'
    return response
