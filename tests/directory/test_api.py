"""The public API: answers, errors, bounds, headers, and its own description."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from tests.directory.conftest import account
from tests.factories.organisation import InstitutionFactory
from tests.factories.registry import College
from xianshen.directory import throttle
from xianshen.directory.throttle import Throttle
from xianshen.registry.models import MediaAccount

LIST, VERIFY = "/api/v1/accounts", "/api/v1/accounts/verify"


@pytest.fixture(autouse=True)
def _school(school: College) -> None:
    """Every test here has the school's directory."""


def test_list_filters_and_pages(client: Client) -> None:
    answer = client.get(LIST).json()
    assert answer["institution"] == {"code": "shcc", "name": "上海海关学院"}
    assert answer["count"] == 4
    assert [one["tier"]["number"] for one in answer["items"]] == [1, 1, 2, 2]
    assert client.get(LIST, {"q": "法律"}).json()["count"] == 1
    assert client.get(LIST, {"platform": "微博"}).json()["count"] == 2
    assert client.get(LIST, {"platform": "wechat_subscription", "tier": 2}).json()["count"] == 1
    assert client.get(LIST, {"state": "closed"}).json()["items"] == []
    second = client.get(LIST, {"page_size": 3, "page": 2}).json()
    assert (second["pages"], len(second["items"]), second["next"]) == (2, 1, None)
    assert second["previous"].endswith("/api/v1/accounts?page_size=3&page=1")
    assert client.get(LIST, {"page": 9}).json()["items"] == []


def test_account_says_state_as_code_and_words(client: Client, suspend: Callable[..., MediaAccount]) -> None:
    running = client.get(f"{LIST}/{account('图书馆服务').code}").json()
    assert running["state"] == {"code": "active", "words": "运行中", "reason": ""}
    assert running["may_run"] == {"allowed": True, "reason": "", "since": None, "article": None}
    stopped = suspend(account("法律系"))
    shown = client.get(f"{LIST}/{stopped.code.lower().replace('-', '')}").json()
    assert shown["state"] == {"code": "suspended", "words": "暂停：未年审", "reason": "not_reviewed"}
    assert shown["may_run"]["allowed"] is False
    assert shown["may_run"]["since"] == stopped.state_since.isoformat()
    assert shown["may_run"]["article"]["number"] == 8
    assert shown["may_run"]["article"]["label"] == "第八条"
    assert shown["audience"] == ["本单位学生"]


@pytest.mark.parametrize(
    ("by", "value"),
    [
        ("name", "法律系"),
        ("handle", "FLX_shcc"),
        ("url", "https://weibo.com/n/shcc_lib"),
        ("url", "weibo.com/n/上海海关学院"),
    ],
)
def test_verify_finds_by_each_parameter(client: Client, by: str, value: str) -> None:
    answer = client.get(VERIFY, {by: value}).json()
    assert answer["by"] == by
    assert answer["listed"] is True
    assert answer["verdict"] == {"code": "genuine", "words": "是学校的账号"}
    assert datetime.fromisoformat(answer["checked_at"]).tzinfo is not None


@pytest.mark.parametrize("name", ["上海海关\u200b学院", "上海海關學院", "上海海关学院招生咨询"])
def test_verify_warns_of_impostor_spellings(client: Client, name: str) -> None:
    answer = client.get(VERIFY, {"name": name}).json()
    assert answer["listed"] is False
    assert answer["accounts"] == []
    assert answer["verdict"]["code"] == "lookalike"
    assert all(one["words"] for one in answer["warnings"])
    assert {"第四条"} == {one["article"]["label"] for one in answer["warnings"] if one["article"]}
    assert answer["similar"][0]["account"]["name"] == "上海海关学院"


@pytest.mark.parametrize(
    "given", [{}, {"name": "", "url": "  "}, {"name": "a", "handle": "b"}, {"url": "a", "name": "b"}]
)
def test_verify_takes_exactly_one_parameter(client: Client, given: dict[str, str]) -> None:
    response = client.get(VERIFY, given)
    assert response.status_code == 400
    assert response.json()["detail"] == "url、handle、name 三个参数用且只用一个，并写上内容。"


