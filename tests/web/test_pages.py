"""The pages of the frame: safe, bounded, in the person's language."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories.organisation import DelegationFactory
from xianshen.common.states import Face
from xianshen.notices.models import Notice
from xianshen.organisation.selectors import NO_GRANTS
from xianshen.web import inbox, navigation, search

pytestmark = pytest.mark.django_db
Clean = Callable[[Any], str]
SignIn = Callable[[Any], Client]
PAGES = ["web:workbench", "web:search", "web:notices", "web:ledger", "web:gallery", "web:continue"]


@pytest.fixture
def todo(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes tasks the only ones in the inbox."""

    def only(*items: inbox.TodoItem) -> None:
        provider = inbox.Provider("tests", lambda person, grants, now: items, lambda person, grants, now: len(items))
        monkeypatch.setattr(inbox, "_providers", {"tests": provider})

    return only


def item(what: str, due: datetime | None) -> inbox.TodoItem:
    return inbox.TodoItem(what, "系主任已同意。", "/registry/1/", "去签署", "opening.office_opinion", due)


@pytest.mark.parametrize("route", PAGES)
def test_every_page_keeps_to_the_content_security_policy(
    client_of: SignIn, officer: Any, clean: Clean, route: str
) -> None:
    response = client_of(officer).get(reverse(route))
    assert response.status_code == 200
    html = clean(response)
    assert '<html lang="zh-Hans"' in html
    assert '"allowEval":false' in html
    assert '"includeIndicatorStyles":false' in html
    assert "http://" not in html.replace("http://www.w3.org", "").replace("http://testserver", "")
    assert "//cdn" not in html


@pytest.mark.parametrize("route", PAGES)
def test_every_page_asks_strangers_to_sign_in(client: Client, route: str) -> None:
    response = client.get(reverse(route))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(
    ("route", "current"),
    [("directory:list", "directory:list"), ("directory:report", ""), ("directory:open_data", "")],
)
def test_the_public_navigation_marks_only_the_page_that_is_open(
    client_of: SignIn, officer: Any, route: str, current: str
) -> None:
    html = client_of(officer).get(reverse(route)).content.decode()
    marked = re.findall(r'<a href="([^"]+)" aria-current="page">', html.split("<main")[0])
    assert marked == ([reverse(current)] if current else [])


def test_the_workbench_lists_and_counts_with_one_question(client_of: SignIn, officer: Any) -> None:
    client = client_of(officer)
    with CaptureQueriesContext(connection) as captured:
        client.get("/")
    assert not [
        query["sql"] for query in captured if "COUNT" in query["sql"] and "approvals_approvalstep" in query["sql"]
    ]


def test_the_frame_costs_two_queries_besides_grants(
    client_of: SignIn, officer: Any, django_assert_max_num_queries: Any, todo: Any
) -> None:
    todo()
    client = client_of(officer)
    with django_assert_max_num_queries(7) as captured:
        client.get("/search/")
    asked = [query["sql"].split("FROM")[-1].split()[0].strip('"') for query in captured]
    assert asked.count("notices_notice") == 1
    assert set(asked) <= {
        "django_session",
        "organisation_person",
        "organisation_appointment",
        "organisation_delegation",
        "organisation_unit",
        "regulation_policyversion",
        "notices_notice",
    }


def test_navigation_shows_only_what_concerns_the_person(client_of: SignIn, officer: Any, member: Any) -> None:
    assert reverse("web:ledger") in client_of(officer).get("/").content.decode()
    assert f'href="{reverse("web:ledger")}"' not in client_of(member).get("/").content.decode()


def test_navigation_leaves_out_rooms_that_do_not_exist() -> None:
    place = navigation.Place("稿件", "publishing:posts", "file-pencil")
    assert navigation.entries([place], path="/", grants=NO_GRANTS, counts=dict) == []


def test_the_menu_names_positions_and_on_whose_behalf(client_of: SignIn, officer: Any, member: Any) -> None:
    position = officer_position(officer)
    DelegationFactory(
        position=position, principal=officer, delegate=member, starts_on="2020-01-01", ends_on="2099-01-01"
    )
    html = client_of(member).get("/").content.decode()
    assert "法律系 · 宣传岗" in html
    assert f"代 {officer.name}（新媒体管理岗）" in html


def officer_position(officer: Any) -> Any:
    from xianshen.organisation.selectors import holdings_of

    return holdings_of(officer, timezone.localdate())[0].position


def test_the_workbench_answers_first(client_of: SignIn, officer: Any, todo: Any, clean: Clean) -> None:
    now = timezone.now()
    todo(
        item("以后再看", None),
        item("签署「法律系」的开设申请", now - timedelta(days=1)),
        item("核实报备", now + timedelta(days=3)),
        item("年审", now + timedelta(days=40)),
    )
    response = client_of(officer).get("/")
    html = clean(response)
    assert "今天有 1 件事要办完" in html
    assert "共 4 件待办，1 件已逾期" in html
    assert [group.code for group in response.context["groups"]] == ["now", "week", "later"]
    assert [one.what for one in response.context["groups"][2].items] == ["年审", "以后再看"]
    assert "<title>待办 (4)" in html


