"""What approvals need to know about the things they approve, told by the rooms above.

A room registers one handler per subject type in its ``AppConfig.ready``. Handlers run inside the
act of the decision, so that an approval and what follows from it stand or fall together.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from django import forms

from xianshen.common.actors import Actor
from xianshen.common.decisions import Decision
from xianshen.ledger.events import Subject

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain, ApprovalStep
    from xianshen.organisation.selectors import Grants


class SubjectHandler(Protocol):
    """A kind of thing that can be approved, e.g. an opening application."""

    subject_type: str

    def url(self, subject_id: str) -> str:
        """Return the address of the subject's own page."""

    def may_view(self, chain: "ApprovalChain", grants: "Grants") -> Decision:
        """Say whether the person may read the subject (approvers of the chain always may)."""

    def page(self, chain: "ApprovalChain", step: "ApprovalStep | None", on: date) -> Mapping[str, Any]:
        """Return what the approval page shows.

        ``annex`` and ``data`` for the paper, ``report`` of the checks, ``document`` once issued, ``after``:
        lines (``text``, ``rule``) saying what an agreement in the step brings about; and where there are any
        ``files`` (``name``, ``url``, ``note``) and ``offered_phrases`` for who has kept none.
        """

    def about(self, subject_id: str) -> tuple[Subject, ...]:
        """Return further records on whose pages the chain's entries show."""

    def before_agreement(self, chain: "ApprovalChain", step: "ApprovalStep", *, last: bool, on: date) -> None:
        """Refuse an agreement that policy forbids; raises a Refusal."""

    def on_outcome(self, chain: "ApprovalChain", *, actor: Actor, now: datetime, text: str) -> None:
        """Carry out what follows from the chain's new state (approved, rejected, returned, withdrawn, revoked)."""


@runtime_checkable
class AsksMore(Protocol):
    """A handler whose steps ask for more than verdict and words, e.g. the result of an annual review."""

    def further_form(
        self, chain: "ApprovalChain", step: "ApprovalStep", data: Mapping[str, Any] | None
    ) -> forms.Form | None:
        """Return the further fields that an agreement in the step asks for, or None."""

    def take_further(
        self, chain: "ApprovalChain", step: "ApprovalStep", further: Mapping[str, Any], *, last: bool, on: date
    ) -> None:
        """Judge and keep what was chosen, before an agreement is signed, in the same act; raises a ValidationError."""


@runtime_checkable
class FollowsSteps(Protocol):
    """A handler that is told when a round goes on to its next decision."""

    def on_step(
        self, chain: "ApprovalChain", following: "ApprovalStep", *, last: bool, actor: Actor, now: datetime
    ) -> None:
        """Carry out what follows from the agreement that led to the next step; ``last``: no decision comes after it."""


_handlers: dict[str, SubjectHandler] = {}


def register(handler: SubjectHandler) -> None:
    """Register the handler of a subject type; a second one for the same type is an error."""
    if handler.subject_type in _handlers:
        raise ValueError(f"subject type {handler.subject_type} has a handler already")
    _handlers[handler.subject_type] = handler


def handler_of(subject_type: str) -> SubjectHandler:
    return _handlers[subject_type]
