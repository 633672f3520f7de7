"""Lists of results that home units report to the Office."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xianshen.assessment import services
from xianshen.assessment.enums import ReportState, ReviewResult
from xianshen.assessment.forms import TextForm
from xianshen.assessment.models import ResultReport
from xianshen.assessment.permissions import may_receive, may_report_for, may_view_report
from xianshen.assessment.selectors import REPORT_TYPE, report_of, reports_in, unreported
from xianshen.assessment.views.shared import Asker, page_of, trace_of
from xianshen.clocks.selectors import open_about
from xianshen.common.components import Option
from xianshen.common.forms import take_errors
from xianshen.ledger.selectors import entries_about
from xianshen.organisation.selectors import unit_in
from xianshen.regulation.enums import Capability


@login_required
@require_GET
def report_list(request: HttpRequest) -> HttpResponse:
    """List the reports that the person may see."""
    asker = Asker(request)
    found = reports_in(asker.institution_id)
    if not asker.grants.has(Capability.REPORTS_VIEW_ALL):
        found = found.filter(unit_id__in=asker.grants.units(Capability.APPROVALS_VIEW_UNIT))
    state = request.GET.get("state", "")
    if state in ReportState.values:
        found = found.filter(state=state)
    page = page_of(found, request)
    context = {
        "page": page,
        "rows": list(page.object_list),
        "states": [Option(one.value, one.label) for one in ReportState],
        "filtered": state in ReportState.values,
    }
    return render(request, "assessment/reports.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Report the results of a home unit's accounts: look at the list, then send it."""
    asker = Asker(request)
    campaign = asker.campaign()
    try:
        unit = unit_in(asker.institution_id, unit_id)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    if campaign is None or not may_report_for(unit.pk, asker.grants):
        raise Http404
    form = TextForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            report = services.report_results(
                actor=asker.actor(Capability.APPROVALS_VIEW_UNIT, unit.pk),
                grants=asker.grants,
                campaign_id=campaign.pk,
                unit_id=unit.pk,
                text=form.cleaned_data["text"],
                now=asker.now,
            )
        except ValidationError as error:
            take_errors(form, error)
        else:
            messages.success(request, _("已向办公室报备 %(n)d 个平台的年审结果。") % {"n": len(report.rows)})
            return redirect("assessment:report", report_id=report.pk)
    context = {
        "campaign": campaign,
        "unit": unit,
        "reviews": unreported(asker.institution_id, campaign, unit.pk),
        "form": form,
    }
    return render(request, "assessment/report_new.html", context, status=422 if form.errors else 200)


def _report(asker: Asker, report_id: int) -> ResultReport:
    try:
        report = report_of(asker.institution_id, report_id)
    except ResultReport.DoesNotExist as error:
        raise Http404 from error
    if not may_view_report(report, asker.grants):
        raise Http404
    return report


def _render(
    request: HttpRequest, asker: Asker, report: ResultReport, form: TextForm, status: int = 200
) -> HttpResponse:
    labels = dict(ReviewResult.choices)
    context = {
        "report": report,
        "rows": [{**row, "label": labels.get(row["result"], row["result"])} for row in report.rows],
        "counts": [(label, sum(row["result"] == code for row in report.rows)) for code, label in ReviewResult.choices],
        "form": form,
        "may_settle": report.state == ReportState.REPORTED and bool(may_receive(asker.grants)),
        "may_answer": report.state == ReportState.QUERIED and bool(may_report_for(report.unit_id, asker.grants)),
        "clocks": list(open_about(asker.institution_id, REPORT_TYPE, str(report.pk))),
        "trace": trace_of(entries_about(asker.person.institution.code, REPORT_TYPE, str(report.pk))),
        "now": asker.now,
    }
    return render(request, "assessment/report.html", context, status=status)


@login_required
@require_GET
def report_page(request: HttpRequest, report_id: int) -> HttpResponse:
    """Show a list, and what can be done with it."""
    asker = Asker(request)
    return _render(request, asker, _report(asker, report_id), TextForm())


@login_required
@require_POST
def settle(request: HttpRequest, report_id: int, act: str) -> HttpResponse:
    """Acknowledge a list, ask about it, or answer the question."""
    asker = Asker(request)
    report = _report(asker, report_id)
    services_by_act = {
        "acknowledge": (services.acknowledge_report, Capability.ACCOUNTS_MANAGE, _("已知悉。")),
        "query": (services.query_report, Capability.ACCOUNTS_MANAGE, _("已质询，等单位答复。")),
        "answer": (services.answer_report, Capability.APPROVALS_VIEW_UNIT, _("已答复。")),
    }
    if act not in services_by_act:
        raise Http404
    service, capability, said = services_by_act[act]
    form = TextForm(request.POST)
    if form.is_valid():
        try:
            service(
                actor=asker.actor(capability),
                grants=asker.grants,
                report_id=report.pk,
                text=form.cleaned_data["text"],
                now=asker.now,
            )
        except ValidationError as error:
            take_errors(form, error)
        else:
            messages.success(request, said)
            return redirect("assessment:report", report_id=report.pk)
    return _render(request, asker, report, form, 422)
