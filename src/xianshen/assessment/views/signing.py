"""One signature for many forms without remarks: look at what would be signed and what not, then sign."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from xianshen.approvals import signing
from xianshen.approvals.selectors import steps_to_do
from xianshen.assessment import services
from xianshen.assessment.paper import best_words, number_words
from xianshen.assessment.selectors import REVIEW_TYPE
from xianshen.assessment.services.bulk import MOST_SIGNED
from xianshen.assessment.views.shared import Asker, number_in, numbers_in


def _picked(asker: Asker) -> list[int]:
    """Return the reviews picked, or all that wait for the person's own opinion."""
    query = asker.request.POST if asker.request.method == "POST" else asker.request.GET
    if keys := numbers_in(query.getlist("ids")):
        return keys[: MOST_SIGNED + 1]
    steps = steps_to_do(asker.institution_id, asker.person.pk, asker.grants.holdings, asker.on)
    subjects = steps.filter(chain__subject_type=REVIEW_TYPE).values_list("chain__subject_id", flat=True)
    return [int(subject) for subject in subjects[:MOST_SIGNED]]


@login_required
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest) -> HttpResponse:
    """Show which forms one signature would approve, which not and why; then sign."""
    asker = Asker(request)
    keys = _picked(asker)
    error, outcome = "", None
    text = request.POST.get("text", _("同意。")).replace("\x00", "")[:2000]
    if request.method == "POST":
        digests = {
            pk: digest
            for pair in request.POST.getlist("seen")
            for left, _sign, digest in [pair.partition(":")]
            if (pk := number_in(left)) is not None
        }
        try:
            signature = signing.sign(person=asker.person, secret=request.POST.get("secret", ""), now=asker.now)
            outcome = services.sign_bulk(
                person=asker.person,
                review_ids=[key for key in keys if key in digests],
                digests=digests,
                text=text,
                signature=signature,
                now=asker.now,
            )
        except ValidationError as refused:
            error = "".join(refused.messages)
        else:
            said = ngettext(
                "已签署 %(n)d 份，每份各记一条留痕。", "已签署 %(n)d 份，每份各记一条留痕。", len(outcome.signed)
            )
            messages.success(request, said % {"n": len(outcome.signed)})
            if not outcome.left_out:
                return redirect(reverse("assessment:board"))
    plan = services.plan_bulk(person=asker.person, review_ids=keys, now=asker.now) if outcome is None else None
    context = {
        "rows": [
            (review, chain, number_words(review.posts_total), number_words(review.followers_total), best_words(review))
            for review, chain, _step in (plan.ready if plan else [])
        ],
        "left_out": plan.left_out if plan else outcome.left_out if outcome else [],
        "outcome": outcome,
        "error": error,
        "text": text,
        "asks_otp": signing.asks_for_code(asker.person),
    }
    return render(request, "assessment/sign.html", context, status=422 if error else 200)
