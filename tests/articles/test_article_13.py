"""Article 13 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.registry.checks import check_application
from xianshen.registry.models import OpeningApplication
from xianshen.regulation.selectors import policy_on

ARTICLE = 13
TEXT = (
    "建立新媒体内容发布审查机制。新媒体平台建设管理单位及相关责任人对所发布内容的真实性负责，严格执行“先"
    "审后发”制度，严禁发布不实、虚假和错误信息。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("sponsor_file.review_mechanism")
def test_the_publishing_review_is_part_of_the_units_file(college: College) -> None:
    policy = policy_on(college.institution.pk, college.on)
    part = next(part for part in policy.sponsor_file.parts if part.rule == "sponsor_file.review_mechanism")
    chain = college.submitted()
    report = check_application(OpeningApplication.objects.get(pk=chain.subject_id), policy, college.on)
    missing = next(check for check in report.checks if check.code == "sponsor_file")
    assert part.label in missing.detail
