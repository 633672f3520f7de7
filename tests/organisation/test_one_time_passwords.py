"""One-time passwords for many: handed over once, recorded for each person, kept only as hashes."""

import re
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password
from django.test import Client, override_settings
from django.urls import reverse

from tests.factories.organisation import PersonFactory
from tests.organisation.conftest import School, make_school
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation import services
from xianshen.organisation.models import Person

ClientOf = Callable[[Any], Client]
SET = "organisation.one_time_password_set"


def imported(school: School, count: int = 3) -> list[Person]:
    """Return people as an import leaves them: without a password."""
    people = [PersonFactory(institution=school.institution, key=f"91{n:03}", name=f"新生{n}") for n in range(count)]
    for person in people:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    return people


def given_on(html: str) -> list[str]:
    return re.findall(r'<code class="xs-code">([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</code>', html)


def test_each_gets_one_it_works_once_and_is_recorded(school: School, now: datetime) -> None:
    people = imported(school)
    given = services.give_one_time_passwords(
        actor=school.actor(school.manager, now), person_ids=[one.pk for one in people], now=now
    )
    assert [one.person.pk for one in given] == [one.pk for one in people]
    assert len({one.password for one in given}) == 3
    for one in given:
        person = Person.objects.get(pk=one.person.pk)
        assert person.check_password(one.password)
        assert (person.must_change_password, person.password_changed_at) == (True, now)
        assert one.password not in repr(one)
    entries = LedgerEntry.objects.filter(event=SET)
    assert {entry.subject_id for entry in entries} == {str(one.pk) for one in people}
    assert not [one for one in given for entry in entries if one.password in str(entry.payload)]


def test_who_has_a_password_may_not_sign_in_or_is_a_stranger_is_left_out(school: School, now: datetime) -> None:
    new, out = imported(school, 2)
    Person.objects.filter(pk=out.pk).update(is_active=False)
    stranger = imported(make_school("other"), 1)[0]
    before = dict(Person.objects.values_list("pk", "password"))
    given = services.give_one_time_passwords(
        actor=school.actor(school.manager, now), person_ids=[new.pk, out.pk, stranger.pk, school.plain.pk], now=now
    )
    assert [one.person.pk for one in given] == [new.pk]
    after = dict(Person.objects.values_list("pk", "password"))
    assert {pk for pk in before if before[pk] != after[pk]} == {new.pk}


def test_refusals_change_nothing(school: School, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    people = imported(school)
    before = list(Person.objects.order_by("pk").values()), LedgerEntry.objects.count()
    keys = [one.pk for one in people]
    with pytest.raises(PermissionDenied):
        services.give_one_time_passwords(actor=school.actor(school.head, now), person_ids=keys, now=now)
    with pytest.raises(TransitionNotAllowed, match="都有密码了"):
        services.give_one_time_passwords(actor=school.actor(school.manager, now), person_ids=[school.plain.pk], now=now)
    monkeypatch.setattr("xianshen.organisation.services.passwords.MOST_AT_ONCE", 2)
    with pytest.raises(TransitionNotAllowed, match="最多给 2 个人"):
        services.give_one_time_passwords(actor=school.actor(school.manager, now), person_ids=keys, now=now)
    assert (list(Person.objects.order_by("pk").values()), LedgerEntry.objects.count()) == before


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"])
def test_the_hash_is_the_platforms_own_kind_and_is_renewed_when_it_is_used(school: School, now: datetime) -> None:
    person = imported(school, 1)[0]
    one = services.give_one_time_passwords(actor=school.actor(school.manager, now), person_ids=[person.pk], now=now)[0]
    person.refresh_from_db()
    renewed: list[str] = []
    assert person.password.startswith("pbkdf2_sha256$")
    assert check_password(one.password, person.password, renewed.append)
    assert renewed == [one.password]
    assert PBKDF2PasswordHasher().must_update(person.password)


def test_the_sheet_is_shown_once_to_be_printed(school: School, client_of: ClientOf) -> None:
    people = imported(school)
    office = client_of(school.manager)
    view = reverse("organisation:people") + "?view=without"
    assert all(f'name="person" value="{one.pk}"' in office.get(view).content.decode() for one in people)
    address = reverse("organisation:people_passwords")
    answer = office.post(address, {"person": [people[0].pk, people[1].pk]})
    html = answer.content.decode()
    assert len(given_on(html)) == 2
    assert "no-store" in answer["Cache-Control"]
    again = office.post(address, {"person": [people[0].pk, people[1].pk]})
    assert (again.status_code, given_on(again.content.decode())) == (409, [])
    rest = office.get(view).content.decode()
    assert [f'name="person" value="{one.pk}"' in rest for one in people] == [False, False, True]
    client = Client()
    client.post(reverse("account_login"), {"login": people[0].username, "password": given_on(html)[0]})
    assert client.get("/")["Location"] == reverse("account_change_password")


def test_all_of_the_view_as_a_workbook(school: School, client_of: ClientOf) -> None:
    people = imported(school)
    Person.objects.filter(pk=people[2].pk).update(name="别人")
    answer = client_of(school.manager).post(
        reverse("organisation:people_passwords"), {"all": "1", "q": "新生", "format": "xlsx"}
    )
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == ["工号或学号", "姓名", "用户名", "一次性密码"]
    assert [row[1] for row in rows[1:]] == ["新生0", "新生1"]
    assert all(Person.objects.get(key=row[0]).check_password(row[3]) for row in rows[1:])
    assert "no-store" in answer["Cache-Control"]


def test_nothing_chosen_and_nobody_else_may(school: School, client_of: ClientOf) -> None:
    imported(school)
    address = reverse("organisation:people_passwords")
    told = client_of(school.manager).post(address, {"person": ["x", ""]}, follow=True)
    assert "还没有选人" in told.content.decode()
    assert client_of(school.head).post(address, {"all": "1"}).status_code == 403
    assert not LedgerEntry.objects.filter(event=SET).exists()
