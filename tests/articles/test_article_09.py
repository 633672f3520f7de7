"""Article 9 of the regulation of Shanghai Customs College."""

from datetime import date, timedelta

import pytest

from tests.factories.filings import filed, later, submitted
from tests.support.college import College
from xianshen.clocks.models import Deadline
from xianshen.clocks.services import run_due
from xianshen.documents.models import IssuedDocument
from xianshen.registry import services
from xianshen.registry.enums import FilingKind
from xianshen.registry.models import AccountValue, MediaAccount
from xianshen.registry.selectors import late_filings, may_run
from xianshen.regulation.selectors import policy_on

ARTICLE = 9
TEXT = (
    "学校对校园新媒体实行备案制度。账号名、管理员等运营信息变更或停办的，应在一周内，以书面形式报学校办公"
    "室备案，填写《上海海关学院校园新媒体备案登记表》（见附件三）。本办法公布前已开设并运营的账号，请于本"
    "办法公布后一个月内提交备案表。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("filing.within_week")
def test_a_change_is_to_be_filed_within_seven_days(college: College) -> None:
    policy = policy_on(college.institution.pk, college.on)
    clock = next(clock for clock in policy.clocks if clock.rule == "filing.within_week")
    assert clock.duration.due(date(2026, 12, 28)) == date(2027, 1, 4)


@pytest.mark.rule("legacy.within_month")
@pytest.mark.parametrize(
    ("promulgated", "due"), [(date(2026, 9, 1), date(2026, 10, 1)), (date(2027, 1, 31), date(2027, 2, 28))]
)
def test_existing_accounts_are_to_be_filed_within_a_month(college: College, promulgated: date, due: date) -> None:
    policy = policy_on(college.institution.pk, college.on)
    clock = next(clock for clock in policy.clocks if clock.rule == "legacy.within_month")
    assert clock.duration.due(promulgated) == due


@pytest.mark.rule("filing.within_week")
@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "法律系学堂"), ("handle", "flx_xuetang"), ("administrators", "赵一"), ("owner_mobile", "13916392049")],
)
def test_account_names_administrators_and_the_like_change_by_filing(college: College, field: str, value: str) -> None:
    """账号名、管理员等运营信息变更……的，应……报学校办公室备案."""
    account = college.opened()
    before = getattr(account, field)
    later(college, 10)
    chain = submitted(college, account, **{field: value})
    assert [step.unit.name for step in chain.steps.all()] == ["法律系", "办公室"]
    college.decide(chain, "head")
    account.refresh_from_db()
    assert getattr(account, field) == before
    college.decide(chain, "director")
    account.refresh_from_db()
    assert getattr(account, field) == value
    assert AccountValue.objects.get(account=account, field=field).value == before


@pytest.mark.rule("filing.within_week")
def test_closing_is_filed_too(college: College) -> None:
    """停办的，应在一周内，以书面形式报学校办公室备案."""
    account = college.opened()
    later(college, 10)
    filing = filed(college, account, kind=FilingKind.CLOSURE, on=college.on - timedelta(days=7))
    account.refresh_from_db()
    assert (account.state, filing.late_days) == ("closing", 0)
    assert not may_run(account, college.on).allowed


@pytest.mark.rule("filing.within_week")
@pytest.mark.parametrize(("days", "late"), [(7, 0), (8, 1), (30, 23)])
def test_a_week_from_the_day_of_the_change(college: College, days: int, late: int) -> None:
    """应在一周内……备案: later it is taken all the same, and counted."""
    account = college.opened()
    later(college, 40)
    changed = college.on - timedelta(days=days)
    filing = filed(college, account, on=changed, administrators="赵一")
    assert filing.late_days == late
    assert late_filings(account, changed.year).count() == (1 if late else 0)


@pytest.mark.rule("filing.within_week")
@pytest.mark.parametrize(("kind", "ticked"), [(FilingKind.CHANGE, "信息变更"), (FilingKind.CLOSURE, "停办")])
def test_the_filing_is_printed_as_annex_3(college: College, kind: FilingKind, ticked: str) -> None:
    """填写《上海海关学院校园新媒体备案登记表》（见附件三）."""
    account = college.opened()
    later(college, 10)
    filed(college, account, kind=kind, **({"administrators": "赵一"} if kind == FilingKind.CHANGE else {}))
    document = IssuedDocument.objects.get(form_code="annex_3")
    values = document.data["content"]["values"]
    assert document.form_title == "上海海关学院校园新媒体备案登记表"
    assert (values["filing_kind"], values["name"], values["unit"]) == (ticked, "法律系学习园地", "法律系")
    assert document.data["content"]["copies"] == ["校办公室", "法律系"]


LIST = (
    "新媒体名称,新媒体类型,账号名称或链接地址,所属部门编号,负责人工号或学号,手机,邮箱,发布内容范围,开通时间\n"
    "法律系,微信订阅号,flx_shcc,law,shcc-operator,13916392048,flx@example.edu.cn,讲座,2020-03-01"
)


@pytest.mark.rule("legacy.within_month")
def test_accounts_of_before_the_rules_are_filed_within_a_month_or_stop(college: College) -> None:
    """本办法公布前已开设并运营的账号，请于本办法公布后一个月内提交备案表."""
    services.import_legacy(
        institution=college.institution, content=LIST.encode(), filename="list.csv", **college.who("media")
    )
    account = MediaAccount.objects.get()
    clock = Deadline.objects.get(clock="filing.legacy")
    assert (str(clock.due_on), may_run(account, college.on).allowed) == ("2026-10-01", True)
    college.now += timedelta(days=18)
    run_due(college.now)
    account.refresh_from_db()
    answer = may_run(account, college.on)
    assert (answer.allowed, answer.rule) == (False, "legacy.within_month")
    filed(college, account, kind=FilingKind.LEGACY)
    account.refresh_from_db()
    assert may_run(account, college.on).allowed
