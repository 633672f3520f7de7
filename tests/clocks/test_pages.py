"""The Office's board, a deadline's page, the inbox, and calendar feeds, over HTTP."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar
from openpyxl import load_workbook

from tests.clocks.conftest import World
from tests.factories.organisation import InstitutionFactory
from xianshen.clocks.models import Deadline, FeedAddress
from xianshen.ledger.models import LedgerEntry
from xianshen.organisation.models import Appointment

ClientOf = Callable[[Any], Client]


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def office(world: World, client_of: ClientOf) -> Client:
    return client_of(world.college.people["director"])


@pytest.fixture
def operator(world: World, client_of: ClientOf) -> Client:
    return client_of(world.college.people["operator"])


def test_board_shows_failing_ones_on_top_filters_and_exports(
    world: World, office: Client, today: date, queries_constant: Callable[..., int]
) -> None:
    far = world.start("远", on=today)
    near = world.start("近", on=today - timedelta(days=5))
    failing = world.start("=坏", on=today - timedelta(days=3))
    Deadline.objects.filter(pk=failing.pk).update(failures=2, last_failure="OSError: 满了", retry_at=timezone.now())

    def order(query: str = "") -> list[int]:
        return [row.deadline.pk for row in office.get(f"/clocks/{query}").context["rows"]]

    assert order() == [failing.pk, near.pk, far.pk]
    assert order("?sort=-due") == [failing.pk, far.pk, near.pk]
    assert order("?days=3") == [near.pk]
    assert order("?view=failing") == [failing.pk]
    assert order("?view=nonsense&unit=x&days=-1&sort=;") == [failing.pk, near.pk, far.pk]
    assert order(f"?unit={world.college.units['library'].pk}") == []
    assert "OSError: 满了" in office.get("/clocks/").content.decode()
    book = load_workbook(io.BytesIO(office.get("/clocks/export/?format=xlsx&q=坏").content))
    rows = list(book.active.values)  # type: ignore[union-attr]
    assert (len(rows), rows[1][0], rows[1][11]) == (2, "事项=坏", "OSError: 满了")
    assert "事项近" in office.get("/clocks/export/?format=csv&days=3").content.decode("utf-8-sig")

    def grow() -> None:
        for number in range(30):
            world.start(f"多{number}", on=today)

    queries_constant(lambda: office.get("/clocks/"), grow, at_most=25)


def test_board_and_export_are_the_offices(world: World, operator: Client) -> None:
    assert operator.get("/clocks/").status_code == 403
    assert operator.get("/clocks/export/").status_code == 403


def test_office_extends_on_the_page_and_strangers_find_nothing(
    world: World, office: Client, operator: Client, client_of: ClientOf, today: date
) -> None:
    deadline = world.start("1", on=today)
    url = f"/clocks/{deadline.pk}/"
    later = (deadline.due_on + timedelta(days=3)).isoformat()
    assert operator.get(url).status_code == 200
    assert client_of(world.college.people["library_head"]).get(url).status_code == 404
    assert operator.post(url, {"due_on": later, "why": "忙"}).status_code == 403
    for refused in (
        {"due_on": later, "why": " "},
        {"due_on": today.isoformat(), "why": "忙"},
        {"due_on": "明天", "why": "忙"},
        {},
    ):
        assert office.post(url, refused).status_code == 422
    deadline.refresh_from_db()
    assert deadline.due_on == deadline.original_due_on
    assert office.post(url, {"due_on": later, "why": "系统停机"}).status_code == 302
    deadline.refresh_from_db()
    assert deadline.due_on.isoformat() == later
    assert "系统停机" in office.get(url).content.decode()


def test_deadline_of_another_institution_or_of_a_forged_number_is_not_found(
    world: World, office: Client, today: date
) -> None:
    deadline = world.start("1", on=today)
    Deadline.objects.filter(pk=deadline.pk).update(institution=InstitutionFactory())
    before = LedgerEntry.objects.count()
    for number in (deadline.pk, 999_999_999, 10**19):
        answer = office.post(f"/clocks/{number}/", {"due_on": "2099-01-01", "why": "忙"})
        assert answer.status_code == 404
    assert LedgerEntry.objects.count() == before


def test_inbox_shows_what_is_near_and_the_ruler_what_is_to_come(world: World, operator: Client, today: date) -> None:
    world.start("远", on=today)
    world.start("近", on=today - timedelta(days=4))
    page = operator.get("/")
    shown = [item.what for group in page.context["groups"] for item in group.items]
    assert "事项近" in shown
    assert "事项远" not in shown
    days = {day.day: day.count for day in page.context["ruler"] if day.count}
    assert days == {today + timedelta(days=3): 1, today + timedelta(days=7): 1}
    assert "还剩 3 天" in page.content.decode()


def address(answer: Any) -> str:
    return str(answer.context["address"]).removeprefix("http://testserver")


def test_feed_holds_ones_own_deadlines_only(world: World, operator: Client, today: date) -> None:
    world.things.people["别"] = (world.college.people["head"].pk,)
    world.start("1,;\r\nEND:VCALENDAR", on=today)
    world.start("别", on=today)
    secret = address(operator.post("/me/calendar/", {"act": "renew"}))
    answer = Client().get(secret)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [(event["dtstart"].dt, "事项1" in event["summary"]) for event in events] == [
        (today + timedelta(days=7), True)
    ]
    assert "第九条" in events[0]["description"]
    assert secret.split("/")[-1].removesuffix(".ics") not in str(list(FeedAddress.objects.values()))
    assert secret not in operator.get("/me/calendar/").content.decode()


def test_renewed_closed_left_and_deactivated_addresses_are_not_found(world: World, operator: Client) -> None:
    person = world.college.people["operator"]
    first = address(operator.post("/me/calendar/", {"act": "renew"}))
    second = address(operator.post("/me/calendar/", {"act": "renew"}))
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)
    Appointment.objects.filter(person=person).update(ends_on=timezone.localdate() - timedelta(days=1))
    assert Client().get(second).status_code == 404, "a leaver's"
    assert operator.post("/me/calendar/", {"act": "renew"}).context["address"] == ""
    Appointment.objects.filter(person=person).update(ends_on=None)
    assert Client().get(second).status_code == 200
    person.is_active = False
    person.save()
    assert Client().get(second).status_code == 404
    person.is_active = True
    person.save()
    operator.force_login(person, backend="xianshen.organisation.backends.PersonBackend")
    operator.post("/me/calendar/", {"act": "close"})
    assert Client().get(second).status_code == 404
    assert Client().get("/calendar/%00.ics").status_code == 404
