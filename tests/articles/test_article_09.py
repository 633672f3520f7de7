"""Article 9 of the regulation of Shanghai Customs College."""

from datetime import date

import pytest

from tests.support.college import College
from xianshen.regulation.selectors import policy_on

ARTICLE = 9
TEXT = (
    "学校对校园新媒体实行备案制度。账号名、管理员等运营信息变更或停办的，应在一周内，以书面形式报学校办公"
    "室备案，填写《上海海关学院校园新媒体备案登记表》（见附件三）。本办法公布前已开设并运营的账号，请于本"
    "办法公布后一个月内提交备案表。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("filing.within_week")
def test_a_change_is_to_be_filed_within_seven_days(college: College) -> None:
    policy = policy_on(college.institution.pk, college.on)
    clock = next(clock for clock in policy.clocks if clock.rule == "filing.within_week")
    assert clock.duration.due(date(2026, 12, 28)) == date(2027, 1, 4)


@pytest.mark.rule("legacy.within_month")
@pytest.mark.parametrize(
    ("promulgated", "due"), [(date(2026, 9, 1), date(2026, 10, 1)), (date(2027, 1, 31), date(2027, 2, 28))]
)
def test_existing_accounts_are_to_be_filed_within_a_month(college: College, promulgated: date, due: date) -> None:
    policy = policy_on(college.institution.pk, college.on)
    clock = next(clock for clock in policy.clocks if clock.rule == "legacy.within_month")
    assert clock.duration.due(promulgated) == due
