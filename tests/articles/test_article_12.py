"""Article 12 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.registry.selectors import may_run
from xianshen.regulation.selectors import policy_on

ARTICLE = 12
TEXT = (
    "建立新媒体内容发布联动机制。在涉及学校重大事项或突发事件危机应对时，各新媒体平台应按照学校官方微博、"
    "微信的发布信息进行转发，严禁私自发布相关信息。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("linkage.repost_only")
def test_a_breach_of_linkage_stops_the_account_and_cites_the_rule(college: College) -> None:
    account = college.opened()
    account.state, account.suspension_reason = "suspended", "linkage_breach"
    answer = may_run(account, college.on)
    assert (answer.allowed, answer.rule) == (False, "linkage.repost_only")
