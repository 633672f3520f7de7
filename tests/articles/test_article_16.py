"""Article 16 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.regulation.selectors import policy_on

ARTICLE = 16
TEXT = "严格遵守国家保密法律法规，遵守“涉密不上网，上网不涉密”原则，严禁发布涉密信息。"


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("secrecy.never_online")
def test_the_rule_stands_in_the_article_map(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).rule("secrecy.never_online").article == ARTICLE
