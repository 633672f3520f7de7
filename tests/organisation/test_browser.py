"""The screens in a real browser: accessible at both widths, usable without a mouse, nothing missing."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories.organisation import PASSWORD, DelegationFactory, PositionFactory, UnitFactory
from tests.organisation.conftest import School
from tests.organisation.test_imports import PEOPLE
from tests.support.appearance import assert_faultless
from tests.support.browser import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def furnished(school: School) -> School:
    """Return the school with a vacancy, units below, and a delegation under way."""
    PositionFactory(unit=school.department, title="副主任")
    UnitFactory(institution=school.institution, parent=school.department, name="2023级1班", kind="class")
    DelegationFactory(
        position=school.head_position,
        principal=school.head,
        delegate=school.plain,
        starts_on=timezone.localdate(),
        ends_on=timezone.localdate() + timedelta(days=3),
    )
    return school


@pytest.mark.appearance
@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_pages_are_accessible(furnished: School, pages: Any, width: int) -> None:
    page = pages(furnished.manager, width=width)
    for address in (
        reverse("organisation:units"),
        reverse("organisation:unit", args=[furnished.department.pk]),
        reverse("organisation:unit_new"),
        reverse("organisation:position", args=[furnished.head_position.pk]),
        reverse("organisation:people"),
        reverse("organisation:person", args=[furnished.plain.pk]),
        reverse("organisation:import", args=["positions"]),
        reverse("organisation:delegations") + "?view=all",
        reverse("account_change_password"),
        reverse("mfa_index"),
        reverse("account_logout"),
    ):
        page.goto(address)
        assert_faultless(page)


@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_sign_in_by_keyboard(furnished: School, pages: Any, width: int) -> None:
    page = pages(width=width)
    page.goto(reverse("organisation:delegations"))
    assert_faultless(page)
    page.get_by_label("用户名").fill("shcc-head")
    page.get_by_label("密码").fill("wrong-password-1")
    page.keyboard.press("Enter")
    page.get_by_text("用户名或密码不对").first.wait_for()
    assert_faultless(page)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="委托代办").wait_for()


def test_file_is_previewed_corrected_and_imported(furnished: School, pages: Any) -> None:
    page = pages(furnished.manager)
    page.goto(reverse("organisation:import", args=["people"]))

    def choose(text: str) -> None:
        page.get_by_label("文件").set_input_files(
            [{"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}]
        )
        page.get_by_role("button", name="预览").click()

    choose(PEOPLE.replace("zhang@example.edu.cn", "nowhere"))
    page.get_by_role("heading", name="有 1 处不对").wait_for()
    assert page.get_by_role("row", name="不是邮箱地址").count() == 1
    assert_faultless(page)
    page.get_by_role("button", name="换一个文件").click()
    choose(PEOPLE)
    page.get_by_role("heading", name="可以导入").wait_for()
    assert_faultless(page)
    page.get_by_role("button", name="导入 3 行").click()
    page.get_by_text("新增 2 条，更新 0 条，不变 1 条").wait_for()


def test_delegation_is_given_and_taken_back(furnished: School, pages: Any) -> None:
    page = pages(furnished.head, width=390)
    page.goto(reverse("organisation:delegation_new"))
    page.get_by_label("受托人").fill("0001")
    page.get_by_label("结束日期").fill((timezone.localdate() + timedelta(days=1)).isoformat())
    page.get_by_label("事由").fill("出差")
    assert_faultless(page)
    page.get_by_role("button", name="委托").click()
    page.get_by_text("李主任 委托 王管理").wait_for()
    page.get_by_role("button", name="撤回委托").first.click()
    page.get_by_text("委托已撤回").wait_for()
