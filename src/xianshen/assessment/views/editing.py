"""Filling in a form: the page, its autosave, handing it in."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from xianshen.approvals.selectors import rounds_of
from xianshen.assessment import services
from xianshen.assessment.checks import check_review
from xianshen.assessment.enums import EDITABLE, ReviewState
from xianshen.assessment.forms import PushListForm, ReviewForm
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.paper import chain_spec, form_of
from xianshen.assessment.permissions import may_edit, may_view
from xianshen.assessment.pushlists import recorded_posts
from xianshen.assessment.selectors import REVIEW_TYPE, current_list, items_of
from xianshen.assessment.views.fragments import ReviewPage, news, render_parts
from xianshen.assessment.views.reviews import _words
from xianshen.assessment.views.shared import Asker, number_in
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.forms import take_errors
from xianshen.organisation.selectors import holders, unit_for_relation
from xianshen.regulation.enums import Capability
from xianshen.regulation.selectors import policy_version

ITEMS_SHOWN = 8


def own(asker: Asker, review_id: int) -> AnnualReview:
    """Return the review for whoever fills it in; others who may read it are told that they may not write."""
    review = asker.review(review_id)
    permission = may_edit(review, asker.grants)
    if permission or review.state not in EDITABLE:
        if not may_view(review, asker.grants):
            raise Http404
        return review
    if not may_view(review, asker.grants):
        raise Http404
    assert not permission
    raise PermissionDenied.from_denied(permission)


def receiver_of(asker: Asker, review: AnnualReview) -> str:
    """Return the title of the position that receives the form, as its holder is called today."""
    policy = policy_version(review.campaign.policy_version_id)
    step = chain_spec(review, policy).steps[0]
    unit = unit_for_relation(step.of, review.unit)
    if unit is None:
        return policy.position_kind(step.position).title
    held = holders(asker.institution_id, position_kind=step.position, unit_id=unit.pk, on=asker.on)
    return held[0].position.title if held else policy.position_kind(step.position).title


def build_page(asker: Asker, review: AnnualReview, form: ReviewForm | None = None, **more: Any) -> ReviewPage:
    policy = policy_version(review.campaign.policy_version_id)
    form = form or ReviewForm(review, form_of(review, policy))
    report = check_review(review, policy, asker.on)
    return ReviewPage(review, form, report, current_list(review), receiver_of(asker, review), **more)


def _offer(asker: Asker, review: AnnualReview) -> None:
    """Show a form that nobody has touched yet with what the platform knows, as an offer."""
    if review.saved_at is None and review.state == ReviewState.DRAFT:
        from xianshen.assessment.figures import NUMBERS, known

        for code, figure in known(review, asker.on).binding.items():
            if getattr(review, code) in (None, "") and code != "violations":
                setattr(review, code, int(figure.value) if code in NUMBERS else str(figure.value))


def _conflict(request: HttpRequest, review: AnnualReview) -> SafeString:
    return SafeString(render_to_string("assessment/parts/conflict.html", {"review": review}, request=request))


def render_page(
    request: HttpRequest,
    asker: Asker,
    page: ReviewPage,
    *,
    revision: int,
    conflict: bool = False,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Render the whole form."""
    review = page.review
    rounds = rounds_of(asker.institution_id, REVIEW_TYPE, str(review.pk))
    context = {
        "page": page,
        "review": review,
        "form": page.form,
        "parts": render_parts(page, request),
        "revision": revision,
        "conflict": _conflict(request, review) if conflict else "",
        "annex": page.form.spec,
        "last": next(iter(_words(rounds[:1])), None) if review.state != ReviewState.DRAFT else None,
        "list_form": PushListForm(),
        "items": items_of(page.push_list)[:ITEMS_SHOWN] if page.push_list else [],
        "recorded": len(recorded_posts(asker.institution_id, review.account_id, review.campaign.year) or ()),
        "now": asker.now,
        "late": asker.on > review.campaign.due_on and review.submitted_at is None,
        **more,
    }
    return render(request, "assessment/edit.html", context, status=status)


