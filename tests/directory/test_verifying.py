"""Verification: only the registered spelling is genuine; impostor spellings are named."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.directory.conftest import account
from tests.factories.organisation import InstitutionFactory
from tests.factories.registry import College
from xianshen.directory.enums import Likeness, MatchedBy, Verdict, WarningCode
from xianshen.directory.verifying import Desk
from xianshen.registry import services as registry
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.models import MediaAccount


def codes(found: object) -> set[str]:
    return {one.code for one in found.cautions}  # type: ignore[attr-defined]


@pytest.mark.rule("directory.public")
def test_registered_name_is_genuine_on_every_platform(desk: Desk) -> None:
    found = desk.by_name("上海海关学院")
    assert found.verdict == Verdict.GENUINE
    assert {one.platform for one in found.accounts} == {"weibo", "wechat_subscription"}
    assert WarningCode.NAME_ONLY in codes(found)


@pytest.mark.parametrize("typed", ["flx_shcc", "FLX_SHCC", "@flx_shcc", "  flx_shcc "])
def test_registered_handle_is_genuine(desk: Desk, typed: str) -> None:
    found = desk.by_handle(typed)
    assert found.verdict == Verdict.GENUINE
    assert [one.name for one in found.accounts] == ["法律系"]
    assert codes(found) == set()


@pytest.mark.parametrize(
    "typed",
    [
        "https://weibo.com/n/上海海关学院",
        "https://www.weibo.com/n/上海海关学院?from=share",
        "m.weibo.cn/n/上海海关学院",
    ],
)
def test_address_that_states_the_nickname_is_genuine(desk: Desk, typed: str) -> None:
    found = desk.by_url(typed)
    assert found.verdict == Verdict.GENUINE
    assert [one.platform for one in found.accounts] == ["weibo"]


def test_registered_address_is_genuine_however_written(desk: Desk) -> None:
    found = desk.by_url("http://weibo.com/n/shcc_lib/?spm=1")
    assert [one.name for one in found.accounts] == ["图书馆服务"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("上海海关\u200b学院", WarningCode.INVISIBLE),
        ("\u2060上海海关学院", WarningCode.INVISIBLE),
        ("上海海关学院\ufeff", WarningCode.INVISIBLE),
        ("上海海关学\ufe0f院", WarningCode.INVISIBLE),
        ("上海海關學院", WarningCode.IMITATES),
        ("上海海关孛院", WarningCode.IMITATES),
        ("上海海关学苑", WarningCode.IMITATES),
        ("上海\ufa45关学院", WarningCode.IMITATES),
        ("上海海关学院招生咨询", WarningCode.CLAIMS),
        ("海关学院表白墙", WarningCode.CLAIMS),
        ("上海海关 学院", WarningCode.IMITATES),
    ],
)
@pytest.mark.rule("name.lookalike")
def test_imitated_name_is_never_genuine(desk: Desk, typed: str, code: WarningCode) -> None:
    found = desk.by_name(typed)
    assert not found.listed
    assert found.verdict == Verdict.LOOKALIKE
    assert code in codes(found)
    assert desk.by_text(typed).verdict == Verdict.LOOKALIKE


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(0, 6),
    st.sampled_from(["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u3164", "\u180e"]),
)
def test_no_hidden_character_anywhere_is_genuine(desk: Desk, place: int, hidden: str) -> None:
    name = "上海海关学院"
    assert not desk.by_name(name[:place] + hidden + name[place:]).listed
    handle = "flx_shcc"
    assert not desk.by_handle(handle[:place] + hidden + handle[place:]).listed


@pytest.mark.parametrize("typed", ["flx-shcc", "f1x_shcc", "flx_shccc", "flxshcc", "fl\u0445_shcc", "ｆｌｘ_shcc"])
def test_similar_handle_is_not_genuine_and_names_the_real_one(desk: Desk, typed: str) -> None:
    found = desk.by_handle(typed)
    assert found.verdict == Verdict.LOOKALIKE
    assert [(one.account.name, one.how) for one in found.resembling] == [("法律系", Likeness.HANDLE)]


@pytest.mark.parametrize(
    "typed",
    [
        "https://weibo.com.evil.cn/n/上海海关学院",
        "https://weibo.com@evil.cn/n/上海海关学院",
        "https://weib\u043e.com/n/上海海关学院",
        "https://weibo.com/上海海关学院",
        "https://evil.cn/n/shcc_lib",
        "https://weibo.com/n/上海\u200b海关学院",
    ],
)
def test_address_elsewhere_is_not_genuine(desk: Desk, typed: str) -> None:
    assert not desk.by_url(typed).listed
    assert not desk.by_text(typed).listed


def test_address_with_an_at_sign_says_where_it_leads(desk: Desk) -> None:
    found = desk.by_url("https://weibo.com@evil.cn/x")
    assert WarningCode.ACCOUNT_NOT_SITE in codes(found)
    assert "evil.cn" in found.cautions[0].text


def test_partial_name_is_a_search_without_alarm(desk: Desk) -> None:
    found = desk.by_text("图书馆")
    assert found.verdict == Verdict.NOT_LISTED
    assert [(one.account.name, one.how) for one in found.resembling] == [("图书馆服务", Likeness.CONTAINS)]
    assert not found.confusing


def test_name_off_by_one_is_named_as_confusing(desk: Desk) -> None:
    found = desk.by_name("图书馆服劳")
    assert found.verdict == Verdict.LOOKALIKE
    assert found.resembling[0].how == Likeness.ONE_OFF


def test_code_is_found_however_typed(desk: Desk) -> None:
    real = account("法律系")
    found = desk.by_text(f" {real.code.replace('-', ' ').lower()} ")
    assert found.by == MatchedBy.CODE
    assert [one.code for one in found.accounts] == [real.code]


@pytest.mark.parametrize("reason", list(SuspensionReason))
@pytest.mark.rule("account.may_run")
def test_suspended_account_says_why_since_when_and_by_which_article(
    desk: Desk, school: College, suspend: Callable[..., MediaAccount], reason: SuspensionReason
) -> None:
    suspend(account("法律系"), reason)
    found = Desk(school.institution, school.on + timedelta(days=3)).by_handle("flx_shcc")
    assert found.verdict == Verdict.STOPPED
    [one] = found.accounts
    assert str(reason.label) in one.answer.reason
    assert one.answer.since == school.on
    assert one.citation is not None
    assert one.citation.article == school.policy.rule(one.answer.rule).article


def test_running_account_comes_before_a_closed_one_of_the_same_name(desk: Desk, school: College) -> None:
    old = account("上海海关学院", platform="weibo")
    for change in (registry.begin_closing_account, registry.close_account):
        change(
            account_id=old.pk,
            institution_id=school.institution.pk,
            actor=school.system,
            grants=None,
            text="停办。",
            now=school.now,
        )
    found = desk.by_name("上海海关学院")
    assert found.verdict == Verdict.GENUINE
    assert [one.answer.allowed for one in found.accounts] == [True, False]


def test_accounts_of_another_institution_are_not_listed(school: College) -> None:
    other = Desk(InstitutionFactory(), school.on)
    for found in (other.by_name("法律系"), other.by_handle("flx_shcc"), other.by_text(account("法律系").code)):
        assert not found.listed
        assert not found.resembling


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=600))
def test_any_text_gets_an_answer(desk: Desk, text: str) -> None:
    known = {"上海海关学院", "法律系", "flx_shcc", "shcc_weixin", "图书馆服务"}
    for found in (desk.by_text(text), desk.by_name(text), desk.by_handle(text), desk.by_url(text)):
        assert found.listed == bool(found.accounts)
        assert not found.listed or text.strip().lower().removeprefix("@") in known


def test_long_input_is_bounded(desk: Desk) -> None:
    assert len(desk.by_text("学" * 10_000).value) == 500
