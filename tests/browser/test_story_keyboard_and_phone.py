"""Keys, drawers, lost sign-ins, several windows and impatient fingers: nothing typed is ever lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.browser.hands import control, fill_application, fits, give_password, saved, sign_in
from tests.factories.organisation import PASSWORD
from tests.support.browser import DESKTOP, PHONE
from tests.support.college import College
from xianshen.approvals.models import ApprovalChain
from xianshen.ledger.models import LedgerEntry
from xianshen.registry.models import OpeningApplication

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]


def lose_sign_in(page: Page) -> None:
    """Let the sign-in expire: the session's cookie is gone."""
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)


def test_the_workbench_is_walked_by_keyboard(pages: Pages, school: College) -> None:
    for name, handle in (("法律系学习园地", "flx_study"), ("模拟法庭直播", "flx_court")):
        school.submitted(name=name, handle=handle)
    page = pages(school.people["head"])
    page.goto("/")
    current = page.locator("[data-row].is-current")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("jk")
    expect(page.locator("[data-search]")).to_have_value("jk")
    expect(current).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    first = current.inner_text()
    page.keyboard.press("j")
    expect(current).not_to_have_text(first, use_inner_text=True)
    page.keyboard.press("k")
    expect(current).to_have_text(first, use_inner_text=True)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="快捷键")
    expect(keys).to_be_visible()
    page.keyboard.press("j")
    expect(current).to_have_text(first, use_inner_text=True)
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/approvals/*/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("开设申请")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url(lambda url: url.endswith("/"))


@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_an_article_opens_over_the_page_and_closes(pages: Pages, school: College, width: int) -> None:
    school.submitted()
    page = pages(school.people["head"], width=width)
    page.goto("/")
    chip = page.locator("[data-row]").filter(has_text="法律系学习园地").get_by_role("link", name="第八条")
    chip.click()
    drawer = page.get_by_role("dialog", name="条文")
    expect(drawer.get_by_role("heading", name="第八条")).to_be_visible()
    expect(drawer).to_contain_text("事先须向学校办公室提出申请，填写《上海海关学院校园新媒体开设申请表》")
    assert fits(page)
    drawer.get_by_role("button", name="关闭").click()
    expect(drawer).to_be_hidden()
    chip.press("Enter")
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(chip).to_be_focused()
    assert page.url.endswith("/")


def test_an_expired_sign_in_loses_nothing_while_the_draft_is_written(pages: Pages, school: College) -> None:
    draft = school.draft(positioning="")
    page = pages()
    sign_in(page, school.people["operator"], f"/applications/{draft.pk}/edit/")
    lose_sign_in(page)
    control(page, "positioning").fill("登录过期以后写下的定位，一个字也不能丢。")
    told = page.locator("#toasts")
    expect(told).to_contain_text("登录已过期。你写的内容还在这一页")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "failed")
    with page.expect_popup() as opened:
        told.get_by_role("link", name="在新窗口登录").click()
    give_password(opened.value, school.people["operator"])
    opened.value.close()
    expect(control(page, "positioning")).to_have_value("登录过期以后写下的定位，一个字也不能丢。")
    control(page, "positioning").press("End")
    page.keyboard.type("完。")
    saved(page)
    draft.refresh_from_db()
    assert draft.positioning == "登录过期以后写下的定位，一个字也不能丢。完。"


def test_an_expired_sign_in_loses_nothing_when_the_form_is_sent(pages: Pages, school: College) -> None:
    draft = school.draft(name="")
    page = pages()
    sign_in(page, school.people["operator"], f"/applications/{draft.pk}/edit/")
    fill_application(page)
    lose_sign_in(page)
    page.get_by_role("button", name="提交给系主任").click()
    expect(page.locator("body")).to_contain_text("刚才填的内容已经留住")
    give_password(page, school.people["operator"])
    expect(page.get_by_role("heading", level=1)).to_have_text("刚才填的内容还在")
    expect(page.locator("main")).to_contain_text("法律系学习园地")
    page.get_by_role("button", name="接着提交").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("法律系学习园地 · 开设申请")
    assert OpeningApplication.objects.get(pk=draft.pk).state == "submitted"


def test_an_expired_sign_in_loses_no_opinion(pages: Pages, school: College) -> None:
    chain = school.submitted()
    page = pages(width=PHONE)
    sign_in(page, school.people["head"], f"/approvals/{chain.pk}/")
    page.get_by_label("退回修改", exact=True).check()
    page.locator("#opinion-text").fill("范围太宽，只写专业学习。")
    page.locator("#secret").fill("过期前写的密码")
    lose_sign_in(page)
    page.get_by_role("button", name="退回修改并签署").click()
    give_password(page, school.people["head"])
    expect(page.locator("main")).to_contain_text("范围太宽，只写专业学习。")
    assert "过期前写的密码" not in page.content()
    page.get_by_label("密码或口令").fill(PASSWORD)
    page.get_by_role("button", name="接着提交").click()
    expect(page.locator(".xs-head")).to_contain_text("退回修改")
    assert ApprovalChain.objects.get(pk=chain.pk).state == "returned"


def test_two_windows_on_one_draft_are_told_of_each_other(pages: Pages, school: College) -> None:
    draft = school.draft()
    first = pages(school.people["operator"])
    second = first.context.new_page()
    for window in (first, second):
        window.goto(f"/applications/{draft.pk}/edit/")
    control(first, "positioning").fill("第一个窗口写的定位，先存进去了。")
    saved(first)
    control(second, "positioning").fill("第二个窗口写的定位，后写的。")
    told = second.locator("#f-conflict")
    expect(told).to_contain_text("这份申请在另一个窗口里改过。")
    expect(control(second, "positioning")).to_have_value("第二个窗口写的定位，后写的。")
    draft.refresh_from_db()
    assert draft.positioning == "第一个窗口写的定位，先存进去了。"
    second.get_by_role("button", name="提交给系主任").click()
    expect(second.locator("#f-conflict")).to_contain_text("这份申请在另一个窗口里改过。")
    expect(control(second, "positioning")).to_have_value("第二个窗口写的定位，后写的。")
    assert not ApprovalChain.objects.exists()
    second.get_by_role("button", name="用这里写的覆盖").click()
    expect(second.locator("#f-conflict")).to_be_empty()
    draft.refresh_from_db()
    assert draft.positioning == "第二个窗口写的定位，后写的。"


@pytest.mark.parametrize("script", (True, False))
def test_a_double_click_submits_once(pages: Pages, school: College, script: bool) -> None:
    draft = school.draft(audience=["unit_students"])
    page = pages(school.people["operator"], java_script_enabled=script)
    page.goto(f"/applications/{draft.pk}/edit/")
    page.get_by_role("button", name="提交给系主任").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("法律系学习园地 · 开设申请")
    assert OpeningApplication.objects.count() == ApprovalChain.objects.count() == 1
    assert OpeningApplication.objects.get().state == "submitted"
    assert LedgerEntry.objects.filter(event="registry.application_submitted").count() == 1


def test_a_double_click_signs_once(pages: Pages, school: College) -> None:
    chain = school.submitted()
    page = pages(school.people["head"])
    page.goto(f"/approvals/{chain.pk}/")
    page.locator("#secret").fill(PASSWORD)
    page.get_by_role("button", name="同意并签署").dblclick()
    expect(page.locator("main")).to_contain_text("等校办公室意见")
    opinions: list[Any] = [step.opinions.count() for step in ApprovalChain.objects.get().steps.order_by("order")]
    assert opinions == [1, 0]
