"""Accounts of the third tier: decided by the department or the League Committee, then reported to the Office."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hands import (
    begin_application,
    fill_application,
    fits,
    open_task,
    sign_in,
    sign_opinion,
    submit_application,
)
from tests.support.browser import PHONE
from tests.support.college import College
from xianshen.documents.models import IssuedDocument
from xianshen.registry.models import MediaAccount, OpeningApplication

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]


def test_class_is_decided_by_its_department_and_reported(
    pages: Pages, school: College, run_tasks: Callable[[], int], ledger_report: Callable[[], dict[str, Any]]
) -> None:
    school.complete_file("law", "head")
    monitor, secretary, office = pages(), pages(), pages()
    sign_in(monitor, school.people["monitor"])
    begin_application(monitor)
    fill_application(
        monitor, name="法律一班之声", handle="flyiban_2024", content_scope="班级学风建设、作业提醒、班会纪要。"
    )
    route = monitor.locator("#f-route")
    expect(route).to_contain_text("党总支书记")
    expect(route).to_contain_text("报校办公室备案")
    submit_application(monitor, "党总支书记")

    sign_in(secretary, school.people["secretary"])
    open_task(secretary, "法律一班之声", "去签署")
    expect(secretary.locator(".xs-after")).to_contain_text("向校办公室报备")
    sign_opinion(secretary, "同意", "同意开设，辅导员每周看一次。")
    account = MediaAccount.objects.get(name="法律一班之声")
    assert (account.state, account.tier, account.home_unit) == ("active", 3, school.units["law"])

    sign_in(office, school.people["media"])
    open_task(office, "确认", "去确认")
    expect(office.locator(".xs-choice label")).to_have_text(["知悉", "质询", "撤销"])
    sign_opinion(office, "质询", "谁审核学生写的稿件？")

    open_task(secretary, "答复办公室", "去答复")
    expect(secretary.locator("main")).to_contain_text("谁审核学生写的稿件？")
    sign_opinion(secretary, "答复质询", "辅导员初审，我终审。")

    open_task(office, "确认", "去确认")
    expect(office.locator("main")).to_contain_text("辅导员初审，我终审。")
    sign_opinion(office, "知悉")
    run_tasks()
    page = pages()
    page.goto("/directory/?tier=3")
    listed = page.locator(".xs-dir li, tr").filter(has_text="法律一班之声")
    expect(listed).to_contain_text("运行中")
    page.goto(f"/verify/{account.code}")
    expect(page.locator(".xs-result h2")).to_have_text("是。它由上海海关学院2024级法律一班主办")
    expect(page.locator(".xs-result")).to_contain_text("三级")
    assert ledger_report()["ok"]


def test_office_revokes_what_the_league_committee_had_decided(
    pages: Pages, school: College, run_tasks: Callable[[], int], ledger_report: Callable[[], dict[str, Any]]
) -> None:
    school.complete_file("league", "league")
    club, league, office, public = pages(width=PHONE), pages(), pages(), pages()
    sign_in(club, school.people["club"])
    application = begin_application(club)
    fill_application(club, name="关务协会", handle="guanwu_club", content_scope="协会讲座预告、会员作品、招新通知。")
    submit_application(club, "校团委书记")
    assert fits(club)
    sign_in(league, school.people["league"])
    open_task(league, "关务协会", "去签署")
    sign_opinion(league, "同意", "同意。")
    run_tasks()
    account, document = MediaAccount.objects.get(), IssuedDocument.objects.get()
    public.goto(f"/verify/{document.code}")
    expect(public.locator(".xs-result h2")).to_have_text("有效。由上海海关学院签发")

    sign_in(office, school.people["media"])
    open_task(office, "关务协会", "去确认")
    sign_opinion(office, "撤销", "账号名称和协会章程不符，先停下来整改。")
    run_tasks()

    public.reload()
    expect(public.locator(".xs-result h2")).to_have_text("已撤回，不再有效")
    public.goto(f"/verify/{account.code}")
    expect(public.locator(".xs-result h2")).to_have_text("是，但现在不能运行。它由上海海关学院关务协会主办")
    public.goto("/directory/")
    expect(public.locator(".xs-dir li, tr").filter(has_text="关务协会").first).to_contain_text("暂停")
    public.goto(f"/directory/accounts/{account.code}/")
    expect(public.locator(".xs-head")).to_contain_text("暂停")
    assert "不能运行" in public.locator(".xs-result").inner_text()

    club.goto(f"/applications/{application.pk}/")
    expect(club.get_by_text("撤销了批准")).to_be_visible()
    expect(club.get_by_text("「账号名称和协会章程不符，先停下来整改。」").first).to_be_visible()
    assert OpeningApplication.objects.get(pk=application.pk).state == "revoked"
    assert ledger_report()["ok"]
