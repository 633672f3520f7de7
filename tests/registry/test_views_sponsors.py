"""Sponsoring units' files: what the Office sees missing, and how a unit files and retires."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.factories.organisation import UnitFactory
from tests.factories.registry import PDF, College, stranger, upload
from xianshen.documents.models import Attachment
from xianshen.ledger.models import LedgerEntry
from xianshen.registry.models import SponsorDocument

Clients = Callable[[Any], Client]
LIST = "/sponsor-files/"


def body(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def path(school: College, unit: str) -> str:
    return f"/sponsor-files/{school.units[unit].pk}/"


def filled(**values: Any) -> dict[str, Any]:
    return {
        "kind": "team",
        "title": "队伍名单",
        "upload": upload("名单.pdf"),
        "valid_from": "2026-10-01",
        "valid_until": "",
        **values,
    }


def rows(response: Any) -> dict[str, str]:
    """Return the row of each unit as text."""
    page = body(response)
    found = re.findall(r"data-row-link>([^<]+)</a>(.*?)</tr>", page)
    return {name: re.sub(r"<[^>]+>", " ", rest) for name, rest in found}


@pytest.mark.rule("sponsor_file.complete")
def test_office_sees_which_units_lack_what(client_of: Clients, school: College) -> None:
    school.sponsor_file("law")
    school.sponsor_document("languages")
    school.account()
    shown = rows(client_of(school["officer"]).get(LIST))
    assert "缺" not in shown["法律系"]
    assert shown["外语系"].count("缺") == 2
    assert shown["图书馆"].count("缺") == 3
    assert "2024级法律一班" not in shown
    assert "校领导" not in shown
    assert "6 个单位，1 个材料齐全。" in body(client_of(school["officer"]).get(LIST))


def test_list_has_views_for_what_is_wrong(client_of: Clients, school: College) -> None:
    school.sponsor_file("law")
    school.account("图书馆服务", unit="library", owner="library_operator")
    client = client_of(school["officer"])
    assert set(rows(client.get(LIST, {"view": "sponsoring"}))) == {"图书馆"}
    assert "法律系" not in rows(client.get(LIST, {"view": "lacking"}))
    assert set(rows(client.get(LIST, {"q": "外语"}))) == {"外语系"}
    assert rows(client.get(LIST, {"view": "nonsense"})).keys() == rows(client.get(LIST)).keys()


def test_list_names_files_that_end_soon(client_of: Clients, school: College) -> None:
    for part in school.policy.sponsor_file.parts:
        school.sponsor_document("law", part.code, until=school.on + timedelta(days=20))
    client = client_of(school["officer"])
    assert set(rows(client.get(LIST, {"view": "ending"}))) == {"法律系"}
    assert "还剩 20 天" in rows(client.get(LIST))["法律系"]


def test_people_of_a_unit_come_straight_to_their_file(client_of: Clients, school: College) -> None:
    for who in ("law_head", "law_operator"):
        assert client_of(school[who]).get(LIST)["Location"] == path(school, "law")
    assert "归口的系部或校团委存档" in body(client_of(school["class_operator"]).get(LIST))


def test_list_asks_a_fixed_number_of_questions(
    client_of: Clients, school: College, queries_constant: Callable[..., int]
) -> None:
    client = client_of(school["officer"])
    school.sponsor_file("law")

    def grow() -> None:
        for number in range(30):
            UnitFactory(institution=school.institution, name=f"第{number}处", kind="department")

    queries_constant(lambda: client.get(LIST), grow, at_most=13)


@pytest.mark.parametrize(
    ("who", "status"),
    (
        ("officer", 200),
        ("leader", 200),
        ("law_head", 200),
        ("law_operator", 200),
        ("class_operator", 403),
        ("languages_head", 403),
        ("library_operator", 403),
    ),
)
def test_file_is_for_the_unit_and_the_office(client_of: Clients, school: College, who: str, status: int) -> None:
    assert client_of(school[who]).get(path(school, "law")).status_code == status


def test_file_of_another_institution_is_not_found(client_of: Clients, school: College) -> None:
    document = school.sponsor_document("law")
    client = client_of(stranger(school.now))
    assert client.get(path(school, "law")).status_code == 404
    assert client.post(path(school, "law"), filled()).status_code == 404
    assert client.post(f"/sponsor-files/documents/{document.pk}/retire/").status_code == 404
    document.refresh_from_db()
    assert document.retired_at is None


def test_head_files_a_document(client_of: Clients, school: College) -> None:
    client = client_of(school["law_head"])
    response = client.post(path(school, "law"), filled())
    assert response["Location"] == path(school, "law")
    document = SponsorDocument.objects.get()
    assert (document.kind, document.title) == ("team", "队伍名单")
    assert document.valid_until == date(2027, 10, 1)
    page = body(client.get(path(school, "law")))
    assert "队伍名单" in page
    assert "有效至2027年10月1日" in page
    assert LedgerEntry.objects.filter(event="registry.sponsor_document_filed", actor_position="系主任").count() == 1
    assert client.get(f"/documents/attachments/{document.attachment_id}/").getvalue() == PDF


@pytest.mark.parametrize(
    ("values", "said"),
    (
        ({"kind": ""}, "还没有选。选这份材料属于哪一类。"),
        ({"kind": "nonsense"}, "没有这一类材料"),
        ({"valid_from": ""}, "还没有写哪天起有效"),
        ({"valid_from": "2026-02-30"}, "没有这一天"),
        ({"valid_from": "9999-12-31"}, "年份不对"),
        ({"valid_until": "2026-09-01"}, "有效期的结束早于开始"),
        ({"title": "长" * 121}, "最多 120 字"),
        ({"upload": upload("空.pdf", b"")}, "文件是空的"),
        ({"upload": upload("程序.pdf", b"MZ\x90\x00")}, "不收这种文件"),
        ({"upload": upload("名单.docx")}, "内容却是PDF"),
    ),
)
def test_filing_names_what_is_wrong_and_changes_nothing(
    client_of: Clients, school: College, values: dict[str, Any], said: str
) -> None:
    response = client_of(school["law_head"]).post(path(school, "law"), filled(**values))
    assert response.status_code == 422
    assert said in body(response)
    assert not SponsorDocument.objects.exists()
    assert not Attachment.objects.exists()


def test_filing_without_a_file_says_so(client_of: Clients, school: College) -> None:
    values = filled()
    del values["upload"]
    response = client_of(school["law_head"]).post(path(school, "law"), values)
    assert response.status_code == 422
    assert "还没有选文件" in body(response)


def test_filing_on_the_last_day_of_february(client_of: Clients, school: College) -> None:
    client_of(school["law_head"]).post(path(school, "law"), filled(valid_from="2028-02-29"))
    assert SponsorDocument.objects.get().valid_until == date(2029, 2, 28)


@pytest.mark.parametrize("who", ("law_operator", "leader", "languages_head"))
def test_only_those_who_keep_the_file_change_it(client_of: Clients, school: College, who: str) -> None:
    document = school.sponsor_document("law")
    client = client_of(school[who])
    assert client.post(path(school, "law"), filled()).status_code == 403
    assert client.post(f"/sponsor-files/documents/{document.pk}/retire/").status_code in {403, 404}
    document.refresh_from_db()
    assert document.retired_at is None
    assert SponsorDocument.objects.count() == 1


def test_retired_documents_stay_visible_and_no_longer_count(client_of: Clients, school: College) -> None:
    school.sponsor_file("law")
    document = SponsorDocument.objects.get(kind="team")
    client = client_of(school["law_head"])
    response = client.post(f"/sponsor-files/documents/{document.pk}/retire/")
    assert response["Location"] == path(school, "law")
    page = body(client.get(path(school, "law")))
    assert "缺 1 份" in page
    assert "已作废" in page
    assert client.post(f"/sponsor-files/documents/{document.pk}/retire/").status_code == 409


def test_titles_with_markup_stay_text(client_of: Clients, school: College) -> None:
    client = client_of(school["law_head"])
    client.post(path(school, "law"), filled(title="<script>alert(1)</script>"))
    page = client.get(path(school, "law")).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(("who", "status"), (("officer", 200), ("law_operator", 200), ("languages_head", 403)))
def test_documents_are_read_by_who_may_see_the_file(client_of: Clients, school: College, who: str, status: int) -> None:
    document = school.sponsor_document("law")
    response = client_of(school[who]).get(f"/documents/attachments/{document.attachment_id}/")
    assert response.status_code in ({200} if status == 200 else {403, 404})
