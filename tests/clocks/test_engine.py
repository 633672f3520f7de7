"""A clock's life: reminders, escalation, the consequence, extension, failure and outage."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.clocks.conftest import THING, World
from tests.support.college import College
from xianshen.clocks import services as clocks
from xianshen.clocks.consequences import registered
from xianshen.clocks.enums import ClockState
from xianshen.clocks.models import Deadline
from xianshen.clocks.selectors import open_about, running_about
from xianshen.clocks.services.due import pause_after
from xianshen.clocks.tables import CONSEQUENCE_WORDS
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.events import Subject
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.services import act
from xianshen.notices.models import Notice
from xianshen.organisation.models import Institution
from xianshen.regulation.enums import Consequence
from xianshen.regulation.schema import NotInPolicy

At = Callable[..., datetime]


def events(name: str) -> int:
    return LedgerEntry.objects.filter(event=f"clocks.{name}").count()


def told(college: College, role: str) -> list[str]:
    return list(
        Notice.objects.filter(person=college.people[role], key__startswith="clock:")
        .order_by("pk")
        .values_list("text", flat=True)
    )


def test_reminders_escalations_and_consequence_each_on_its_day(world: World, at: At) -> None:
    deadline = world.start()
    assert (deadline.due_on, deadline.next_step_on) == (date(2026, 9, 21), date(2026, 9, 18))
    for day in range(14, 31):
        for hour in ("00:00", "09:30", "23:59"):
            clocks.run_due(at(f"2026-09-{day}", hour))
    reminders = told(world.college, "operator")
    assert [text.split("：")[1].split("。")[0] for text in reminders] == ["还剩 3 天", "还剩 1 天", "今天截止"]
    assert len(told(world.college, "head")) == 1
    assert [text.split("，")[1] for text in told(world.college, "director")] == [
        "已逾期 2 天。按规定报你知悉。",
        "已逾期 5 天。按规定报你知悉。",
    ]
    assert world.things.ran == [(deadline.pk, date(2026, 9, 22))]
    deadline.refresh_from_db()
    assert deadline.state == ClockState.RAN_OUT
    assert deadline.next_step_on is None
    assert (events("reminded"), events("escalated"), events("ran_out")) == (3, 3, 1)


def test_consequence_waits_for_midnight_in_shanghai(world: World, at: At) -> None:
    world.start()
    clocks.run_due(at("2026-09-21", "23:59"))
    assert not world.things.ran
    clocks.run_due(at("2026-09-22", "00:00"))
    assert len(world.things.ran) == 1


def test_overdue_is_recorded_under_the_article_and_those_concerned_are_told(world: World, at: At) -> None:
    world.start(clock="test.plain")
    clocks.run_due(at("2026-09-22"))
    entry = LedgerEntry.objects.get(event="clocks.ran_out")
    assert (entry.rule, entry.article, entry.actor_kind) == ("filing.within_week", 9, "system")
    assert "的时限已过" in told(world.college, "operator")[-1]


def test_after_an_outage_one_reminder_goes_out_and_consequences_come_in_order(world: World, at: At) -> None:
    late = [world.start(str(n), on=date(2026, 9, 14) - timedelta(days=n)) for n in range(3)]
    world.start("9", on=date(2026, 9, 16))
    report = clocks.run_due(at("2026-09-23"))
    assert [pk for pk, _day in world.things.ran] == [one.pk for one in reversed(late)]
    assert (report.consequences, report.reminders) == (3, 1)
    assert told(world.college, "operator") == ["事项9：今天截止。一周内办。"]
    assert clocks.run_due(at("2026-09-23", "09:00")) == type(report)()


def test_done_in_time_ends_the_clock_without_an_entry(world: World, at: At) -> None:
    world.start()
    met = world.meet("1", date(2026, 9, 21))
    assert met is not None
    assert not met.late
    clocks.run_due(at("2026-10-30"))
    assert not world.things.ran
    assert events("met_late") == 0
    assert world.meet("1", date(2026, 9, 21)) is None


def test_done_late_is_marked_and_a_consequence_not_carried_out_yet_is_dropped(world: World, at: At) -> None:
    world.start("1")
    world.start("2")
    before = world.meet("1", date(2026, 9, 23))
    clocks.run_due(at("2026-09-24"))
    after = world.meet("2", date(2026, 9, 25))
    assert before is not None
    assert after is not None
    assert before.late
    assert after.late
    assert (before.ran_out_at, after.ran_out_at) == (None, at("2026-09-24"))
    assert [pk for pk, _day in world.things.ran] == [after.pk]
    late = LedgerEntry.objects.filter(event="clocks.met_late").order_by("pk")
    assert [entry.data["days_late"] for entry in late] == [2, 4]
    assert len(told(world.college, "director")) == 1
    clocks.run_due(at("2026-10-30"))
    assert len(told(world.college, "director")) == 1


def test_second_clock_of_the_same_record_is_refused_while_one_runs(world: World) -> None:
    world.start()
    with pytest.raises(IntegrityError), transaction.atomic():
        world.start()
    assert Deadline.objects.count() == 1
    world.meet("1", world.college.on)
    world.start()


def test_cancelled_clock_does_nothing_more(world: World, at: At) -> None:
    deadline = world.start()

    @act
    def cancel() -> int:
        college = world.college
        return clocks.cancel_clocks(
            actor=college.actor("operator"),
            institution_id=college.institution.pk,
            subject_type=THING,
            subject_id="1",
            why="撤回",
            now=college.now,
        )

    assert cancel() == 1
    clocks.run_due(at("2026-10-30"))
    deadline.refresh_from_db()
    assert (deadline.state, world.things.ran, told(world.college, "operator")) == (ClockState.CANCELLED, [], [])


def test_clock_unknown_to_the_policy_or_without_a_handler_is_not_started(world: World) -> None:
    with pytest.raises(NotInPolicy):
        world.start(clock="test.nothing")
    with pytest.raises(KeyError):
        world.start(subject=Subject("test.nobody", "1", "无"))
    assert not Deadline.objects.exists()


def test_consequence_failing_half_way_rolls_back_is_retried_and_shows(world: World, at: At) -> None:
    deadline = world.start()
    world.things.breaks.add("1")
    entries = LedgerEntry.objects.filter(event="test.clocks_done").count()
    first = clocks.run_due(at("2026-09-22", "00:00"))
    deadline.refresh_from_db()
    assert (first.failures, first.consequences) == (1, 0)
    assert (deadline.state, deadline.failures, deadline.ran_out_at) == (ClockState.RUNNING, 1, None)
    assert "no space left" in deadline.last_failure
    assert (LedgerEntry.objects.filter(event="test.clocks_done").count(), events("ran_out")) == (entries, 0)
    assert len(told(world.college, "media")) == 1
    assert clocks.run_due(at("2026-09-22", "00:00")).failures == 0, "not before the pause is over"
    assert clocks.run_due(at("2026-09-22", "00:01")).failures == 1
    assert clocks.run_due(at("2026-09-22", "00:02")).failures == 0
    assert len(told(world.college, "media")) == 1
    world.things.breaks.clear()
    assert clocks.run_due(at("2026-09-22", "00:03")).consequences == 1
    deadline.refresh_from_db()
    assert (deadline.state, deadline.failures, deadline.last_failure) == (ClockState.RAN_OUT, 0, "")
    assert len(world.things.ran) == 1


def test_pause_grows_to_half_a_day() -> None:
    pauses = [pause_after(failures) for failures in (1, 2, 3, 10, 11, 20_000)]
    assert pauses == [timedelta(minutes=n) for n in (1, 2, 4, 512, 720, 720)]


def test_record_that_cannot_say_whom_it_concerns_holds_up_no_other(world: World, at: At) -> None:
    world.start("1")
    world.start("2")
    world.things.unknown.add("1")
    report = clocks.run_due(at("2026-09-18"))
    assert (report.reminders, report.failures) == (1, 1)
    assert Deadline.objects.get(subject_id="1").failures == 1


def test_office_extends_with_a_reason_that_stands_in_the_ledger(world: World, at: At) -> None:
    college = world.college
    deadline = world.start()
    who = college.who("director")
    clocks.extend_clock(
        deadline_id=deadline.pk,
        institution_id=college.institution.pk,
        due_on=date(2026, 9, 28),
        why="系统停机三天",
        **who,
    )
    entry = LedgerEntry.objects.get(event="clocks.extended")
    assert entry.actor_name == college.people["director"].name
    assert "系统停机三天" in entry.payload
    clocks.run_due(at("2026-09-27"))
    assert not world.things.ran
    assert [text for text in told(college, "operator") if "还剩 1 天" in text]
    clocks.run_due(at("2026-09-29"))
    assert len(world.things.ran) == 1
    deadline.refresh_from_db()
    assert (deadline.original_due_on, deadline.due_on) == (date(2026, 9, 21), date(2026, 9, 28))


@pytest.mark.parametrize(
    ("role", "due_on", "why", "refusal"),
    [
        ("operator", date(2026, 9, 28), "忙", PermissionDenied),
        ("director", date(2026, 9, 28), "  ", ValidationError),
        ("director", date(2026, 9, 28), "长" * 501, ValidationError),
        ("director", date(2026, 9, 21), "忙", ValidationError),
        ("director", date(2026, 9, 1), "忙", ValidationError),
        ("director", date(9999, 12, 31), "忙", ValidationError),
    ],
)
def test_extension_into_the_past_without_reason_or_by_others_is_refused(
    world: World, role: str, due_on: date, why: str, refusal: type[Exception]
) -> None:
    deadline = world.start()
    entries = LedgerEntry.objects.count()
    with pytest.raises(refusal):
        clocks.extend_clock(
            deadline_id=deadline.pk,
            institution_id=world.college.institution.pk,
            due_on=due_on,
            why=why,
            **world.college.who(role),
        )
    deadline.refresh_from_db()
    assert (deadline.due_on, LedgerEntry.objects.count()) == (date(2026, 9, 21), entries)


def test_ended_or_foreign_deadline_is_not_extended(world: World, at: At) -> None:
    deadline = world.start()
    arguments = {"deadline_id": deadline.pk, "due_on": date(2026, 12, 1), "why": "忙", **world.college.who("director")}
    other = Institution.objects.create(code="other", name="别的学校")
    with pytest.raises(Deadline.DoesNotExist):
        clocks.extend_clock(institution_id=other.pk, **arguments)
    clocks.run_due(at("2026-09-22"))
    with pytest.raises(TransitionNotAllowed):
        clocks.extend_clock(institution_id=world.college.institution.pk, **arguments)


def test_leap_day_is_the_last_of_february_in_other_years(world: World) -> None:
    assert world.start("1", "test.leap", date(2027, 3, 1)).due_on == date(2028, 2, 29)
    assert world.start("2", "test.leap", date(2026, 9, 14)).due_on == date(2027, 2, 28)


def test_working_days_follow_the_official_holidays(world: World) -> None:
    """29 September 2026: the 30th, 8, 9, 10 (made up) and 12 October are worked."""
    deadline = world.start("1", "test.working", date(2026, 9, 29))
    assert (deadline.due_on, deadline.provisional) == (date(2026, 10, 12), False)


def test_due_date_in_a_year_without_announcement_says_so_and_is_reckoned_again(
    world: World, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xianshen.regulation.schema import clocks as schema

    monkeypatch.setattr(schema, "official_until", lambda: date(2026, 12, 31))
    monkeypatch.setattr(schema, "is_official_workday", lambda day: None if day.year > 2026 else day.weekday() < 5)
    deadline = world.start("1", "test.working", date(2026, 12, 30))
    assert (deadline.due_on, deadline.provisional) == (date(2027, 1, 6), True)
    assert clocks.reckon_again(at("2026-12-31")) == 0
    monkeypatch.setattr(schema, "official_until", lambda: date(2027, 12, 31))
    monkeypatch.setattr(
        schema, "is_official_workday", lambda day: day.weekday() < 5 and day not in {date(2027, 1, 1), date(2027, 1, 4)}
    )
    assert clocks.reckon_again(at("2026-12-31")) == 1
    deadline.refresh_from_db()
    assert (deadline.due_on, deadline.provisional) == (date(2027, 1, 8), False)
    assert events("reckoned_again") == 1


def test_record_shows_its_own_deadlines_and_those_that_name_it(world: World) -> None:
    account = Subject("test.account", "7", "账号")
    world.start("1", about=(account,))
    world.start("2")
    institution = world.college.institution.pk
    assert [one.subject_id for one in running_about(institution, "test.account", "7")] == ["1"]
    assert [one.subject_id for one in running_about(institution, THING, "2")] == ["2"]
    assert [one.about for one in open_about(institution, THING, "1")] == [(account,)]


def test_every_consequence_that_packs_may_name_is_carried_out_by_somebody() -> None:
    assert {consequence for consequence, _type in registered()} >= set(Consequence)
    assert set(CONSEQUENCE_WORDS) >= set(Consequence)
