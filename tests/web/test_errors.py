"""Refusals and failures: what is wrong, why, what next; and what was typed stays."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.test import Client
from django.utils.html import escape

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.urls")]
Clean = Callable[[Any], str]
SignIn = Callable[[Any], Client]


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("denied", 403, ["这一步你不能办", "你不是这一步的审批人。"]),
        ("changed", 409, ["情况已经变了", "别人刚刚签署了这一步。"]),
        ("invalid", 400, ["填写的内容有误", "名称太长。", "手机号少一位。"]),
        ("busy", 503, ["现在存不进去", "再交一次"]),
        ("missing", 404, ["没有这一页"]),
        ("forbidden", 403, ["这一页你不能看", "只有办公室能看。"]),
        ("broken", 500, ["系统出错了", "再交一次"]),
    ],
)
def test_failures_keep_what_was_typed(
    client_of: SignIn, member: Any, clean: Clean, how: str, status: int, words: list[str]
) -> None:
    client = client_of(member)
    client.raise_request_exception = False
    response = client.post(f"/test/fail/{how}/", {"text": "同意<b>开设</b>", "password": "geheim-geheim"})
    html = clean(response)
    assert response.status_code == status
    for word in words:
        assert word in html
    assert "geheim" not in html
    if how not in {"missing"}:
        assert escape("同意<b>开设</b>") in html


@pytest.mark.parametrize(("how", "status"), [("denied", 403), ("changed", 409), ("missing", 404), ("busy", 503)])
def test_failures_are_pages_for_the_public_too(client: Client, clean: Clean, how: str, status: int) -> None:
    response = client.get(f"/test/fail/{how}/")
    assert response.status_code == status
    assert "<h1>" in clean(response)


@pytest.mark.parametrize(("how", "status"), [("denied", 403), ("changed", 409), ("invalid", 400), ("busy", 503)])
def test_htmx_gets_a_toast_and_leaves_the_page_alone(client_of: SignIn, member: Any, how: str, status: int) -> None:
    response = client_of(member).post(f"/test/fail/{how}/", {"text": "意见"}, headers={"HX-Request": "true"})
    assert response.status_code == status
    assert response.headers["HX-Retarget"] == "#toasts"
    assert response.headers["HX-Reswap"] == "beforeend"
    html = response.content.decode()
    assert html.lstrip().startswith('<div class="xs-toast')
    assert "<html" not in html


def test_a_busy_database_is_asked_for_nothing(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = client.post("/test/fail/busy/", {"text": "意见"})
    assert response.headers["Retry-After"] == "10"


def test_a_database_that_fails_before_the_view_is_busy_too(
    client_of: SignIn, member: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(store: object) -> None:
        raise OperationalError("database or disk is full")

    client = client_of(member)
    client.raise_request_exception = False
    monkeypatch.setattr(SessionStore, "load", away)
    response = client.post("/test/form/", {"text": "很长的意见"})
    assert response.status_code == 503
    assert '<input type="hidden" name="text" value="很长的意见">' in response.content.decode()


def test_passwords_are_typed_again_and_not_kept(client_of: SignIn, member: Any) -> None:
    html = client_of(member).post("/test/fail/busy/", {"text": "意见", "password": "x"}).content.decode()
    assert 'type="password" name="password"' in html
    assert '<input type="hidden" name="text" value="意见">' in html


def test_the_kept_form_goes_back_to_where_it_was_going(client_of: SignIn, member: Any) -> None:
    html = client_of(member).post("/test/fail/busy/?next=/a/&x=1", {"text": "意见"}).content.decode()
    assert 'action="/test/fail/busy/?next=/a/&amp;x=1"' in html
    assert "csrfmiddlewaretoken" in html


def test_a_form_without_a_token_from_this_site_can_be_sent_again(
    strict: Client, member: Any, clean: Clean, settings: Any
) -> None:
    strict.force_login(member, backend=settings.AUTHENTICATION_BACKENDS[0])
    response = strict.post("/test/form/", {"text": "很长的意见"}, headers={"Origin": "http://testserver"})
    html = clean(response)
    assert response.status_code == 403
    assert "这一页放得太久了" in html
    assert '<input type="hidden" name="text" value="很长的意见">' in html
    token = html.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    again = strict.post(
        "/test/form/", {"text": "很长的意见", "csrfmiddlewaretoken": token}, headers={"Origin": "http://testserver"}
    )
    assert "text=很长的意见" in again.content.decode()


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {}])
def test_a_form_from_elsewhere_is_not_offered_again(
    strict: Client, member: Any, headers: dict[str, str], settings: Any
) -> None:
    strict.force_login(member, backend=settings.AUTHENTICATION_BACKENDS[0])
    response = strict.post("/test/form/", {"text": "攻击者的内容"}, headers=headers)
    html = response.content.decode()
    assert response.status_code == 403
    assert "没有接受这次提交" in html
    assert "攻击者的内容" not in html
    assert "csrfmiddlewaretoken" not in html.split("<main")[1].split("</main>")[0]


def test_a_body_that_is_too_big_is_refused_as_such(client_of: SignIn, member: Any, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client = client_of(member)
    client.raise_request_exception = False
    response = client.post("/test/form/", {"text": "字" * 2000})
    assert response.status_code == 413
    assert "内容太大" in response.content.decode()


def test_programs_get_refusals_as_data(client: Client) -> None:
    response = client.get("/api/v1/nothing-here/")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("application/json")
