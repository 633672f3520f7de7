"""What axe says of the pages that people use most, in light and dark, on a desktop and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.hands import fits
from tests.support.browser import DESKTOP, PHONE
from tests.support.college import College
from xianshen.approvals.enums import Verdict
from xianshen.documents.models import IssuedDocument
from xianshen.registry.models import OpeningApplication

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: What axe looks for in each theme: the markup is the same in both, so that only colours need a second look.
RULES: dict[str, dict[str, Any]] = {
    "light": {"runOnly": {"type": "tag", "values": WCAG}},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}


def settle_history(school: College, run_tasks: Callable[[], int]) -> dict[str, list[tuple[str, str]]]:
    """Give the college accounts and applications in several states; return who opens which pages."""
    account = school.opened(handle="flx_study", audience=["unit_students"])
    returned = school.submitted(name="模拟法庭直播", handle="flx_court", audience=["unit_students"])
    school.decide(returned, "head", Verdict.RETURN, "写明多久直播一次。")
    waiting = school.submitted(name="法考每日一题", handle="flx_fakao", audience=["unit_students"])
    draft = school.draft(name="上海海关学院", handle="法律系", in_name_of="individual")
    run_tasks()
    application = OpeningApplication.objects.get(account=account)
    document = IssuedDocument.objects.get()
    return {
        "media": [
            ("workbench", "/"),
            ("account board", "/accounts/"),
            ("account page", f"/accounts/{account.pk}/"),
            ("approved application", f"/applications/{application.pk}/"),
            ("sponsor files", "/sponsor-files/"),
            ("ledger", "/ledger/"),
            ("search", "/search/?q=法律"),
        ],
        "head": [
            ("approval page", f"/approvals/{waiting.pk}/"),
            ("sponsor file", f"/sponsor-files/{school.units['law'].pk}/"),
        ],
        "operator": [
            ("application form", f"/applications/{draft.pk}/edit/"),
            ("returned application", f"/applications/{returned.subject_id}/"),
        ],
        "": [
            ("sign-in", "/me/login/"),
            ("directory", "/directory/"),
            ("public account page", f"/directory/accounts/{account.code}/"),
            ("verify an account", "/directory/verify/?name=法律系学习园地"),
            ("verify", "/verify/"),
            ("verify a document", f"/verify/{document.code}"),
            ("report form", "/directory/report/"),
            ("regulation", "/regulation/"),
        ],
    }


def findings(page: Page, axe: Axe, rules: dict[str, Any]) -> list[str]:
    """Return what axe finds on the page as it looks now. Finding nothing counts only if axe has looked."""
    response = axe.run(page, options=rules).response
    assert response["passes"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}" for one in response["violations"]]


@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_axe_finds_nothing(pages: Pages, school: College, run_tasks: Callable[[], int], width: int) -> None:
    axe, wrong = Axe(), []
    for role, visited in settle_history(school, run_tasks).items():
        person = school.people[role] if role else None
        page = pages(person, width=width, color_scheme="light", reduced_motion="reduce")
        for name, address in visited:
            response = page.goto(address)
            assert response is not None
            assert response.status == 200, f"{name}: {response.status}"
            for scheme, rules in RULES.items():
                page.evaluate("scheme => { document.documentElement.dataset.bsTheme = scheme }", scheme)
                wrong += [f"{name}, {scheme}, {width} px: {one}" for one in findings(page, axe, rules)]
            if not fits(page):
                wrong.append(f"{name}, {width} px: scrolls sideways")
    assert not wrong, "\n".join(wrong)
