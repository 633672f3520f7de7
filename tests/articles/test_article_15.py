"""Article 15 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.registry import services
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.selectors import may_run, state_face
from xianshen.regulation.selectors import policy_on

ARTICLE = 15
TEXT = "造成不良影响的新媒体平台，学校有权责令其停止运行，并追究责任。"


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("stop.order")
def test_an_account_ordered_to_stop_does_not_run_and_looks_like_it(college: College) -> None:
    account = services.suspend_account(
        account_id=college.opened().pk,
        institution_id=college.institution.pk,
        reason=SuspensionReason.STOP_ORDER,
        text="造成不良影响。",
        **college.who("media"),
    )
    answer = may_run(account, college.on)
    assert (answer.allowed, answer.rule, answer.since) == (False, "stop.order", college.on)
    assert state_face(account).tone == "stop"
