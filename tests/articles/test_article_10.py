"""Article 10 of the regulation of Shanghai Customs College."""

import pytest
from django.core.exceptions import ValidationError

from tests.support.college import College
from xianshen.registry import services
from xianshen.registry.checks import check_application
from xianshen.regulation.selectors import policy_on

ARTICLE = 10
TEXT = "以个人名义创建的新媒体平台，不得以“上海海关学院”为前缀作为新媒体名称，且本人对所发信息负全部法律责任。"


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("name.personal_prefix")
@pytest.mark.parametrize(
    "name", ["上海海关学院招生咨询", "上海海關學院小助手", "上 海 海 关 学 院 攻略", "SHCC攻略", "ＳＨＣＣ攻略"]
)
def test_personal_account_may_not_begin_with_the_schools_name(college: College, name: str) -> None:
    draft = college.draft(name=name, in_name_of="individual")
    report = check_application(draft, policy_on(college.institution.pk, college.on), college.on)
    assert "name.personal_prefix" in {check.rule for check in report.blocking}
    with pytest.raises(ValidationError):
        services.submit_application(application_id=draft.pk, revision=draft.revision, **college.who("operator"))


@pytest.mark.rule("name.personal_prefix")
def test_a_units_account_may(college: College) -> None:
    draft = college.draft(name="上海海关学院法律系")
    report = check_application(draft, policy_on(college.institution.pk, college.on), college.on)
    assert "name.personal_prefix" not in {check.rule for check in report.blocking}


@pytest.mark.rule("name.personal_liability")
def test_the_rule_on_liability_is_shown(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).rule("name.personal_liability").article == ARTICLE
