"""Article 7 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.regulation.selectors import policy_on

ARTICLE = 7
TEXT = (
    "学校对校园新媒体实行分级管理制度。学校官方微博、微信为一级平台，由办公室管理。各部门官方微博、微信和"
    "其他新媒体平台为二级平台，由各部门负责建设和管理，各部门的主要负责人为本部门新媒体建设和管理第一责任"
    "人。学生班级、团学组织、社团创建的新媒体平台为三级平台，学生班级的新媒体平台归口所在系部管理，党总支"
    "书记为第一责任人；团学组织、社团的新媒体归口校团委管理，校团委书记为第一责任人。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("tier.classification")
@pytest.mark.parametrize(
    ("unit_kind", "platform", "tier"),
    [
        ("office", "wechat_subscription", 1),
        ("office", "weibo", 1),
        ("office", "qq", 2),
        ("department", "wechat_subscription", 2),
        ("academic_department", "app", 2),
        ("class", "wechat_subscription", 3),
        ("student_organisation", "weibo", 3),
        ("society", "qq", 3),
    ],
)
def test_tiers(college: College, unit_kind: str, platform: str, tier: int) -> None:
    found = policy_on(college.institution.pk, college.on).tier_for(unit_kind=unit_kind, platform=platform)
    assert found is not None
    assert found.number == tier


@pytest.mark.rule("opening.first_responsible")
@pytest.mark.parametrize(
    ("unit_kind", "position", "of"),
    [
        ("department", "unit_head", "sponsor"),
        ("class", "party_branch_secretary", "home"),
        ("society", "league_secretary", "home"),
    ],
)
def test_first_responsible_person(college: College, unit_kind: str, position: str, of: str) -> None:
    seat = policy_on(college.institution.pk, college.on).first_responsible(unit_kind=unit_kind, platform="weibo")
    assert seat is not None
    assert (seat.position, seat.of) == (position, of)
