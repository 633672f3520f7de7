"""Article 14 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.regulation.selectors import policy_on

ARTICLE = 14
TEXT = (
    "建立信息纠错机制。新媒体各平台对已发布的不当信息要及时处理。对于有损国家、社会、学校声誉等不良信息出"
    "现时，要及时启动应急处置，并及时向上级报告。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("correction.prompt")
def test_the_rule_stands_in_the_article_map(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).rule("correction.prompt").article == ARTICLE
