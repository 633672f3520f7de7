"""What people do with their hands in these stories."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from tests.factories.organisation import PASSWORD
from tests.support.college import PDF
from xianshen.registry.models import OpeningApplication

#: What an operator types into the application form: the control's id and the text.
TYPED = {
    "name": "法律系学习园地",
    "handle": "flx_study",
    "content_scope": "法律专业学习方法、法考提醒、模拟法庭活动预告与回顾。",
    "positioning": "只做法律专业的学习服务，不发社团活动。",
    "owner_mobile": "13916392047",
    "owner_email": "flx@example.edu.cn",
    "second_contact_name": "系办公室",
    "second_contact_mobile": "13916392048",
}
#: What they choose, in the words of the choices.
CHOSEN = ("微信订阅号", "以单位名义", "本单位学生", "不涉及")
#: Parts of a page that are still being fetched, or whose attributes are still to be set.
BUSY = ".htmx-request, .htmx-swapping, .htmx-settling"


def sign_in(page: Page, person: Any, address: str = "/") -> None:
    """Open an address, meet the sign-in form, sign in, and arrive there."""
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("登录")
    give_password(page, person)
    page.wait_for_url(lambda url: url.endswith(address))


def give_password(page: Page, person: Any) -> None:
    """Fill in the sign-in form that is open, and leave it."""
    page.locator("#id_login").fill(person.username)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/me/login/" not in url)


def saved(page: Page) -> None:
    """Wait until the draft says that it is saved."""
    indicator = page.locator("[data-saved]")
    expect(indicator).to_have_attribute("data-state", "saved")
    expect(indicator).to_contain_text("已保存")
    expect(page.locator(BUSY)).to_have_count(0)


def control(page: Page, code: str) -> Locator:
    """Return a control of the application form by its field's code."""
    return page.locator(f"#id_{code}")


def begin_application(page: Page, unit: str = "") -> OpeningApplication:
    """Start an application from the list, choosing the unit when the person may apply for several."""
    page.goto("/applications/")
    if unit:
        page.get_by_role("link", name="申请开设").first.click()
        page.get_by_label(unit, exact=True).check()
        page.get_by_role("button", name="开始填写").click()
    else:
        page.get_by_role("button", name="申请开设").first.click()
    page.wait_for_url("**/applications/*/edit/")
    return OpeningApplication.objects.get(pk=page.url.split("/")[-3])


def fill_application(
    page: Page, typed: Mapping[str, str] = TYPED, chosen: Iterable[str] = CHOSEN, **changes: str
) -> None:
    """Choose and type everything that the form asks for; changes replace typed texts."""
    for words in chosen:
        page.get_by_label(words, exact=True).check()
    for code, text in {**typed, **changes}.items():
        control(page, code).fill(text)
    expect(page.get_by_text("都填好了，可以提交。")).to_be_visible()
    saved(page)


def submit_application(page: Page, receiver: str) -> None:
    """Submit the open form, and arrive at the application's page."""
    page.get_by_role("button", name=f"提交给{receiver}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("开设申请")
    expect(page.locator("#toasts")).to_contain_text("已提交")


def open_task(page: Page, what: str, action: str) -> None:
    """Open a task from the workbench: by its button, or on a phone, where there is none, by the row."""
    page.goto("/")
    row = page.locator("[data-row]").filter(has_text=what).filter(has_text=action)
    expect(row).to_be_visible()
    button = row.get_by_role("link", name=action, exact=True)
    (button if button.is_visible() else row.locator("[data-row-link]")).click()
    page.wait_for_url(lambda url: not url.endswith("/") or url.count("/") > 3)


def sign_opinion(page: Page, verdict: str, text: str = "") -> None:
    """Choose a verdict on the approval page, write the opinion, sign with the password."""
    press_signature(page, verdict, text)
    expect(page.locator("#toasts")).to_contain_text("已签署")


def press_signature(page: Page, verdict: str, text: str = "", *, secret: str = PASSWORD) -> None:
    """Do the same without expecting that it is accepted."""
    page.get_by_label(verdict, exact=True).check()
    page.locator("#opinion-text").fill(text)
    page.locator("#secret").fill(secret)
    page.get_by_role("button", name=f"{verdict}并签署").click()


def file_sponsor_documents(page: Page, unit_id: int, parts: list[str]) -> None:
    """File one document of each part in a unit's file."""
    page.goto(f"/sponsor-files/{unit_id}/")
    for part in parts:
        page.get_by_role("radio", name=part, exact=True).check()
        page.get_by_label("文件", exact=True).set_input_files(
            {"name": f"{part}.pdf", "mimeType": "application/pdf", "buffer": PDF}
        )
        page.get_by_label("生效日期").fill(timezone.localdate().isoformat())
        page.get_by_role("button", name="存入档案").click()
        expect(page.locator("main .xs-file").filter(has_text=part)).to_be_visible()
    expect(page.locator(".xs-head .xs-state--ok")).to_have_text("齐全")


def fits(page: Page) -> bool:
    """Say whether the page needs no sideways scrolling."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
