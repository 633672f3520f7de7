"""Ids of another institution, of other units, and ids that nothing has: at every address that takes one."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from tests.factories.organisation import (
    AppointmentFactory,
    InstitutionFactory,
    PersonFactory,
    PositionFactory,
    PositionKindFactory,
    UnitFactory,
)
from tests.support.college import College, build_college
from xianshen.clocks.models import Deadline
from xianshen.documents.models import Attachment, IssuedDocument
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice
from xianshen.organisation.models import Appointment
from xianshen.registry import services as registry
from xianshen.registry.enums import FilingKind
from xianshen.registry.models import CustodyCheck, MediaAccount, OpeningApplication, SponsorDocument
from xianshen.regulation.enums import Capability

ClientOf = Callable[[Any], Client]
HUGE = 99999999999999999999
SERVERS = registry.ServerFacts(
    service="成绩查询",
    addresses="10.20.3.15",
    location="数据中心机房",
    data_kept="学号、姓名和成绩。",
    personal_information="sensitive",
    technician_name="秦工",
    technician_mobile="13800001831",
    technician_email="it@shcc.example",
)


@pytest.fixture
def college_today(db: None) -> College:
    return build_college(timezone.now())


@pytest.fixture
def outsider(college_today: College) -> Any:
    """Return somebody of another institution who holds every capability there is."""
    institution = InstitutionFactory()
    kind = PositionKindFactory(
        institution=institution,
        code="all",
        capabilities=[value for name, value in vars(Capability).items() if name.isupper()],
    )
    position = PositionFactory(unit=UnitFactory(institution=institution), kind=kind.code, title="全权")
    return AppointmentFactory(position=position, person=PersonFactory(institution=institution)).person


def numbered(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Return every address that takes a number, with {name} for each."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from numbered(entry, path)
        elif isinstance(entry, URLPattern) and "<int:" in path:
            yield "/" + re.sub(r"<(?:int|slug|str):(\w+)>", r"{\1}", path)


ADDRESSES = sorted(numbered())


def ids_of(college: College) -> dict[str, int]:
    """Return one id for each parameter, all of the college."""
    account = college.opened()
    application = OpeningApplication.objects.get(account=account)
    attachment = Attachment.objects.order_by("pk")[0]
    document = SponsorDocument.objects.order_by("pk")[0]
    notice = Notice.objects.order_by("pk")[0]
    chain = college.chain(application)
    operator = college.who("operator")
    keeper = registry.NewHolder("administrator", college.people["operator"].pk, "", "13800001832", college.on)
    holder = registry.add_custody_holder(account_id=account.pk, holder=keeper, **operator)
    handover = registry.propose_handover(
        holder_id=holder.pk,
        receiver_id=college.people["secretary"].pk,
        receiver_mobile="13800001833",
        items="全部权限",
        **operator,
    )
    filing = registry.start_filing(account_id=account.pk, kind=FilingKind.CHANGE, changed_on=college.on, **operator)
    registry.open_custody_round(**college.who("media"))
    return {
        "chain_id": chain.pk,
        "step_id": chain.steps.all()[0].pk,
        "holder_id": holder.pk,
        "handover_id": handover.pk,
        "check_id": CustodyCheck.objects.get(account=account).pk,
        "deadline_id": Deadline.objects.order_by("-pk")[0].pk,
        "filing_id": filing.pk,
        "server_id": registry.file_servers(account_id=account.pk, facts=SERVERS, **operator).pk,
        "application_id": application.pk,
        "account_id": account.pk,
        "attachment_id": attachment.pk,
        "unit_id": college.units["law"].pk,
        "document_id": document.pk,
        "notice_id": notice.pk,
    }


def by_path(address: str, ids: dict[str, int], college: College) -> str:
    """Fill an address with ids of the college; ``pk`` means what the path says."""
    meaning = {
        "units": college.units["law"].pk,
        "positions": college.positions["head"].pk,
        "people": college.people["head"].pk,
        "appointments": Appointment.objects.get(position=college.positions["head"]).pk,
        "notices": ids["notice_id"],
        "attachments": ids["attachment_id"],
        "delegations": 1,
    }
    folder = next((part for part in reversed(address.split("/")) if part in meaning), "")
    values = {**ids, "pk": meaning.get(folder, 1), "act": "suspend"}
    if address.startswith("/servers/"):
        values["filing_id"] = ids["server_id"]
    return address.format(**{name: values.get(name, 1) for name in re.findall(r"{(\w+)}", address)})


#: Articles are public: strangers may read them, in the version of the institution served under the host name.
SHARED = ("/regulation/",)


def test_another_institution_learns_and_changes_nothing(
    college_today: College, outsider: Any, client_of: ClientOf
) -> None:
    ids = ids_of(college_today)
    client = client_of(outsider)
    entries = LedgerEntry.objects.filter(institution=college_today.institution.code).count()
    account = MediaAccount.objects.get(pk=ids["account_id"])
    for address in ADDRESSES:
        if address.startswith(SHARED):
            continue
        path = by_path(address, ids, college_today)
        for response in (client.get(path), client.post(path, {"text": "理由", "reason": "stop_order", "step": "1"})):
            assert response.status_code in {404, 405}, (path, response.status_code)
            page = response.content.decode()
            assert account.name not in page, path
            assert college_today.people["head"].name not in page, path
    for code in IssuedDocument.objects.values_list("code", flat=True):
        for ending in (".pdf", ".docx", "/withdraw"):
            assert client.get(f"/documents/{code}{ending}").status_code == 404
    assert LedgerEntry.objects.filter(institution=college_today.institution.code).count() == entries


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("number", [0, HUGE])
def test_numbers_that_nothing_has_are_not_found(
    college_today: College, client_of: ClientOf, address: str, number: int
) -> None:
    client = client_of(college_today.people["media"])
    path = re.sub(r"\{act\}", "suspend", address)
    path = re.sub(r"\{\w+\}", str(number), path)
    for response in (client.get(path), client.post(path, {"text": "理由"})):
        assert response.status_code in {403, 404, 405}, (path, response.status_code)


def test_other_units_people_cannot_act_on_an_account(college_today: College, client_of: ClientOf) -> None:
    account = college_today.opened()
    before = account.state
    for role in ("operator", "head", "library_head", "monitor", "league", "scitech", "leader"):
        client = client_of(college_today.people[role])
        for act in ("remind", "suspend", "resume", "begin-closing", "close", "activate"):
            response = client.post(f"/accounts/{account.pk}/{act}/", {"text": "理由", "reason": "stop_order"})
            assert response.status_code in {403, 404, 409, 422}, (role, act)
    account.refresh_from_db()
    assert account.state == before


@pytest.mark.parametrize("role", ["library_operator", "monitor", "scitech"])
def test_other_units_people_cannot_file_or_retire_documents(
    college_today: College, client_of: ClientOf, role: str
) -> None:
    college_today.complete_file()
    document = SponsorDocument.objects.first()
    assert document is not None
    client = client_of(college_today.people[role])
    unit = college_today.units["law"].pk
    assert client.get(f"/sponsor-files/{unit}/").status_code == 403
    assert client.post(f"/sponsor-files/{unit}/", {"kind": document.kind}).status_code == 403
    assert client.post(f"/sponsor-files/documents/{document.pk}/retire/").status_code == 404
    assert client.get(f"/documents/attachments/{document.attachment_id}/").status_code == 403
    document.refresh_from_db()
    assert document.retired_at is None
