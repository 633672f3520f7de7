"""The electronic list of posts: template, preview, hand in, take off, and its posts on screen."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from xianshen.assessment import services
from xianshen.assessment.enums import EDITABLE
from xianshen.assessment.forms import PushListForm
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.pushlists import COLUMNS
from xianshen.assessment.pushlists import template as template_file
from xianshen.assessment.selectors import current_list, items_of
from xianshen.assessment.views.editing import own
from xianshen.assessment.views.reviews import readable
from xianshen.assessment.views.shared import MEDIA_TYPES, Asker, disposition, page_of, words_in
from xianshen.regulation.enums import Capability

ROWS_SHOWN = 10
FINDINGS_SHOWN = 100


@login_required
@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """Give the workbook to fill in."""
    response = HttpResponse(template_file(), content_type=MEDIA_TYPES["xlsx"])
    response.headers["Content-Disposition"] = disposition(f"{_('年度推送内容清单')}.xlsx", "push-list.xlsx")
    return response


def _plan(request: HttpRequest, asker: Asker, review: AnnualReview) -> dict[str, Any]:
    """Return what a file holds, for the page."""
    form = PushListForm(request.POST, request.FILES)
    if not form.is_valid():
        return {"list_form": form, "list_error": "".join(str(one) for one in form.errors.get("upload", []))}
    upload = form.cleaned_data["upload"]
    try:
        content = services.read_upload(upload)
    except ValidationError as error:
        return {"list_form": form, "list_error": "".join(error.messages)}
    upload.seek(0)
    plan = services.preview_push_list(
        grants=asker.grants, review_id=review.pk, content=content, filename=upload.name or "", now=asker.now
    )
    return {
        "list_form": form,
        "plan": plan,
        "plan_rows": plan.rows[:ROWS_SHOWN] if plan.ok else [],
        "findings": list(plan.findings)[:FINDINGS_SHOWN],
        "differs": review.posts_total is not None and plan.ok and plan.count != review.posts_total,
    }


def _answer(request: HttpRequest, review: AnnualReview, context: dict[str, Any], status: int) -> HttpResponse:
    context = {"review": review, "list_columns": COLUMNS, **context}
    name = "assessment/parts/plan.html" if request.htmx else "assessment/list.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=status)


@login_required
@require_POST
def preview(request: HttpRequest, review_id: int) -> HttpResponse:
    """Say what is in a file, cell by cell, and store nothing."""
    asker = Asker(request)
    review = own(asker, review_id)
    context = _plan(request, asker, review)
    plan = context.get("plan")
    return _answer(request, review, context, 200 if plan is not None and plan.ok else 422)


@login_required
@require_POST
def store(request: HttpRequest, review_id: int) -> HttpResponse:
    """Hand a list in; with findings nothing is stored and each wrong cell is named."""
    asker = Asker(request)
    review = own(asker, review_id)
    form = PushListForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            made = services.store_push_list(
                actor=asker.actor(Capability.OPENING_APPLY, review.unit_id),
                grants=asker.grants,
                review_id=review.pk,
                upload=form.cleaned_data["upload"],
                now=asker.now,
            )
        except ValidationError as error:
            form.cleaned_data["upload"].seek(0)
            context = _plan(request, asker, review)
            if "plan" not in context or context["plan"].ok:
                context["list_error"] = "".join(error.messages)
            return _answer(request, review, context, 422)
        messages.success(request, _("已存推送清单，%(n)d 条。") % {"n": made.count})
        return redirect(f"{reverse('assessment:edit', args=[review.pk])}#push-list")
    return _answer(
        request,
        review,
        {"list_form": form, "list_error": "".join(str(one) for one in form.errors.get("upload", []))},
        422,
    )


@login_required
@require_POST
def recorded(request: HttpRequest, review_id: int) -> HttpResponse:
    """Hand in the list that follows from the platform's own records."""
    asker = Asker(request)
    review = own(asker, review_id)
    try:
        made = services.take_recorded_list(
            actor=asker.actor(Capability.OPENING_APPLY, review.unit_id),
            grants=asker.grants,
            review_id=review.pk,
            now=asker.now,
        )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, _("已取平台记录作清单，%(n)d 条。") % {"n": made.count})
    return redirect(f"{reverse('assessment:edit', args=[review.pk])}#push-list")


@login_required
@require_POST
def remove(request: HttpRequest, review_id: int) -> HttpResponse:
    """Take the list off."""
    asker = Asker(request)
    review = own(asker, review_id)
    services.remove_push_list(
        actor=asker.actor(Capability.OPENING_APPLY, review.unit_id),
        grants=asker.grants,
        review_id=review.pk,
        now=asker.now,
    )
    messages.success(request, _("清单已换下，传一份新的。"))
    return redirect(f"{reverse('assessment:edit', args=[review.pk])}#push-list")


@login_required
@require_GET
def posts(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show the posts of the list that is handed in."""
    asker = Asker(request)
    review = readable(asker, review_id)
    push_list = current_list(review)
    q = words_in(request.GET.get("q"))
    items = items_of(push_list) if push_list else None
    if items is not None and q:
        items = items.filter(title__icontains=q)
    sorts = {"date": ("published_on", "number"), "-date": ("-published_on", "number"), "-clicks": ("-clicks", "number")}
    sort = request.GET.get("sort", "")
    if items is not None and sort in sorts:
        items = items.order_by(*sorts[sort])
    page = page_of(items if items is not None else [], request)
    context = {
        "review": review,
        "push_list": push_list,
        "page": page,
        "filtered": bool(q),
        "editable": review.state in EDITABLE,
    }
    return render(request, "assessment/posts.html", context)
