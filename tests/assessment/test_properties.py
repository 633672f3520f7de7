"""Whatever people and time do to a review, its state, its account and its clocks stay in step."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.assessment.conftest import AUTUMN, Reviewing
from tests.support.college import build_college
from xianshen.approvals import services as approvals
from xianshen.approvals.enums import ChainState, Verdict
from xianshen.approvals.selectors import current_step
from xianshen.assessment.enums import EDITABLE, ReviewState
from xianshen.assessment.transitions import REVIEW
from xianshen.clocks.models import Deadline
from xianshen.clocks.services import run_due
from xianshen.documents.models import IssuedDocument
from xianshen.registry.enums import AccountState, SuspensionReason

STEPS = ("hand_in", "agree", "rectify", "disagree", "return", "withdraw", "wait")


def _act(reviewing: Reviewing, account: Any, step: str, days: int) -> None:
    """Do a step if the state allows it; what it does not allow is left out."""
    review = reviewing.review(account)
    if step == "wait":
        moment: datetime = reviewing.now + timedelta(days=days)
        reviewing.now = moment
        run_due(moment)
    elif step == "hand_in" and review.state in EDITABLE:
        if review.lists.filter(removed_at__isnull=True).exists():
            reviewing.fill_more(account)
        else:
            reviewing.fill(account, statement="改好了。")
        reviewing.submit(account)
    elif review.state in {ReviewState.UNIT, ReviewState.OFFICE}:
        chain = reviewing.chain(account)
        assert chain.state == ChainState.OPEN
        at = current_step(chain)
        role = "head" if at and at.order == 1 else "director"
        if step == "withdraw":
            approvals.withdraw(
                institution_id=chain.institution_id,
                chain_id=chain.pk,
                person=reviewing.college.people["operator"],
                reason="",
                now=reviewing.now,
            )
        elif step in {"agree", "rectify"}:
            until = reviewing.college.on + timedelta(days=5)
            further = (
                {"result": "passed"} if step == "agree" else {"result": step, "rectify_by": until, "to_rectify": "改"}
            )
            reviewing.decide(account, role, **further)
        elif step in {"disagree", "return"}:
            verdict = Verdict.DISAGREE if step == "disagree" else Verdict.RETURN
            reviewing.decide(account, role, verdict, "不对。")


def _holds(reviewing: Reviewing, account: Any) -> None:
    review = reviewing.review(account)
    account.refresh_from_db()
    running = list(Deadline.objects.filter(subject_type="annual_review", subject_id=str(review.pk), state="running"))
    waiting = review.state in {ReviewState.UNIT, ReviewState.OFFICE}
    assert (reviewing.chain(account).state == ChainState.OPEN if review.submitted_at else True) == (
        waiting or not review.submitted_at
    )
    stopped = account.state == AccountState.SUSPENDED
    if review.state == ReviewState.PASSED:
        assert not stopped
    if review.state == ReviewState.FAILED:
        assert stopped
        assert account.suspension_reason in {SuspensionReason.REVIEW_FAILED, SuspensionReason.NOT_REVIEWED}
    if waiting or review.state in {ReviewState.PASSED, ReviewState.FAILED}:
        assert running == []
    elif not stopped:
        assert len(running) == 1, "a form that has to be handed in has a clock until its account stands still"
    valid = IssuedDocument.objects.exclude(state="withdrawn").count()
    assert valid <= 1
    if review.state in {ReviewState.PASSED, ReviewState.RECTIFY, ReviewState.FAILED} and review.decided_at:
        assert valid == 1


@pytest.mark.django_db
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 40)), min_size=3, max_size=9))
def test_state_account_and_clocks_stay_in_step(db: None, steps: list[tuple[str, int]]) -> None:
    from django.db import transaction

    with transaction.atomic():
        reviewing = Reviewing(build_college(AUTUMN))
        account = reviewing.account()
        reviewing.open()
        for step, days in steps:
            _act(reviewing, account, step, days)
            _holds(reviewing, account)
        transaction.set_rollback(True)


def test_every_state_is_reached_and_every_open_one_left() -> None:
    reached = {transition.target for transition in REVIEW} | REVIEW.initial
    assert reached == set(ReviewState)
    left = {source for transition in REVIEW for source in transition.sources}
    assert set(ReviewState) - left == {ReviewState.EXEMPT}
