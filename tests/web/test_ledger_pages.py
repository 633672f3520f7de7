"""The ledger as people read it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories.organisation import InstitutionFactory
from xianshen.ledger.events import Subject, declare_event, declared_events
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.rendering import value_words
from xianshen.ledger.services import act, record
from xianshen.ledger.words import KEY_WORDS
from xianshen.organisation.selectors import actor_for

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
NOTED = declare_event("registry.noted_by_tests", keys=("text",), label="写下「%(text)s」")
APPLICATION = Subject("registry.opening_application", "7", "K-2026-007 法律系")
ACCOUNT = Subject("registry.media_account", "3", "法律系")


@pytest.fixture
def write(officer: Any, now: datetime) -> Callable[..., None]:
    """Return a function that records one act of the officer."""

    @act
    def written(
        text: str, minutes: int = 0, *, subject: Subject = APPLICATION, about: tuple[Subject, ...] = ()
    ) -> None:
        record(
            NOTED,
            actor=actor_for(officer, now.date()),
            subject=subject,
            payload={"text": text},
            at=now + timedelta(minutes=minutes),
            rule="opening.prior_approval",
            article=8,
            about=about,
        )

    return written


def test_the_record_page_says_who_did_what_in_which_position(
    client_of: SignIn, officer: Any, write: Callable[..., None], clean: Any
) -> None:
    write("第一稿<script>", about=(ACCOUNT,))
    for subject in (APPLICATION, ACCOUNT):
        html = clean(client_of(officer).get(reverse("web:ledger_record", args=[subject.type, subject.id])))
        assert f"<h1>{subject.label}</h1>" in html
        assert "写下「第一稿&lt;script&gt;」" in html
        assert f"{officer.name}（新媒体管理岗，办公室）" in html
        assert LedgerEntry.objects.get(event=NOTED.code).hash in html
        assert "链完整" in html
        assert "第八条" in html


def test_an_edited_entry_shows_where_the_chain_breaks(
    client_of: SignIn, officer: Any, write: Callable[..., None]
) -> None:
    write("一")
    write("二", 1)
    entry = LedgerEntry.objects.order_by("sequence").filter(event=NOTED.code).first()
    assert entry is not None
    _edit(entry.pk)
    html = (
        client_of(officer).get(reverse("web:ledger_record", args=[APPLICATION.type, APPLICATION.id])).content.decode()
    )
    assert f"链在第 {entry.sequence} 条断开" in html
    assert "链完整" not in html


def _edit(pk: int) -> None:
    """Change an entry as somebody with the database's keys could: without its triggers."""
    from xianshen.ledger.triggers import create_statements, drop_statements

    with connection.cursor() as cursor:
        for statement in drop_statements(connection.vendor):
            cursor.execute(statement)
        cursor.execute("UPDATE ledger_ledgerentry SET actor_name = 'somebody else' WHERE id = %s", [pk])
        for statement in create_statements(connection.vendor):
            cursor.execute(statement)


def test_the_ledger_is_for_those_who_supervise(client_of: SignIn, member: Any, write: Callable[..., None]) -> None:
    write("一")
    for address in ("/ledger/", reverse("web:ledger_record", args=[APPLICATION.type, APPLICATION.id])):
        response = client_of(member).get(address)
        assert response.status_code == 403
        assert "看全部留痕要有监督或归口管理的职务" in response.content.decode()


def test_another_institutions_records_do_not_exist(client_of: SignIn, officer: Any, write: Callable[..., None]) -> None:
    write("一")
    officer.institution = InstitutionFactory()
    officer.save()
    response = client_of(officer).get(reverse("web:ledger_record", args=[APPLICATION.type, APPLICATION.id]))
    assert response.status_code in {403, 404}
    assert "写下" not in response.content.decode()


def test_filters_and_pages_live_in_the_address(client_of: SignIn, officer: Any, write: Callable[..., None]) -> None:
    for number in range(53):
        write(f"第{number}次", number)
    write("别的", 60, subject=ACCOUNT)
    client = client_of(officer)
    response = client.get("/ledger/", {"room": "registry", "q": "K-2026-007"})
    html = response.content.decode()
    assert "写下「第52次」" in html
    assert "写下「第2次」" not in html
    assert "别的" not in html
    before = response.context["next_before"]
    assert f"?room=registry&amp;q=K-2026-007&amp;before={before}" in html
    older = client.get("/ledger/", {"room": "registry", "q": "K-2026-007", "before": before}).content.decode()
    assert "写下「第2次」" in older
    assert "写下「第52次」" not in older
    assert "没有符合的留痕" in client.get("/ledger/", {"room": "nothing"}).content.decode()


def test_queries_do_not_grow_with_entries(
    client_of: SignIn, officer: Any, write: Callable[..., None], django_assert_num_queries: Any
) -> None:
    from django.test.utils import CaptureQueriesContext

    client = client_of(officer)
    counts = []
    for amount in (1, 30):
        for number in range(amount):
            write(f"{amount}-{number}", about=(ACCOUNT,))
        client.get("/ledger/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/ledger/").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("value", ["x", "-1", "9" * 30, "1e3"])
def test_odd_page_marks_are_ignored(client_of: SignIn, officer: Any, value: str) -> None:
    assert client_of(officer).get("/ledger/", {"before": value}).status_code == 200


def test_every_key_of_a_payload_has_a_name() -> None:
    ours = [event for event in declared_events().values() if event.code.split(".")[0] in settings.ROOMS]
    keys = {key for event in ours for key in event.keys}
    assert not keys - KEY_WORDS.keys()


def test_values_are_shown_as_people_read_them() -> None:
    assert value_words("2026-12-30") == "2026年12月30日"
    assert value_words("2026-13-30") == "2026-13-30"
    assert value_words([True, "甲"]) == "是、甲"
    assert value_words({"due_on": "2026-12-30"}) == "截止：2026年12月30日"
