"""Article 6 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.common.errors import PermissionDenied
from xianshen.registry import services
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.selectors import accounts_visible_to
from xianshen.regulation.selectors import policy_on

ARTICLE = 6
TEXT = (
    "办公室是学校新媒体归口管理部门，其职责是制定新媒体发展规划，研究制定管理政策，统一管理、协调，监督检"
    "查与考评新媒体运营状况等。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("office.supervises")
def test_the_office_sees_every_account_and_units_their_own(college: College) -> None:
    law, library = college.opened(), college.opened("library_operator", "library", name="图书馆之窗", handle="lib_win")
    assert set(accounts_visible_to(college.grants("media"))) == {law, library}
    assert set(accounts_visible_to(college.grants("head"))) == {law}


@pytest.mark.rule("office.supervises")
@pytest.mark.parametrize("role", ["operator", "head", "league", "scitech"])
def test_only_the_office_suspends(college: College, role: str) -> None:
    account = college.opened()
    with pytest.raises(PermissionDenied):
        services.suspend_account(
            account_id=account.pk,
            institution_id=college.institution.pk,
            reason=SuspensionReason.STOP_ORDER,
            text="试",
            **college.who(role),
        )
    account.refresh_from_db()
    assert account.state == "active"
