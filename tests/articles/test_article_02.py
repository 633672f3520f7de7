"""Article 2 of the regulation of Shanghai Customs College."""

import pytest
from django.core.exceptions import ValidationError

from tests.support.college import College
from xianshen.registry import services
from xianshen.regulation.selectors import policy_on

ARTICLE = 2
TEXT = (
    "本办法所指新媒体，是以单位（上海海关学院、校内各部门等）名义开设运行的微博、微信、QQ公众号和APP"
    "移动客户端等新媒体平台。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("platform.scope")
def test_the_articles_platforms_can_be_applied_for(college: College) -> None:
    policy = policy_on(college.institution.pk, college.on)
    assert {"微博", "微信", "QQ", "APP"} <= {platform.family for platform in policy.platforms}


@pytest.mark.rule("platform.scope")
def test_handle_must_have_the_platforms_form(college: College) -> None:
    draft = college.draft(handle="外语系youth")
    with pytest.raises(ValidationError) as refusal:
        services.submit_application(application_id=draft.pk, revision=draft.revision, **college.who("operator"))
    assert list(refusal.value.message_dict) == ["handle"]
    draft.refresh_from_db()
    assert draft.state == "draft"
