"""Article 17 of the regulation of Shanghai Customs College."""

import pytest

from tests.support.college import College
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.verify import verify
from xianshen.registry import services
from xianshen.registry.custody import holders_of
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


@pytest.mark.rule("custody.kept")
def test_keys_change_hands_when_both_sides_confirm(college: College) -> None:
    account = college.opened()
    keeper = services.NewHolder("administrator", college.people["operator"].pk, "", "13800001832", college.on)
    holder = services.add_custody_holder(account_id=account.pk, holder=keeper, **college.who("operator"))
    handover = services.propose_handover(
        holder_id=holder.pk,
        receiver_id=college.people["secretary"].pk,
        receiver_mobile="13800001833",
        items="管理员权限、绑定手机、口令存放处。",
        **college.who("operator"),
    )
    services.confirm_handover(handover_id=handover.pk, as_receiver=False, **college.who("operator"))
    assert [one.person_id for one in holders_of(account)] == [college.people["operator"].pk]
    services.confirm_handover(handover_id=handover.pk, as_receiver=True, **college.who("secretary"))
    assert [one.person_id for one in holders_of(account)] == [college.people["secretary"].pk]