@login_required
@require_GET
def edit(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show the form."""
    asker = Asker(request)
    review = own(asker, review_id)
    if review.state not in EDITABLE:
        messages.info(request, _("年审表已经提交，要改先撤回。"))
        return redirect("assessment:review", review_id=review.pk)
    revision = review.revision
    _offer(asker, review)
    return render_page(request, asker, build_page(asker, review), revision=revision)


def _posted(request: HttpRequest) -> Any:
    """Return what was posted; an offer that was taken over (``use=posts_total=…``) counts as typed."""
    data = request.POST.copy()
    field, sign, value = data.get("use", "").partition("=")
    if sign:
        data[field] = value
    return data


def _revision(request: HttpRequest) -> int:
    return number_in(request.POST.get("overwrite")) or number_in(request.POST.get("revision")) or 0


def _form(asker: Asker, review: AnnualReview, data: Any) -> ReviewForm:
    return ReviewForm(review, form_of(review, policy_version(review.campaign.policy_version_id)), data)


def _save(asker: Asker, review: AnnualReview, form: ReviewForm, revision: int) -> AnnualReview:
    services.save_review(
        actor=asker.actor(Capability.OPENING_APPLY, review.unit_id),
        grants=asker.grants,
        review_id=review.pk,
        revision=revision,
        values=form.values(),
        reasons=form.reasons(),
        now=asker.now,
    )
    return asker.review(review.pk)


@login_required
@require_POST
def save(request: HttpRequest, review_id: int) -> HttpResponse:
    """Keep what was typed so far; answers HTMX with the parts of the page that say something new."""
    asker = Asker(request)
    review = own(asker, review_id)
    data = _posted(request)
    form = _form(asker, review, data)
    try:
        saved = _save(asker, review, form, _revision(request))
    except TransitionNotAllowed:
        if review.state not in EDITABLE:
            raise
        return _refused_by_revision(request, asker, review, form)
    form = _form(asker, saved, data)
    page = build_page(asker, saved, form)
    if not request.htmx:  # type: ignore[attr-defined]
        if form.errors:
            return render_page(request, asker, page, revision=saved.revision, status=422)
        messages.success(request, _("已存好。想起来再接着填。"))
        return redirect("assessment:edit", review_id=saved.pk)
    used = data.get("use", "").partition("=")[0]
    views = [view for section in page.sections for view in section.fields]
    body = format_html(
        '<input type="hidden" name="revision" value="{}" id="revision" hx-swap-oob="true">'
        '<div id="f-conflict" hx-swap-oob="innerHTML"></div>{}{}',
        saved.revision,
        news(render_parts(page, request), data.getlist("seen")),
        SafeString("".join(view.control(swapped=True) for view in views if view.code == used)),
    )
    return HttpResponse(body, status=422 if form.errors else 200)


def _refused_by_revision(request: HttpRequest, asker: Asker, review: AnnualReview, form: ReviewForm) -> HttpResponse:
    """Tell that another window has saved meanwhile; what was typed here stays on the page."""
    fresh = asker.review(review.pk)
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse(_conflict(request, fresh), status=409)
        response["HX-Retarget"] = "#f-conflict"
        response["HX-Reswap"] = "innerHTML"
        return response
    page = build_page(asker, fresh, form)
    return render_page(request, asker, page, revision=_revision(request), conflict=True, status=409)


@login_required
def submit(request: HttpRequest, review_id: int) -> HttpResponse:
    """Save and hand in. What stands against it is shown on top, and beside the fields; nothing typed is lost."""
    asker = Asker(request)
    review = own(asker, review_id)
    if review.state not in EDITABLE:
        messages.info(request, _("这份年审表已经提交过了，正在等意见。"))
        return redirect("assessment:review", review_id=review.pk)
    if request.method != "POST":
        return redirect("assessment:edit", review_id=review.pk)
    form = _form(asker, review, _posted(request))
    try:
        saved = _save(asker, review, form, _revision(request))
        if not form.errors:
            services.submit_review(
                actor=asker.actor(Capability.OPENING_APPLY, review.unit_id),
                grants=asker.grants,
                review_id=saved.pk,
                revision=saved.revision,
                now=asker.now,
            )
            said = _("已提交「%(name)s」%(year)s 年度年审表。")
            messages.success(request, said % {"name": saved.account.name, "year": saved.campaign.year})
            return redirect("assessment:review", review_id=saved.pk)
    except ValidationError as error:
        take_errors(form, error)
    except TransitionNotAllowed:
        fresh = asker.review(review.pk)
        if fresh.state not in EDITABLE:
            messages.info(request, _("这份年审表已经提交过了，正在等意见。"))
            return redirect("assessment:review", review_id=fresh.pk)
        return _refused_by_revision(request, asker, fresh, form)
    fresh = asker.review(review.pk)
    page = build_page(asker, fresh, form, submitting=True)
    further = {name: errors for name, errors in page.report.errors.items() if name not in form.errors}
    if further:
        take_errors(form, ValidationError(further))
    return render_page(request, asker, page, revision=fresh.revision, status=422)
