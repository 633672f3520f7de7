"""The campaign's report: on screen, as PDF, as XLSX."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from xianshen.assessment.models import ReviewCampaign
from xianshen.assessment.permissions import may_see_board
from xianshen.assessment.report import Summary, render_summary, summary_of, summary_workbook
from xianshen.assessment.views.shared import MEDIA_TYPES, Asker, disposition
from xianshen.common.errors import PermissionDenied


def _campaign(asker: Asker) -> ReviewCampaign:
    if not (permission := may_see_board(asker.grants)):
        raise PermissionDenied.from_denied(permission)
    campaign = asker.campaign()
    if campaign is None:
        raise Http404
    return campaign


def _summary(asker: Asker, campaign: ReviewCampaign) -> Summary:
    return summary_of(asker.person.institution, campaign, asker.policy, asker.now)


@login_required
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show the report; every number leads to its records."""
    asker = Asker(request)
    campaign = _campaign(asker)
    context: dict[str, Any] = {"campaign": campaign, "summary": _summary(asker, campaign), "now": asker.now}
    return render(request, "assessment/summary.html", context)


@login_required
@require_GET
def download(request: HttpRequest, ending: str) -> HttpResponse:
    """Give the report as PDF or XLSX."""
    asker = Asker(request)
    campaign = _campaign(asker)
    if ending not in {"pdf", "xlsx"}:
        raise Http404
    summary = _summary(asker, campaign)
    if ending == "pdf":
        content = render_summary(summary)
    else:
        content = summary_workbook(summary, asker.institution_id, campaign, asker.policy)
    response = HttpResponse(content, content_type=MEDIA_TYPES[ending])
    name = _("%(year)s 年度年审汇总") % {"year": campaign.year}
    response.headers["Content-Disposition"] = disposition(f"{name}.{ending}", f"review-{campaign.year}.{ending}")
    response.headers["Cache-Control"] = "private, no-store"
    return response
