"""What clocks need to know about reviews and about lists of results (told to the room clocks)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.urls import reverse

from xianshen.assessment.models import AnnualReview
from xianshen.assessment.selectors import REPORT_TYPE, REVIEW_TYPE
from xianshen.assessment.services._shared import office_people
from xianshen.common.composed import picked
from xianshen.organisation.selectors import Grants, holders_in
from xianshen.regulation.enums import Capability

if TYPE_CHECKING:
    from xianshen.clocks.models import Deadline


@picked
def _owned(institution_id: int, person_id: int) -> QuerySet[AnnualReview, int]:
    reviews = AnnualReview.objects.filter(institution_id=institution_id, account__owner_id=person_id)
    return reviews.values_list("pk", flat=True)[:500]


class ReviewDeadlines:
    """Implements :class:`xianshen.clocks.subjects.DeadlineSubject` for annual reviews."""

    subject_type = REVIEW_TYPE

    def url(self, deadline: "Deadline") -> str:
        return reverse("assessment:review", args=[deadline.subject_id])

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        """Return the account's owner; for accounts without one the operators of its unit."""
        subjects = {deadline.pk: int(deadline.subject_id) for deadline in deadlines}
        owners: dict[int, tuple[int, int | None]] = {
            review.pk: (review.unit_id, review.account.owner_id)
            for review in AnnualReview.objects.filter(pk__in=set(subjects.values())).select_related("account")
        }
        orphaned = {unit for unit, owner in owners.values() if owner is None}
        operators: dict[int, list[int]] = {}
        if orphaned:
            for holding in holders_in(deadlines[0].institution_id, orphaned, on):
                if Capability.OPENING_APPLY in holding.capabilities:
                    operators.setdefault(holding.unit.pk, []).append(holding.person.pk)
        people = {pk: [owner] if owner is not None else operators.get(unit, []) for pk, (unit, owner) in owners.items()}
        return {deadline: people[subject] for deadline, subject in subjects.items() if subject in people}

    def lists_itself(self, deadline: "Deadline", on: date) -> bool:
        """The workbench lists forms to hand in by themselves, in words that fit where they stand."""
        return True

    def candidates(self, grants: Grants, on: date) -> Q:
        """Return where else deadlines of the person may be: accounts that they own outside their units."""
        return Q(subject_id__in=[str(pk) for pk in _owned(grants.institution_id, grants.person_id)])


class ReportDeadlines:
    """The same for lists of results, which wait for the Office."""

    subject_type = REPORT_TYPE

    def url(self, deadline: "Deadline") -> str:
        return reverse("assessment:report", args=[deadline.subject_id])

    def lists_itself(self, deadline: "Deadline", on: date) -> bool:
        return True

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        people = office_people(deadlines[0].institution_id, on)
        return {deadline.pk: people for deadline in deadlines}
