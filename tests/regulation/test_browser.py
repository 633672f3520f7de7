"""The library of rules in a real browser: drawer, acknowledgement, accessibility at both widths."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.factories.organisation import AppointmentFactory, PositionFactory, UnitFactory
from tests.factories.regulation import SHCC, later_version, load, pack_at
from tests.support.appearance import assert_faultless, faults
from tests.support.browser import DESKTOP, PHONE
from xianshen.organisation.selectors import actor_for
from xianshen.regulation import services
from xianshen.regulation.loader import Pack
from xianshen.regulation.models import PolicyVersion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def officer() -> Any:
    """Return somebody of the Office, in a college whose regulation has been amended today."""
    now = timezone.now()
    pack = pack_at(SHCC)
    texts = {4: "任何个人和单位未经授权不得以学校名义开办新媒体。"}
    later = later_version(pack.policies[0], label="next", effective_from=timezone.localdate(), texts=texts)
    version = load(Pack(pack.institution, (*pack.policies, later)), now=now)
    unit = UnitFactory(institution=version.institution, kind="office", name="办公室")
    position = PositionFactory(unit=unit, kind="office_media_officer", title="新媒体管理岗")
    person = AppointmentFactory(position=position, person__name="林岚").person
    actor = actor_for(person, timezone.localdate())
    services.publish_interpretation(actor=actor, article=7, text="视频号按微信办。", now=now)
    return person


def addresses() -> list[str]:
    latest = PolicyVersion.objects.latest("effective_from")
    return [
        "/regulation/",
        f"/regulation/?on={timezone.localdate() - timedelta(days=1)}",
        "/regulation/?on=2020-01-01",
        "/regulation/articles/8/",
        "/regulation/articles/7/interpretations/",
        "/regulation/articles/8/interpretations/",
        "/regulation/compare/",
        "/regulation/map/",
        f"/regulation/versions/{latest.pk}/readers/",
    ]


@pytest.mark.appearance
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_pages_are_accessible(officer: Any, pages: Any, width: int) -> None:
    public = ["/regulation/", "/regulation/articles/8/", "/regulation/map/"]
    found = []
    for person, visited in ((officer, addresses()), (None, public)):
        page = pages(person, width=width)
        for address in visited:
            page.goto(address)
            found += [f"{address}: {fault}" for fault in faults(page)]
    assert not found, "\n".join(found)


def test_article_opens_in_the_drawer_and_closes(officer: Any, pages: Any) -> None:
    page = pages(officer)
    page.goto("/regulation/")
    page.locator("#article-8").get_by_role("link", name="管到哪些事").click()
    drawer = page.locator("#drawer")
    drawer.get_by_text("学校对一级、二级校园新媒体平台实行审批和年审制度").wait_for()
    expect(drawer.get_by_role("heading", name="第八条")).to_be_visible()
    assert_faultless(page)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_reading_is_acknowledged_and_listed(officer: Any, pages: Any) -> None:
    page = pages(officer)
    page.goto("/regulation/")
    page.get_by_role("button", name="我已读过这个版本").click()
    page.get_by_text("确认读过这个版本").wait_for()
    page.get_by_role("link", name="看谁还没有读").click()
    page.get_by_role("heading", name="谁还没有读这个版本").wait_for()
    page.get_by_role("link", name="读过的").click()
    expect(page.get_by_role("cell", name="林岚")).to_be_visible()


def test_contents_lead_to_the_article(officer: Any, pages: Any) -> None:
    page = pages(officer)
    page.goto("/regulation/")
    page.get_by_role("link", name="第二十一条", exact=True).last.click()
    page.wait_for_url("**#article-21")
    expect(page.locator("#article-21")).to_be_in_viewport()
