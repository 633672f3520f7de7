"""Article 20 of the regulation of Shanghai Customs College."""

from datetime import timedelta

import pytest

from tests.support.college import College
from xianshen.regulation.selectors import NoPolicyInForce, policy_on

ARTICLE = 20
TEXT = "本办法自公布之日起执行。"


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("regulation.in_force")
def test_the_regulation_is_in_force_from_its_promulgation(college: College) -> None:
    policy = policy_on(college.institution.pk, college.on)
    assert policy.effective_from == policy.promulgated_on
    assert policy_on(college.institution.pk, policy.promulgated_on).label == policy.label
    with pytest.raises(NoPolicyInForce):
        policy_on(college.institution.pk, policy.promulgated_on - timedelta(days=1))
