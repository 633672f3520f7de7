"""The register's screens in a real browser: writing, saving, choosing, and what axe says, on both widths and themes."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.hands import saved
from tests.factories.registry import PDF, College, college
from tests.support.appearance import faults
from tests.support.browser import DESKTOP, PHONE
from xianshen.registry.models import OpeningApplication
from xianshen.regulation.selectors import forget_policies

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Any


@pytest.fixture
def school(transactional_db: None) -> Any:
    """Return the college with a few accounts and applications."""
    forget_policies()
    made = college(timezone.now())
    made.sponsor_file("law")
    made.account("法律系", handle="flx_shcc", second_contact_name="李强", second_contact_mobile="13600136000")
    made.account("法律青年", handle="flqn_shcc", content_scope="模拟法庭实录、志愿服务和学生风采。")
    made.account("图书馆服务", unit="library", owner="library_operator", handle="shcc_lib")
    yield made
    forget_policies()


def test_writing_saves_itself_and_keeps_the_place(pages: Pages, school: College) -> None:
    draft = school.draft()
    page = pages(school["law_operator"])
    page.goto(f"/applications/{draft.pk}/edit/")
    name = page.get_by_label("新媒体名称")
    name.click()
    page.keyboard.insert_text("法律青")
    saved(page)
    expect(page.locator("#f-live-name")).to_contain_text("相近")
    expect(name).to_be_focused()
    page.keyboard.insert_text("年社")
    expect(page.locator("#revision")).to_have_value("3")
    expect(name).to_be_focused()
    expect(name).to_have_value("法律青年社")
    draft.refresh_from_db()
    assert draft.name == "法律青年社"
    assert draft.revision == 3


def test_fast_writing_never_conflicts_with_itself(pages: Pages, school: College) -> None:
    draft = school.draft()
    page = pages(school["law_operator"])
    page.goto(f"/applications/{draft.pk}/edit/")
    page.get_by_label("发布内容范围").click()
    for part in ("模拟法庭", "实录、", "案例解读", "和实习", "信息。"):
        page.keyboard.type(part)
        page.wait_for_timeout(650)
    page.get_by_role("textbox", name="定位", exact=True).click()
    page.keyboard.type("给学法律的学生看的账号。")
    saved(page)
    expect(page.locator("#f-conflict")).to_be_empty()
    draft.refresh_from_db()
    assert draft.content_scope == "模拟法庭实录、案例解读和实习信息。"
    assert draft.positioning == "给学法律的学生看的账号。"
    expect(page.locator("#f-near mark").first).to_be_visible()
    expect(page.locator("#f-count-content_scope")).to_contain_text("现在 17 字")


def test_a_wrong_handle_is_marked_and_mended_with_one_click(pages: Pages, school: College) -> None:
    draft = school.draft(name="法律系实务课堂")
    page = pages(school["law_operator"])
    page.goto(f"/applications/{draft.pk}/edit/")
    page.get_by_role("radio", name="微信订阅号").check()
    handle = page.get_by_label("账号名称或链接地址")
    handle.fill("法律系")
    saved(page)
    expect(handle).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="改成 flxswkt_shcc").click()
    expect(handle).to_have_value("flxswkt_shcc")
    expect(handle).not_to_have_attribute("aria-invalid", "true")
    saved(page)
    draft.refresh_from_db()
    assert draft.handle == "flxswkt_shcc"


def test_the_waiting_button_leads_to_what_is_missing(pages: Pages, school: College) -> None:
    draft = school.draft(**school.complete_values(owner_email=""))
    page = pages(school["law_operator"])
    page.goto(f"/applications/{draft.pk}/edit/")
    button = page.get_by_role("button", name="提交给系主任")
    button.focus()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="填邮箱")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("邮箱").fill("flx@example.edu.cn")
    expect(page.get_by_text("都填好了，可以提交。")).to_be_visible()
    page.get_by_role("button", name="提交给系主任").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("法律系实务课堂 · 开设申请")
    assert OpeningApplication.objects.get(pk=draft.pk).state == "submitted"


def test_enter_in_a_field_saves_and_does_not_submit(pages: Pages, school: College) -> None:
    draft = school.draft(**school.complete_values())
    page = pages(school["law_operator"])
    page.goto(f"/applications/{draft.pk}/edit/")
    page.get_by_label("新媒体名称").fill("按了回车")
    page.keyboard.press("Enter")
    saved(page)
    assert page.url.endswith("/edit/")
    draft.refresh_from_db()
    assert (draft.name, draft.state) == ("按了回车", "draft")


def test_refused_submission_takes_the_focus_to_the_summary(pages: Pages, school: College) -> None:
    draft = school.draft()
    page = pages(school["law_operator"], java_script_enabled=True)
    page.goto(f"/applications/{draft.pk}/edit/")
    page.get_by_label("第二联系人", exact=True).fill("李强")
    saved(page)
    page.evaluate("document.querySelector('#submit-button').removeAttribute('aria-disabled')")
    page.get_by_role("button", name="提交给系主任").click()
    expect(page.locator(".xs-errsum")).to_be_focused()
    expect(page.get_by_label("第二联系人", exact=True)).to_have_value("李强")
    page.locator(".xs-errsum").get_by_role("link", name="新媒体名称").click()
    expect(page.get_by_label("新媒体名称")).to_be_focused()


def test_two_windows_are_told_about_each_other(pages: Pages, school: College) -> None:
    draft = school.draft()
    first, second = pages(school["law_operator"]), pages(school["law_operator"])
    for page in (first, second):
        page.goto(f"/applications/{draft.pk}/edit/")
    first.get_by_label("新媒体名称").fill("窗口一")
    saved(first)
    second.get_by_label("新媒体名称").fill("窗口二")
    expect(second.get_by_text("这份申请在另一个窗口里改过。")).to_be_visible()
    expect(second.get_by_label("新媒体名称")).to_have_value("窗口二")
    second.get_by_role("button", name="用这里写的覆盖").click()
    expect(second.locator("#f-conflict")).to_be_empty()
    draft.refresh_from_db()
    assert draft.name == "窗口二"
    # The library says on the console that the answer was a refusal; that is what this test is about.
    pages.problems[:] = [problem for problem in pages.problems if "409" not in problem]


def test_a_file_is_added_without_losing_what_is_typed(pages: Pages, school: College) -> None:
    draft = school.draft()
    page = pages(school["law_operator"])
    page.goto(f"/applications/{draft.pk}/edit/")
    page.get_by_label("新媒体名称").fill("还没保存的字")
    page.locator("#upload").set_input_files({"name": "说明.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_role("button", name="传上来").click()
    expect(page.locator("#attachments")).to_contain_text("说明.pdf")
    expect(page.get_by_label("新媒体名称")).to_have_value("还没保存的字")
    page.get_by_role("button", name="移除 说明.pdf").click()
    expect(page.locator("#attachments")).not_to_contain_text("说明.pdf")


def test_the_form_works_without_script(pages: Pages, school: College) -> None:
    draft = school.draft()
    page = pages(school["law_operator"], java_script_enabled=False)
    page.goto(f"/applications/{draft.pk}/edit/")
    page.get_by_label("新媒体名称").fill("没有脚本")
    page.get_by_role("button", name="提交给系主任").press("Enter")
    expect(page.locator(".xs-errsum")).to_contain_text("发布内容范围：还没有填。")
    expect(page.get_by_label("新媒体名称")).to_have_value("没有脚本")


def test_picking_rows_brings_the_bar_and_leads_to_the_reminder(pages: Pages, school: College) -> None:
    page = pages(school["officer"])
    page.goto("/accounts/")
    bar = page.locator("[data-bulk]")
    expect(bar).to_be_hidden()
    page.get_by_label("选中 法律系").check()
    page.get_by_label("选中 图书馆服务").check()
    expect(bar).to_contain_text("已选 2 个")
    bar.get_by_role("button", name="提醒负责人").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("提醒 2 个账号的负责人")
    page.get_by_label("提醒什么").fill("12月30日前交年审表。")
    page.get_by_role("button", name="提醒这 2 个").click()
    expect(page.locator("#toasts")).to_contain_text("已提醒 2 个账号的负责人。")


def test_a_number_is_shown_in_place(pages: Pages, school: College) -> None:
    page = pages(school["officer"])
    page.goto("/accounts/")
    page.get_by_role("link", name="法律系", exact=True).click()
    page.get_by_role("button", name="显示负责人手机").click()
    expect(page.get_by_text("13900002047")).to_be_visible()
    expect(page.get_by_text("136****6000")).to_be_visible()


def test_suspending_asks_for_the_reason_in_a_dialog(pages: Pages, school: College) -> None:
    page = pages(school["officer"])
    page.goto("/accounts/")
    page.get_by_role("link", name="图书馆服务").click()
    page.get_by_role("button", name="暂停运行").first.click()
    dialog = page.get_by_role("dialog", name="暂停这个账号")
    dialog.get_by_role("radio", name="未年审").check()
    dialog.get_by_label("理由").fill("年审表没有交。")
    dialog.get_by_role("button", name="暂停运行").click()
    expect(page.get_by_text("暂停：未年审").first).to_be_visible()


def addresses(school: College) -> dict[str, tuple[str, str]]:
    """Return the pages to look at: name → person and address."""
    draft = school.draft(**school.complete_values(handle="法律系", owner_email=""))
    submitted = school.submitted(name="法援在线", handle="flx_fayuan")
    account = draft.institution_id and submitted.pk
    return {
        "applications": ("law_operator", "/applications/?view=everything"),
        "empty": ("society_operator", "/applications/"),
        "new": ("law_operator", "/applications/new/"),
        "edit": ("law_operator", f"/applications/{draft.pk}/edit/"),
        "application": ("law_operator", f"/applications/{account}/"),
        "paper": ("law_operator", f"/applications/{submitted.pk}/paper/"),
        "accounts": ("officer", "/accounts/"),
        "account": ("officer", "/accounts/?q=flx_shcc"),
        "remind": ("officer", "/accounts/remind/"),
        "files": ("officer", "/sponsor-files/"),
        "file": ("law_head", f"/sponsor-files/{school.units['law'].pk}/"),
    }


@pytest.mark.appearance
@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_pages_are_clean_for_axe_and_fit_the_window(pages: Pages, school: College, width: int) -> None:
    wrong = []
    opened: dict[str, Page] = {}
    for name, (who, address) in addresses(school).items():
        if who not in opened:
            opened[who] = pages(school[who], width=width)
        page = opened[who]
        page.goto(address)
        if name == "account":
            page.get_by_role("link", name="法律系", exact=True).click()
            page.wait_for_url("**/accounts/*/")
        wrong += [f"{name}: {one}" for one in faults(page)]
    assert not wrong, "\n".join(wrong)
