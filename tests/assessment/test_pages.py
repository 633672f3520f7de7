"""The room's pages over HTTP: what they show, what they refuse, and how many questions they ask."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from tests.assessment.conftest import AUTUMN, CSV, Reviewing
from tests.factories.organisation import PASSWORD
from tests.support.college import build_college
from xianshen.approvals.models import Opinion
from xianshen.assessment import services
from xianshen.assessment.enums import ReviewState
from xianshen.assessment.models import AnnualReview, PushList, ReviewCampaign
from xianshen.documents.models import Attachment, IssuedDocument
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice
from xianshen.registry.models import MediaAccount


@pytest.fixture
def today(db: None, monkeypatch: pytest.MonkeyPatch) -> Reviewing:
    """Return the college in late autumn; pages read the same clock, whatever the day of the test."""
    monkeypatch.setattr(timezone, "now", lambda: AUTUMN)
    return Reviewing(build_college(AUTUMN))


@pytest.fixture
def year(today: Reviewing) -> int:
    return today.college.on.year


@pytest.fixture
def client(today: Reviewing, client_of: Callable[[Any], Client]) -> Callable[[str], Client]:
    return lambda role: client_of(today.college.people[role])


def page(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, f"{path}: {response.status_code}"
    return response.content.decode()


def test_office_opens_and_a_second_time_leads_to_the_first(
    today: Reviewing, client: Callable[[str], Client], year: int
) -> None:
    today.account()
    office = client("media")
    assert f"开始 {year} 年度年审" in page(office, "/reviews/")
    assert office.post("/reviews/open/", {"year": year}).status_code == 302
    assert "还有 1 个平台没有交年审表" in page(office, "/reviews/")
    again = office.post("/reviews/open/", {"year": year})
    assert again.status_code == 409
    assert f'href="/reviews/?year={year}"' in again.content.decode()
    assert ReviewCampaign.objects.count() == 1
    assert office.post("/reviews/open/", {"year": year + 1}).status_code == 422
    assert client("operator").post("/reviews/open/", {"year": year}).status_code == 403


def test_operator_fills_uploads_and_submits(today: Reviewing, client: Callable[[str], Client]) -> None:
    account = today.account()
    today.open(today.college.on.year)
    review = today.review(account)
    operator = client("operator")
    assert "去填" in page(operator, "/reviews/mine/")
    assert "交「法律系」" in page(operator, "/")
    form = page(operator, f"/reviews/{review.pk}/edit/")
    assert "还差" in form
    wrong = operator.post(
        f"/reviews/{review.pk}/list/",
        {"upload": SimpleUploadedFile("清单.csv", "推送日期,标题\n昨天,甲\n2020-01-01,乙\n".encode())},
    )
    assert wrong.status_code == 422
    assert "不是日期，或没有这一天" in wrong.content.decode()
    assert "年内" in wrong.content.decode()
    assert not PushList.objects.exists()
    seen = operator.post(
        f"/reviews/{review.pk}/list/preview/",
        {"upload": SimpleUploadedFile("清单.csv", CSV.encode())},
        headers={"HX-Request": "true"},
    )
    assert "读到 3 条，没有错" in seen.content.decode()
    assert not PushList.objects.exists()
    stored = operator.post(f"/reviews/{review.pk}/list/", {"upload": SimpleUploadedFile("清单.csv", CSV.encode())})
    assert stored.status_code == 302
    attachment = Attachment.objects.get()
    assert (PushList.objects.get().digest, attachment.content_type) == (attachment.digest, "csv")
    assert operator.get(f"/attachments/{attachment.pk}/").status_code in {200, 404}
    assert "教师节" in page(operator, f"/reviews/{review.pk}/posts/")
    fresh = today.review(account)
    values = {"posts_total": "3", "followers_total": "３,210", "violations": "无", "revision": fresh.revision}
    saved = operator.post(f"/reviews/{review.pk}/save/", values, headers={"HX-Request": "true"})
    assert saved.status_code == 200
    assert "都填好了，可以提交" in saved.content.decode()
    assert today.review(account).followers_total == 3210
    stale = operator.post(f"/reviews/{review.pk}/save/", values, headers={"HX-Request": "true"})
    assert stale.status_code == 409
    bad = {**values, "followers_total": "三千", "revision": today.review(account).revision}
    refused = operator.post(f"/reviews/{review.pk}/submit/", bad)
    assert refused.status_code == 422
    assert "不是数字" in refused.content.decode()
    values["revision"] = today.review(account).revision
    assert operator.post(f"/reviews/{review.pk}/submit/", values).status_code == 302
    assert today.review(account).state == ReviewState.UNIT
    assert operator.get(f"/reviews/{review.pk}/edit/").status_code == 302
    assert operator.post(f"/reviews/{review.pk}/submit/", values).status_code == 302
    shown = page(operator, f"/reviews/{review.pk}/")
    assert "等部门意见" in shown
    assert "推送清单" in shown


def handed_in(today: Reviewing, account: MediaAccount, **values: Any) -> None:
    review = today.review(account)
    who = today.college.who("operator")
    services.store_push_list(review_id=review.pk, upload=today.upload(CSV), **who)
    review = today.review(account)
    services.save_review(
        review_id=review.pk,
        revision=review.revision,
        values={"followers_total": 3210, "violations": "无", **values},
        reasons={},
        **who,
    )
    today.submit(account)


def test_director_chooses_the_result_on_the_approval_page(
    today: Reviewing, client: Callable[[str], Client], run_tasks: Callable[[], int]
) -> None:
    account = today.account()
    today.open(today.college.on.year)
    handed_in(today, account)
    today.decide(account, "head")
    chain = today.chain(account)
    director = client("director")
    shown = page(director, f"/approvals/{chain.pk}/")
    assert "年审结果" in shown
    assert "哪天前改好" in shown
    assert "年审结果" not in page(client("head"), f"/approvals/{chain.pk}/")
    step = next(step for step in chain.steps.all() if step.state == "current")
    post = {"step": step.pk, "digest": chain.digest, "verdict": "agree", "text": "", "secret": PASSWORD}
    refused = director.post(f"/approvals/{chain.pk}/decide/", {**post, "result": "rectify"})
    assert refused.status_code == 422
    assert "整改没有写期限" in refused.content.decode()
    assert today.review(account).state == ReviewState.OFFICE
    assert director.post(f"/approvals/{chain.pk}/decide/", {**post, "result": "passed"}).status_code == 302
    assert today.review(account).state == ReviewState.PASSED
    run_tasks()
    document = IssuedDocument.objects.get()
    assert "有效" in Client().get(f"/verify/{document.code}", follow=True).content.decode()
    assert client("operator").get(f"/reviews/{today.review(account).pk}/").status_code == 200


def test_bulk_signature_over_http(today: Reviewing, client: Callable[[str], Client]) -> None:
    accounts = [today.account(), today.account("法律系微博", platform="weibo")]
    today.open(today.college.on.year)
    handed_in(today, accounts[0])
    handed_in(today, accounts[1], violations="删改一条。")
    for account in accounts:
        today.decide(account, "head")
    director = client("director")
    shown = page(director, "/reviews/sign/")
    assert "有 1 份核对没有异常" in shown
    assert "负责人写了违规发布" in shown
    chain = today.chain(accounts[0])
    post = {
        "ids": today.review(accounts[0]).pk,
        "seen": f"{today.review(accounts[0]).pk}:{chain.digest}",
        "text": "同意。",
    }
    assert director.post("/reviews/sign/", {**post, "secret": "wrong"}).status_code == 422
    assert Opinion.objects.filter(step__order=2).count() == 0
    assert director.post("/reviews/sign/", {**post, "secret": PASSWORD}).status_code == 302
    assert [today.review(account).state for account in accounts] == [ReviewState.PASSED, ReviewState.OFFICE]


def test_forged_ids_and_strangers_get_nothing(
    today: Reviewing, client: Callable[[str], Client], client_of: Any
) -> None:
    account = today.account()
    campaign = today.open(today.college.on.year)
    review = today.review(account)
    other = client("library_operator")
    for path in (
        f"/reviews/{review.pk}/",
        f"/reviews/{review.pk}/edit/",
        f"/reviews/{review.pk}/paper/",
        f"/reviews/{review.pk}/posts/",
    ):
        assert other.get(path).status_code == 404, path
    assert other.post(f"/reviews/{review.pk}/save/", {"revision": 1, "posts_total": 7}).status_code == 404
    assert other.post(f"/reviews/{review.pk}/list/", {"upload": today.upload()}).status_code == 404
    office = client("media")
    assert office.get("/reviews/999999/").status_code == 404
    assert office.get("/reviews/?year=1999").status_code == 404
    assert office.get("/reviews/reports/999/").status_code == 404
    assert office.post(f"/reviews/{review.pk}/save/", {"revision": 1, "posts_total": 7}).status_code == 403
    assert office.post("/reviews/remind/", {"ids": ["999", "x", review.pk], "year": campaign.year}).status_code == 302
    assert other.post("/reviews/remind/", {"ids": review.pk}).status_code == 403
    assert client("head").get("/reviews/export/").status_code == 403
    assert today.review(account).posts_total is None
    for role in ("operator", "head", "library_operator", "secretary"):
        assert client(role).get("/reviews/", follow=True).status_code == 200


def test_office_reminds_everybody_in_one_act(today: Reviewing, client: Callable[[str], Client]) -> None:
    today.account()
    today.account("图书馆", unit="library", owner="library_operator")
    campaign = today.open(today.college.on.year)
    Notice.objects.all().delete()
    office = client("media")
    assert "提醒全部 2 个单位" in page(office, "/reviews/")
    office.post("/reviews/remind/", {"all": "1", "year": campaign.year})
    assert LedgerEntry.objects.filter(event="assessment.reminded").count() == 1
    assert Notice.objects.count() == 4
    assert set(AnnualReview.objects.values_list("reminders", flat=True)) == {1}
    office.post("/reviews/remind/", {"units": today.college.units["law"].pk, "year": campaign.year})
    assert sorted(AnnualReview.objects.values_list("reminders", flat=True)) == [1, 2]


def test_export_and_report_hold_exactly_the_view(today: Reviewing, client: Callable[[str], Client]) -> None:
    account = today.account("=1+1号")
    today.account("图书馆", unit="library", owner="library_operator")
    campaign = today.open(today.college.on.year)
    handed_in(today, account)
    office = client("media")
    sheet = load_workbook(BytesIO(office.get("/reviews/export/?view=unit&format=xlsx").content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["新媒体名称", "=1+1号"]
    assert sheet["A2"].data_type == "s"
    csv = office.get("/reviews/export/?view=missing&format=csv").content.decode("utf-8-sig")
    assert "图书馆" in csv
    assert "1+1" not in csv
    shown = page(office, f"/reviews/summary/?year={campaign.year}")
    assert "没有交 1 个" in shown
    pdf = office.get("/reviews/summary.pdf").content
    assert pdf.startswith(b"%PDF-")
    book = load_workbook(BytesIO(office.get("/reviews/summary.xlsx").content))
    assert book.sheetnames == ["汇总", "明细", "三级平台"]
    assert client("operator").get("/reviews/summary.pdf").status_code == 403


@pytest.mark.parametrize(
    "path", ["/reviews/?by=unit", "/reviews/?by=account&view=all", "/reviews/summary/", "/reviews/mine/", "/"]
)
def test_lists_ask_a_fixed_number_of_questions(
    path: str, today: Reviewing, client: Callable[[str], Client], queries_constant: Callable[..., int]
) -> None:
    today.account()
    today.open(today.college.on.year)
    role = "operator" if path in {"/reviews/mine/", "/"} else "media"
    signed_in = client(role)

    def grow() -> None:
        for number in range(30):
            today.account(f"第{number}号", platform="weibo", unit="law" if number % 2 else "library", owner="operator")
        services.enrol_everywhere(now=today.now)

    queries_constant(lambda: page(signed_in, path), grow, at_most=40)


def test_reports_between_home_unit_and_office(today: Reviewing, client: Callable[[str], Client]) -> None:
    account = today.account("一班之声", unit="class", owner="monitor")
    campaign = today.open(today.college.on.year)
    review = today.review(account)
    who = today.college.who("monitor")
    services.store_push_list(review_id=review.pk, upload=today.upload(CSV), **who)
    review = today.review(account)
    services.save_review(
        review_id=review.pk,
        revision=review.revision,
        values={"followers_total": 99, "violations": "无"},
        reasons={},
        **who,
    )
    today.submit(account, "monitor")
    today.decide(account, "secretary", result="passed")
    secretary, office = client("secretary"), client("media")
    law = today.college.units["law"].pk
    assert "向办公室报备" in page(secretary, "/reviews/mine/")
    assert "一班之声" in page(secretary, f"/reviews/reports/new/{law}/")
    sent = secretary.post(f"/reviews/reports/new/{law}/", {"year": campaign.year, "text": ""})
    assert sent.status_code == 302
    assert "确认法律系的年审报备" in page(office, "/")
    where = sent.headers["Location"]
    assert office.post(f"{where}query/", {"text": ""}).status_code == 422
    assert office.post(f"{where}query/", {"text": "谁审核？"}).status_code == 302
    assert "谁审核？" in page(secretary, where)
    assert secretary.post(f"{where}answer/", {"text": "辅导员。"}).status_code == 302
    assert secretary.post(f"{where}acknowledge/", {"text": ""}).status_code == 403
    assert office.post(f"{where}acknowledge/", {"text": ""}).status_code == 302
    assert client("league").get(where).status_code == 404
