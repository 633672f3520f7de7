"""Public verification: by code and by file, without sign-in and without personal data."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories.documents import FILLED, OPINIONS, actor_in, filled, issue
from xianshen.common.components import Fact
from xianshen.common.states import Face
from xianshen.documents import services, verification
from xianshen.documents.content import LIMIT
from xianshen.documents.models import CheckCount, IssuedDocument
from xianshen.documents.rendering.pdf import render_pdf
from xianshen.documents.selectors import layout_and_data, signed_pdf, unsigned_pdf
from xianshen.documents.signing import sign_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(now: datetime) -> IssuedDocument:
    return services.complete_document(document_id=issue(now).pk, now=now)


def check(client: Client, content: bytes, name: str = "a.pdf") -> str:
    response = client.post("/verify/", {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 200
    return response.content.decode()


def answer(html: str) -> str:
    return html.split('<h2 id="answer">')[1].split("</h2>")[0]


def test_valid_code_says_what_was_issued_to_whom_and_when(client: Client, document: IssuedDocument) -> None:
    html = client.get(f"/verify/{document.code}").content.decode()
    assert answer(html) == "有效。由上海海关学院签发"
    for fact in (
        "上海海关学院校园新媒体开设申请表",
        "法律系",
        "2026年9月14日",
        "上海海关学院法律系、上海海关学院办公室",
        verification.grouped(document.digest),
        document.code,
    ):
        assert fact in html
    assert 'class="xs-stamp"' in html


def test_no_personal_data_is_shown(client: Client, document: IssuedDocument) -> None:
    pages = [client.get(f"/verify/{document.code}").content.decode(), check(client, signed_pdf(document))]
    services.withdraw_document(
        actor=actor_in(document.institution), document=document, reason="张三的手机写错了", now=document.issued_at
    )
    pages.append(client.get(f"/verify/{document.code}").content.decode())
    personal = [FILLED.values[key] for key in ("owner_name", "owner_mobile", "owner_email")]
    personal += [box.signer for box in OPINIONS.values()] + [box.text for box in OPINIONS.values()]
    personal += ["王五", "手机写错了"]
    for html in pages:
        assert [word for word in personal if word in html] == []


@pytest.mark.parametrize("spelling", ("bare", "lower", "spaced"))
def test_code_may_be_typed_in_any_spelling(client: Client, document: IssuedDocument, spelling: str) -> None:
    bare = document.code.replace("-", "")
    typed = {"bare": bare, "lower": document.code.lower(), "spaced": f"{bare[:4]} {bare[4:]}"}[spelling]
    response = client.get("/verify/", {"code": typed})
    assert (response.status_code, response["Location"]) == (302, f"/verify/{document.code}")
    response = client.get(f"/verify/{typed}")
    assert (response.status_code, response["Location"]) == (302, f"/verify/{document.code}")


@pytest.mark.parametrize("code", ("0000-0000", "zzz", "<script>alert(1)</script>", "../admin", "😀", "a" * 500))
def test_unknown_code_gets_a_page_that_helps(client: Client, code: str) -> None:
    for response in (client.get(f"/verify/{code}"), client.get("/verify/", {"code": code}, follow=True)):
        html = response.content.decode()
        assert response.status_code == 404
        assert "这个核验码" in html
        assert "<script>alert" not in html
        assert 'id="answer"' not in html


def test_pending_document_says_so(client: Client, now: datetime) -> None:
    assert "文件正在生成" in answer(client.get(f"/verify/{issue(now).code}").content.decode())


def test_withdrawn_document_says_so(client: Client, document: IssuedDocument) -> None:
    content = signed_pdf(document)
    services.withdraw_document(
        actor=actor_in(document.institution), document=document, reason="名称有误", now=document.issued_at
    )
    html = client.get(f"/verify/{document.code}").content.decode()
    assert answer(html) == answer(check(client, content)) == "已撤回，不再有效"
    assert "撤回日期" in html
    assert 'class="xs-stamp"' not in html


def test_held_file_is_valid(client: Client, document: IssuedDocument) -> None:
    html = check(client, signed_pdf(document))
    assert answer(html) == "有效。和上海海关学院签发的一字不差"
    assert document.code in html


def test_any_changed_byte_of_a_held_file_is_found(document: IssuedDocument, now: datetime) -> None:
    content = signed_pdf(document)
    contents = content.index(b"/Contents <")
    for place in {*range(0, len(content), len(content) // 40), *range(contents, len(content), 499)}:
        altered = bytearray(content)
        altered[place] ^= 1
        card = verification.check_file(bytes(altered), now)
        assert card.face.label == "已被改动", (place, card.answer)


def test_altered_file_names_the_original(client: Client, document: IssuedDocument) -> None:
    html = check(client, signed_pdf(document).replace(b"/Count 2", b"/Count 1"))
    assert answer(html) == "已被改动，不能采信"
    assert document.code in html
    assert verification.grouped(document.digest) in html
    assert 'class="xs-stamp"' not in html


def test_form_with_other_content_signed_by_nobody_is_not_ours(client: Client, document: IssuedDocument) -> None:
    assert answer(check(client, unsigned_pdf(document))) == "不是本校签发的文件"


def test_true_signature_under_an_unrecorded_file_is_no_proof(document: IssuedDocument, now: datetime) -> None:
    layout, data = layout_and_data(document)
    pdf = render_pdf(layout, replace(data, values=filled(name="别的").values))
    stray = sign_pdf(pdf, reason="x", place="y", contact="z", at=now)
    card = verification.check_file(stray, now)
    assert (card.face.label, card.answer) == ("不是本校签发", "签名是真的，但没有这份文件的签发记录")
    claimed = sign_pdf(pdf, reason="x", place="y", contact=document.data["url"], at=now)
    assert verification.check_file(claimed, now).face.label == "已被改动"


@pytest.mark.parametrize(
    ("content", "said"),
    ((b"", "这不是 PDF 文件"), (b"PK\x03\x04", "这不是 PDF 文件"), (b"%PDF-1.4" + b"\x00" * LIMIT, "文件超过 20 MB")),
)
def test_files_that_cannot_be_ours_are_refused(client: Client, content: bytes, said: str) -> None:
    html = check(client, content)
    assert said in html
    assert 'id="answer"' not in html


def test_checking_without_a_file_says_so(client: Client) -> None:
    assert "还没有选文件" in client.post("/verify/", {}).content.decode()


def test_checked_file_is_not_kept(client: Client, document: IssuedDocument, settings: Any) -> None:
    before = sorted(settings.FILES.rglob("*"))
    check(client, signed_pdf(document) + b" ")
    assert sorted(settings.FILES.rglob("*")) == before


def test_other_rooms_can_answer_for_their_codes(
    client: Client, document: IssuedDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_lookups", [])

    def account(code: str, now: datetime) -> verification.ResultCard | None:
        if code != "ACCT-2345":
            return None
        return verification.ResultCard(
            face=Face("运行中", "ok", "circle-check"),
            answer="是。它由海关管理系主办",
            facts=(Fact("账号", "海关管理系"),),
            code=code,
            links=(verification.Link("看账号", "/directory/1"),),
        )

    verification.register(account)
    verification.register(account)
    html = client.get("/verify/ACCT-2345").content.decode()
    assert answer(html) == "是。它由海关管理系主办"
    assert 'href="/directory/1"' in html
    assert answer(client.get(f"/verify/{document.code}").content.decode()).startswith("有效")
    assert client.get("/verify/ACCT-2346").status_code == 404


def test_titles_are_escaped(client: Client, now: datetime) -> None:
    document = issue(now, title="<script>alert(1)</script>")
    html = client.get(f"/verify/{document.code}").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_looking_up_a_code_takes_one_query(
    client: Client, document: IssuedDocument, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        verification.look_up(document.code, document.issued_at)


def test_an_address_that_has_too_many_files_checked_is_told_to_wait(
    client: Client, document: IssuedDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count is in the database, so that it holds whichever process answers."""
    monkeypatch.setattr(services, "CHECKS", 2)
    signed = signed_pdf(document)
    assert answer(check(client, signed)).startswith("有效")
    check(Client(), signed)
    judged: list[bytes] = []
    monkeypatch.setattr(verification, "check_file", lambda content, now: judged.append(content))
    refused = client.post("/verify/", {"file": SimpleUploadedFile("a.pdf", signed)})
    html = refused.content.decode()
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= services.CHECKS_WINDOW.total_seconds()
    assert "核验了 2 份文件，这一份没有看" in html
    assert "分钟后再传" in html
    assert judged == []
    assert answer(client.get(f"/verify/{document.code}").content.decode()).startswith("有效")
    elsewhere = client.post("/verify/", {"file": SimpleUploadedFile("a.pdf", signed)}, REMOTE_ADDR="198.51.100.7")
    assert (elsewhere.status_code, judged) == (200, [signed])


def test_checks_count_again_when_their_time_is_over_and_are_forgotten(document: IssuedDocument, now: datetime) -> None:
    asked = {"institution_id": document.institution_id, "source": "s" * 64}
    for _time in range(services.CHECKS):
        services.begin_check(**asked, now=now)
    almost = now + services.CHECKS_WINDOW - timedelta(seconds=30)
    with pytest.raises(services.TooManyChecks) as refused:
        services.begin_check(**asked, now=almost)
    assert refused.value.wait == 30
    assert services.forget_checks(now=almost) == 0
    services.begin_check(**asked, now=now + services.CHECKS_WINDOW)
    assert CheckCount.objects.get().checks == 1
    assert services.forget_checks(now=now + 2 * services.CHECKS_WINDOW) == 1
