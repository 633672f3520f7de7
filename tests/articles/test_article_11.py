"""Article 11 of the regulation of Shanghai Customs College."""

import pytest
from django.core.exceptions import ValidationError

from tests.support.college import College
from xianshen.registry import services
from xianshen.registry.checks import check_application
from xianshen.regulation.selectors import policy_on

ARTICLE = 11
TEXT = (
    "校园各新媒体平台应有明确的定位和服务对象，注重个性发展，提高文化内涵，避免重复建设。新媒体上所发布的"
    "信息，内容形式上可以丰富多样，但信息必须主流、正面、积极、健康，鼓励发布有思想觉悟，有政治高度的内容"
    "。所发布的信息需符合当代大学生和教师正确的价值取向，能够引导大学生和教师形成正确的世界观、人生观和价"
    "值观。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("positioning.stated")
@pytest.mark.parametrize("field", ["positioning", "audience", "content_scope"])
def test_positioning_and_audience_must_be_stated(college: College, field: str) -> None:
    draft = college.draft(**{field: [] if field == "audience" else ""})
    with pytest.raises(ValidationError) as refusal:
        services.submit_application(application_id=draft.pk, revision=draft.revision, **college.who("operator"))
    assert list(refusal.value.message_dict) == [field]


@pytest.mark.rule("positioning.no_duplicates")
def test_similar_positioning_is_shown_to_who_decides(college: College) -> None:
    account = college.opened()
    draft = college.draft("library_operator", "library", name="图书馆读书会", handle="lib_read")
    report = check_application(draft, policy_on(college.institution.pk, college.on), college.on)
    found = next(check for check in report.checks if check.code == "positioning")
    assert (found.rule, found.accounts) == ("positioning.no_duplicates", (account,))
    assert report.submittable


@pytest.mark.rule("name.unique")
def test_a_name_on_record_is_not_given_twice(college: College) -> None:
    account = college.opened()
    draft = college.draft("library_operator", "library", name=account.name, handle="lib_read")
    report = check_application(draft, policy_on(college.institution.pk, college.on), college.on)
    assert "name_same" in {check.code for check in report.blocking}
