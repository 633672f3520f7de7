"""Servers behind data services: addresses, filing, looking names up, approval for a period, end and renewal."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.support.college import College
from tests.support.names import name_server
from xianshen.approvals.enums import Verdict
from xianshen.approvals.selectors import rounds_of
from xianshen.clocks.services import run_due
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.selectors import entries_about
from xianshen.registry import services
from xianshen.registry.addresses import read_addresses
from xianshen.registry.enums import AccountState, AddressKind, ServerFilingState, SuspensionReason
from xianshen.registry.models import MediaAccount, ServerFiling
from xianshen.registry.selectors import may_run
from xianshen.registry.servers import SERVER_FILING_TYPE
from xianshen.registry.services import ServerFacts
from xianshen.registry.tasks import look_up_again
from xianshen.regulation.schema import DataServiceSpec
from xianshen.regulation.selectors import policy_on

pytestmark = pytest.mark.django_db

FACTS = ServerFacts(
    service="成绩和课表查询",
    addresses="https://cx.shcc.example/grades\n10.20.3.15",
    location="数据中心机房 A 列 3 柜",
    data_kept="学号、姓名、课程和成绩。",
    personal_information="sensitive",
    technician_name="秦工",
    technician_mobile="13800001831",
    technician_email="it@shcc.example",
)
NAMES = {"cx.shcc.example": ["10.20.3.15"]}


@pytest.fixture
def spec(college: College) -> DataServiceSpec:
    found = policy_on(college.institution.pk, college.on).data_services
    assert found is not None
    return found


@pytest.fixture
def account(college: College) -> MediaAccount:
    return college.opened(data_service=True)


def file(college: College, account: MediaAccount, **changes: Any) -> ServerFiling:
    return services.file_servers(account_id=account.pk, facts=replace(FACTS, **changes), **college.who("operator"))


def decide(college: College, filing: ServerFiling, role: str, verdict: Verdict = Verdict.AGREE, text: str = "") -> None:
    college.decide(rounds_of(college.institution.pk, SERVER_FILING_TYPE, str(filing.pk))[0], role, verdict, text)


def approved(college: College, account: MediaAccount, **changes: Any) -> ServerFiling:
    filing = file(college, account, **changes)
    look_up_again(college.now)
    decide(college, filing, "head")
    decide(college, filing, "scitech")
    filing.refresh_from_db()
    return filing


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("10.1.2.3", ["10.1.2.3"]),
        ("10.1.2.3:8080，cx.shcc.edu.cn", ["10.1.2.3", "cx.shcc.edu.cn"]),
        ("https://CX.shcc.edu.cn:8443/a?b=1", ["cx.shcc.edu.cn"]),
        ("[fd00::1]:443 ::ffff:10.0.0.9", ["fd00::1", "10.0.0.9"]),
        ("查询.shcc.cn", ["xn--jvv041f.shcc.cn"]),
        ("10.1.2.3\n10.1.2.3", ["10.1.2.3"]),
    ],
)
def test_addresses_are_read_as_people_write_them(spec: DataServiceSpec, typed: str, values: list[str]) -> None:
    reading = read_addresses(typed, spec)
    assert not reading.mistakes
    assert [address.value for address in reading.addresses] == values


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("8.8.8.8", "不在校园网内"),
        ("127.0.0.1", "不在校园网内"),
        ("::ffff:8.8.8.8", "不在校园网内"),
        ("2001:4860:4860::8888", "不在校园网内"),
        ("10.1.2.0/24", "一段网络"),
        ("*.shcc.edu.cn", "通配符"),
        ("fe80::1%eth0", "网卡编号"),
        ("localhost", "不是域名"),
        ("999.1.1.1", "不是域名"),
        ("<script>.cn", "不是域名"),
        (" ".join(f"10.0.0.{n}" for n in range(21)), "最多 20 个"),
    ],
)
def test_what_is_no_server_on_campus_is_refused_in_words(spec: DataServiceSpec, typed: str, words: str) -> None:
    assert words in "".join(read_addresses(typed, spec).mistakes)


def test_name_outside_the_campus_cannot_be_approved(college: College, account: MediaAccount) -> None:
    with name_server({"cx.shcc.example": ["10.20.3.15", "203.0.113.9"]}) as server:
        filing = file(college, account)
        look_up_again(college.now)
        decide(college, filing, "head")
        with pytest.raises(TransitionNotAllowed, match="cx.shcc.example：不在校园网内"):
            decide(college, filing, "scitech")
        account.refresh_from_db()
        assert account.state == AccountState.APPLIED
        server.table["cx.shcc.example"] = ["10.20.3.15"]
        look_up_again(college.now + timedelta(days=8))
        decide(college, filing, "scitech")
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE


def test_unasked_and_unanswered_names_need_a_look(college: College, account: MediaAccount) -> None:
    with name_server(NAMES) as server:
        filing = file(college, account)
        decide(college, filing, "head")
        with pytest.raises(TransitionNotAllowed, match="还没查"):
            decide(college, filing, "scitech")
        server.table.clear()
        look_up_again(college.now)
        with pytest.raises(TransitionNotAllowed, match="解析不到"):
            decide(college, filing, "scitech")


def test_returned_filing_is_mended_and_sent_again(college: College, account: MediaAccount) -> None:
    with name_server(NAMES):
        filing = file(college, account)
        decide(college, filing, "head", Verdict.RETURN, "写清机柜。")
        filing.refresh_from_db()
        assert filing.state == ServerFilingState.RETURNED
        services.refile_servers(
            filing_id=filing.pk, facts=replace(FACTS, location="B 列 1 柜"), **college.who("operator")
        )
        look_up_again(college.now)
        decide(college, filing, "head")
        decide(college, filing, "scitech")
    filing.refresh_from_db()
    assert (filing.state, filing.location) == (ServerFilingState.APPROVED, "B 列 1 柜")
    rounds = rounds_of(college.institution.pk, SERVER_FILING_TYPE, str(filing.pk))
    assert [one.content["放在哪里"] for one in rounds] == ["B 列 1 柜", FACTS.location]


def test_second_filing_at_once_is_refused(college: College, account: MediaAccount) -> None:
    filing = file(college, account)
    with pytest.raises(TransitionNotAllowed, match=filing.number):
        file(college, account)
    assert ServerFiling.objects.count() == 1


def test_only_the_sponsor_files_and_only_the_division_revokes(college: College, account: MediaAccount) -> None:
    for role in ("library_operator", "club", "scitech"):
        with pytest.raises(PermissionDenied):
            services.file_servers(account_id=account.pk, facts=FACTS, **college.who(role))
    with name_server(NAMES):
        filing = approved(college, account)
    for role in ("operator", "media"):
        with pytest.raises(PermissionDenied):
            services.revoke_server_filing(filing_id=filing.pk, text="试一试", **college.who(role))
    services.revoke_server_filing(filing_id=filing.pk, text="机柜搬出校园。", **college.who("scitech"))
    account.refresh_from_db()
    assert (account.state, account.suspension_reason) == (AccountState.SUSPENDED, SuspensionReason.SERVER_LAPSED)
    assert may_run(account, college.on).rule == "data_service.campus_server"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service", ""),
        ("service", "长" * 121),
        ("addresses", "8.8.8.8"),
        ("addresses", "  "),
        ("data_kept", "成"),
        ("personal_information", "everything"),
        ("technician_mobile", "123"),
        ("technician_email", "a@b\nBcc: c@d.cn"),
    ],
)
def test_wrong_fields_are_named_and_nothing_is_kept(
    college: College, account: MediaAccount, field: str, value: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        file(college, account, **{field: value})
    assert list(refused.value.message_dict) == [field]
    assert not ServerFiling.objects.exists()


def test_approval_ends_by_itself_and_a_renewal_brings_the_account_back(college: College, account: MediaAccount) -> None:
    with name_server(NAMES):
        filing = approved(college, account)
        assert filing.valid_until is not None
        account.refresh_from_db()
        assert may_run(account, filing.valid_until).allowed
        assert not may_run(account, filing.valid_until + timedelta(days=1)).allowed
        after = college.now + (filing.valid_until - college.on) + timedelta(days=1)
        run_due(after)
        run_due(after)
        filing.refresh_from_db()
        account.refresh_from_db()
        assert filing.state == ServerFilingState.EXPIRED
        assert (account.state, account.suspension_reason) == (AccountState.SUSPENDED, SuspensionReason.SERVER_LAPSED)
        suspended = [
            entry
            for entry in entries_about(college.institution.code, "registry.media_account", str(account.pk))
            if entry.event == "registry.account_suspended"
        ]
        assert len(suspended) == 1
        college.now = after
        renewed = approved(college, account)
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE
    assert account.server_filing_reference == renewed.number
    assert may_run(account, college.on).allowed


def test_renewal_before_the_end_replaces_the_approval(college: College, account: MediaAccount) -> None:
    with name_server(NAMES):
        first = approved(college, account)
        second = approved(college, account, location="B 列 1 柜")
        first.refresh_from_db()
        assert (first.state, second.state) == (ServerFilingState.REPLACED, ServerFilingState.APPROVED)
        assert first.valid_until is not None
        run_due(college.now + (first.valid_until - college.on))
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE


def test_moved_name_is_recorded_once_and_told(college: College, account: MediaAccount) -> None:
    with name_server(NAMES) as server:
        filing = approved(college, account)
        server.table["cx.shcc.example"] = ["203.0.113.9"]
        for days in (1, 8, 9, 16):
            look_up_again(college.now + timedelta(days=days))
        address = filing.addresses.get(kind=AddressKind.NAME)
        assert address.outcome == "outside"
        looks = list(address.checks.all())
        assert [(look.outcome, look.found) for look in looks] == [
            ("outside", ["203.0.113.9"]),
            ("inside", ["10.20.3.15"]),
        ]
        assert looks[0].first_seen_at < looks[0].last_seen_at
        server.silent.add("cx.shcc.example")
        asked = len(server.asked)
        look_up_again(college.now + timedelta(days=17))
        assert len(server.asked) == asked, "looked at the day before yesterday"
    moved = [
        entry
        for entry in entries_about(college.institution.code, SERVER_FILING_TYPE, str(filing.pk))
        if entry.event == "registry.address_moved"
    ]
    assert len(moved) == 2


def test_strangers_do_not_find_a_filing(college: College, account: MediaAccount, client: Client) -> None:
    filing = file(college, account)
    client.force_login(college.people["library_operator"])
    for address in (f"/servers/{filing.pk}/", f"/servers/{filing.pk}/edit/", "/servers/999999/"):
        assert client.get(address).status_code == 404
    assert client.post(f"/servers/{filing.pk}/revoke/", {"text": "x"}).status_code == 404
    assert filing.number not in client.get("/servers/").content.decode()


def test_pages_walk_from_filing_to_approval(college: College, account: MediaAccount, client: Client) -> None:
    client.force_login(college.people["operator"])
    form = {**{name: getattr(FACTS, name) for name in ServerFacts.__dataclass_fields__}, "addresses": "8.8.8.8"}
    refused = client.post(f"/accounts/{account.pk}/servers/", form)
    assert refused.status_code == 422
    assert "8.8.8.8不在校园网内" in refused.content.decode()
    assert "秦工" in refused.content.decode(), "nothing typed is lost"
    sent = client.post(f"/accounts/{account.pk}/servers/", {**form, "addresses": "10.20.3.15"})
    filing = ServerFiling.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, f"/servers/{filing.pk}/")
    assert client.get(f"/accounts/{account.pk}/servers/")["Location"] == f"/servers/{filing.pk}/"
    decide(college, filing, "head")
    client.force_login(college.people["scitech"])
    assert filing.number in client.get("/servers/").content.decode()
    chain = rounds_of(college.institution.pk, SERVER_FILING_TYPE, str(filing.pk))[0]
    page = client.get(f"/approvals/{chain.pk}/").content.decode()
    assert "校内数据服务服务器报批表" in page
    assert "10.20.3.15" in page
    decide(college, filing, "scitech")
    assert "有效" in client.get(f"/servers/{filing.pk}/").content.decode()
    assert client.post(f"/servers/{filing.pk}/revoke/", {"text": ""}).status_code == 422
    assert client.post(f"/servers/{filing.pk}/revoke/", {"text": "搬走了。"}).status_code == 302
