"""Whatever fails, in whatever order: everybody hears everything, and hears it once."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.notices import NoticeFactory, RobotFactory
from tests.factories.organisation import InstitutionFactory, PersonFactory
from tests.support.college import College
from xianshen.ledger.services import act
from xianshen.notices.channels.base import Message, NotDelivered
from xianshen.notices.enums import Channel, DeliveryState, NoticeKind, Trouble
from xianshen.notices.models import Delivery
from xianshen.notices.services import deliver_due, fan_out, notify, recover_claims, save_preference


class Killed(BaseException):
    """The worker was killed."""


@dataclass
class Outside:
    """A way out that works, fails, or has the worker killed before or after the other side took the message."""

    mode: str = "up"
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    risked: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> "Outside":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def send(self, message: Message) -> None:
        match self.mode:
            case "down":
                raise NotDelivered(Trouble.SERVER_DOWN, everybody=True)
            case "later":
                raise NotDelivered(Trouble.LATER)
            case "killed before":
                raise Killed
        with self.lock:
            self.taken.append((message.to, message.text, message.ident))
        if self.mode == "killed after":
            self.risked.add(message.ident)
            raise Killed


@act(records=False, why="a test tells people something")
def tell(institution_id: int, people: list[int], key: int, at: datetime) -> None:
    notify(
        institution_id=institution_id,
        people=people,
        text=f"<{key}>",
        url="",
        key=str(key),
        at=at,
        kind=NoticeKind.GENERAL if key % 2 else NoticeKind.STOP_ORDER,
    )


def minute(now: datetime, ways: dict[Channel, Callable[[], Any]]) -> None:
    """Do what the worker does every minute; killed, it leaves everything lying."""
    try:
        recover_claims(now=now)
        fan_out(now=now)
        deliver_due(now=now, ways=ways)
    except Killed:
        return


MODES = st.sampled_from(["up", "down", "later", "killed before", "killed after"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.integers(0, 6), st.sets(st.integers(0, 3), min_size=1)),
        st.tuples(st.just("work"), MODES, st.integers(1, 900)),
    ),
    max_size=14,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS)
def test_random_outages_lose_nothing_and_repeat_nothing(college: College, steps: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        people = [PersonFactory(institution=college.institution, email=f"p{n}@example.edu.cn") for n in range(4)]
        hour = college.now.time().replace(hour=17)
        wanted: dict[str, Any] = {
            "email_on": True,
            "email_kinds": NoticeKind.values,
            "digest": False,
            "digest_at": None,
        }
        quiet = {"quiet_from": hour.replace(hour=22), "quiet_until": hour.replace(hour=7)}
        never = {"quiet_from": None, "quiet_until": None}
        save_preference(person=people[1], **wanted, **quiet)
        save_preference(person=people[2], **{**wanted, "digest": True, "digest_at": hour}, **never)
        RobotFactory(institution=college.institution, kinds=[NoticeKind.GENERAL])
        mail, robot = Outside(), Outside()
        ways: dict[Channel, Callable[[], Any]] = {Channel.EMAIL: mail, Channel.ROBOT: robot}
        now, told = college.now, set()
        for what, first, second in steps:
            if what == "tell":
                tell(college.institution.pk, [people[index].pk for index in sorted(second)], first, now)
                told |= {(people[index].email, first) for index in second}
            else:
                mail.mode = robot.mode = first
                now += timedelta(minutes=second)
                minute(now, ways)
        mail.mode = robot.mode = "up"
        for _again in range(30):
            now += timedelta(minutes=100)
            minute(now, ways)
        heard = Counter((to, key) for to, text, _ident in mail.taken for key in range(7) if f"<{key}>" in text)
        assert set(heard) == told
        sure = Counter(
            (to, key)
            for to, text, ident in mail.taken
            for key in range(7)
            if f"<{key}>" in text and not (mail.risked and ident in mail.risked)
        )
        assert all(count == 1 for count in sure.values()), "only what a killed worker had just sent may come again"
        if not mail.risked:
            assert all(count == 1 for count in heard.values())
        groups = Counter(key for _to, text, ident in robot.taken for key in range(7) if f"<{key}>" in text)
        assert set(groups) == {key for _to, key in told if key % 2}
        if not robot.risked:
            assert all(count == 1 for count in groups.values())
        assert set(Delivery.objects.values_list("state", flat=True)) <= {DeliveryState.SENT}
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_everything_once(now: datetime) -> None:
    institution = InstitutionFactory()
    people = [PersonFactory(institution=institution, email=f"w{n}@example.edu.cn") for n in range(4)]
    for number in range(60):
        NoticeFactory(person=people[number % 4], key=f"k{number}", text=f"<{number}>", kind="", at=now)
    mail = Outside()
    start = threading.Barrier(4)
    problems: list[BaseException] = []

    def worker() -> None:
        try:
            start.wait()
            fan_out(now=now)
            deliver_due(now=now, ways={Channel.EMAIL: mail})
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deliver_due(now=now, ways={Channel.EMAIL: mail})
    assert problems == []
    assert len(mail.taken) == len({ident for _to, _text, ident in mail.taken}) == 60
