"""No personal data leaves the register: every public page, file and answer is searched for all of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.directory.conftest import account
from tests.factories.registry import College
from xianshen.organisation.models import Person
from xianshen.registry.models import MediaAccount


def private_words() -> set[str]:
    """Return every name of a person, mobile number and e-mail address in the database."""
    words: set[str] = set()
    for person in Person.objects.all():
        words |= {person.name, person.mobile, person.email}
    for one in MediaAccount.objects.all():
        words |= {
            one.owner_name,
            one.owner_mobile,
            one.owner_email,
            one.second_contact_name,
            one.second_contact_mobile,
        }
    return {word for word in words if len(word) > 1}


def body(response: Any) -> str:
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return response.content.decode(errors="replace")  # type: ignore[no-any-return]


@pytest.mark.rule("directory.public")
def test_nothing_public_names_a_person(client: Client, school: College, suspend: Callable[..., Any]) -> None:
    school.account(
        "值班电话13912345678",
        unit="languages",
        owner="languages_operator",
        handle="write-to-languages_operator@example.edu.cn",
        positioning="联系沈青 13900002047",
        second_contact_name="蒋平",
        second_contact_mobile="13812340000",
    )
    suspend(account("图书馆服务"))
    application = school.submitted("class_operator", unit="class", name="法律一班小站", handle="class_one_site")
    assert application.pk
    code = account("法律系").code
    tries = [
        "/directory/",
        "/directory/?q=法律",
        *(f"/directory/accounts/{one.code}/" for one in MediaAccount.objects.all()),
        *(f"/verify/{one.code}" for one in MediaAccount.objects.all()),
        "/directory/verify/?q=法律系",
        "/directory/verify/?q=上海海關學院",
        f"/directory/verify/?q={code}",
        "/directory/accounts.csv",
        "/directory/accounts.json",
        "/directory/open-data/",
        "/directory/api/",
        "/directory/report/",
        "/api/v1/openapi.json",
        "/api/v1/accounts",
        "/api/v1/accounts.csv",
        f"/api/v1/accounts/{code}",
        "/api/v1/accounts/verify?name=法律系",
        "/api/v1/accounts/verify?handle=flx-shcc",
    ]
    private = private_words()
    assert {"赵宣", "13912345678", "13900002047", "languages_operator@example.edu.cn"} <= private
    for path in tries:
        response = client.get(path)
        assert response.status_code == 200, path
        text = body(response)
        assert not {word for word in private if word in text}, path


def test_what_was_searched_for_a_person_finds_nothing(client: Client, school: College) -> None:
    for word in ("赵宣", "13900002047", "flx@example.edu.cn"):
        assert client.get("/api/v1/accounts", {"q": word}).json()["count"] == 0
        assert client.get("/api/v1/accounts/verify", {"name": word}).json()["listed"] is False
