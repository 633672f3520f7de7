"""Handling impostor reports: for whoever holds a position that may."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from xianshen.common.actors import Actor
from xianshen.common.components import Tab
from xianshen.common.errors import PermissionDenied
from xianshen.directory import services
from xianshen.directory.enums import OPEN_REPORTS, ReportState
from xianshen.directory.forms import AnswerForm
from xianshen.directory.listing import platform_words, policy_or_none
from xianshen.directory.models import ImpostorReport
from xianshen.directory.permissions import may_handle_reports
from xianshen.directory.selectors import REPORT_TYPE, count_by_state, filter_reports, report_of, reports_in
from xianshen.directory.texts import one_line
from xianshen.directory.verifying import Desk
from xianshen.ledger.selectors import entries_about
from xianshen.organisation.selectors import actor_in
from xianshen.regulation.enums import Capability

PER_PAGE = 50


def _allowed(request: HttpRequest) -> None:
    """Refuse whoever does not handle reports."""
    permission = may_handle_reports(request.grants)  # type: ignore[attr-defined]
    if not permission:
        raise PermissionDenied.from_denied(permission)


def _actor(request: HttpRequest) -> Actor:
    """Return the person in the position that lets them handle reports."""
    holdings = request.grants.having(Capability.IMPOSTORS_HANDLE)  # type: ignore[attr-defined]
    return actor_in(request.user, holdings[0] if holdings else None)  # type: ignore[arg-type]


@login_required
@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """List reports: by default those that wait for an answer."""
    _allowed(request)
    institution_id = request.user.institution_id  # type: ignore[union-attr]
    state, q = request.GET.get("state", ""), one_line(request.GET.get("q", ""), 100)
    counts = count_by_state(institution_id)
    reports = filter_reports(reports_in(institution_id), q=q, state=state)
    if state == "":
        reports = reports.filter(state__in=OPEN_REPORTS) if not q else reports
    page = Paginator(reports, PER_PAGE).get_page(request.GET.get("page"))
    waiting = sum(counts.get(one, 0) for one in OPEN_REPORTS)
    tabs = [Tab(_("要办的"), "?", waiting, state == "" and not q)]
    tabs += [Tab(one.label, f"?state={one.value}", counts.get(one.value, 0), state == one) for one in ReportState]
    tabs.append(Tab(_("全部"), "?state=all", sum(counts.values()), state == "all"))
    return render(request, "directory/reports.html", {"page": page, "tabs": tabs, "q": q, "any": bool(counts)})


def _report(request: HttpRequest, report_id: int) -> ImpostorReport:
    try:
        return report_of(request.user.institution_id, report_id)  # type: ignore[union-attr]
    except ImpostorReport.DoesNotExist:
        raise Http404 from None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def handle(request: HttpRequest, report_id: int) -> HttpResponse:
    """Show one report and carry it on: begin to check, or close it with an answer."""
    report = _report(request, report_id)
    _allowed(request)
    form = AnswerForm()
    if request.method == "POST":
        form = AnswerForm(request.POST)
        wanted = request.POST.get("act", "")
        said = _carry_on(request, report, wanted, form)
        if said:
            messages.success(request, said)
            return redirect("directory:report_handle", report_id=report.pk)
    return render(
        request,
        "directory/report_handle.html",
        {"report": report, "form": form, **_findings(request, report)},
        status=400 if form.errors else 200,
    )


def _carry_on(request: HttpRequest, report: ImpostorReport, wanted: str, form: AnswerForm) -> str:
    """Call the service that was asked for; return what to say, or "" with errors in the form."""
    who: dict[str, Any] = {
        "report_id": report.pk,
        "actor": _actor(request),
        "grants": request.grants,  # type: ignore[attr-defined]
        "now": timezone.now(),
    }
    if wanted == "check":
        services.check_report(**who)
        return _("已开始核实。核验页会提醒大家正在核实。")
    closing = {"confirm": services.confirm_report, "dismiss": services.dismiss_report}.get(wanted)
    if closing is None:
        form.add_error(None, _("没有选怎么办。从页面上的按钮里选一个。"))
    elif form.is_valid():
        try:
            closing(answer=form.cleaned_data["answer"], **who)
            return _("已答复，举报人凭编号可以看到。")
        except ValidationError as refused:
            form.add_error(None, refused)
    return ""


def _findings(request: HttpRequest, report: ImpostorReport) -> dict[str, Any]:
    """Return what verification says about what was reported, and what has been done."""
    institution = request.user.institution  # type: ignore[union-attr]
    on = timezone.localdate()
    desk = Desk(institution, on)
    return {
        "findings": [desk.by_text(value) for value in (report.name, report.link) if value],
        "platform_name": platform_words(report.platform, policy_or_none(institution.pk, on)),
        "entries": entries_about(institution.code, REPORT_TYPE, str(report.pk)),
    }