@pytest.mark.parametrize(
    ("path", "given", "status", "problem"),
    [
        (LIST, {"page": "x"}, 422, "page：要写整数"),
        (LIST, {"page": 0}, 422, "page：不能小于 1"),
        (LIST, {"page_size": 101}, 422, "page_size：不能大于 100"),
        (LIST, {"q": "学" * 10_000}, 422, "q：最多 100 个字"),
        (LIST, {"state": "gone"}, 422, "state：只能是这些值之一"),
        (VERIFY, {"name": "学" * 10_000}, 422, "name：最多 500 个字"),
        (LIST, {"institution": "nobody"}, 404, ""),
        (f"{LIST}/ZZZZ-ZZZZ", {}, 404, ""),
        (f"{LIST}/..%2f..%2fetc", {}, 404, ""),
        ("/api/v1/nothing/here", {}, 404, ""),
        ("/api/v1/", {}, 404, ""),
    ],
)
def test_failure_is_json_and_says_what_to_do(
    client: Client, path: str, given: dict[str, Any], status: int, problem: str
) -> None:
    response = client.get(path, given)
    assert response.status_code == status
    assert response["Content-Type"].startswith("application/json")
    assert response["Access-Control-Allow-Origin"] == "*"
    answer = response.json()
    assert set(answer) == {"detail", "rule", "problems"}
    assert answer["detail"].endswith("。")
    assert [one for one in answer["problems"] if one.startswith(problem)] == answer["problems"]


@pytest.mark.parametrize(
    "bad",
    [
        "\x00",
        "😀" * 30,
        "<script>alert(1)</script>",
        "%",
        "_",
        "'; DROP TABLE x; --",
        "\ud83d".encode("utf-8", "surrogatepass"),
    ],
)
def test_hostile_text_is_answered(client: Client, bad: Any) -> None:
    assert client.get(LIST, {"q": bad}).status_code == 200
    for by in ("name", "handle", "url"):
        assert client.get(VERIFY, {by: bad}).status_code in {200, 400}


def test_csv_holds_the_filtered_list(client: Client) -> None:
    response = client.get(f"{LIST}.csv", {"tier": 2})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["新媒体名称"] for row in rows] == ["图书馆服务", "法律系"]
    assert rows[0]["现在能否运行"] == "可以"
    assert rows[0]["核验地址"].endswith(f"/verify/{rows[0]['核验码']}")


def test_csv_cannot_act_as_formula(client: Client, school: College) -> None:
    school.account('=HYPERLINK("http://evil.cn")', unit="languages", owner="languages_operator")
    rows = list(csv.DictReader(io.StringIO(client.get(f"{LIST}.csv").content.decode("utf-8-sig"))))
    assert [row["新媒体名称"][:2] for row in rows if "HYPERLINK" in row["新媒体名称"]] == ["'="]


