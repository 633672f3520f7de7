"""Who may read the documents and files of the room's records (told to the room documents)."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from xianshen.approvals.selectors import rounds_of
from xianshen.assessment import rules
from xianshen.assessment.models import AnnualReview
from xianshen.assessment.permissions import may_view
from xianshen.assessment.selectors import REVIEW_TYPE, review_of
from xianshen.common.decisions import Allowed, Decision, Denied

if TYPE_CHECKING:
    from xianshen.organisation.selectors import Grants


def _decides(institution_id: int, subject_id: str, grants: "Grants") -> bool:
    seats = {(holding.position.kind, holding.unit.pk) for holding in grants.holdings}
    return any(
        (step.position_kind, step.unit_id) in seats or (step.escalation_position_kind, step.escalation_unit_id) in seats
        for chain in rounds_of(institution_id, REVIEW_TYPE, subject_id)
        for step in chain.steps.all()
    )


def may_read_review(institution_id: int, subject_id: str, grants: "Grants") -> Decision:
    """Whoever may see the review, or decides on it."""
    try:
        review = review_of(institution_id, int(subject_id))
    except (AnnualReview.DoesNotExist, ValueError):
        return Denied(_("这份年审表已经不在了。"), rules.DUE)
    decision = may_view(review, grants)
    return Allowed() if not decision and _decides(institution_id, subject_id, grants) else decision
