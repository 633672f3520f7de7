"""Downloads: to whom, of what, and how they arrive."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from docx import Document

from tests.factories.documents import SUBJECT_TYPE, actor_in, college_policy, issue, subject
from tests.factories.organisation import (
    AppointmentFactory,
    InstitutionFactory,
    PersonFactory,
    PositionFactory,
    PositionKindFactory,
    UnitFactory,
)
from xianshen.common.decisions import Allowed, Denied
from xianshen.documents import access, files, services
from xianshen.documents.enums import DocumentState
from xianshen.documents.models import Attachment, IssuedDocument

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SignIn = Callable[[Any], Client]


@pytest.fixture
def document(now: datetime) -> IssuedDocument:
    return issue(now)


@pytest.fixture
def attached(document: IssuedDocument, now: datetime) -> Attachment:
    return services.store_attachment(
        actor=actor_in(document.institution),
        subject=subject(),
        kind="team",
        upload=SimpleUploadedFile("队伍 名单😀.pdf", PDF),
        now=now,
    )


@pytest.fixture
def reader(document: IssuedDocument, readers: dict[str, Any]) -> Any:
    readers[SUBJECT_TYPE] = lambda institution_id, subject_id, grants: Allowed()
    return PersonFactory(institution=document.institution)


def paths(document: IssuedDocument, attached: Attachment) -> list[str]:
    return [
        f"/documents/{document.code}.pdf",
        f"/documents/{document.code}.docx",
        f"/documents/attachments/{attached.pk}/",
        f"/documents/{document.code}/withdraw",
    ]


def test_reader_gets_the_signed_pdf_even_before_the_worker(
    document: IssuedDocument, reader: Any, client_of: SignIn
) -> None:
    response = client_of(reader).get(f"/documents/{document.code}.pdf")
    content = response.getvalue()
    document.refresh_from_db()
    assert (response.status_code, document.state) == (200, DocumentState.VALID)
    assert files.digest_of(content) == document.digest
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("inline; filename*=utf-8''")
    assert "no-store" in response["Cache-Control"]
    again = client_of(reader).get(f"/documents/{document.code}.pdf?download")
    assert again.getvalue() == content
    assert again["Content-Disposition"].startswith("attachment;")


def test_reader_gets_the_docx(document: IssuedDocument, reader: Any, client_of: SignIn) -> None:
    response = client_of(reader).get(f"/documents/{document.code}.docx")
    assert "attachment" in response["Content-Disposition"]
    assert Document(BytesIO(response.getvalue())).tables[0].cell(0, 1).text == "法律系"


def test_attachment_is_always_a_download_under_its_own_name(
    attached: Attachment, reader: Any, client_of: SignIn
) -> None:
    response = client_of(reader).get(f"/documents/attachments/{attached.pk}/")
    assert response.getvalue() == PDF
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%E9%98%9F")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_without_sign_in_nothing_is_handed_out(document: IssuedDocument, attached: Attachment, client: Client) -> None:
    for path in paths(document, attached):
        response = client.get(path)
        assert response.status_code == 302
        assert "login" in response["Location"]


def test_whoever_may_not_read_the_record_is_told_why(
    document: IssuedDocument, attached: Attachment, readers: dict[str, Any], client_of: SignIn
) -> None:
    readers[SUBJECT_TYPE] = lambda institution_id, subject_id, grants: Denied("这份申请不归你管。")
    client = client_of(PersonFactory(institution=document.institution))
    for path in paths(document, attached):
        response = client.get(path)
        assert response.status_code == 403
        assert "这份申请不归你管。" in response.content.decode()
    document.refresh_from_db()
    assert document.state == DocumentState.PENDING


def test_predicate_learns_whose_record_and_who_reads(
    document: IssuedDocument, readers: dict[str, Any], client_of: SignIn
) -> None:
    asked = []

    def predicate(institution_id: int, subject_id: str, grants: Any) -> Allowed:
        asked.append((institution_id, subject_id, grants.person_id))
        return Allowed()

    readers[SUBJECT_TYPE] = predicate
    person = PersonFactory(institution=document.institution)
    client_of(person).get(f"/documents/{document.code}.docx")
    assert asked == [(document.institution_id, "17", person.pk)]


def test_record_of_an_unregistered_type_is_read_by_nobody(
    document: IssuedDocument, readers: dict[str, Any], client_of: SignIn
) -> None:
    person = PersonFactory(institution=document.institution)
    assert client_of(person).get(f"/documents/{document.code}.pdf").status_code == 403


def test_another_institutions_people_find_nothing(
    document: IssuedDocument, attached: Attachment, reader: Any, client_of: SignIn
) -> None:
    stranger = client_of(PersonFactory(institution=InstitutionFactory()))
    for path in paths(document, attached):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"/documents/{document.code}/withdraw", {"reason": "错"}).status_code == 404
    document.refresh_from_db()
    assert document.state == DocumentState.PENDING


@pytest.mark.parametrize("path", ("/documents/0000-0000.pdf", "/documents/attachments/999999/", "/documents/x.pdf"))
def test_what_is_not_there_is_not_found(path: str, reader: Any, client_of: SignIn) -> None:
    assert client_of(reader).get(path).status_code == 404


def test_removed_attachment_is_not_found(attached: Attachment, reader: Any, client_of: SignIn, now: datetime) -> None:
    services.remove_attachment(actor=actor_in(attached.institution), attachment=attached, subject=subject(), now=now)
    assert client_of(reader).get(f"/documents/attachments/{attached.pk}/").status_code == 404


def test_lost_file_is_said_clearly(
    document: IssuedDocument, attached: Attachment, reader: Any, client_of: SignIn
) -> None:
    client = client_of(reader)
    client.get(f"/documents/{document.code}.pdf")
    document.refresh_from_db()
    files.path_of(document.digest).write_bytes(b"changed")
    files.path_of(attached.digest).unlink()
    for path in (f"/documents/{document.code}.pdf", f"/documents/attachments/{attached.pk}/"):
        response = client.get(path)
        assert response.status_code == 503
        assert "从备份恢复" in response.content.decode()


def test_withdrawn_document_can_still_be_read_and_says_so(
    document: IssuedDocument, reader: Any, client_of: SignIn, now: datetime
) -> None:
    services.complete_document(document_id=document.pk, now=now)
    services.withdraw_document(actor=actor_in(document.institution), document=document, reason="错", now=now)
    response = client_of(reader).get(f"/documents/{document.code}.pdf")
    assert response.status_code == 200
    assert "%E5%B7%B2%E6%92%A4%E5%9B%9E" in response["Content-Disposition"]


def test_document_withdrawn_before_rendering_has_no_pdf(
    document: IssuedDocument, reader: Any, client_of: SignIn, now: datetime
) -> None:
    services.withdraw_document(actor=actor_in(document.institution), document=document, reason="错", now=now)
    assert client_of(reader).get(f"/documents/{document.code}.pdf").status_code == 404


def _clerk(document: IssuedDocument) -> Any:
    PositionKindFactory(institution=document.institution, code="clerk", capabilities=["documents.withdraw"])
    unit = UnitFactory(institution=document.institution)
    return AppointmentFactory(position=PositionFactory(unit=unit, kind="clerk")).person


def test_withdrawing_by_hand(document: IssuedDocument, reader: Any, client_of: SignIn) -> None:
    client = client_of(_clerk(document))
    path = f"/documents/{document.code}/withdraw"
    assert "撤回这份表单" in client.get(path).content.decode()
    response = client.post(path, {"reason": "名称有误"}, follow=True)
    assert "名称有误" in response.content.decode()
    document.refresh_from_db()
    assert (document.state, document.withdrawn_reason) == (DocumentState.WITHDRAWN, "名称有误")
    assert client.post(path, {"reason": "再来一次"}).status_code == 409
    document.refresh_from_db()
    assert document.withdrawn_reason == "名称有误"


def test_withdrawing_without_a_reason_shows_the_form_again(
    document: IssuedDocument, reader: Any, client_of: SignIn
) -> None:
    response = client_of(_clerk(document)).post(f"/documents/{document.code}/withdraw", {"reason": ""})
    assert "没有写撤回原因" in response.content.decode()
    document.refresh_from_db()
    assert document.state == DocumentState.PENDING


def test_reader_without_the_capability_cannot_withdraw(
    document: IssuedDocument, reader: Any, client_of: SignIn
) -> None:
    client = client_of(reader)
    path = f"/documents/{document.code}/withdraw"
    assert "归口管理部门" in client.get(path).content.decode()
    assert client.post(path, {"reason": "错"}).status_code == 403
    document.refresh_from_db()
    assert document.state == DocumentState.PENDING


def test_blank_forms_are_for_everybody(client: Client) -> None:
    college_policy()
    pdf = client.get("/documents/blank/annex_1.pdf")
    assert "签字（公章）" in pypdf.PdfReader(BytesIO(pdf.getvalue())).pages[0].extract_text()
    docx = client.get("/documents/blank/annex_2.docx")
    assert len(Document(BytesIO(docx.getvalue())).tables) == 2
    assert "attachment" in docx["Content-Disposition"]


@pytest.mark.parametrize("path", ("annex_9.pdf", "annex_1.exe", "../annex_1.pdf"))
def test_unknown_blank_form_is_not_found(client: Client, path: str) -> None:
    college_policy()
    assert client.get(f"/documents/blank/{path}").status_code == 404


def test_blank_form_without_institution_is_not_found(client: Client) -> None:
    assert client.get("/documents/blank/annex_1.pdf").status_code == 404


def test_readers_of_a_type_are_registered_once(readers: dict[str, Any]) -> None:
    access.register("tests.other", lambda *_: Allowed())
    assert access.registered() == {"tests.other"}
    with pytest.raises(ValueError, match="registered already"):
        access.register("tests.other", lambda *_: Allowed())
