"""What clocks need to know about steps of approvals (told to the room clocks)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse

from xianshen.approvals.models import ApprovalStep
from xianshen.approvals.selectors import STEP_TYPE, deciders_of_steps, keys_to_do
from xianshen.organisation.selectors import Grants

if TYPE_CHECKING:
    from xianshen.clocks.models import Deadline


class StepDeadlines:
    """Implements :class:`xianshen.clocks.subjects.DeadlineSubject` for steps of approvals."""

    subject_type = STEP_TYPE

    def url(self, deadline: "Deadline") -> str:
        return reverse("approvals:step", args=[deadline.subject_id])

    def concerned(self, deadlines: "Sequence[Deadline]", on: date) -> Mapping[int, Collection[int]]:
        """Return who may decide the steps today."""
        steps = (
            ApprovalStep.objects.filter(pk__in={deadline.subject_id for deadline in deadlines})
            .select_related("chain")
            .prefetch_related("chain__steps")
        )
        found = deciders_of_steps(list(steps), on)
        return {
            deadline.pk: [holding.person.pk for holding in found[int(deadline.subject_id)].holdings]
            for deadline in deadlines
            if int(deadline.subject_id) in found
        }

    def candidates(self, grants: Grants, on: date) -> Q:
        """Return the steps that wait for the person, whoever's they are."""
        keys = keys_to_do(grants.institution_id, grants.person_id, grants.holdings, on)
        return Q(subject_id__in=[str(pk) for pk in keys])

    def lists_itself(self, deadline: "Deadline", on: date) -> bool:
        """Say yes: the inbox lists every step that waits for the person."""
        return True

    def moved(self, deadline: "Deadline") -> None:
        """Keep the day that lists are ordered by."""
        ApprovalStep.objects.filter(pk=deadline.subject_id).update(due_on=deadline.due_on)
