"""What the script adds, in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.factories.regulation import SHCC, pack_at
from tests.support.appearance import assert_faultless
from tests.support.browser import DESKTOP, PHONE
from xianshen.notices.models import Notice
from xianshen.regulation.selectors import forget_policies
from xianshen.regulation.services import store_pack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]


@pytest.fixture
def policy() -> Any:
    """Load the college's pack, whose articles the gallery cites."""
    forget_policies()
    store_pack(pack=pack_at(SHCC), now=timezone.now())
    yield
    forget_policies()


@pytest.fixture
def office(policy: None, officer: Any) -> Any:
    """Return the officer as a person of the institution whose pack is loaded."""
    from xianshen.organisation.models import Institution

    officer.institution = Institution.objects.get(code="shcc")
    officer.save()
    return officer


@pytest.fixture
def notices(officer: Any) -> list[Notice]:
    at = timezone.now()
    return [
        Notice.objects.create(
            institution=officer.institution,
            person=officer,
            text=f"第{number}条通知",
            url="/search/",
            key=str(number),
            at=at - timedelta(minutes=number),
        )
        for number in range(3)
    ]


def test_an_article_opens_in_the_drawer_and_closes_again(pages: Pages, office: Any) -> None:
    page = pages(office)
    page.goto("/gallery/")
    page.locator("#c-art + span").scroll_into_view_if_needed()
    page.get_by_role("link", name="第八条").first.click()
    drawer = page.locator("#drawer")
    expect(drawer.get_by_role("heading", name="第八条")).to_be_visible()
    expect(drawer).to_contain_text("实行审批和年审制度")
    assert page.url.endswith("/gallery/")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_without_script_an_article_is_a_page(pages: Pages, office: Any) -> None:
    page = pages(office, java_script_enabled=False)
    page.goto("/gallery/")
    page.get_by_role("link", name="第八条").first.click()
    expect(page.get_by_role("heading", name="第八条").first).to_be_visible()
    assert "/regulation/articles/8/" in page.url


OLD = """
delete HTMLButtonElement.prototype.commandForElement;
addEventListener("command", event => event.preventDefault(), true);
"""


@pytest.mark.parametrize("browser_is", ("without script", "old", "new"))
def test_a_dialog_opens_and_closes(pages: Pages, officer: Any, browser_is: str) -> None:
    """The browser itself does it, also before the script has come; where it cannot, the script does."""
    page = pages(officer, width=PHONE, java_script_enabled=browser_is != "without script")
    if browser_is == "old":
        page.add_init_script(OLD)
    page.goto("/notices/")
    page.get_by_role("button", name="更多").click()
    dialog = page.get_by_role("dialog", name="全部入口")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="关闭").click()
    expect(dialog).to_be_hidden()


def test_a_dialog_of_the_menu_closes_the_menu_and_gives_the_focus_back(pages: Pages, officer: Any) -> None:
    page = pages(officer)
    page.goto("/notices/")
    page.locator(".xs-who").click()
    page.get_by_role("button", name="快捷键").click()
    keys = page.get_by_role("dialog", name="快捷键")
    expect(keys).to_be_visible()
    expect(page.get_by_role("button", name="退出登录")).to_be_hidden()
    keys.get_by_role("button", name="关闭").click()
    expect(keys).to_be_hidden()
    expect(page.locator(".xs-who")).to_be_focused()


def test_the_theme_stays(pages: Pages, officer: Any) -> None:
    page = pages(officer, color_scheme="light")
    page.goto("/notices/")
    theme = page.locator("html")
    expect(theme).to_have_attribute("data-bs-theme", "light")
    page.locator(".xs-band [data-theme-toggle]").click()
    expect(theme).to_have_attribute("data-bs-theme", "dark")
    page.goto("/gallery/")
    expect(theme).to_have_attribute("data-bs-theme", "dark")


def test_the_system_decides_while_nobody_has_chosen(pages: Pages, officer: Any) -> None:
    page = pages(officer, color_scheme="dark")
    page.goto("/notices/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_keyboard_walks_opens_and_searches(pages: Pages, officer: Any, notices: list[Notice]) -> None:
    page = pages(officer)
    page.goto("/notices/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-row].is-current")).to_contain_text("第1条通知")
    page.keyboard.press("k")
    expect(page.locator("[data-row].is-current")).to_contain_text("第0条通知")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/")
    page.goto("/notices/")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("jk?")
    expect(page.locator("[data-search]")).to_have_value("jk?")
    expect(page.locator("[data-row].is-current")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()


def test_single_keys_can_be_turned_off(pages: Pages, officer: Any, notices: list[Notice]) -> None:
    page = pages(officer)
    page.goto("/notices/")
    page.keyboard.press("?")
    page.get_by_label("使用单键快捷键").uncheck()
    page.goto("/notices/")
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.locator("[data-row].is-current")).to_have_count(0)
    expect(page.locator("#keys")).to_be_hidden()


def test_choices_toggle_and_the_opinion_shows_as_it_is_written(pages: Pages, officer: Any) -> None:
    page = pages(officer)
    page.goto("/gallery/")
    preview = page.locator("[data-opinion-preview]")
    expect(preview).to_have_text("同意开设。")
    page.locator("[data-opinion]").fill("不同意<b>")
    expect(preview).to_have_text("不同意<b>")
    page.get_by_role("button", name="同意，半年后复核更新情况。").click()
    expect(preview).to_have_text("同意，半年后复核更新情况。")
    reasons = page.locator("[data-when]")
    expect(reasons).to_be_hidden()
    page.get_by_label("退回修改").check(force=True)
    expect(reasons).to_be_visible()


def test_rows_are_selected_one_by_one_or_all(pages: Pages, officer: Any) -> None:
    page = pages(officer)
    page.goto("/gallery/")
    bar = page.locator("[data-bulk]")
    expect(bar).to_contain_text("已选 1 个")
    page.locator("[data-pick-all]").check()
    expect(bar).to_contain_text("已选 3 个")
    expect(page.locator("tr[aria-selected=true]")).to_have_count(3)
    page.locator("[data-pick-none]").click()
    expect(bar).to_be_hidden()


def test_menus_open_by_click_and_close_by_escape(pages: Pages, officer: Any) -> None:
    page = pages(officer)
    page.goto("/notices/")
    who = page.locator(".xs-who")
    who.click()
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="退出登录")).to_be_hidden()
    expect(who).to_be_focused()


@pytest.mark.appearance
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_pages_are_accessible_and_fit_their_width(pages: Pages, office: Any, notices: list[Notice], width: int) -> None:
    page = pages(office, width=width)
    for path in ("/gallery/", "/notices/", "/ledger/", "/search/?q=x", "/nowhere/"):
        page.goto(path)
        assert_faultless(page)
