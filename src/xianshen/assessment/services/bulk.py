"""One signature for many forms without remarks: each gets its own opinion, act and ledger entry."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.approvals import selectors as approvals
from xianshen.approvals.enums import StepKind, Verdict
from xianshen.approvals.services import decide
from xianshen.assessment.checks import check_review
from xianshen.assessment.enums import WAITING, ReviewResult
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.selectors import REVIEW_TYPE, review_of, reviews_in
from xianshen.common.errors import Refusal
from xianshen.ledger.services import no_act
from xianshen.regulation.selectors import policy_version

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep
    from xianshen.approvals.signing import Signature
    from xianshen.organisation.models import Person

#: Opinions signed at once, so that a request stays short and each form was looked at.
MOST_SIGNED = 100


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A form that is not signed with the others, and why."""

    review: AnnualReview
    why: str


@dataclass(slots=True)
class BulkPlan:
    """What one signature would do.

    Args:
        ready: forms without remarks that wait for the person's opinion, with their round and step.
        left_out: the others, each with the reason.
    """

    ready: "list[tuple[AnnualReview, ApprovalChain, ApprovalStep]]" = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@no_act(why="plans only, nothing is written")
def plan_bulk(*, person: "Person", review_ids: Sequence[int], now: datetime) -> BulkPlan:
    """Say which forms one signature would approve, and which not and why.

    Args:
        person: who would sign.
        review_ids: the forms picked; those of other institutions are left aside silently.
        now: time of the request.
    """
    on = timezone.localdate(now)
    plan = BulkPlan()
    reviews = list(reviews_in(person.institution_id).filter(pk__in=review_ids[: MOST_SIGNED + 1]).order_by("pk"))
    keys = [str(review.pk) for review in reviews]
    chains = {
        chain.subject_id: chain
        for chain in approvals.chains_in(person.institution_id).filter(
            subject_type=REVIEW_TYPE, subject_id__in=keys, state="open"
        )
    }
    for review in reviews:
        chain = chains.get(str(review.pk))
        why, step = _why_not(review, chain, person, on)
        if why or chain is None or step is None:
            plan.left_out.append(LeftOut(review, why))
        else:
            plan.ready.append((review, chain, step))
    return plan


def _why_not(
    review: AnnualReview, chain: "ApprovalChain | None", person: "Person", on: date
) -> "tuple[str, ApprovalStep | None]":
    step = approvals.current_step(chain) if chain is not None else None
    if chain is None or step is None or review.state not in WAITING:
        return _("现在是「%(state)s」，不在等意见。") % {"state": review.face.label}, None
    if chain.applicant_id == person.pk:
        return _("是你自己提交的，不能由你签。"), None
    if all(holding.person.pk != person.pk for holding in approvals.deciders(step, chain, on).holdings):
        return _("现在是「%(step)s」，不由你办理。") % {"step": step.name}, None
    report = check_review(review_of(review.institution_id, review.pk), policy_version(chain.policy_version_id), on)
    remarks = [str(check.text) for check in report.checks if check.tone in {"soon", "late"}]
    if remarks:
        return _("有要判断的地方，逐份看：%(what)s。") % {"what": "；".join(remarks[:3])}, None
    return "", step


@dataclass(slots=True)
class BulkOutcome:
    """What one signature did.

    Args:
        signed: forms that have the person's opinion now.
        left_out: those that have not, each with the reason.
    """

    signed: list[AnnualReview] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@no_act(why="each opinion is an act of its own, so that one refused keeps no other back")
def sign_bulk(
    *,
    person: "Person",
    review_ids: Sequence[int],
    digests: "dict[int, str]",
    text: str,
    signature: "Signature",
    now: datetime,
) -> BulkOutcome:
    """Agree to every form without remarks, 合格 where it is the last opinion.

    Args:
        person: who signs.
        review_ids: the forms picked.
        digests: review → digest of the content that the page showed.
        text: the opinion's words, the same for all.
        signature: proof of the signer's identity.
        now: time of the act.

    Raises:
        ValidationError: too many at once.
    """
    if len(review_ids) > MOST_SIGNED:
        raise ValidationError(_("一次最多签 %(n)d 份。分几次签。") % {"n": MOST_SIGNED})
    plan = plan_bulk(person=person, review_ids=review_ids, now=now)
    outcome = BulkOutcome(left_out=list(plan.left_out))
    for review, chain, step in plan.ready:
        try:
            decide(
                institution_id=person.institution_id,
                chain_id=chain.pk,
                step_id=step.pk,
                person=person,
                verdict=Verdict.AGREE,
                text=text,
                digest=digests.get(review.pk, ""),
                signature=signature,
                now=now,
                further={"result": ReviewResult.PASSED.value} if _is_last(chain, step) else {},
            )
        except (Refusal, ValidationError) as refused:
            why = str(refused.reason) if isinstance(refused, Refusal) else "".join(refused.messages)
            outcome.left_out.append(LeftOut(review, why))
        else:
            outcome.signed.append(review)
    return outcome


def _is_last(chain: "ApprovalChain", step: "ApprovalStep") -> bool:
    deciding = [one for one in chain.steps.all() if one.kind == StepKind.DECIDE]
    return deciding[-1].pk == step.pk
