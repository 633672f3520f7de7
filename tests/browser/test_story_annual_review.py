"""The annual review with a real browser: opened, filled in, signed, verified; missed, suspended, and back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.assessment.conftest import Reviewing
from tests.browser.hands import fits, open_task, saved, sign_in, sign_opinion
from tests.support.browser import PHONE
from tests.support.college import build_college
from xianshen.assessment.models import AnnualReview
from xianshen.clocks.services import run_due
from xianshen.documents.models import IssuedDocument

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]
NOON = datetime(timezone.localdate().year, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock of the pages, and return how to set it again; sessions outlive the jump."""
    started = timezone.now

    def put(moment: datetime) -> None:
        shift = moment - started()
        monkeypatch.setattr(timezone, "now", lambda: started() + shift)

    put(NOON)
    return put


def fill(page: Page, year: int) -> None:
    """Hand in the list and write what it does not say."""
    rows = f"日期,标题,点击量,转发量\n{year}-03-08,开学第一课,1284,37\n{year}-06-19,端午放假通知,960,12\n"
    page.get_by_label("清单文件").set_input_files(
        {"name": "清单.csv", "mimeType": "text/csv", "buffer": rows.encode("gbk")}
    )
    expect(page.locator("#list-plan")).to_contain_text("读到 2 条，没有错")
    page.get_by_role("button", name="存入").click()
    expect(page.locator("#push-list")).to_contain_text("端午放假通知")
    expect(page.locator("#id_posts_total")).to_have_value("2")
    expect(page.locator("#id_best_title")).to_have_value("开学第一课")
    page.locator("#id_followers_total").fill("3,210")
    page.locator("#id_violations").fill("无")
    expect(page.get_by_text("都填好了，可以提交。")).to_be_visible()
    saved(page)


def test_year_is_reviewed_and_who_missed_it_comes_back(
    pages: Pages,
    transactional_db: None,
    clock: Callable[[datetime], None],
    run_tasks: Callable[[], int],
    ledger_report: Callable[[], dict[str, Any]],
) -> None:
    reviewing = Reviewing(build_college(NOON - timedelta(days=30)))
    law = reviewing.account()
    library = reviewing.account("图书馆", unit="library", owner="library_operator")
    people = reviewing.college.people
    office, operator, head, director = pages(), pages(), pages(), pages()

    sign_in(office, people["media"], "/reviews/")
    office.get_by_role("button", name="年度年审").click()
    expect(office.get_by_role("heading", level=1)).to_have_text("还有 2 个平台没有交年审表")

    sign_in(operator, people["operator"])
    open_task(operator, "交「法律系」", "去填")
    fill(operator, NOON.year)
    operator.get_by_role("button", name="提交给系主任").click()
    expect(operator.locator("#toasts")).to_contain_text("已提交")

    sign_in(head, people["head"])
    open_task(head, "法律系", "去签署")
    sign_opinion(head, "同意", "属实。")

    sign_in(director, people["director"])
    open_task(director, "法律系", "去签署")
    expect(director.get_by_label("哪天前改好")).to_be_hidden()
    director.get_by_label("整改", exact=True).check()
    expect(director.get_by_label("哪天前改好")).to_be_visible()
    director.get_by_label("合格", exact=True).check()
    sign_opinion(director, "同意", "同意。")
    run_tasks()

    document = IssuedDocument.objects.get()
    public = pages()
    public.goto(f"/verify/{document.code}")
    expect(public.locator(".xs-result h2")).to_have_text("有效。由上海海关学院签发")
    expect(public.locator("main")).to_contain_text("年审表")

    after = datetime(NOON.year + 1, 1, 2, 8, 0, tzinfo=NOON.tzinfo)
    assert run_due(after).consequences == 1
    public.goto("/directory/")
    expect(public.locator(".xs-dir li, tr").filter(has_text="图书馆").first).to_contain_text("暂停：未年审")
    expect(public.locator(".xs-dir li, tr").filter(has_text="法律系").first).to_contain_text("运行中")

    clock(after)
    reviewing.now = after
    late = pages(width=PHONE)
    sign_in(late, people["library_operator"])
    open_task(late, "交「图书馆」", "去填")
    expect(late.locator("main")).to_contain_text("已经截止")
    fill(late, NOON.year)
    assert fits(late)
    late.get_by_role("button", name="提交给馆长").click()
    expect(late.locator("#toasts")).to_contain_text("已提交")
    reviewing.decide(library, "library_head")
    reviewing.decide(library, "director", result="passed")
    run_tasks()
    public.reload()
    expect(public.locator(".xs-dir li, tr").filter(has_text="图书馆").first).to_contain_text("运行中")
    law.refresh_from_db()
    assert (law.state, AnnualReview.objects.filter(state="passed").count()) == ("active", 2)
    assert ledger_report()["ok"]
