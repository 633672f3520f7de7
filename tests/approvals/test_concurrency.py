"""Two people decide at once: one wins, the other is told; the ledger stays whole."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connections

from tests.factories.organisation import AppointmentFactory, PersonFactory
from tests.support.college import College, build_college
from xianshen.approvals.enums import Verdict
from xianshen.approvals.models import Opinion
from xianshen.approvals.selectors import current_step
from xianshen.common.errors import TransitionNotAllowed
from xianshen.ledger.verify import verify


def side_by_side(calls: list[Any]) -> list[Any]:
    """Run the calls in threads with connections of their own; returns results or exceptions."""

    def run(call: Any) -> Any:
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def committed_college(transactional_db: None, now: datetime) -> College:
    return build_college(now)


def test_one_of_two_deciders_wins_and_the_other_is_told(committed_college: College) -> None:
    college = committed_college
    second = PersonFactory(institution=college.institution, name="副主任乙")
    AppointmentFactory(position=college.positions["head"], person=second)
    college.people["second"] = second
    for number in range(4):
        chain = college.submitted(name=f"园地{number}号", handle=f"garden_{number}")
        step = current_step(chain)
        assert step is not None
        results = side_by_side(
            [
                lambda chain=chain, step=step: college.decide(chain, "head", text="同意。", step_id=step.pk),
                lambda chain=chain, step=step: college.decide(
                    chain, "second", Verdict.RETURN, "改一改。", step_id=step.pk
                ),
            ]
        )
        lost = [result for result in results if isinstance(result, Exception)]
        assert [type(error) for error in lost] == [TransitionNotAllowed], results
        assert Opinion.objects.filter(step=step).count() == 1
    assert verify().ok


def test_double_submit_makes_one_round(committed_college: College) -> None:
    college = committed_college
    draft = college.draft()
    results = side_by_side([lambda: college.submit(draft), lambda: college.submit(draft)])
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert college.chain(draft).round == 1
    assert verify().ok


def test_numbers_have_no_gap_and_no_double(committed_college: College) -> None:
    college = committed_college
    results = side_by_side([college.draft for _ in range(6)])
    assert sorted(int(result.number[-3:]) for result in results) == [1, 2, 3, 4, 5, 6]
