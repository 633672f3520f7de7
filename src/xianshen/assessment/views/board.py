"""The campaign board: progress in numbers, who has not handed in, reminders, exports."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from xianshen.approvals.selectors import steps_to_do
from xianshen.assessment import services
from xianshen.assessment.exports import reviews_file
from xianshen.assessment.models import AnnualReview, ReviewCampaign
from xianshen.assessment.permissions import may_manage, may_see_board
from xianshen.assessment.report import tier_words
from xianshen.assessment.selectors import (
    CAMPAIGN_TYPE,
    DEFAULT_SORT,
    REVIEW_TYPE,
    VIEWS,
    board_reviews,
    campaigns_in,
    count_views,
    filter_board,
    home_progress,
    progress_of,
    reports_to_settle,
)
from xianshen.assessment.tables import (
    Board,
    board_from,
    missing_face,
    parts_of,
    reminded_options,
    ruler,
    step_options,
    tabs_of,
    unit_rows,
)
from xianshen.assessment.views.shared import MEDIA_TYPES, Asker, disposition, number_in, numbers_in, page_of, trace_of
from xianshen.common.components import Option
from xianshen.common.errors import PermissionDenied
from xianshen.ledger.selectors import entries_about
from xianshen.regulation.enums import Capability

WAITING_SHOWN = 5


@login_required
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Show the campaign: who has handed in, who has not, what happens at the deadline."""
    asker = Asker(request)
    if not may_see_board(asker.grants):
        return redirect("assessment:mine")
    campaign = asker.campaign()
    manages = bool(may_manage(asker.grants))
    if campaign is None:
        context: dict[str, Any] = {"manages": manages, "year": asker.on.year, "spec": asker.policy.annual_review}
        return render(request, "assessment/first.html", context)
    context = {"manages": manages, "campaign": campaign, "now": asker.now, **_context(asker, campaign)}
    return render(request, "assessment/board.html", context)


def _context(asker: Asker, campaign: ReviewCampaign) -> dict[str, Any]:
    board = board_from(asker.request.GET)
    reviews = board_reviews(asker.institution_id, campaign)
    live = reviews.filter(VIEWS["all"])
    progress = progress_of(reviews)
    counts = count_views(progress)
    found = filter_board(reviews, board.wanted, board.sort)
    spec = asker.policy.annual_review
    rows: Any
    if board.group == "unit":
        page = page_of(unit_rows(live, found), asker.request)
        rows = page.object_list
    else:
        count = None if board.filtered else counts[board.wanted.view]
        page = page_of(found, asker.request, count=count)
        rows = [(review, missing_face(review, asker.on)) for review in page.object_list]
    units = live.order_by("unit__key").values_list("unit_id", "unit__name").distinct()[:500]
    return {
        "board": board,
        "progress": progress,
        "parts": parts_of(progress, f"?year={campaign.year}"),
        "tabs": tabs_of(counts, board.wanted.view, campaign.year),
        "page": page,
        "rows": rows,
        "counts": counts,
        "missing_units": live.filter(VIEWS["missing"]).order_by().values("unit_id").distinct().count(),
        "units": [Option(str(pk), name) for pk, name in units],
        "tiers": [Option(str(tier.number), tier.name) for tier in asker.policy.tiers if _reviewed(spec, tier.number)],
        "steps": step_options(),
        "reminded": reminded_options(),
        "default_sort": DEFAULT_SORT,
        "years": [
            Option(str(one.year), _("%(year)s 年度") % {"year": one.year}) for one in campaigns_in(asker.institution_id)
        ],
        "ruler": ruler(campaign, asker.policy, spec.due, progress.missing, asker.on) if spec else [],
        "after_due": asker.on > campaign.due_on,
        "homes": home_progress(asker.institution_id, campaign),
        "to_settle": reports_to_settle(asker.institution_id).filter(campaign=campaign).count(),
        "waiting": _waiting(asker),
        "trace": trace_of(entries_about(asker.person.institution.code, CAMPAIGN_TYPE, str(campaign.pk), limit=6)),
        "last_year": _last_year(asker, campaign),
        "may_close": campaign.state == "open" and asker.on > campaign.due_on,
        "tiers_words": tier_words(asker.policy),
    }


def _reviewed(spec: Any, tier: int) -> bool:
    return spec is None or tier in spec.tiers


def _waiting(asker: Asker) -> dict[str, Any]:
    """Return the reviews that wait for the person's own opinion, most urgent first."""
    steps = steps_to_do(asker.institution_id, asker.person.pk, asker.grants.holdings, asker.on).filter(
        chain__subject_type=REVIEW_TYPE
    )
    total = steps.count()
    shown = list(steps[:WAITING_SHOWN])
    keys = [int(step.chain.subject_id) for step in shown]
    reviews = {one.pk: one for one in AnnualReview.objects.filter(pk__in=keys).select_related("account")}
    return {"total": total, "steps": [(step, reviews.get(int(step.chain.subject_id))) for step in shown]}


