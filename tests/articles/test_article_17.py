"""Article 17 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.verify import verify
from xianshen.regulation.selectors import policy_on

ARTICLE = 17
TEXT = (
    "新媒体各平台责任部门必须切实加强账号管理和内容监管，确保网络安全和信息安全，对出现违规内容的新媒体平"
    "台，情节严重并造成不良后果的，将按照有关规定追究直接责任人和主管领导责任。"
)


def test_text(college: College) -> None:
    assert policy_on(college.institution.pk, college.on).article(ARTICLE).text == TEXT


@pytest.mark.rule("accountability.trace")
def test_every_act_of_an_opening_leaves_who_and_in_which_position(college: College) -> None:
    college.opened()
    signed = LedgerEntry.objects.filter(event__in=["approvals.step_agreed", "approvals.chain_approved"])
    assert {(entry.actor_name, entry.actor_position, entry.actor_unit) for entry in signed} == {
        ("系主任甲", "系主任", "法律系"),
        ("办公室主任甲", "办公室主任", "办公室"),
    }
    assert verify().ok


@pytest.mark.rule("accountability.trace")
def test_the_ledger_holds_no_contact_data(college: College) -> None:
    account = college.opened()
    for entry in LedgerEntry.objects.all():
        assert account.owner_mobile not in entry.payload
        assert account.owner_email not in entry.payload
