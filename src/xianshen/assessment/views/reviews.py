"""Reviews as their owners and units see them: the list, one review, its paper."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from xianshen.approvals.enums import ChainState
from xianshen.approvals.selectors import current_step, deciders, rounds_of, soon_from, steps_of
from xianshen.assessment.checks import check_review
from xianshen.assessment.enums import EDITABLE, ReviewResult, ReviewState
from xianshen.assessment.figures import CODES, LABELS, NUMBERS
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.paper import form_data, form_of, number_words, value_of
from xianshen.assessment.permissions import may_edit, may_fill_for, may_report_for, may_view
from xianshen.assessment.reading import may_read_review
from xianshen.assessment.selectors import (
    REVIEW_TYPE,
    campaigns_in,
    current_list,
    home_progress,
    reviews_visible_to,
)
from xianshen.assessment.tables import missing_face
from xianshen.assessment.views.shared import Asker, page_of, platform_or_none, trace_of, words_in
from xianshen.clocks.selectors import open_about
from xianshen.common.components import Tab, TraceItem
from xianshen.documents.rendering.layout import FormData
from xianshen.documents.selectors import documents_of
from xianshen.ledger.selectors import entries_about
from xianshen.registry.running import may_run, state_face
from xianshen.registry.words import seat
from xianshen.regulation.enums import Capability
from xianshen.regulation.selectors import policy_version

SORTS: dict[str, tuple[str, ...]] = {
    "name": ("account__name", "-campaign__year", "pk"),
    "-name": ("-account__name", "-campaign__year", "pk"),
    "year": ("campaign__year", "account__name", "pk"),
    "-year": ("-campaign__year", "account__name", "pk"),
}
DEFAULT_SORT = "-year"
MINE_VIEWS = {
    "todo": (ReviewState.DRAFT, ReviewState.RETURNED, ReviewState.RECTIFY),
    "waiting": (ReviewState.UNIT, ReviewState.OFFICE),
    "done": (ReviewState.PASSED, ReviewState.FAILED, ReviewState.EXEMPT),
}


@login_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """List the reviews that the person fills in or answers for; heads of home units see their lists to report."""
    asker = Asker(request)
    visible = reviews_visible_to(asker.grants)
    if asker.grants.has(Capability.ACCOUNTS_VIEW_ALL):
        units = asker.grants.units(Capability.ACCOUNTS_VIEW_UNIT)
        visible = visible.filter(unit_id__in=units)
    view = request.GET.get("view", "")
    counts = {code: visible.filter(state__in=states).count() for code, states in MINE_VIEWS.items()}
    if view not in {*MINE_VIEWS, "all"}:
        view = "todo" if counts["todo"] else "all"
    found = visible.filter(state__in=MINE_VIEWS[view]) if view in MINE_VIEWS else visible
    if q := words_in(request.GET.get("q")):
        found = found.filter(account__name__icontains=q) | found.filter(unit__name__icontains=q)
    sort = request.GET.get("sort", "")
    page = page_of(found.order_by(*SORTS.get(sort, SORTS[DEFAULT_SORT])), request)
    labels = {"todo": _("要填和补正的"), "waiting": _("等意见的"), "done": _("办完的"), "all": _("全部")}
    context = {
        "tabs": [
            Tab(label, f"?view={code}", counts.get(code, sum(counts.values())), view == code)
            for code, label in labels.items()
        ],
        "view": view,
        "todo": counts["todo"],
        "page": page,
        "rows": [
            (one, missing_face(one, asker.on), platform_or_none(asker.policy, one.account.platform))
            for one in page.object_list
        ],
        "filtered": bool(q),
        "default_sort": DEFAULT_SORT,
        "homes": _homes(asker),
        "on": asker.on,
        "now": asker.now,
    }
    return render(request, "assessment/mine.html", context)


def _homes(asker: Asker) -> list[Any]:
    """Return the home units whose results the person reports, in the newest campaign."""
    campaign = campaigns_in(asker.institution_id).first()
    if campaign is None or not asker.grants.has(Capability.APPROVALS_VIEW_UNIT):
        return []
    return [
        (campaign, home)
        for home in home_progress(asker.institution_id, campaign)
        if may_report_for(home.unit_id, asker.grants)
    ]


def readable(asker: Asker, review_id: int) -> AnnualReview:
    """Return a review that the person may read; anything else is not found."""
    review = asker.review(review_id)
    if not may_view(review, asker.grants) and not may_read_review(asker.institution_id, str(review.pk), asker.grants):
        raise Http404
    return review


def sees_numbers(asker: Asker, review: AnnualReview) -> bool:
    """Say whether mobile numbers are shown in full."""
    return bool(may_fill_for(review.account, asker.grants)) or asker.grants.has(Capability.ACCOUNTS_MANAGE)


@login_required
@require_GET
def review_page(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show where a review stands: its figures with their sources, its list, its opinions, its documents."""
    asker = Asker(request)
    review = readable(asker, review_id)
    policy = policy_version(review.campaign.policy_version_id)
    rounds = rounds_of(asker.institution_id, REVIEW_TYPE, str(review.pk))
    chain = rounds[0] if rounds else None
    step = current_step(chain) if chain and chain.state == ChainState.OPEN else None
    held = deciders(step, chain, asker.on).holdings if chain and step else []
    push_list = current_list(review)
    answer = may_run(review.account, asker.on)
    context = {
        "review": review,
        "face": missing_face(review, asker.on),
        "tier": policy.tier(review.tier),
        "platform": platform_or_none(policy, review.account.platform),
        "annex": form_of(review, policy),
        "chain": chain,
        "step": step,
        "steps": steps_of(chain) if chain else [],
        "soon_from": soon_from(step, policy_version(chain.policy_version_id)) if chain and step else None,
        "waiting": "、".join(dict.fromkeys(seat(one.unit.name, one.position.title) for one in held)),
        "decides": any(one.person.pk == asker.person.pk for one in held),
        "figures": _figures(review),
        "others": _others(review, policy, full=sees_numbers(asker, review)),
        "push_list": push_list,
        "report": check_review(review, policy, asker.on) if review.state != ReviewState.EXEMPT else None,
        "may_edit": review.state in EDITABLE and bool(may_edit(review, asker.grants)),
        "may_withdraw": chain is not None and chain.state == ChainState.OPEN and chain.applicant_id == asker.person.pk,
        "may_remind": step is not None and chain is not None and chain.applicant_id == asker.person.pk,
        "words": _words(rounds),
        "last": next(iter(_words(rounds[:1])), None),
        "documents": documents_of(asker.institution_id, REVIEW_TYPE, str(review.pk)),
        "clocks": list(open_about(asker.institution_id, REVIEW_TYPE, str(review.pk))),
        "answer": answer,
        "account_face": state_face(review.account),
        "trace": trace_of(entries_about(asker.person.institution.code, REVIEW_TYPE, str(review.pk), limit=30)),
        "failed": review.state == ReviewState.FAILED,
        "resubmits": review.result in {ReviewResult.RECTIFY, ReviewResult.FAILED},
        "now": asker.now,
    }
    return render(request, "assessment/review.html", context)


