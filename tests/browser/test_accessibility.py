"""What axe says of the pages on which applications are written and decided; every room looks at its own pages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.support.appearance import faults
from tests.support.browser import DESKTOP, PHONE
from tests.support.college import College
from xianshen.approvals.enums import Verdict
from xianshen.registry.models import OpeningApplication

pytestmark = [pytest.mark.browser, pytest.mark.appearance, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]


def settle_history(school: College, run_tasks: Callable[[], int]) -> dict[str, list[tuple[str, str]]]:
    """Give the college accounts and applications in several states; return who opens which pages."""
    account = school.opened(handle="flx_study", audience=["unit_students"])
    returned = school.submitted(name="模拟法庭直播", handle="flx_court", audience=["unit_students"])
    school.decide(returned, "head", Verdict.RETURN, "写明多久直播一次。")
    waiting = school.submitted(name="法考每日一题", handle="flx_fakao", audience=["unit_students"])
    draft = school.draft(name="上海海关学院", handle="法律系", in_name_of="individual")
    run_tasks()
    application = OpeningApplication.objects.get(account=account)
    return {
        "media": [
            ("workbench", "/"),
            ("approved application", f"/applications/{application.pk}/"),
            ("search", "/search/?q=法律"),
        ],
        "head": [
            ("approval page", f"/approvals/{waiting.pk}/"),
        ],
        "operator": [
            ("application form", f"/applications/{draft.pk}/edit/"),
            ("returned application", f"/applications/{returned.subject_id}/"),
        ],
        "": [
            ("sign-in", "/me/login/"),
            ("public account page", f"/directory/accounts/{account.code}/"),
        ],
    }


@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_axe_finds_nothing(pages: Pages, school: College, run_tasks: Callable[[], int], width: int) -> None:
    wrong = []
    for role, visited in settle_history(school, run_tasks).items():
        person = school.people[role] if role else None
        page = pages(person, width=width)
        for name, address in visited:
            response = page.goto(address)
            assert response is not None
            assert response.status == 200, f"{name}: {response.status}"
            wrong += [f"{name}, {width} px: {one}" for one in faults(page)]
    assert not wrong, "\n".join(wrong)
