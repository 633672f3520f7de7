"""Custody: what is recorded, handovers confirmed by both, keepers who leave, half-yearly checks."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.support.college import College
from xianshen.clocks.selectors import deadlines_of
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.selectors import entries_about
from xianshen.notices.selectors import notices_of
from xianshen.organisation.models import Appointment
from xianshen.registry import custody, services
from xianshen.registry.enums import HandoverState, Shortcoming
from xianshen.registry.models import Custody, CustodyCheck, CustodyHolder, CustodyRound, Handover, MediaAccount
from xianshen.registry.selectors import ACCOUNT_TYPE
from xianshen.registry.services import CustodyFacts, NewHolder
from xianshen.registry.tasks import open_custody_rounds, tell_who_left
from xianshen.regulation.selectors import policy_on

pytestmark = pytest.mark.django_db

FACTS = CustodyFacts(
    entity_kind="institution",
    entity="上海海关学院",
    bound_phone="13800001831",
    bound_phone_owner="系办公室",
    password_place="系办公室保险柜",
    two_factor="on",
)


@pytest.fixture
def account(college: College) -> MediaAccount:
    return college.opened()


def keep(college: College, account: MediaAccount, role: str = "operator", **changes: str) -> Custody:
    facts = {name: getattr(FACTS, name) for name in CustodyFacts.__dataclass_fields__} | changes
    return services.keep_custody(account_id=account.pk, facts=CustodyFacts(**facts), **college.who(role))


def holder(college: College, account: MediaAccount, role: str = "operator", **changes: Any) -> CustodyHolder:
    person = college.people[role]
    values = {
        "role": "administrator",
        "person_id": person.pk,
        "name": "",
        "mobile": "13800001832",
        "since": college.on,
    }
    new = NewHolder(**(values | changes))
    return services.add_custody_holder(account_id=account.pk, holder=new, **college.who("operator"))


def short(college: College, account: MediaAccount) -> set[Shortcoming]:
    spec = policy_on(college.institution.pk, college.on).custody
    assert spec is not None
    wanted = custody.conditions(spec, college.institution.pk, college.on)
    return set(custody.shortcomings_of([account.pk], wanted)[account.pk])


def propose(college: College, given: CustodyHolder, to: str = "secretary") -> Handover:
    return services.propose_handover(
        holder_id=given.pk,
        receiver_id=college.people[to].pk,
        receiver_mobile="13800001833",
        items="管理员权限和绑定手机。",
        **college.who("operator"),
    )


def test_what_is_short_follows_what_is_recorded(college: College, account: MediaAccount) -> None:
    assert short(college, account) == {Shortcoming.UNRECORDED}
    keep(college, account, entity_kind="individual", bound_phone="", password_place="", two_factor="off")
    assert short(college, account) == {
        Shortcoming.NOT_OWN,
        Shortcoming.FEW_ADMINISTRATORS,
        Shortcoming.NO_PHONE,
        Shortcoming.NO_PLACE,
        Shortcoming.NO_TWO_FACTOR,
    }
    keep(college, account)
    holder(college, account)
    holder(college, account, "secretary")
    assert short(college, account) == set()


def test_ledger_names_what_changed_and_keeps_no_number(college: College, account: MediaAccount) -> None:
    keep(college, account)
    entry = entries_about(college.institution.code, ACCOUNT_TYPE, str(account.pk))[0]
    assert entry.event == "registry.custody_kept"
    assert "绑定手机" in entry.data["changed"]
    assert FACTS.bound_phone not in entry.payload


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("entity_kind", "nobody"),
        ("two_factor", "maybe"),
        ("bound_phone", "12345"),
        ("password_place", "柜" * 121),
        ("entity", "<script>" * 20),
    ],
)
def test_wrong_facts_are_named(college: College, account: MediaAccount, field: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        keep(college, account, **{field: value})
    assert list(refused.value.message_dict) == [field]
    assert not Custody.objects.exists()


def test_strangers_keep_nothing(college: College, account: MediaAccount) -> None:
    for role in ("library_operator", "club", "media", "scitech"):
        with pytest.raises(PermissionDenied):
            keep(college, account, role)
    assert not Custody.objects.exists()


def test_keys_pass_when_both_have_confirmed(college: College, account: MediaAccount) -> None:
    given = holder(college, account)
    handover = propose(college, given)
    for role, receiver in (("secretary", True), ("operator", False)):
        given.refresh_from_db()
        assert given.until is None
        services.confirm_handover(handover_id=handover.pk, as_receiver=receiver, **college.who(role))
    given.refresh_from_db()
    handover.refresh_from_db()
    assert (handover.state, given.until) == (HandoverState.DONE, college.on)
    assert [(one.name, one.mobile) for one in custody.holders_of(account)] == [
        (college.people["secretary"].name, "13800001833")
    ]
    with pytest.raises(TransitionNotAllowed, match="已交接"):
        services.confirm_handover(handover_id=handover.pk, as_receiver=True, **college.who("secretary"))


def test_nobody_confirms_for_the_other_side(college: College, account: MediaAccount) -> None:
    handover = propose(college, holder(college, account))
    with pytest.raises(PermissionDenied):
        services.confirm_handover(handover_id=handover.pk, as_receiver=True, **college.who("operator"))
    with pytest.raises(PermissionDenied):
        services.confirm_handover(handover_id=handover.pk, as_receiver=False, **college.who("library_head"))
    services.confirm_handover(handover_id=handover.pk, as_receiver=False, **college.who("head"))
    handover.refresh_from_db()
    assert college.people["head"].name in handover.given_for, "the head confirms for whom has left, and it says so"


def test_receiver_declines_and_the_keys_stay(college: College, account: MediaAccount) -> None:
    given = holder(college, account)
    handover = propose(college, given)
    with pytest.raises(TransitionNotAllowed, match="等确认"):
        propose(college, given)
    with pytest.raises(ValidationError):
        services.end_handover(handover_id=handover.pk, text=" ", **college.who("secretary"))
    services.end_handover(handover_id=handover.pk, text="已调离宣传工作。", **college.who("secretary"))
    handover.refresh_from_db()
    given.refresh_from_db()
    assert (handover.state, given.until) == (HandoverState.DECLINED, None)
    propose(college, given, "head")


def test_keeper_whose_position_ends_becomes_a_task(college: College, account: MediaAccount, client: Client) -> None:
    keep(college, account)
    holder(college, account, "secretary")
    Appointment.objects.filter(person=college.people["secretary"]).update(
        starts_on=college.on - timedelta(days=90), ends_on=college.on - timedelta(days=1)
    )
    assert Shortcoming.LEAVER in short(college, account)
    for _twice in range(2):
        tell_who_left(college.now)
    told = [notice for notice in notices_of(college.people["operator"].pk) if "不再任职" in notice.text]
    assert len(told) == 1
    client.force_login(college.people["operator"])
    assert "离任，办理交接" in client.get("/").content.decode()
    client.force_login(college.people["media"])
    board = client.get("/custody/?view=leaver").content.decode()
    assert account.name in board


def test_checks_open_by_themselves_once_and_are_answered(college: College, account: MediaAccount) -> None:
    spring = college.now.replace(month=3, day=2) + timedelta(days=366)
    open_custody_rounds(spring)
    open_custody_rounds(spring + timedelta(hours=1))
    opened = CustodyRound.objects.get()
    check = CustodyCheck.objects.get(account=account)
    assert opened.due_on - opened.opened_on == timedelta(days=30)
    college.now = spring + timedelta(days=3)
    with pytest.raises(TransitionNotAllowed, match="先登记"):
        services.answer_custody_check(check_id=check.pk, **college.who("operator"))
    keep(college, account, two_factor="off")
    services.answer_custody_check(check_id=check.pk, **college.who("operator"))
    check.refresh_from_db()
    assert set(check.shortcomings) == {"no_two_factor", "few_administrators"}
    [deadline] = deadlines_of(college.institution.pk, custody.CUSTODY_CHECK_TYPE, str(check.pk))
    assert deadline.state == "met"
    with pytest.raises(TransitionNotAllowed, match="已经答过"):
        services.answer_custody_check(check_id=check.pk, **college.who("operator"))


def test_unanswered_check_is_a_shortcoming_after_its_day(college: College, account: MediaAccount) -> None:
    keep(college, account)
    services.open_custody_round(**college.who("media"))
    with pytest.raises(TransitionNotAllowed, match="还没有到期"):
        services.open_custody_round(**college.who("media"))
    with pytest.raises(PermissionDenied):
        services.open_custody_round(**college.who("operator"))
    college.now += timedelta(days=31)
    assert Shortcoming.UNANSWERED in short(college, account)


def test_pages(college: College, account: MediaAccount, client: Client, django_assert_max_num_queries: Any) -> None:
    page = f"/accounts/{account.pk}/custody/"
    client.force_login(college.people["library_operator"])
    assert client.get(page).status_code == 404
    client.force_login(college.people["operator"])
    posted = {name: getattr(FACTS, name) for name in CustodyFacts.__dataclass_fields__}
    refused = client.post(page, {**posted, "bound_phone": "1"})
    assert refused.status_code == 422
    assert "系办公室保险柜" in refused.content.decode(), "nothing typed is lost"
    assert client.post(page, posted).status_code == 302
    add = {
        "role": "administrator",
        "person": str(college.people["operator"].pk),
        "since": str(college.on),
        "mobile": "",
    }
    assert client.post(f"{page}holders/", {**add, "mobile": "13800001831"}).status_code == 302
    assert client.post(f"{page}holders/", {**add, "person": "999999"}).status_code == 422
    given = CustodyHolder.objects.get()
    sent = {"receiver": str(college.people["secretary"].pk), "mobile": "13800001833", "items": "全部权限"}
    assert client.post(f"/custody/holders/{given.pk}/handover/", {**sent, "items": ""}).status_code == 422
    assert client.post(f"/custody/holders/{given.pk}/handover/", sent).status_code == 302
    handover = Handover.objects.get()
    client.post(f"/custody/handovers/{handover.pk}/confirm/", {"side": "giver"})
    client.force_login(college.people["secretary"])
    assert "确认已接手" in client.get(page).content.decode()
    client.post(f"/custody/handovers/{handover.pk}/confirm/", {"side": "receiver"})
    handover.refresh_from_db()
    assert handover.state == HandoverState.DONE
    client.force_login(college.people["media"])
    body = client.get(page).content.decode()
    assert "138****1831" in body
    assert "13800001831" not in body, "the Office reads the number masked"
    with django_assert_max_num_queries(22):
        assert client.get("/custody/?view=all").status_code == 200
    assert client.get("/custody/?export=csv").content.decode("utf-8-sig").startswith("账号")
    assert client.post("/custody/open/").status_code == 302
    client.force_login(college.people["operator"])
    assert client.post("/custody/open/").status_code == 403


def test_closed_account_leaves_no_keys_and_no_clocks_behind(college: College, account: MediaAccount) -> None:
    keep(college, account)
    given = holder(college, account)
    handover = propose(college, given)
    services.open_custody_round(**college.who("media"))
    where = {"account_id": account.pk, "institution_id": college.institution.pk, "text": "并入学校官方账号。"}
    services.begin_closing_account(**where, **college.who("media"))
    services.close_account(**where, **college.who("media"))
    given.refresh_from_db()
    handover.refresh_from_db()
    check = CustodyCheck.objects.get(account=account)
    [deadline] = deadlines_of(college.institution.pk, custody.CUSTODY_CHECK_TYPE, str(check.pk))
    assert (given.until, handover.state, deadline.state) == (college.on, HandoverState.CANCELLED, "cancelled")
