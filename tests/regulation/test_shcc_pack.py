"""The college's pack: whole, and saying what the regulation says."""

from datetime import date

import pytest

from tests.factories.regulation import SHCC, pack_at
from xianshen.regulation.loader import check_pack
from xianshen.regulation.schema import Policy

TIER_1_PLATFORMS = ("weibo", "wechat_subscription", "wechat_service", "wechat_channels")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return pack_at(SHCC).policies[0]


def test_pack_has_no_mistakes() -> None:
    assert check_pack(SHCC)[1] == []


def test_all_articles_have_text_and_rules(policy: Policy) -> None:
    assert list(policy.articles) == list(range(1, 22))
    assert all(article.text and policy.rules_of(number) for number, article in policy.articles.items())
    assert [chapter.label for chapter in policy.chapters] == [
        "第1章 总则",
        "第2章 管理机制",
        "第3章 运营机制",
        "第4章 信息安全",
        "第5章 附则",
    ]
    assert policy.article(4).text == "任何个人未经授权不得以学校以及其它各类校内组织名义开办新媒体。"
    assert policy.article(20).text == "本办法自公布之日起执行。"


@pytest.mark.rule("regulation.basis", "regulation.repeals")
def test_basis_and_repeals_are_those_of_the_text(policy: Policy) -> None:
    for document in policy.regulation.basis:
        assert f"《{document.title}》" in policy.article(policy.rule(document.rule).article).text
    for repeal in policy.regulation.repeals:
        assert f"《{repeal.title}》" in policy.article(policy.rule(repeal.rule).article).text


@pytest.mark.parametrize(
    ("unit_kind", "platform", "tier", "position"),
    [
        *(("office", platform, 1, "office_director") for platform in TIER_1_PLATFORMS),
        ("office", "app", 2, "office_director"),
        ("department", "weibo", 2, "unit_head"),
        ("academic_department", "wechat_subscription", 2, "unit_head"),
        ("league_committee", "wechat_subscription", 2, "league_secretary"),
        ("class", "weibo", 3, "party_branch_secretary"),
        ("student_organisation", "qq", 3, "league_secretary"),
        ("society", "other", 3, "league_secretary"),
    ],
)
def test_tier_and_first_responsible(policy: Policy, unit_kind: str, platform: str, tier: int, position: str) -> None:
    found = policy.tier_for(unit_kind=unit_kind, platform=platform)
    responsible = policy.first_responsible(unit_kind=unit_kind, platform=platform)
    assert found is not None
    assert responsible is not None
    assert (found.number, responsible.position) == (tier, position)


def test_leadership_has_no_accounts_of_its_own(policy: Policy) -> None:
    assert policy.tier_for(unit_kind="school_leadership", platform="weibo") is None


@pytest.mark.parametrize(
    ("unit_kind", "steps", "report"),
    [
        ("office", ["office_director", "school_leader"], None),
        ("department", ["unit_head", "office_director"], None),
        ("class", ["party_branch_secretary"], "office_media_officer"),
        ("society", ["league_secretary"], "office_media_officer"),
    ],
)
def test_opening_is_decided_by(policy: Policy, unit_kind: str, steps: list[str], report: str | None) -> None:
    tier = policy.tier_for(unit_kind=unit_kind, platform="wechat_subscription")
    assert tier is not None
    chain = policy.chain_for(
        subject="opening_application", tier=tier.number, unit_kind=unit_kind, platform="wechat_subscription"
    )
    assert [step.position for step in chain.steps] == steps
    assert (chain.report.position if chain.report else None) == report


def test_nobody_decides_two_steps_of_a_chain(policy: Policy) -> None:
    for chain in policy.chains:
        positions = [step.position for step in chain.steps]
        assert len(set(positions)) == len(positions), chain.id


@pytest.mark.parametrize(
    ("clock", "start", "due"),
    [
        ("filing.change", date(2026, 11, 23), date(2026, 11, 30)),
        ("filing.legacy", date(2026, 9, 1), date(2026, 10, 1)),
        ("annual_review.submit", date(2026, 9, 1), date(2026, 12, 30)),
        ("annual_review.submit", date(2026, 12, 31), date(2027, 12, 30)),
    ],
)
def test_deadlines_of_the_regulation(policy: Policy, clock: str, start: date, due: date) -> None:
    assert policy.due(clock, start) == due


def test_forms_are_the_annexes(policy: Policy) -> None:
    annexes = [form for form in policy.forms if form.code.startswith("annex_")]
    assert [(form.number, form.title, form.copies.count) for form in annexes] == [
        ("附件一", "上海海关学院校园新媒体开设申请表", 2),
        ("附件二", "上海海关学院校园新媒体年审表", 2),
        ("附件三", "上海海关学院校园新媒体备案登记表", 2),
    ]
    assert [choice.label for choice in policy.form("annex_3").field("filing_kind").choices] == ["信息变更", "停办"]
    printed = [field.label.replace("\n", "") for field in policy.form("annex_1").fields if field.printed]
    assert printed == [
        "新媒体名称",
        "所属部门",
        "新媒体类型",
        "账号名称或链接地址",
        "发布内容范围",
        "负责人",
        "手机",
        "邮箱",
    ]


def test_name_rules_know_the_institution(policy: Policy) -> None:
    words = {word for rule in policy.name_rules if rule.kind == "prefix" for word in policy.name_words(rule)}
    assert {"上海海关学院", "海关学院"} <= words
    assert all(rule.personal for rule in policy.name_rules if rule.kind == "prefix")


def test_canonical_text_is_stable_and_complete(policy: Policy) -> None:
    again = Policy.model_validate_json(policy.canonical())
    assert again == policy.model_copy(update={"version_id": 0, "digest": ""})
    assert again.canonical() == policy.canonical()


def test_canonical_text_leaves_defaults_out(policy: Policy) -> None:
    """A field that a later release adds with a default changes no digest of a stored version."""
    assert '"effective_until"' not in policy.canonical()
    assert '"printed":true' not in policy.canonical()
    assert '"printed":false' in policy.canonical()
