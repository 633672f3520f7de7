"""A review as words: the values printed on the annex and what its opinions say (selectors)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals.enums import StepKind, Verdict
from xianshen.assessment.enums import ReviewResult
from xianshen.assessment.models import AnnualReview
from xianshen.common.language import stored
from xianshen.common.zhdates import zh_date
from xianshen.documents.rendering.layout import FormData, OpinionBox
from xianshen.registry.checks import one_line
from xianshen.registry.paper import opinion_texts
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.schema import ChainSpec, FormSpec, Policy
from xianshen.regulation.selectors import policy_version

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain

#: Fields of the form that are columns of a review, or made of them.
FROM_ACCOUNT = ("year", "name", "unit", "platform", "handle")
FIGURES = ("posts_total", "followers_total", "violations")
OWNER = ("owner_name", "owner_mobile", "owner_email")
BEST = "best_posts"


def chain_spec(review: AnnualReview, policy: Policy) -> ChainSpec:
    """Return the chain that decides on the review.

    Raises:
        NotInPolicy: the policy has none.
    """
    return policy.chain_for(
        subject=SubjectKind.ANNUAL_REVIEW,
        tier=review.tier,
        unit_kind=review.unit.kind,
        platform=review.account.platform,
    )


def form_of(review: AnnualReview, policy: Policy) -> FormSpec:
    """Return the form on which the review is handed in."""
    return policy.form(chain_spec(review, policy).form)


def number_words(value: int | None) -> str:
    return f"{value:,}" if value is not None else ""


def best_words(review: AnnualReview) -> str:
    """Return the best post with its clicks and reposts as one line, in the institution's language."""
    if not review.best_title:
        return ""
    parts = [stored(gettext_lazy("《%(title)s》"), title=review.best_title)]
    if review.best_clicks is not None:
        parts.append(stored(gettext_lazy("点击量 %(n)s"), n=number_words(review.best_clicks)))
    if review.best_reposts is not None:
        parts.append(stored(gettext_lazy("转发量 %(n)s"), n=number_words(review.best_reposts)))
    return "，".join(parts)


def value_of(review: AnnualReview, code: str) -> str:
    """Return a field's value as it is printed."""
    match code:
        case "year":
            return str(review.campaign.year)
        case "name":
            return review.account.name
        case "unit":
            return review.unit.name
        case "platform":
            return review.account.platform
        case "handle":
            return review.account.handle
        case "posts_total" | "followers_total":
            return number_words(getattr(review, code))
        case "best_posts":
            return best_words(review)
        case "violations" | "owner_name" | "owner_mobile" | "owner_email":
            return str(getattr(review, code))
    return str(review.extra.get(code, ""))


def content_of(review: AnnualReview, form: FormSpec, *, list_digest: str, list_count: int) -> dict[str, str]:
    """Return label → words of everything that is handed in; its digest is what opinions bind to."""
    content = {one_line(field.label): value_of(review, field.code) for field in form.fields}
    content[stored(gettext_lazy("年度推送内容清单"))] = stored(
        gettext_lazy("%(n)s 条，SHA-256 %(digest)s"), n=number_words(list_count), digest=list_digest
    )
    for code, source in review.sources.items():
        if source.get("reason"):
            key = stored(gettext_lazy("%(what)s更正理由"), what=_label(form, code))
            content[key] = source["reason"]
    if review.statement.strip():
        content[stored(gettext_lazy("整改或申诉说明"))] = review.statement.strip()
    return content


def _label(form: FormSpec, code: str) -> str:
    from xianshen.assessment.figures import LABELS

    found = next((field.label for field in form.fields if field.code == code), None)
    return one_line(found) if found else stored(LABELS.get(code, code))


def form_data(chain: "ApprovalChain", review: AnnualReview) -> FormData:
    """Return what is printed: the values as handed in in this round, its opinions, and the result."""
    policy = policy_version(chain.policy_version_id)
    form = policy.form(policy.chain(chain.spec).form)
    values = {field.code: chain.content.get(one_line(field.label), "") for field in form.fields}
    values["year"] = str(review.campaign.year)
    sponsor = chain.unit.name
    holders = tuple(sponsor if holder.of == "sponsor" else holder.label for holder in form.copies.holders)
    return FormData(values=values, opinions=_opinions(chain, review), copies=holders)


def _opinions(chain: "ApprovalChain", review: AnnualReview) -> Mapping[str, OpinionBox]:
    """Return the boxes; the last one begins with the result, and 不合格 is sealed like 合格."""
    boxes = dict(opinion_texts(chain))
    deciding = [step for step in chain.steps.all() if step.kind == StepKind.DECIDE]
    if not deciding or not deciding[-1].form_box:
        return boxes
    last = deciding[-1]
    given = [opinion for opinion in last.opinions.all() if opinion.verdict in {Verdict.AGREE, Verdict.DISAGREE}]
    box = boxes.get(last.form_box)
    if not given or box is None:
        return boxes
    result = ReviewResult.FAILED if given[-1].verdict == Verdict.DISAGREE else ReviewResult(review.result or "passed")
    text = result_words(result, review.rectify_by, review.to_rectify, given[-1].text)
    boxes[last.form_box] = replace(box, text=text, seal_text=given[-1].seal_text)
    return boxes


def result_words(result: ReviewResult, until: date | None, what: str, text: str) -> str:
    """Return the words of the last opinion as they are printed."""
    parts = [stored(gettext_lazy("年审%(result)s。"), result=result.label)]
    if result == ReviewResult.RECTIFY and until:
        day = stored(gettext_lazy("%(date)s前改好："), date=zh_date(until, year=True))
        parts.append(f"{day}{what.strip()}")
    if text.strip() and text.strip().rstrip("。") not in {"同意", str(result.label), str(Verdict.AGREE.label)}:
        parts.append(text.strip())
    return "".join(parts)


def handed_in_words(review: AnnualReview) -> str:
    """Say when the form was handed in, for lists."""
    if review.submitted_at is None:
        return ""
    day = zh_date(timezone.localdate(review.submitted_at))
    return _("%(day)s交，晚交") % {"day": day} if review.submitted_late else _("%(day)s交") % {"day": day}
