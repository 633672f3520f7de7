"""An account changes its name, and another is given up: what operator, heads, Office and public see of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.hands import control, fits, open_task, saved, sign_in, sign_opinion
from tests.support.browser import PHONE
from tests.support.college import PDF, College
from xianshen.documents.models import IssuedDocument
from xianshen.registry.models import Filing, MediaAccount

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]


@pytest.fixture
def account(school: College) -> MediaAccount:
    """Return a department's account that has run for a year."""
    found = school.opened()
    found.opened_on = timezone.localdate() - timedelta(days=365)
    found.save(update_fields=["opened_on"])
    return found


def begin(page: Page, account: MediaAccount, kind: str) -> None:
    """Begin a filing from the account's page."""
    page.goto(f"/accounts/{account.pk}/")
    page.get_by_role("link", name="办理备案").click()
    page.get_by_label(kind, exact=True).check()
    page.get_by_label("哪一天变更或停办").fill((timezone.localdate() - timedelta(days=2)).isoformat())
    page.get_by_role("button", name="开始填写").click()
    page.wait_for_url("**/filings/*/edit/")


def test_a_change_of_name_to_the_printed_form_and_the_directory(
    pages: Pages,
    school: College,
    account: MediaAccount,
    run_tasks: Callable[[], int],
    ledger_report: Callable[[], dict[str, Any]],
) -> None:
    operator, head, director, public = pages(), pages(), pages(), pages()
    sign_in(operator, school.people["operator"])
    begin(operator, account, "信息变更")
    control(operator, "name").fill("上海海关学院")
    expect(operator.locator("#f-live-name")).to_contain_text("名称不合规定")
    control(operator, "name").fill("法律系学堂")
    expect(operator.locator("#f-live-name")).to_contain_text("原来：法律系学习园地")
    expect(operator.locator("#f-diff ins")).to_have_text("法律系学堂")
    control(operator, "reason").fill("栏目调整，名称随之改。")
    expect(operator.get_by_text("都填好了，可以提交。")).to_be_visible()
    saved(operator)
    operator.get_by_role("button", name="提交给系主任").click()
    expect(operator.locator("#toasts")).to_contain_text("已提交")

    sign_in(head, school.people["head"])
    open_task(head, "信息变更备案", "去签署")
    expect(head.locator("#filed + span, .xs-changes ins").last).to_be_visible()
    sign_opinion(head, "同意", "情况属实。")
    sign_in(director, school.people["director"])
    open_task(director, "信息变更备案", "去签署")
    expect(director.locator(".xs-after")).to_contain_text("公开名录换成新的")
    sign_opinion(director, "同意", "同意备案。")
    run_tasks()

    document = IssuedDocument.objects.get(form_code="annex_3")
    operator.goto(f"/filings/{Filing.objects.get().pk}/")
    expect(operator.get_by_text("已备案，登记事项和公开名录换成新的。")).to_be_visible()
    expect(operator.get_by_role("link", name="PDF").first).to_have_attribute("href", f"/documents/{document.code}.pdf")
    operator.goto(f"/accounts/{account.pk}/")
    expect(operator.get_by_role("heading", level=1)).to_have_text("法律系学堂")
    expect(operator.locator("section[aria-labelledby=former]")).to_contain_text("法律系学习园地")

    public.goto("/directory/?q=学习园地")
    listed = public.locator(".xs-dir li").filter(has_text="法律系学堂")
    expect(listed).to_contain_text("曾用「法律系学习园地」")
    assert ledger_report()["ok"]


def test_an_account_is_given_up_on_the_phone(
    pages: Pages, school: College, account: MediaAccount, ledger_report: Callable[[], dict[str, Any]]
) -> None:
    operator, head, director, public = pages(width=PHONE), pages(), pages(), pages()
    sign_in(operator, school.people["operator"])
    begin(operator, account, "停办")
    for code, text in {
        "reason": "内容并入系官方微信。",
        "followers_plan": "停更前推送三次告知。",
        "content_plan": "全部留存，由系办公室保管。",
        "custody_returned_to": "系办公室主任",
    }.items():
        control(operator, code).fill(text)
    operator.get_by_role("checkbox", name="账号、密码和绑定的手机都已交回").check()
    expect(operator.get_by_text("都填好了，可以提交。")).to_be_visible()
    assert fits(operator)
    operator.get_by_role("button", name="提交给系主任").click()
    expect(operator.locator("#toasts")).to_contain_text("已提交")
    for page, role in ((head, "head"), (director, "director")):
        sign_in(page, school.people[role])
        open_task(page, "停办备案", "去签署")
        sign_opinion(page, "同意", "同意停办。")
    public.goto(f"/directory/accounts/{account.code}/")
    expect(public.locator(".xs-head")).to_contain_text("停办中")

    open_task(operator, "平台注销证明", "去交证明")
    operator.get_by_label("平台出具的注销证明").set_input_files(
        {"name": "注销.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    operator.get_by_role("button", name="交证明，办完停办").click()
    expect(operator.locator("#toasts")).to_contain_text("已停办")
    assert fits(operator)
    public.reload()
    expect(public.locator(".xs-head")).to_contain_text("已停办")
    assert ledger_report()["ok"]
