"""Article 8 of the regulation of Shanghai Customs College."""

import pytest
from django.core.exceptions import ValidationError

from tests.assessment.conftest import AUTUMN, Reviewing
from tests.support.college import College, build_college
from xianshen.approvals.enums import StepKind, Verdict
from xianshen.assessment import services as assessment
from xianshen.clocks.services import run_due
from xianshen.documents.models import IssuedDocument
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.registry.selectors import may_run
from xianshen.regulation.selectors import policy_on

ARTICLE = 8
TEXT = (
    "学校对一级、二级校园新媒体平台实行审批和年审制度，需要开通新媒体平台的单位和个人，事先须向学校办公室"
    "提出申请，填写《上海海关学院校园新媒体开设申请表》（见附件一），并在每年12月30日之前，向办公室提"
    "交《上海海关学院校园新媒体年审表》（见附件二），以电子文档形式报送年度推送内容清单。未通过审批的平台"
    "以及未经年审或年审不合格的，不得继续运行。三级校园新媒体平台的审批和年审工作由相关系部和团委负责，并"
    "向办公室报备。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("opening.prior_approval")
def test_no_account_before_the_last_opinion(college: College) -> None:
    college.complete_file()
    chain = college.submitted()
    assert not MediaAccount.objects.exists()
    college.decide(chain, "head")
    assert not MediaAccount.objects.exists()
    college.decide(chain, "director")
    assert MediaAccount.objects.count() == 1


@pytest.mark.rule("opening.unit_opinion")
@pytest.mark.rule("opening.office_opinion")
def test_second_tier_needs_unit_and_office(college: College) -> None:
    steps = list(college.submitted().steps.all())
    assert [(step.position_kind, step.unit.name) for step in steps] == [
        ("unit_head", "法律系"),
        ("office_director", "办公室"),
    ]


@pytest.mark.rule("opening.home_decision")
@pytest.mark.rule("report.to_office")
@pytest.mark.parametrize(("role", "unit", "decider"), [("monitor", "class", "secretary"), ("club", "club", "league")])
def test_third_tier_is_decided_at_home_and_reported(college: College, role: str, unit: str, decider: str) -> None:
    college.complete_file({"class": "law", "club": "league"}[unit], {"class": "head", "club": "league"}[unit])
    chain = college.decide(college.submitted(role, unit, name="三级平台之声"), decider)
    assert OpeningApplication.objects.get(pk=chain.subject_id).state == "approved"
    report = next(step for step in chain.steps.all() if step.kind == StepKind.REPORT)
    assert (report.state, report.unit.name) == ("current", "办公室")
    college.decide(chain, "media", Verdict.ACKNOWLEDGE)


@pytest.mark.rule("opening.annex_1")
def test_the_decision_is_issued_as_annex_1(college: College) -> None:
    college.opened()
    document = IssuedDocument.objects.get()
    assert document.form_code == "annex_1"


@pytest.mark.rule("account.may_run")
def test_what_was_not_approved_does_not_run(college: College) -> None:
    account = college.opened()
    assert may_run(account, college.on)
    assert may_run(account, college.on).allowed
    account.state, account.suspension_reason = "suspended", "review_failed"
    answer = may_run(account, college.on)
    assert (answer.allowed, answer.rule) == (False, "annual_review.due")


@pytest.mark.rule("annual_review.due")
@pytest.mark.rule("annual_review.annex_2")
@pytest.mark.rule("annual_review.push_list")
def test_form_and_list_are_due_before_30_december(db: None) -> None:
    """并在每年12月30日之前，向办公室提交《上海海关学院校园新媒体年审表》（见附件二），以电子文档形式报送年度推送内容清单。"""
    reviewing = Reviewing(build_college(AUTUMN))
    account = reviewing.account()
    due_on = reviewing.open().due_on
    assert (due_on.month, due_on.day) == (12, 30)
    with pytest.raises(ValidationError) as refused:
        reviewing.submit(account)
    assert "push_list" in refused.value.error_dict
    reviewing.passed(account)
    assert IssuedDocument.objects.get().form_title == "上海海关学院校园新媒体年审表"


@pytest.mark.rule("account.may_run")
def test_neither_unreviewed_nor_failed_accounts_go_on_running(db: None) -> None:
    """未经年审或年审不合格的，不得继续运行。"""
    reviewing = Reviewing(build_college(AUTUMN))
    silent, failed = reviewing.account(), reviewing.account("法律系微博", platform="weibo")
    reviewing.open()
    reviewing.handed_in(failed)
    reviewing.decide(failed, "head")
    reviewing.decide(failed, "director", Verdict.DISAGREE, "没有先审后发的记录。")
    failed.refresh_from_db()
    assert may_run(failed, reviewing.college.on).rule == "annual_review.due"
    run_due(reviewing.at(2026, 12, 30, 23, 59))
    silent.refresh_from_db()
    assert may_run(silent, reviewing.college.on).allowed
    run_due(reviewing.at(2026, 12, 31, 0, 1))
    silent.refresh_from_db()
    assert (silent.state, silent.suspension_reason) == ("suspended", "not_reviewed")


@pytest.mark.rule("annual_review.home")
@pytest.mark.rule("report.to_office")
def test_third_tier_is_reviewed_at_home_and_reported(db: None) -> None:
    """三级校园新媒体平台的审批和年审工作由相关系部和团委负责，并向办公室报备。"""
    reviewing = Reviewing(build_college(AUTUMN))
    club = reviewing.account("关务协会", unit="club", owner="club")
    campaign = reviewing.open()
    chain = reviewing.handed_in(club, "club")
    assert [(step.position_kind, step.unit.name) for step in chain.steps.all()] == [("league_secretary", "校团委")]
    reviewing.decide(club, "league", result="passed")
    unit = reviewing.college.units["league"].pk
    report = assessment.report_results(
        campaign_id=campaign.pk, unit_id=unit, text="", **reviewing.college.who("league")
    )
    assert [(row["account"], row["result"]) for row in report.rows] == [("关务协会", "passed")]
    assessment.acknowledge_report(report_id=report.pk, text="", **reviewing.college.who("media"))
