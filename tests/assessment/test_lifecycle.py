"""A review from the opening of the campaign to its result, and what follows for the account."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.assessment.conftest import CHINA, DUE, Reviewing
from xianshen.approvals.enums import Verdict
from xianshen.assessment import services
from xianshen.assessment.enums import ReviewResult, ReviewState
from xianshen.assessment.models import AnnualReview, PushItem, PushList, ReviewCampaign
from xianshen.clocks.models import Deadline
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.documents.models import IssuedDocument
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice
from xianshen.registry.enums import AccountState, SuspensionReason
from xianshen.registry.selectors import may_run


def test_opening_asks_every_running_account_and_starts_its_clock(reviewing: Reviewing) -> None:
    law = reviewing.account()
    reviewing.account("法律系旧号", state=AccountState.CLOSED)
    late = reviewing.account("新开的", platform="weibo", opened_on=date(2026, 10, 8))
    klass = reviewing.account("一班", unit="class", owner="monitor")
    campaign = reviewing.open()
    assert campaign.due_on == DUE
    assert AnnualReview.objects.count() == 3
    review = reviewing.review(law)
    assert (review.state, review.by_office, review.posts_total, review.followers_total) == ("draft", True, None, None)
    assert reviewing.review(late).state == ReviewState.EXEMPT
    assert not reviewing.review(klass).by_office
    running = Deadline.objects.filter(subject_type="annual_review", state="running")
    assert {one.subject_id for one in running} == {str(review.pk), str(reviewing.review(klass).pk)}
    assert {one.due_on for one in running} == {DUE}
    entry = LedgerEntry.objects.get(event="assessment.campaign_opened")
    assert (entry.article, entry.data["reviews"], entry.data["exempt"]) == (8, 2, 1)


def test_campaign_opened_twice_leads_to_the_first(reviewing: Reviewing) -> None:
    reviewing.account()
    first = reviewing.open()
    with pytest.raises(services.CampaignExists) as refused:
        reviewing.open()
    assert refused.value.campaign == first
    assert (ReviewCampaign.objects.count(), AnnualReview.objects.count(), Deadline.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("year", [2025, 2027])
def test_only_a_year_that_can_still_be_handed_in_is_opened(reviewing: Reviewing, year: int) -> None:
    with pytest.raises(ValidationError):
        reviewing.open(year)
    assert not ReviewCampaign.objects.exists()


def test_only_the_office_opens(reviewing: Reviewing) -> None:
    with pytest.raises(PermissionDenied):
        services.open_campaign(year=2026, **reviewing.college.who("head"))
    assert not ReviewCampaign.objects.exists()


def test_accounts_that_come_later_are_added_once(reviewing: Reviewing) -> None:
    reviewing.account()
    reviewing.open()
    reviewing.account("二号", platform="weibo")
    assert services.enrol_everywhere(now=reviewing.now) == 1
    assert services.enrol_everywhere(now=reviewing.now) == 0
    assert Deadline.objects.filter(subject_type="annual_review").count() == 2


def test_figures_come_from_the_list_and_a_correction_needs_a_reason(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    review = reviewing.fill(account)
    assert (review.posts_total, review.best_title, review.best_clicks, review.best_reposts) == (3, "教师节", 2048, 88)
    assert review.sources["posts_total"]["source"] == "推送清单"
    assert review.sources["followers_total"]["by"] == reviewing.college.people["operator"].name
    who = reviewing.college.who("operator")
    services.save_review(review_id=review.pk, revision=review.revision, values={"best_clicks": 3000}, reasons={}, **who)
    with pytest.raises(ValidationError) as refused:
        reviewing.submit(account)
    assert set(refused.value.error_dict) == {"best_clicks"}
    review = reviewing.review(account)
    services.save_review(
        review_id=review.pk,
        revision=review.revision,
        values={},
        reasons={"best_clicks": "后台数到年底还在涨"},
        **who,
    )
    chain = reviewing.submit(account)
    assert chain.content["点击量更正理由"] == "后台数到年底还在涨"
    assert reviewing.review(account).findings == 1


def test_an_unknown_figure_stays_empty_and_must_be_entered(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.fill(account, followers_total=None, violations="")
    with pytest.raises(ValidationError) as refused:
        reviewing.submit(account)
    assert set(refused.value.error_dict) == {"followers_total", "violations"}
    assert reviewing.review(account).state == ReviewState.DRAFT


def test_count_in_the_form_must_be_that_of_the_list(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.fill(account, posts_total=151)
    with pytest.raises(ValidationError) as refused:
        reviewing.submit(account)
    assert "清单 3 条，表里写 151 条" in str(refused.value)


def test_recorded_suspension_cannot_be_answered_with_none(reviewing: Reviewing) -> None:
    from xianshen.registry import services as registry

    account = reviewing.account()
    who = reviewing.college.who("media")
    key = {"account_id": account.pk, "institution_id": account.institution_id}
    registry.suspend_account(**key, **who, reason=SuspensionReason.STOP_ORDER, text="转发不实信息。")
    registry.resume_account(**key, **who, text="已经整改。")
    reviewing.open()
    reviewing.fill(account)
    with pytest.raises(ValidationError) as refused:
        reviewing.submit(account)
    assert set(refused.value.error_dict) == {"violations"}
    review = reviewing.review(account)
    services.save_review(
        review_id=review.pk,
        revision=review.revision,
        values={"violations": "11月被责令停止一次，已处理当事编辑。"},
        reasons={},
        **reviewing.college.who("operator"),
    )
    reviewing.submit(account)


def test_good_review_is_issued_as_annex_2_in_two_copies(reviewing: Reviewing, run_tasks: Callable[[], int]) -> None:
    account = reviewing.account()
    reviewing.open()
    chain = reviewing.handed_in(account)
    assert [step.position_kind for step in chain.steps.all()] == ["unit_head", "office_director"]
    assert reviewing.review(account).state == ReviewState.UNIT
    reviewing.decide(account, "head", text="属实。")
    assert reviewing.review(account).state == ReviewState.OFFICE
    reviewing.decide(account, "director", result="passed")
    review = reviewing.review(account)
    assert (review.state, review.result) == (ReviewState.PASSED, ReviewResult.PASSED)
    run_tasks()
    document = IssuedDocument.objects.get()
    assert (document.form_code, document.state, len(document.data["content"]["copies"])) == ("annex_2", "valid", 2)
    printed = document.data["content"]
    assert printed["values"]["posts_total"] == "3"
    assert printed["values"]["best_posts"] == "《教师节》，点击量 2,048，转发量 88"
    assert printed["opinions"]["office_opinion"]["text"] == "年审合格。"
    assert printed["opinions"]["unit_opinion"]["text"] == "属实。"
    assert not Deadline.objects.filter(subject_type="annual_review", state="running").exists()


def test_last_opinion_needs_a_result(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.handed_in(account)
    reviewing.decide(account, "head")
    with pytest.raises(ValidationError):
        reviewing.decide(account, "director")
    with pytest.raises(ValidationError) as refused:
        reviewing.decide(account, "director", result="rectify")
    assert set(refused.value.error_dict) == {"rectify_by", "to_rectify"}
    assert reviewing.review(account).state == ReviewState.OFFICE
    assert reviewing.review(account).result == ""


def test_failed_review_stops_the_account_at_once_and_an_appeal_leads_back(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.handed_in(account)
    reviewing.decide(account, "head")
    reviewing.decide(account, "director", Verdict.DISAGREE, "全年三条都是转载，没有先审后发记录。")
    review = reviewing.review(account)
    account.refresh_from_db()
    assert (review.state, review.result) == (ReviewState.FAILED, ReviewResult.FAILED)
    assert (account.state, account.suspension_reason) == ("suspended", SuspensionReason.REVIEW_FAILED)
    told = set(Notice.objects.filter(text__contains="年审不合格").values_list("person__username", flat=True))
    assert {"shcc.operator", "shcc.head", "shcc.media"} <= told
    with pytest.raises(ValidationError) as refused:
        reviewing.submit(account)
    assert set(refused.value.error_dict) == {"statement"}
    reviewing.fill(account, statement="补了审核登记表，附后台截图。")
    reviewing.submit(account)
    reviewing.decide(account, "head")
    reviewing.decide(account, "director", result="passed")
    account.refresh_from_db()
    assert (account.state, account.suspension_reason) == ("active", "")
    resumed = LedgerEntry.objects.get(event="registry.account_resumed")
    assert (resumed.actor_name, resumed.article) == (reviewing.college.people["director"].name, 8)
    assert sorted(IssuedDocument.objects.values_list("state", flat=True)) == ["pending", "withdrawn"]


def test_a_unit_that_disagrees_sends_the_form_back(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.handed_in(account)
    reviewing.decide(account, "head", Verdict.DISAGREE, "粉丝数不对。")
    account.refresh_from_db()
    assert reviewing.review(account).state == ReviewState.RETURNED
    assert account.state == "active"
    running = Deadline.objects.get(subject_type="annual_review", state="running")
    assert (running.clock, running.due_on) == ("annual_review.submit", DUE)


def test_form_returned_near_the_deadline_gets_the_policys_days(reviewing: Reviewing, run_clocks: Any) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.at(2026, 12, 28, 9)
    reviewing.handed_in(account)
    reviewing.decide(account, "head", Verdict.RETURN, "条数再核对。")
    running = Deadline.objects.get(subject_type="annual_review", state="running")
    assert (running.clock, running.due_on) == ("annual_review.correct", date(2027, 1, 4))
    run_clocks(datetime(2026, 12, 31, 0, 5, tzinfo=CHINA))
    account.refresh_from_db()
    assert account.state == "active"
    run_clocks(datetime(2027, 1, 5, 0, 5, tzinfo=CHINA))
    account.refresh_from_db()
    assert (account.state, account.suspension_reason) == ("suspended", SuspensionReason.NOT_REVIEWED)


def test_rectification_has_a_deadline_and_missing_it_stops_the_account(reviewing: Reviewing, run_clocks: Any) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.handed_in(account)
    reviewing.decide(account, "head")
    until = reviewing.college.on + timedelta(days=10)
    reviewing.decide(account, "director", result="rectify", rectify_by=until, to_rectify="补齐审核登记。")
    review = reviewing.review(account)
    assert (review.state, review.rectify_by) == (ReviewState.RECTIFY, until)
    assert IssuedDocument.objects.get().data["content"]["opinions"]["office_opinion"]["text"].startswith("年审整改。")
    account.refresh_from_db()
    assert account.state == "active"
    run_clocks(reviewing.now + timedelta(days=10))
    account.refresh_from_db()
    assert account.state == "active"
    run_clocks(reviewing.now + timedelta(days=1))
    account.refresh_from_db()
    assert (account.state, account.suspension_reason) == ("suspended", SuspensionReason.REVIEW_FAILED)
    reviewing.fill(account, statement="登记表已补齐。")
    reviewing.submit(account)
    reviewing.decide(account, "head")
    reviewing.decide(account, "director", result="passed")
    account.refresh_from_db()
    assert account.state == "active"


def test_withdrawal_leads_back_and_the_clock_runs_again(reviewing: Reviewing) -> None:
    from xianshen.approvals import services as approvals

    account = reviewing.account()
    reviewing.open()
    chain = reviewing.handed_in(account)
    assert not Deadline.objects.filter(subject_type="annual_review", state="running").exists()
    approvals.withdraw(
        institution_id=account.institution_id,
        chain_id=chain.pk,
        person=reviewing.college.people["operator"],
        reason="写错了",
        now=reviewing.now,
    )
    assert reviewing.review(account).state == ReviewState.DRAFT
    assert Deadline.objects.get(subject_type="annual_review", state="running").due_on == DUE


def test_missed_deadline_suspends_the_day_after_and_a_late_form_leads_back(
    reviewing: Reviewing, run_clocks: Any
) -> None:
    account = reviewing.account()
    other = reviewing.account("法律系微博", platform="weibo")
    reviewing.open()
    reviewing.handed_in(other)
    run_clocks(datetime(2026, 12, 30, 23, 59, tzinfo=CHINA))
    account.refresh_from_db()
    assert account.state == "active"
    report = run_clocks(datetime(2026, 12, 31, 0, 5, tzinfo=CHINA))
    assert report.consequences == 1
    account.refresh_from_db()
    other.refresh_from_db()
    assert (account.state, account.suspension_reason) == ("suspended", SuspensionReason.NOT_REVIEWED)
    assert other.state == "active"
    answer = may_run(account, date(2026, 12, 31))
    assert (answer.allowed, answer.rule) == (False, "annual_review.due")
    told = set(
        Notice.objects.filter(text__contains="没有交 2026 年度年审表").values_list("person__username", flat=True)
    )
    assert {"shcc.operator", "shcc.head", "shcc.media"} <= told
    suspended = LedgerEntry.objects.get(event="registry.account_suspended")
    assert (suspended.actor_kind, suspended.article) == ("system", 8)
    assert run_clocks(datetime(2027, 1, 9, 8, 0, tzinfo=CHINA)).consequences == 0
    reviewing.at(2027, 1, 10, 9)
    assert reviewing.passed(account).submitted_late
    account.refresh_from_db()
    assert account.state == "active"
    assert LedgerEntry.objects.filter(event="clocks.met_late").exists()


def test_consequence_that_fails_half_way_changes_nothing_and_is_tried_again(
    reviewing: Reviewing, run_clocks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xianshen.assessment.services import _shared

    account = reviewing.account()
    reviewing.open()
    entries = LedgerEntry.objects.count()

    def broken(**_arguments: object) -> None:
        raise RuntimeError("the line is down")

    with monkeypatch.context() as patched:
        patched.setattr(_shared, "notify", broken)
        report = run_clocks(datetime(2026, 12, 31, 0, 5, tzinfo=CHINA))
    assert (report.consequences, report.failures) == (0, 1)
    account.refresh_from_db()
    assert (account.state, reviewing.review(account).missed_at) == ("active", None)
    assert LedgerEntry.objects.count() == entries
    assert run_clocks(datetime(2026, 12, 31, 2, 0, tzinfo=CHINA)).consequences == 1
    account.refresh_from_db()
    assert account.state == "suspended"
    assert LedgerEntry.objects.filter(event="assessment.review_missed").count() == 1


def test_third_tier_is_reviewed_at_home_and_reported_as_a_list(reviewing: Reviewing) -> None:
    account = reviewing.account("一班之声", unit="class", owner="monitor")
    campaign = reviewing.open()
    chain = reviewing.handed_in(account, "monitor")
    assert [(step.position_kind, step.unit.name) for step in chain.steps.all()] == [
        ("party_branch_secretary", "法律系")
    ]
    reviewing.decide(account, "secretary", result="passed")
    assert reviewing.review(account).state == ReviewState.PASSED
    law = reviewing.college.units["law"].pk
    secretary = reviewing.college.who("secretary")
    report = services.report_results(campaign_id=campaign.pk, unit_id=law, text="", **secretary)
    assert [row["account"] for row in report.rows] == ["一班之声"]
    with pytest.raises(TransitionNotAllowed):
        services.report_results(campaign_id=campaign.pk, unit_id=law, text="", **secretary)
    with pytest.raises(PermissionDenied):
        services.report_results(campaign_id=campaign.pk, unit_id=law, text="", **reviewing.college.who("league"))
    media = reviewing.college.who("media")
    with pytest.raises(ValidationError):
        services.query_report(report_id=report.pk, text=" ", **media)
    services.query_report(report_id=report.pk, text="谁审核稿件？", **media)
    with pytest.raises(TransitionNotAllowed):
        services.acknowledge_report(report_id=report.pk, text="", **media)
    services.answer_report(report_id=report.pk, text="辅导员初审。", **secretary)
    settled = services.acknowledge_report(report_id=report.pk, text="", **media)
    assert settled.state == "acknowledged"
    assert Deadline.objects.get(subject_type="review_report", clock="report.review", state="met")


def test_one_reminder_for_each_person_however_many_accounts(reviewing: Reviewing) -> None:
    accounts = [reviewing.account(), reviewing.account("法律系微博", platform="weibo")]
    campaign = reviewing.open()
    keys = [reviewing.review(account).pk for account in accounts]
    Notice.objects.all().delete()
    told = services.remind_missing(campaign_id=campaign.pk, review_ids=keys, **reviewing.college.who("media"))
    assert len(told) == 2
    reminded = Notice.objects.filter(text__contains="还没有交")
    assert sorted(reminded.values_list("person__username", flat=True)) == ["shcc.head", "shcc.operator"]
    assert LedgerEntry.objects.filter(event="assessment.reminded").count() == 1
    reviewing.handed_in(accounts[0])
    with pytest.raises(ValidationError):
        services.remind_missing(campaign_id=campaign.pk, review_ids=keys[:1], **reviewing.college.who("media"))
    with pytest.raises(PermissionDenied):
        services.remind_missing(campaign_id=campaign.pk, review_ids=keys, **reviewing.college.who("head"))


def test_one_signature_signs_what_has_no_remarks_and_says_what_is_left_out(reviewing: Reviewing) -> None:
    clean = reviewing.account()
    remarked = reviewing.account("法律系微博", platform="weibo")
    early = reviewing.account("法律系视频号", platform="wechat_channels")
    reviewing.open()
    for account, values in ((clean, {}), (remarked, {"violations": "9月删改一条。"}), (early, {})):
        reviewing.handed_in(account, **values)
    for account in (clean, remarked):
        reviewing.decide(account, "head")
    keys = [reviewing.review(account).pk for account in (clean, remarked, early)]
    person = reviewing.college.people["director"]
    plan = services.plan_bulk(person=person, review_ids=keys, now=reviewing.now)
    assert [review.account.name for review, _chain, _step in plan.ready] == ["法律系"]
    assert {one.review.account.name for one in plan.left_out} == {"法律系微博", "法律系视频号"}
    digests = {review.pk: chain.digest for review, chain, _step in plan.ready}
    outcome = services.sign_bulk(
        person=person,
        review_ids=keys,
        digests=digests,
        text="同意。",
        signature=reviewing.college.sign("director"),
        now=reviewing.now,
    )
    assert [review.account.name for review in outcome.signed] == ["法律系"]
    assert reviewing.review(clean).state == ReviewState.PASSED
    assert reviewing.review(remarked).state == ReviewState.OFFICE
    assert LedgerEntry.objects.filter(event="assessment.review_passed").count() == 1


def test_handed_in_form_cannot_be_changed_and_strangers_see_nothing(reviewing: Reviewing) -> None:
    account = reviewing.account()
    reviewing.open()
    reviewing.handed_in(account)
    review = reviewing.review(account)
    operator = reviewing.college.who("operator")
    with pytest.raises(TransitionNotAllowed):
        services.save_review(
            review_id=review.pk, revision=review.revision, values={"posts_total": 9}, reasons={}, **operator
        )
    with pytest.raises(TransitionNotAllowed):
        services.store_push_list(review_id=review.pk, upload=reviewing.upload(), **operator)
    with pytest.raises(TransitionNotAllowed):
        services.remove_push_list(review_id=review.pk, **operator)
    assert (PushList.objects.count(), PushItem.objects.count()) == (1, 3)
    other = reviewing.account("图书馆", unit="library", owner="library_operator")
    services.enrol_everywhere(now=reviewing.now)
    with pytest.raises(PermissionDenied):
        services.store_push_list(review_id=reviewing.review(other).pk, upload=reviewing.upload(), **operator)