def test_list_has_an_entity_tag_and_verification_is_not_kept(client: Client) -> None:
    first = client.get(LIST)
    assert first["Cache-Control"] == "public, max-age=60"
    again = client.get(LIST, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Access-Control-Allow-Origin"] == "*"
    changed = client.get(LIST, {"q": "法律"}, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert client.get(VERIFY, {"name": "法律系"})["Cache-Control"] == "no-store"


def test_any_site_may_read_and_nobody_may_write(client: Client) -> None:
    preflight = client.options(LIST, headers={"Origin": "https://elsewhere.example"})
    assert preflight.status_code == 204
    assert preflight["Access-Control-Allow-Origin"] == "*"
    assert preflight["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert client.head(LIST).status_code == 200
    for method in (client.post, client.put, client.patch, client.delete):
        assert method(LIST).status_code == 405
    assert MediaAccount.objects.count() == 4


def test_no_cookie_is_set_or_needed(client: Client) -> None:
    client.get(LIST)
    client.get(VERIFY, {"name": "法律系"})
    assert not client.cookies


def test_one_address_is_slowed_down_and_others_are_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "API", Throttle(burst=2, per_second=0.5))
    assert [client.get(LIST).status_code for _n in range(3)] == [200, 200, 429]
    refused = client.get(LIST)
    assert int(refused["Retry-After"]) >= 1
    assert refused.json()["detail"].startswith("请求太频繁")
    assert client.get(LIST, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_allowance_comes_back_with_time() -> None:
    bucket = Throttle(burst=2, per_second=0.5)
    assert [bucket.wait("a", 0.0) for _n in range(3)] == [0, 0, 2]
    assert bucket.wait("a", 1.9) == 1
    assert bucket.wait("a", 4.0) == 0
    assert bucket.wait("b", 4.0) == 0


def test_institution_can_be_named(client: Client) -> None:
    other = InstitutionFactory(code="other")
    answer = client.get(LIST, {"institution": "other"}).json()
    assert answer["institution"]["name"] == other.name
    assert answer["count"] == 0
    code = account("法律系").code
    assert client.get(f"{LIST}/{code}", {"institution": "other"}).status_code == 404
    assert client.get(VERIFY, {"name": "法律系", "institution": "other"}).json()["listed"] is False
    assert client.get(VERIFY, {"name": "法律系", "institution": "shcc"}).json()["listed"] is True


def test_empty_installation_answers(client: Client) -> None:
    answer = client.get(VERIFY, {"name": "法律系", "institution": InstitutionFactory().code}).json()
    assert answer["verdict"]["code"] == "not_listed"


def test_queries_do_not_grow_with_the_list(
    client: Client, school: College, queries_constant: Callable[..., int]
) -> None:
    def grow() -> None:
        for number in range(30):
            school.account(f"班级号{number}", unit="class", owner="class_operator")

    queries_constant(lambda: client.get(LIST), grow, at_most=3)
    queries_constant(lambda: client.get(f"{LIST}.csv"), lambda: None, at_most=2)


# ── the description ──────────────────────────────────


def resolve(schema: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, which must exist."""
    while "$ref" in shape:
        assert shape["$ref"].startswith("#/components/schemas/")
        shape = schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
    return shape


def check(schema: dict[str, Any], shape: dict[str, Any], value: Any, at: str = "$") -> None:
    """Hold a value against its description: types, required and undeclared fields, all the way down."""
    shape = resolve(schema, shape)
    if "anyOf" in shape:
        if value is None:
            assert {"type": "null"} in shape["anyOf"], at
            return
        [shape] = [resolve(schema, one) for one in shape["anyOf"] if one != {"type": "null"}]
    types = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    assert isinstance(value, types[shape["type"]]), f"{at}: {value!r} is no {shape['type']}"
    if shape["type"] == "object":
        assert set(shape.get("required", [])) <= set(value) <= set(shape["properties"]), at
        for name, part in value.items():
            check(schema, shape["properties"][name], part, f"{at}.{name}")
    elif shape["type"] == "array":
        for number, part in enumerate(value):
            check(schema, shape["items"], part, f"{at}[{number}]")


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    response = client.get("/api/v1/openapi.json")
    assert response["Access-Control-Allow-Origin"] == "*"
    return json.loads(response.content)  # type: ignore[no-any-return]


def test_description_is_complete(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) == {
        LIST,
        f"{LIST}.csv",
        VERIFY,
        f"{LIST}/{{code}}",
    }
    ids = [one["get"]["operationId"] for one in schema["paths"].values()]
    assert len(set(ids)) == len(ids)
    for path, methods in schema["paths"].items():
        assert set(methods) == {"get"}
        operation = methods["get"]
        assert {"200", "404", "422", "429", "503"} <= set(operation["responses"]), path
        for parameter in operation["parameters"]:
            assert parameter["name"] == "code" or parameter["description"], (path, parameter["name"])
            assert (parameter["in"] == "path") == (f"{{{parameter['name']}}}" in path)
        for status, response in operation["responses"].items():
            assert response["description"]
            for content in response["content"].values():
                if status != "200":
                    assert content["schema"] == {"$ref": "#/components/schemas/ErrorOut"}
    assert "400" in schema["paths"][VERIFY]["get"]["responses"]
    for name, shape in schema["components"]["schemas"].items():
        for field, about in shape["properties"].items():
            assert re.search("[\u4e00-\u9fff]", about["description"]), f"{name}.{field} is not described"


def test_answers_are_as_described(client: Client, schema: dict[str, Any], suspend: Callable[..., MediaAccount]) -> None:
    suspend(account("法律系"))
    code = account("法律系").code
    tries: list[tuple[str, str, dict[str, Any]]] = [
        (LIST, LIST, {}),
        (LIST, LIST, {"page": "x"}),
        (VERIFY, VERIFY, {"name": "法律系"}),
        (VERIFY, VERIFY, {"name": "上海海關學院"}),
        (VERIFY, VERIFY, {"handle": "flx-shcc"}),
        (VERIFY, VERIFY, {}),
        (f"{LIST}/{{code}}", f"{LIST}/{code}", {}),
        (f"{LIST}/{{code}}", f"{LIST}/0000-0000", {}),
    ]
    for path, address, given in tries:
        response = client.get(address, given)
        described = schema["paths"][path]["get"]["responses"][str(response.status_code)]
        check(schema, described["content"]["application/json"]["schema"], response.json(), address)


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        (VERIFY, "name=图书馆服务&name=法律系", "name"),
        (VERIFY, "handle=a&handle=a", "handle"),
        (VERIFY, "url=https://weibo.com/a&url=https://weibo.com/b", "url"),
        (LIST, "q=法律&q=图书馆", "q"),
        (f"{LIST}.csv", "tier=1&tier=2", "tier"),
    ],
)
def test_a_parameter_given_twice_is_refused_not_guessed(client: Client, path: str, query: str, name: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "参数写法不对。改好再请求。",
        "rule": "",
        "problems": [f"{name}：写了 2 次，只能写一次"],
    }
    assert answer["Access-Control-Allow-Origin"] == "*"
