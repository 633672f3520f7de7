"""Pages of filings: begin, write with autosave, submit, read, print; the list; accounts of before the rules."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests.factories.filings import begun, chain_of_filing, submitted
from tests.factories.organisation import InstitutionFactory, PersonFactory
from tests.registry.test_filings_legacy import LAW, LIBRARY, NOBODY, content
from tests.support.college import PDF, College, build_college
from xianshen.registry import services
from xianshen.registry.models import Filing, MediaAccount

Clients = Callable[[Any], Client]


@pytest.fixture
def here(db: None) -> College:
    """Return the college today, for pages that read the clock."""
    return build_college(timezone.now())


@pytest.fixture
def account(here: College) -> MediaAccount:
    found = here.opened()
    found.opened_on = here.on - timedelta(days=400)
    found.save(update_fields=["opened_on"])
    return found


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def post_form(here: College, filing: Filing, **changes: str) -> dict[str, str]:
    """Return what the form of a change posts."""
    account = filing.account
    return {
        "revision": str(filing.revision),
        "name": account.name,
        "handle": account.handle,
        "owner_name": str(account.owner_id),
        "administrators": account.administrators,
        "owner_mobile": account.owner_mobile,
        "owner_email": account.owner_email,
        "second_contact_name": account.second_contact_name,
        "second_contact_mobile": account.second_contact_mobile,
        "content_scope": account.content_scope,
        "positioning": account.positioning,
        "changed_on": here.on.isoformat(),
        "reason": "栏目调整。",
        **changes,
    }


def test_from_the_accounts_page_to_the_chain(here: College, account: MediaAccount, client_of: Clients) -> None:
    client = client_of(here.people["operator"])
    begin = f"/filings/new/?account={account.pk}"
    assert begin in text(client.get(f"/accounts/{account.pk}/"))
    assert client.get(begin).status_code == 200
    wrong = client.post(
        "/filings/new/", {"account": account.pk, "kind": "change", "changed_on": here.on + timedelta(days=3)}
    )
    assert wrong.status_code == 422
    assert "还没有到" in text(wrong)
    started = client.post("/filings/new/", {"account": account.pk, "kind": "change", "changed_on": here.on})
    filing = Filing.objects.get()
    assert started["Location"] == f"/filings/{filing.pk}/edit/"
    again = client.post("/filings/new/", {"account": account.pk, "kind": "closure", "changed_on": here.on})
    assert again["Location"] == f"/filings/{filing.pk}/"

    page = client.get(f"/filings/{filing.pk}/edit/")
    assert "变更了什么" in text(page)
    assert "提交给" in text(page)
    saved = client.post(
        f"/filings/{filing.pk}/save/", post_form(here, filing, name="法律系学堂"), HTTP_HX_REQUEST="true"
    )
    assert "原来：法律系学习园地" in text(saved)
    assert "<ins>法律系学堂</ins>" in text(saved)
    filing.refresh_from_db()
    assert filing.changes == {"name": "法律系学堂"}
    stale = client.post(f"/filings/{filing.pk}/save/", post_form(here, filing, revision="1"), HTTP_HX_REQUEST="true")
    assert stale.status_code == 409
    bad = client.post(f"/filings/{filing.pk}/submit/", post_form(here, filing, owner_mobile="12"))
    assert bad.status_code == 422
    assert "手机号码不对" in text(bad)
    filing.refresh_from_db()
    done = client.post(f"/filings/{filing.pk}/submit/", post_form(here, filing, name="法律系学堂"))
    assert done["Location"] == f"/filings/{filing.pk}/"
    assert "等所在部门意见" in text(client.get(f"/filings/{filing.pk}/"))
    assert "信息变更" in text(client.get(f"/filings/{filing.pk}/paper/"))
    head = client_of(here.people["head"])
    chain = head.get("/").content.decode()
    assert "信息变更备案" in chain
    assert "<ins>法律系学堂</ins>" in text(head.get(re.search(r"/approvals/\d+/", chain)[0]))  # type: ignore[index]
    twice = client.post(f"/filings/{filing.pk}/submit/", post_form(here, filing))
    assert twice.status_code == 302


def test_a_closure_with_its_files(here: College, account: MediaAccount, client_of: Clients) -> None:
    client = client_of(here.people["operator"])
    client.post("/filings/new/", {"account": account.pk, "kind": "closure", "changed_on": here.on})
    filing = Filing.objects.get()
    proof = SimpleUploadedFile("注销.pdf", PDF, "application/pdf")
    attached = client.post(f"/filings/{filing.pk}/attachments/", {"proof": proof}, HTTP_HX_REQUEST="true")
    assert "平台注销证明" in text(attached)
    refused = client.post(
        f"/filings/{filing.pk}/attachments/",
        {"upload": SimpleUploadedFile("x.pdf", b"not a pdf", "application/pdf")},
        HTTP_HX_REQUEST="true",
    )
    assert refused.status_code == 422
    data = {
        "revision": filing.revision,
        "changed_on": here.on,
        "reason": "合并。",
        "followers_plan": "告知。",
        "content_plan": "留存。",
        "custody_returned": "on",
        "custody_returned-shown": "1",
        "custody_returned_to": "系主任",
    }
    assert client.post(f"/filings/{filing.pk}/submit/", data).status_code == 302
    filing.refresh_from_db()
    assert (filing.state, filing.custody_returned) == ("submitted", True)


def test_strangers_find_nothing(here: College, account: MediaAccount, client_of: Clients) -> None:
    filing = begun(here, account)
    paths = ["", "edit/", "paper/"]
    for person in (here.people["library_operator"], PersonFactory(institution=InstitutionFactory())):
        client = client_of(person)
        for path in paths:
            assert client.get(f"/filings/{filing.pk}/{path}").status_code == 404
        for path in ("save/", "submit/", "discard/", "take-up/", "drop/", "proof/", "attachments/"):
            assert client.post(f"/filings/{filing.pk}/{path}", {"revision": "2"}).status_code == 404
        assert client.get(f"/filings/new/?account={account.pk}").status_code in {403, 404}
    mine = client_of(here.people["operator"])
    for forged in ("999999", "0", "9" * 30):
        assert mine.get(f"/filings/new/?account={forged}").status_code in {200, 404}
        assert mine.post("/filings/new/", {"account": forged, "kind": "change"}).status_code == 404
    assert mine.get("/filings/999999/").status_code == 404
    filing.refresh_from_db()
    assert (filing.state, filing.revision) == ("draft", 2)


def test_the_office_notices_a_change(here: College, account: MediaAccount, client_of: Clients) -> None:
    office = client_of(here.people["media"])
    address = f"/accounts/{account.pk}/observe/"
    assert address in text(office.get(f"/accounts/{account.pk}/"))
    assert office.post(address, {"changed_on": "", "text": "换了名称。"}).status_code == 422
    assert office.post(address, {"changed_on": here.on, "text": ""}).status_code == 422
    assert office.post(address, {"changed_on": here.on, "text": "换了名称。"}).status_code == 302
    filing = Filing.objects.get()
    operator = client_of(here.people["operator"])
    assert "给「法律系学习园地」备案" in text(operator.get("/"))
    assert operator.post(f"/filings/{filing.pk}/take-up/")["Location"] == f"/filings/{filing.pk}/edit/"
    assert client_of(here.people["operator"]).get(address).status_code == 403


def test_the_list_asks_the_database_as_often_for_thirty_as_for_one(
    here: College, client_of: Clients, queries_constant: Any
) -> None:
    def more(number: int) -> None:
        chain = here.submitted(name=f"园地{number}号{number * 7}", handle=f"garden_{number:03}")
        if number == 0:
            here.complete_file()
        here.decide(chain, "head")
        here.decide(chain, "director")
        submitted(here, MediaAccount.objects.latest("pk"), administrators="赵一")

    more(0)
    client = client_of(here.people["media"])
    queries_constant(
        lambda: client.get("/filings/?view=everything"), lambda: [more(n) for n in range(1, 12)], at_most=30
    )


def test_a_list_from_upload_to_confirmation(here: College, client_of: Clients, queries_constant: Any) -> None:
    office = client_of(here.people["media"])
    assert office.get("/filings/legacy/import/").status_code == 200
    assert office.get("/filings/legacy/import/template/").content.startswith(b"PK")
    bad = SimpleUploadedFile("list.csv", content(LAW.replace("13916392048", "1")))
    assert office.post("/filings/legacy/import/", {"file": bad})["Location"] == "/filings/legacy/import/preview/"
    assert "手机号码不对" in text(office.get("/filings/legacy/import/preview/"))
    office.post("/filings/legacy/import/preview/", {})
    assert not MediaAccount.objects.exists()
    good = SimpleUploadedFile("list.csv", content(LAW, LIBRARY, NOBODY))
    office.post("/filings/legacy/import/", {"file": good})
    preview = text(office.get("/filings/legacy/import/preview/"))
    assert "新列入 3 个" in preview
    until = here.on + timedelta(days=30)
    done = office.post("/filings/legacy/import/preview/", {"extend_until": until, "extend_why": "刚启用。"})
    assert done["Location"] == "/filings/legacy/"
    assert "各单位办到哪一步" in text(office.get("/filings/legacy/"))

    unit = client_of(here.people["operator"])
    assert "确认法律系的 2 个存量账号" in text(unit.get("/"))
    listed = text(unit.get("/filings/legacy/"))
    assert "法苑" in listed
    assert "图书馆服务" not in listed
    theirs = [Filing.objects.get(account__name=name).pk for name in ("法律系", "法苑")]
    foreign = Filing.objects.get(account__name="图书馆服务").pk
    assert unit.post("/filings/legacy/confirm/", {"ids": [foreign]}).status_code == 404
    confirmed = unit.post("/filings/legacy/confirm/", {"ids": theirs}, follow=True)
    assert "已确认 1 个" in text(confirmed)
    assert "「法苑」" in text(confirmed)
    states = dict(Filing.objects.values_list("account__name", "state"))
    assert states == {"法律系": "submitted", "法苑": "expected", "图书馆服务": "expected"}
    disown = f"/filings/legacy/{theirs[1]}/disown/"
    assert unit.post(disown, {"text": ""}).status_code == 422
    assert unit.post(disown, {"text": "是图书馆的。"}).status_code == 302
    assert unit.get(f"/filings/legacy/{theirs[1]}/settle/").status_code == 403
    settle = f"/filings/legacy/{theirs[1]}/settle/"
    assert office.post(settle, {"unit": "999999"}).status_code == 422
    assert office.post(settle, {"unit": here.units["library"].pk}).status_code == 302

    def more() -> None:
        rows = [LIBRARY.replace("shcc_lib", f"l_{n}").replace("图书馆服务", f"图书{n}馆") for n in range(30)]
        services.import_legacy(
            institution=here.institution, content=content(*rows), filename="l.csv", **here.who("media")
        )

    reader = client_of(here.people["library_operator"])
    queries_constant(lambda: reader.get("/filings/legacy/"), more, at_most=25)


def test_a_former_name_is_found_and_says_what_it_is_called_now(
    here: College, account: MediaAccount, client: Client, client_of: Clients
) -> None:
    filing = begun(here, account, name="法律系学堂")
    services.submit_filing(filing_id=filing.pk, revision=filing.revision, **here.who("operator"))
    chain = chain_of_filing(here, filing)
    here.decide(chain, "head")
    here.decide(chain, "director")
    page = text(client.get("/directory/?q=学习园地"))
    assert "法律系学堂" in page
    assert "曾用「法律系学习园地」" in page
    inner = text(client_of(here.people["operator"]).get(f"/accounts/{account.pk}/"))
    assert "历次信息" in inner
    assert "法律系学习园地" in inner