def _figures(review: AnnualReview) -> list[dict[str, Any]]:
    """Return the figures with where they come from and why they were corrected."""
    rows = []
    for code in CODES:
        value = getattr(review, code)
        source = review.sources.get(code, {})
        rows.append(
            {
                "label": LABELS[code],
                "value": number_words(value) if code in NUMBERS else value,
                "number": code in NUMBERS,
                "source": source.get("source", ""),
                "reason": source.get("reason", ""),
            }
        )
    return rows


def _others(review: AnnualReview, policy: Any, *, full: bool) -> list[tuple[str, str]]:
    from xianshen.common.templatetags.components import mask_mobile
    from xianshen.registry.checks import one_line

    rows = []
    for field in form_of(review, policy).fields:
        if field.code in {*CODES, "best_posts", "year", "name", "unit"}:
            continue
        value = value_of(review, field.code)
        rows.append((one_line(field.label), value if full or field.type != "mobile" else mask_mobile(value)))
    if review.statement:
        rows.append((_("整改或申诉说明"), review.statement))
    return rows


def _words(rounds: Any) -> list[TraceItem]:
    """Return all opinions of all rounds as a timeline, newest first."""
    found = [
        TraceItem(
            _("%(step)s：%(verdict)s") % {"step": step.name, "verdict": opinion.get_verdict_display()},
            opinion.signed_at,
            meta=f"{seat(opinion.unit_name, opinion.position_title)} {opinion.person_name}",
            quote=opinion.text,
            tone="seal",
        )
        for chain in rounds
        for step in chain.steps.all()
        for opinion in step.opinions.all()
    ]
    return sorted(found, key=lambda item: item.at or 0, reverse=True)


@login_required
@require_GET
def paper_page(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show the form as it will be printed, with the opinions there are."""
    asker = Asker(request)
    review = readable(asker, review_id)
    if review.state == ReviewState.EXEMPT:
        return redirect("assessment:review", review_id=review.pk)
    policy = policy_version(review.campaign.policy_version_id)
    form = form_of(review, policy)
    rounds = rounds_of(asker.institution_id, REVIEW_TYPE, str(review.pk))
    if rounds and review.state not in EDITABLE:
        data = form_data(rounds[0], review)
    else:
        data = FormData(values={field.code: value_of(review, field.code) for field in form.fields})
    if not sees_numbers(asker, review):
        from xianshen.common.templatetags.components import mask_mobile

        masked = {field.code for field in form.fields if field.type == "mobile"}
        values = {code: mask_mobile(text) if code in masked else text for code, text in data.values.items()}
        data = FormData(values=values, opinions=data.opinions, copies=data.copies)
    context = {"review": review, "annex": form, "data": data}
    return render(request, "assessment/paper.html", context)
