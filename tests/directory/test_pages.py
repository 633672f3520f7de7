"""The public pages: list, verification, one account, open data, and verification codes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.directory.conftest import account
from tests.factories.organisation import InstitutionFactory
from tests.factories.registry import College
from xianshen.directory import throttle
from xianshen.directory.throttle import Throttle
from xianshen.documents.verification import look_up
from xianshen.registry.models import MediaAccount


@pytest.fixture(autouse=True)
def _school(school: College) -> None:
    """Every test here has the school's directory."""


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.content.decode()[:400]
    return response.content.decode()  # type: ignore[no-any-return]


@pytest.mark.rule("directory.public")
def test_list_is_open_and_filters_stand_in_the_address(client: Client) -> None:
    page = text_of(client.get("/directory/"))
    assert "这个账号，是学校的吗？" in page
    assert page.count('<a href="/directory/accounts/') == 4
    filtered = text_of(client.get("/directory/", {"tier": "1", "platform": "weibo", "state": "active"}))
    assert filtered.count('<a href="/directory/accounts/') == 1
    assert "tier=1&amp;platform=weibo&amp;state=active" in filtered
    assert "没有符合的账号" in text_of(client.get("/directory/", {"q": "没有这个"}))


@pytest.mark.parametrize(
    "query", [{"tier": "x"}, {"tier": "99999999999999"}, {"page": "-1"}, {"state": "no"}, {"q": "\x00"}]
)
def test_list_bears_strange_addresses(client: Client, query: dict[str, str]) -> None:
    assert client.get("/directory/", query).status_code == 200


def test_list_shows_24_and_more_on_demand(client: Client, school: College) -> None:
    for number in range(30):
        school.account(f"班级号{number:02}", unit="class", owner="class_operator")
    page = text_of(client.get("/directory/"))
    assert page.count('<a href="/directory/accounts/') == 24
    assert "再看 10 个" in page
    part = text_of(client.get("/directory/?page=2", headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert part.count('<a href="/directory/accounts/') == 10
    assert "第 25–34 个，共 34 个" in part
    assert "<html" in text_of(client.get("/directory/?page=2"))


def test_queries_do_not_grow_with_the_list(
    client: Client, school: College, queries_constant: Callable[..., int]
) -> None:
    def grow() -> None:
        for number in range(30):
            school.account(f"班级号{number}", unit="class", owner="class_operator")

    queries_constant(lambda: client.get("/directory/"), grow, at_most=6)
    queries_constant(lambda: client.get("/directory/verify/", {"q": "班级号"}), lambda: None, at_most=9)


def test_verify_says_yes_and_by_whom(client: Client) -> None:
    page = text_of(client.get("/directory/verify/", {"q": "flx_shcc"}))
    assert "是。它由上海海关学院法律系主办" in page
    assert account("法律系").code in page
    assert "xs-stamp" in page


def test_verify_says_no_and_warns(client: Client) -> None:
    page = text_of(client.get("/directory/verify/", {"q": "上海海關學院"}))
    assert "「上海海關學院」不在名录里" in page
    assert "写法却不同" in page
    assert "第四条" in page
    assert "名录里容易混的账号" in page
    assert "xs-stamp" not in page


def test_verify_says_since_when_and_why_a_stopped_account_may_not_run(
    client: Client, suspend: Callable[..., MediaAccount]
) -> None:
    suspend(account("法律系"))
    page = text_of(client.get("/directory/verify/", {"q": "法律系"}))
    assert "从2026年9月14日起不能运行（已暂停：未年审）" in page
    assert "第八条" in page
    assert "xs-stamp" not in page


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "😀"])
def test_what_was_typed_is_shown_as_text(client: Client, typed: str) -> None:
    page = text_of(client.get("/directory/verify/", {"q": typed}))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in page.split("xs-result__answer")[1].split("</h2>")[0]


def test_verify_of_too_much_text_says_so(client: Client) -> None:
    assert "写得太长" in text_of(client.get("/directory/verify/", {"q": "学" * 10_000}))


def test_verify_without_question_explains_how_to_tell(client: Client) -> None:
    assert "怎么辨认" in text_of(client.get("/directory/verify/"))


def test_account_page_and_its_voucher(client: Client) -> None:
    code = account("法律系").code
    page = text_of(client.get(f"/directory/accounts/{code}/"))
    assert "是。它由上海海关学院法律系主办" in page
    assert "下载核验凭证" in page
    moved = client.get(f"/directory/accounts/{code.lower()}/")
    assert moved.status_code == 302
    assert moved["Location"] == f"/directory/accounts/{code}/"
    pdf = client.get(f"/directory/accounts/{code}/certificate.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    for missing in ("/directory/accounts/0000-0000/", "/directory/accounts/x/certificate.pdf"):
        assert client.get(missing).status_code == 404


def test_verification_code_of_an_account_is_answered(
    client: Client, school: College, suspend: Callable[..., Any]
) -> None:
    code = account("法律系").code
    card = look_up(code.lower(), school.now)
    assert card is not None
    assert card.answer == "是。它由上海海关学院法律系主办"
    assert card.face.tone == "ok"
    assert card.seal
    page = text_of(client.get(f"/verify/{code}"))
    assert "是。它由上海海关学院法律系主办" in page
    suspend(account("法律系"))
    stopped = look_up(code, school.now)
    assert stopped is not None
    assert stopped.face.tone == "late"
    assert "不能运行" in str(stopped.detail)
    assert not stopped.seal
    assert look_up("0000-0000", school.now) is None


def test_another_institutions_visitors_do_not_see_the_accounts(client: Client) -> None:
    InstitutionFactory(host="other.example")
    code = account("法律系").code
    asked = {"headers": {"Host": "other.example"}}
    from django.conf import settings

    settings.ALLOWED_HOSTS.append("other.example")
    assert "法律系" not in text_of(client.get("/directory/", **asked))  # type: ignore[arg-type]
    assert client.get(f"/directory/accounts/{code}/", **asked).status_code == 404  # type: ignore[arg-type]
    assert "不在名录里" in text_of(client.get("/directory/verify/", {"q": "法律系"}, **asked))  # type: ignore[arg-type]


def test_no_institution_no_directory(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xianshen.organisation.middleware.institution_for_host", lambda host: None)
    for path in ("/directory/", "/directory/verify/", "/directory/report/", "/directory/open-data/"):
        assert client.get(path).status_code == 404


def test_downloads_hold_the_filtered_list(client: Client) -> None:
    made = client.get("/directory/accounts.json", {"tier": "2"})
    content = json.loads(b"".join(made.streaming_content))  # type: ignore[attr-defined]
    assert [one["name"] for one in content["items"]] == ["图书馆服务", "法律系"]
    assert content["institution"]["code"] == "shcc"
    table = client.get("/directory/accounts.csv", {"q": "法律"}).content.decode("utf-8-sig")
    assert table.count("\n") == 2


def test_open_data_and_guide_explain_every_operation(client: Client) -> None:
    assert "开放数据" in text_of(client.get("/directory/open-data/"))
    guide = text_of(client.get("/directory/api/"))
    for words in (
        "查名录",
        "核验账号",
        "查一个账号",
        "下载名录（CSV）",
        "GET /api/v1/accounts/verify",
        "429",
        "may_run",
    ):
        assert words in guide


def test_busy_visitor_is_asked_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "PAGES", Throttle(burst=1, per_second=0.1))
    assert client.get("/directory/").status_code == 200
    refused = client.get("/directory/")
    assert refused.status_code == 429
    assert "秒后再试" in refused.content.decode() or "秒再试" in refused.content.decode()
    assert refused["Retry-After"]
