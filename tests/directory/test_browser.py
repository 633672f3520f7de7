"""The public pages in a real browser: both widths, both schemes, by keyboard, clean for axe."""

from datetime import datetime
from typing import Any

import pytest

from tests.factories.registry import College, college
from tests.support.appearance import assert_faultless
from tests.support.browser import DESKTOP, PHONE
from xianshen.common.actors import Actor
from xianshen.directory import services
from xianshen.directory.models import ImpostorReport
from xianshen.registry.models import MediaAccount

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def listed(transactional_db: None, now: datetime) -> College:
    """Return the college with thirty listed accounts."""
    made = college(now)
    made.account("上海海关学院", unit="office", platform="weibo", handle="上海海关学院", owner="officer")
    made.account("法律系", handle="flx_shcc")
    for number in range(28):
        made.account(f"班级号{number:02}", unit="class", owner="class_operator")
    return made


@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_visitor_verifies_an_account(pages: Any, listed: College, width: int) -> None:
    page = pages(width=width)
    page.goto("/directory/verify/")
    assert_faultless(page, "main")
    page.get_by_label("账号名、账号 ID、核验码或链接").fill("FLX_shcc")
    page.keyboard.press("Enter")
    page.wait_for_url("**/directory/verify/?q=FLX_shcc")
    assert page.get_by_role("heading", level=2).first.inner_text() == "是。它由上海海关学院法律系主办"
    assert_faultless(page, "main")
    page.get_by_label("账号名、账号 ID、核验码或链接").fill("上海海关學院")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="「上海海关學院」不在名录里").wait_for()
    assert_faultless(page, "main")
    page.get_by_role("link", name="上海海关学院").last.click()
    page.get_by_role("heading", name="上海海关学院", level=1).wait_for()
    assert_faultless(page, "main")


@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_visitor_looks_through_the_list(pages: Any, listed: College, width: int) -> None:
    page = pages(width=width)
    page.goto("/directory/")
    rows = page.locator("main .xs-dir li")
    assert rows.count() == 24
    assert_faultless(page, "main")
    page.get_by_role("link", name="再看 6 个").click()
    page.get_by_text("第 25–30 个，共 30 个").wait_for()
    assert rows.count() == 30
    assert page.url.endswith("/directory/")
    page.wait_for_function("document.activeElement.closest('.xs-dir--more') !== null")
    page.get_by_role("link", name="一级平台").click()
    page.wait_for_url("**/directory/?tier=1")
    assert rows.count() == 1


def test_list_works_without_script(pages: Any, listed: College) -> None:
    page = pages(java_script_enabled=False)
    page.goto("/directory/")
    page.get_by_role("link", name="再看 6 个").click()
    page.wait_for_url("**/directory/?page=2")
    assert page.locator("main .xs-dir li").count() == 6


@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_visitor_reports_and_the_office_answers(pages: Any, listed: College, width: int) -> None:
    visitor = pages(width=width)
    visitor.goto("/directory/report/?name=海关学院考研辅导")
    assert_faultless(visitor, "main")
    assert not visitor.get_by_label("网站（不要填）").is_visible() or visitor.evaluate(
        "document.getElementById('id_website').getBoundingClientRect().right < 0"
    )
    visitor.get_by_role("button", name="交给办公室").click()
    assert "还没有写哪里不对" in visitor.locator(".xs-errsum").inner_text()
    assert visitor.get_by_label("账号名称").input_value() == "海关学院考研辅导"
    assert_faultless(visitor, "main")
    visitor.get_by_label("哪里不对").fill("说是和学校合办的考研班。")
    visitor.get_by_role("button", name="交给办公室").click()
    visitor.wait_for_url("**/directory/report/*-*/")
    report = ImpostorReport.objects.get()
    assert report.number in visitor.locator("main").inner_text()
    assert_faultless(visitor, "main")

    office = pages(listed["officer"], width=width)
    office.goto("/directory/reports/")
    assert_faultless(office, "main")
    office.get_by_role("link", name="海关学院考研辅导").click()
    office.get_by_role("button", name="开始核实").click()
    office.get_by_text("已开始核实").first.wait_for()
    assert_faultless(office, "main")
    office.get_by_label("答复").fill("核实过，学校没有合办。")
    office.get_by_role("button", name="属实，公开提醒").click()
    office.get_by_text("已答复").first.wait_for()
    assert_faultless(office, "main")

    visitor.reload()
    assert "核实过，学校没有合办。" in visitor.locator("main").inner_text()
    visitor.goto("/directory/verify/?q=海关学院考研辅导")
    visitor.get_by_role("heading", name="不是。「海关学院考研辅导」已核实为冒用").wait_for()
    assert_faultless(visitor, "main")


@pytest.mark.appearance
@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_data_pages_and_an_account(pages: Any, listed: College, width: int) -> None:
    page = pages(width=width)
    code = MediaAccount.objects.get(name="法律系").code
    for path in (
        "/directory/open-data/",
        "/directory/api/",
        "/directory/report/answer/",
        f"/directory/accounts/{code}/",
    ):
        page.goto(path)
        assert_faultless(page, "main")


def test_report_of_a_stranger_shows_nothing_typed(pages: Any, listed: College, now: datetime) -> None:
    report = services.report_impostor(
        actor=Actor.public(institution_id=listed.institution.pk, institution=listed.institution.code),
        name="冒名",
        platform="",
        link="",
        text="只给核实的人看的话",
        contact="13912340000",
        source="",
        now=now,
    )
    page = pages()
    page.goto(f"/directory/report/{report.number}/")
    shown = page.locator("main").inner_text()
    assert "冒名" in shown
    assert "只给核实的人看的话" not in shown
    assert "13912340000" not in shown