def test_an_empty_workbench_says_what_will_come(client_of: SignIn, officer: Any, todo: Any) -> None:
    todo()
    assert "现在没有要办的事" in client_of(officer).get("/").content.decode()


@pytest.mark.parametrize(
    ("hours", "group"), [(-30, "now"), (-1, "now"), (24, "week"), (24 * 7, "week"), (24 * 8, "later")]
)
def test_tasks_are_grouped_by_the_day_on_which_they_are_due(now: datetime, hours: int, group: str) -> None:
    assert item("a", now + timedelta(hours=hours)).group(now) == group


def test_chinese_unless_this_browser_chose_otherwise(client_of: SignIn, officer: Any) -> None:
    client = client_of(officer)
    html = client.get("/", headers={"Accept-Language": "en-US,en;q=0.9"}).content.decode()
    assert '<html lang="zh-Hans"' in html
    response = client.get(reverse("web:language"), {"language": "en", "next": "/notices/"})
    assert response.headers["Location"] == "/notices/"
    response = client.get("/")
    assert '<html lang="en"' in response.content.decode()
    assert response.headers["Content-Language"] == "en"


def test_the_persons_own_language_follows_them(client: Client, officer: Any) -> None:
    officer.language = "en"
    officer.set_password("shunfeng-2026-chuan")
    officer.save()
    client.post(reverse("account_login"), {"login": officer.username, "password": "shunfeng-2026-chuan"})
    assert '<html lang="en"' in client.get("/").content.decode()
    officer.language = ""
    officer.save()
    assert '<html lang="zh-Hans"' in client.get("/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_language_leads_nowhere_else(client: Client, target: str) -> None:
    response = client.get(reverse("web:language"), {"language": "xx", "next": target})
    assert response.headers["Location"] == "/"
    assert "django_language" not in response.cookies


@pytest.mark.parametrize(
    ("cookie", "own", "shown"),
    [("dark", "light", "dark"), ("", "dark", "dark"), ("", "system", "light"), ("<x>", "", "light")],
)
def test_the_theme_is_there_before_the_first_paint(
    client_of: SignIn, officer: Any, cookie: str, own: str, shown: str
) -> None:
    officer.theme = own
    officer.save()
    client = client_of(officer)
    client.cookies["theme"] = cookie
    html = client.get("/").content.decode()
    assert f'data-bs-theme="{shown}"' in html
    assert html.index("js/theme.js") < html.index("<body")


def test_notices_are_read_one_by_one_or_all(client_of: SignIn, officer: Any, member: Any, clean: Clean) -> None:
    at = timezone.now()
    for key in ("a", "b", "c"):
        Notice.objects.create(
            institution=officer.institution,
            person=officer,
            text=f"<b>{key}</b> 等你签署",
            url="/search/",
            key=key,
            at=at,
        )
    client = client_of(officer)
    html = clean(client.get("/notices/"))
    assert "3 条通知没有读" in html
    assert "&lt;b&gt;a&lt;/b&gt; 等你签署" in html
    first = client.get("/notices/").context["page"].object_list[0]
    assert client_of(member).post(reverse("web:notice_open", args=[first.pk])).status_code == 404
    response = client.post(reverse("web:notice_open", args=[first.pk]))
    assert response.headers["Location"] == "/search/"
    assert client.get("/notices/?unread=1").context["unread"] == 2
    client.post(reverse("web:notices_read"))
    assert client.get("/notices/").context["unread"] == 0


def test_search_shows_what_each_provider_lets_the_person_see(
    client_of: SignIn, member: Any, clean: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(request: Any, query: str, limit: int) -> list[search.Hit]:
        assert request.user == member
        face = Face("运行中", "ok", "circle-check")
        return [search.Hit(f"{query}<{number}>", f"/a/{number}/", "hgglx", face) for number in range(limit)]

    monkeypatch.setattr(search, "_providers", {"accounts": search.Provider("accounts", "账号", find)})
    html = clean(client_of(member).get("/search/", {"q": "  法律\0 "}))
    assert "法律&lt;0&gt;" in html
    assert html.count("data-row-link") == 10
    assert "只列前 10 条" in html


def test_search_without_hits_says_what_to_try(client_of: SignIn, member: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_providers", {})
    assert "没有找到" in client_of(member).get("/search/", {"q": "x" * 500}).content.decode()


def test_health_is_data_and_needs_no_sign_in(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    answer = json.loads(response.content)
    assert answer["status"] == "ok"
    assert answer["database"] is True
    assert answer["pending_migrations"] is False
    assert answer["version"]


def test_health_tells_when_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("unable to open database file")

    monkeypatch.setattr(connection, "cursor", away)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert json.loads(response.content)["database"] is False
