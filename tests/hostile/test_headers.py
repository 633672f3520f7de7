"""What goes over the wire beside the page: caches, host names, cookies, addresses to go on to."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.organisation import PASSWORD
from tests.support.college import College

ClientOf = Callable[[Any], Client]
PRIVATE = ["/", "/accounts/", "/applications/", "/notices/", "/organisation/people/", "/ledger/", "/directory/"]


@pytest.mark.parametrize("path", PRIVATE)
def test_what_signed_in_people_see_stays_out_of_caches(college: College, client_of: ClientOf, path: str) -> None:
    response = client_of(college.people["media"]).get(path)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response["Vary"]


def test_refusals_stay_out_of_caches_too(college: College, client_of: ClientOf) -> None:
    response = client_of(college.people["operator"]).get("/organisation/people/")
    assert response.status_code == 403
    assert response["Cache-Control"] == "private, no-cache"


def test_public_pages_may_be_kept_by_the_public(college: College, client: Client) -> None:
    assert not client.get("/directory/").has_header("Cache-Control")


def test_a_view_that_says_more_is_left_alone(college: College, client_of: ClientOf) -> None:
    response = client_of(college.people["media"]).get("/accounts/export/?format=csv")
    assert response["Cache-Control"] == "private, no-store"


def test_signing_out_empties_the_browsers_cache(college: College, client_of: ClientOf) -> None:
    client = client_of(college.people["media"])
    assert not client.get("/accounts/").has_header("Clear-Site-Data")
    response = client.post(reverse("account_logout"))
    assert response.status_code == 302
    assert response["Clear-Site-Data"] == '"cache"'
    assert client.get("/accounts/").status_code == 302


@pytest.mark.parametrize("path", ["/", "/directory/", "/healthz", "/me/login/", "/api/v1/accounts"])
@pytest.mark.parametrize("host", ["evil.example", "a b", "127.0.0.1@evil.example", "x" * 300])
def test_a_host_name_that_is_not_served_is_a_bad_request(college: College, path: str, host: str) -> None:
    client = Client(raise_request_exception=False)
    response = client.get(path, headers={"Host": host, "Referer": f"https://{host}/x"})
    assert response.status_code == 400
    assert host not in response.content.decode()
    assert response.content


@pytest.mark.parametrize("referer", ["http://[", "http://[::1", "//", "javascript:alert(1)"])
def test_a_broken_referer_leads_home(college: College, client_of: ClientOf, referer: str) -> None:
    response = client_of(college.people["operator"]).get("/organisation/people/", headers={"Referer": referer})
    assert response.status_code == 403
    assert "javascript:alert" not in response.content.decode()


ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example",
             "javascript:alert(1)", "/\t/evil.example", "http:///evil.example"]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nobody_is_sent_to_another_site(college: College, client: Client, address: str) -> None:
    assert client.get("/language/", {"language": "en", "next": address})["Location"] == "/"
    response = client.post(
        reverse("account_login"),
        {"login": college.people["operator"].username, "password": PASSWORD, "next": address},
    )
    assert response.status_code == 302
    assert response["Location"] == "/"


def test_session_cookies_are_out_of_reach_of_scripts(college: College, client: Client) -> None:
    client.post(reverse("account_login"), {"login": college.people["operator"].username, "password": PASSWORD})
    client.get("/")
    for name in ("sessionid", "last_person"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


def test_many_people_of_one_address_may_sign_in_at_once(college: College) -> None:
    person = college.people["operator"]
    for _time in range(35):
        response = Client().post(reverse("account_login"), {"login": person.username, "password": PASSWORD})
        assert response.status_code == 302