def _last_year(asker: Asker, campaign: ReviewCampaign) -> int | None:
    """Return how many had been handed in on this day a year ago, or None without a campaign then."""
    earlier = campaigns_in(asker.institution_id).filter(year=campaign.year - 1).first()
    if earlier is None:
        return None
    day = asker.on.replace(year=asker.on.year - 1, day=min(asker.on.day, 28))
    return board_reviews(asker.institution_id, earlier).filter(submitted_at__date__lte=day).count()


def _back(year: int | None = None, **more: object) -> str:
    pairs = {key: value for key, value in {"year": year, **more}.items() if value}
    return f"{reverse('assessment:board')}?{urlencode(pairs)}" if pairs else reverse("assessment:board")


@login_required
@require_POST
def open_year(request: HttpRequest) -> HttpResponse:
    """Open the year's campaign; a second time leads to the first."""
    asker = Asker(request)
    year = number_in(request.POST.get("year")) or asker.on.year
    try:
        campaign = services.open_campaign(
            actor=asker.actor(Capability.ACCOUNTS_MANAGE), grants=asker.grants, year=min(year, 9999), now=asker.now
        )
    except services.CampaignExists as refused:
        context = {"refusal": refused, "campaign": refused.campaign}
        return render(request, "assessment/exists.html", context, status=refused.status)
    except ValidationError as error:
        context = {
            "error": "".join(error.messages),
            "manages": True,
            "year": asker.on.year,
            "spec": asker.policy.annual_review,
        }
        return render(request, "assessment/first.html", context, status=422)
    said = _("%(year)s 年度年审开始了，填写人都会收到提醒。") % {"year": campaign.year}
    messages.success(request, said)
    return redirect(_back(campaign.year))


@login_required
@require_POST
def close_year(request: HttpRequest) -> HttpResponse:
    """End the campaign after its deadline."""
    asker = Asker(request)
    campaign = asker.campaign()
    if campaign is None:
        raise Http404
    services.close_campaign(
        actor=asker.actor(Capability.ACCOUNTS_MANAGE), grants=asker.grants, campaign_id=campaign.pk, now=asker.now
    )
    messages.success(request, _("%(year)s 年度年审已结束，晚交的照样可以补。") % {"year": campaign.year})
    return redirect(_back(campaign.year))


def _picked(asker: Asker, campaign: ReviewCampaign) -> QuerySet[AnnualReview]:
    """Return the reviews that the person picked: single ones, whole units, or everything that is missing."""
    post = asker.request.POST
    missing = board_reviews(asker.institution_id, campaign).filter(VIEWS["missing"]).order_by()
    if post.get("all"):
        return filter_board(missing, board_from(post).wanted).order_by("pk")
    ids, units = numbers_in(post.getlist("ids")), numbers_in(post.getlist("units"))
    return missing.filter(pk__in=ids) if ids else missing.filter(unit_id__in=units)


@login_required
@require_POST
def remind(request: HttpRequest) -> HttpResponse:
    """Remind the owners and heads of what is picked, in one act."""
    asker = Asker(request)
    if not (permission := may_manage(asker.grants)):
        raise PermissionDenied.from_denied(permission)
    campaign = asker.campaign()
    if campaign is None:
        raise Http404
    keys = list(_picked(asker, campaign).values_list("pk", flat=True)[: services_limit() + 1])
    try:
        told = services.remind_missing(
            actor=asker.actor(Capability.ACCOUNTS_MANAGE),
            grants=asker.grants,
            campaign_id=campaign.pk,
            review_ids=keys,
            now=asker.now,
        )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        said = ngettext(
            "已提醒 %(n)d 个平台的负责人和第一责任人。", "已提醒 %(n)d 个平台的负责人和第一责任人。", len(told)
        )
        messages.success(request, said % {"n": len(told)})
    return redirect(_back(campaign.year))


def services_limit() -> int:
    """Return how many reviews one act may remind of."""
    from xianshen.assessment.services.campaigns import MOST_REMINDED

    return MOST_REMINDED


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """Give the view as XLSX or CSV: its rows in its order; only the reviews picked, if any are."""
    asker = Asker(request)
    if not (permission := may_see_board(asker.grants)):
        raise PermissionDenied.from_denied(permission)
    campaign = asker.campaign()
    if campaign is None:
        raise Http404
    ending = request.GET.get("format", "xlsx")
    if ending not in {"xlsx", "csv"}:
        ending = "xlsx"
    board: Board = board_from(request.GET)
    found = filter_board(board_reviews(asker.institution_id, campaign), board.wanted, board.sort)
    ids, units = numbers_in(request.GET.getlist("ids")), numbers_in(request.GET.getlist("units"))
    if ids:
        found = found.filter(pk__in=ids)
    elif units:
        found = found.filter(unit_id__in=units)
    content = reviews_file(found.iterator(chunk_size=1000), asker.policy, ending=ending)
    response = HttpResponse(content, content_type=MEDIA_TYPES[ending])
    name = _("%(year)s 年度年审 %(date)s") % {"year": campaign.year, "date": asker.on.isoformat()}
    response.headers["Content-Disposition"] = disposition(f"{name}.{ending}", f"reviews-{campaign.year}.{ending}")
    response.headers["Cache-Control"] = "private, no-store"
    return response
