"""From a notice to a message at a real server on this machine: once, in time, and not lost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.notices import NoticeFactory, RobotFactory
from tests.factories.organisation import AppointmentFactory, PersonFactory
from tests.notices.conftest import MailServer, RobotServer, free_port
from tests.support.college import College
from xianshen.notices import services
from xianshen.notices.enums import DeliveryState, NoticeKind, Trouble
from xianshen.notices.models import Delivery, KeptMessage, Notice
from xianshen.organisation.models import Person

Work = Callable[[datetime], int]
Tell = Callable[..., None]


def wish(person: Person, **changes: Any) -> None:
    wanted: dict[str, Any] = {
        "email_on": True,
        "email_kinds": NoticeKind.values,
        "digest": False,
        "digest_at": None,
        "quiet_from": None,
        "quiet_until": None,
    }
    services.save_preference(person=person, **{**wanted, **changes})


def at(now: datetime, clock: str, days: int = 0) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return now.replace(hour=hour, minute=minute) + timedelta(days=days)


def body(letter: Any, kind: str = "plain") -> str:
    return str(letter.get_body((kind,)).get_content()).replace("\r\n", "\n")


# ── what the act costs ───────────────────────────────


def test_telling_costs_one_statement_whatever_channels_people_use(college: College, reader: Person, tell: Tell) -> None:
    RobotFactory(institution=college.institution)
    with CaptureQueriesContext(connection) as asked:
        tell(reader, college.people["head"], kind=NoticeKind.APPROVAL_TODO)
    written = [query["sql"] for query in asked if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]
    assert len(written) == 1
    assert Notice.objects.count() == 2


def test_a_key_reaches_a_person_once_in_every_channel(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    for _again in range(3):
        tell(reader, reader, key="once")
        work(college.now)
    assert len(mail_server.taken) == 1
    assert Notice.objects.count() == Delivery.objects.count() == 1


# ── the e-mail ───────────────────────────────────────


def test_an_email_says_what_by_which_article_and_where(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    tell(
        reader,
        text="「法律系学习园地」开设申请：等你办理「所在部门意见」。",
        kind=NoticeKind.APPROVAL_TODO,
        rule="approval.signing",
        values={"title": "「法律系学习园地」开设申请", "step": "所在部门意见"},
    )
    work(college.now)
    [letter] = mail_server.taken
    assert letter["X-Envelope-To"] == "liwen@example.edu.cn"
    assert letter["Subject"].strip() == "等你办理：「法律系学习园地」开设申请"
    plain, html = body(letter), body(letter, "html")
    assert "「法律系学习园地」开设申请：等你办理「所在部门意见」。" in plain
    assert "依据：第五条 https://xianshen.example.edu.cn/regulation/" in plain
    assert "https://xianshen.example.edu.cn/approvals/3/" in plain
    assert '<a href="https://xianshen.example.edu.cn/approvals/3/">' in html
    assert "https://xianshen.example.edu.cn/me/notices/" in plain
    assert letter["Auto-Submitted"] == "auto-generated"


def test_an_email_is_in_the_readers_language(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    Person.objects.filter(pk=reader.pk).update(language="en")
    tell(reader, rule="approval.signing", kind=NoticeKind.APPROVAL_TODO, values={"title": "甲", "step": "乙"})
    work(college.now)
    [letter] = mail_server.taken
    assert letter["Content-Language"] == "en"
    assert "Article 5" in body(letter)
    assert "第五条" not in body(letter)


def test_texts_cannot_write_headers_markup_or_placeholders(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    tell(
        reader,
        text="x",
        kind=NoticeKind.APPROVAL_TODO,
        values={"title": "甲\r\nBcc: all@example.com\r\n\r\n{link}<script>alert(1)</script>", "step": "{name}"},
    )
    work(college.now)
    [letter] = mail_server.taken
    assert letter["Bcc"] is None
    assert letter["X-Envelope-To"] == "liwen@example.edu.cn"
    assert "<script>" not in body(letter, "html")
    assert "{name}" in body(letter)


def test_messages_carry_no_personal_numbers(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    said = "联系 13916392047 或 wang@example.edu.cn"
    values = {"account": "甲", "said": said}
    tell(reader, text=said, kind=NoticeKind.ACCOUNT_REMINDER, values=values)
    work(college.now)
    assert "13916392047" not in body(mail_server.taken[0])
    assert "wang@" not in body(mail_server.taken[0])
    assert "139****2047" in body(mail_server.taken[0])


@pytest.mark.parametrize(
    "address",
    [
        "a@example.edu.cn\nBcc: b@example.com",
        "a@example.edu.cn,b@example.com",
        "<a@example.edu.cn>",
        "nobody",
        "甲@例子.中国",
    ],
)
def test_an_address_that_could_write_headers_is_refused(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer, address: str
) -> None:
    Person.objects.filter(pk=reader.pk).update(email=address)
    tell(reader)
    work(college.now)
    assert mail_server.taken == []
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.trouble) == (DeliveryState.FAILED, Trouble.ADDRESS)


def test_whoever_left_or_may_not_sign_in_gets_no_mail(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    gone = PersonFactory(institution=college.institution, email="gone@example.edu.cn")
    AppointmentFactory(
        position=college.positions["operator"], person=gone, ends_on=timezone.localdate(college.now) - timedelta(days=1)
    )
    shut = PersonFactory(institution=college.institution, email="shut@example.edu.cn", is_active=False)
    tell(gone, shut, key="a")
    work(college.now)
    assert not Delivery.objects.exists()
    wish(reader, quiet_from=at(college.now, "11:00").time(), quiet_until=at(college.now, "14:00").time())
    tell(reader, key="b")
    work(college.now)
    Person.objects.filter(pk=reader.pk).update(is_active=False)
    work(at(college.now, "14:00"))
    assert mail_server.taken == []
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.trouble) == (DeliveryState.DROPPED, Trouble.INACTIVE)
    assert Notice.objects.count() == 3


# ── when ─────────────────────────────────────────────


def test_quiet_hours_delay_and_do_not_lose(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    night = at(college.now, "23:30")
    wish(reader, quiet_from=at(night, "22:00").time(), quiet_until=at(night, "07:00").time())
    tell(reader, at=night)
    work(night)
    work(at(night, "06:59", days=1))
    assert mail_server.taken == []
    work(at(night, "07:00", days=1))
    assert len(mail_server.taken) == 1


def test_what_policy_calls_urgent_breaks_through(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    night = at(college.now, "23:30")
    wish(
        reader,
        quiet_from=at(night, "22:00").time(),
        quiet_until=at(night, "07:00").time(),
        digest=True,
        digest_at=at(night, "17:00").time(),
    )
    tell(reader, key="stop", kind=NoticeKind.STOP_ORDER, values={"account": "甲", "reason": "乙", "said": "丙"})
    tell(reader, key="todo", kind=NoticeKind.APPROVAL_TODO)
    tell(reader, key="asked", kind=NoticeKind.GENERAL, urgent=True)
    work(night)
    assert sorted(str(letter["Subject"]) for letter in mail_server.taken) == ["有一件事", "责令停止运行：甲"]


def test_urgent_kinds_of_the_pack_are_kinds_that_exist(college: College) -> None:
    from xianshen.regulation.selectors import policy_on

    spec = policy_on(college.institution.pk, college.on).notices
    assert spec is not None
    assert {one.kind for one in spec.urgent} == {NoticeKind.ACCOUNT_SUSPENDED, NoticeKind.STOP_ORDER}
    assert {one.kind for one in spec.urgent} <= set(NoticeKind.values)


def test_a_digest_is_one_message_with_the_days_notices(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    wish(reader, digest=True, digest_at=at(college.now, "17:00").time())
    for number in range(60):
        tell(reader, key=f"k{number}", text=f"第{number}件", url=f"/approvals/{number}/")
        if number == 30:
            work(college.now)
    work(at(college.now, "16:59"))
    assert mail_server.taken == []
    work(at(college.now, "17:00"))
    work(at(college.now, "17:01"))
    [letter] = mail_server.taken
    assert "60" in letter["Subject"]
    assert all(f"第{number}件" in body(letter) for number in range(60))
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}
    tell(reader, key="tomorrow")
    work(at(college.now, "17:05"))
    assert Delivery.objects.get(key="tomorrow").due_at == at(college.now, "17:00", days=1)


def test_kinds_that_are_not_wanted_stay_in_the_application(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    wish(reader, email_kinds=[NoticeKind.STOP_ORDER])
    tell(reader, kind=NoticeKind.APPROVAL_TODO, key="a")
    tell(reader, kind="a kind of tomorrow", key="b")
    work(college.now)
    assert mail_server.taken == []
    assert Notice.objects.count() == 2
    wish(reader, email_on=False)
    tell(reader, kind=NoticeKind.STOP_ORDER, key="c")
    work(college.now)
    assert not Delivery.objects.exists()


# ── trouble ──────────────────────────────────────────


def test_a_day_without_mail_server_loses_nothing(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer, settings: Any
) -> None:
    alive = settings.MAIL
    settings.MAIL = {**alive, "port": free_port()}
    for number in range(5):
        tell(reader, key=f"k{number}")
    now, tries = college.now, []
    for minutes in range(0, 24 * 60, 5):
        work(now + timedelta(minutes=minutes))
        tries.append(Delivery.objects.order_by("pk")[0].attempts)
    assert tries[-1] < 40, "pauses grow"
    delivery = Delivery.objects.order_by("pk")[0]
    assert (delivery.state, delivery.trouble) == (DeliveryState.WAITING, Trouble.SERVER_DOWN)
    settings.MAIL = alive
    work(now + timedelta(hours=25))
    assert len(mail_server.taken) == 5


def test_what_cannot_be_sent_for_days_is_given_up_and_can_be_sent_again(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer, settings: Any
) -> None:
    mail_server.answers[reader.email] = "451 try later"
    tell(reader)
    work(college.now)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.trouble) == (DeliveryState.WAITING, Trouble.LATER)
    late = college.now + timedelta(days=settings.NOTICES_GIVE_UP_DAYS)
    work(late)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert "451" in delivery.detail
    mail_server.answers.clear()
    assert services.resend(**{**college.who("media"), "now": late}) == 1
    work(late)
    assert len(mail_server.taken) == 1


def test_an_unknown_mailbox_is_given_up_at_once_and_others_get_theirs(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    other = PersonFactory(institution=college.institution, email="other@example.edu.cn")
    mail_server.answers[reader.email] = "550 5.1.1 no such user"
    tell(reader, other)
    work(college.now)
    assert [letter["X-Envelope-To"] for letter in mail_server.taken] == ["other@example.edu.cn"]
    delivery = Delivery.objects.get(person=reader)
    assert (delivery.state, delivery.trouble, delivery.attempts) == (DeliveryState.FAILED, Trouble.MAILBOX, 1)


def test_what_a_dead_worker_had_claimed_is_sent_by_another(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    tell(reader)
    services.fan_out(now=college.now)
    Delivery.objects.update(state=DeliveryState.SENDING, claim="dead", claimed_at=college.now, attempts=1)
    work(college.now + timedelta(minutes=5))
    assert mail_server.taken == []
    work(college.now + timedelta(minutes=16))
    assert len(mail_server.taken) == 1


def test_old_entries_of_the_log_go_and_notices_are_not_sent_again(
    college: College, reader: Person, tell: Tell, work: Work, mail_server: MailServer
) -> None:
    tell(reader)
    work(college.now)
    later = college.now + timedelta(days=181)
    assert services.tidy(now=later) == 1
    work(later)
    assert len(mail_server.taken) == 1


# ── trial: nothing leaves ────────────────────────────


def test_without_a_mail_server_messages_are_kept_as_they_would_look(
    college: College, reader: Person, tell: Tell, work: Work
) -> None:
    RobotFactory(institution=college.institution, name="办公室工作群", kinds=[NoticeKind.GENERAL])
    tell(reader, kind=NoticeKind.GENERAL)
    work(college.now)
    assert set(KeptMessage.objects.values_list("receiver", flat=True)) == {"liwen@example.edu.cn", "办公室工作群"}
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.KEPT}


# ── robots ───────────────────────────────────────────


@pytest.mark.parametrize("service", ["wecom", "dingtalk", "feishu"])
def test_a_robot_says_once_what_several_people_are_told(
    college: College, reader: Person, tell: Tell, work: Work, robot_server: RobotServer, service: str
) -> None:
    RobotFactory(institution=college.institution, service=service)
    tell(reader, college.people["head"], kind=NoticeKind.APPROVAL_TODO, values={"title": "甲", "step": "乙"})
    tell(reader, key="other", kind=NoticeKind.GENERAL)
    work(college.now)
    [(path, payload)] = robot_server.heard
    assert path.startswith(f"/{service}/")
    assert "abcdef0123456789" in path
    said = str(payload)
    assert "甲：等人办理「乙」。" in said
    assert "/approvals/3/" in said
    assert Delivery.objects.get(robot__isnull=False).state == DeliveryState.SENT


def test_a_robot_of_a_unit_hears_of_its_people_only(
    college: College, reader: Person, tell: Tell, work: Work, robot_server: RobotServer
) -> None:
    RobotFactory(institution=college.institution, unit=college.units["law"])
    tell(reader, college.people["library_head"], key="a", kind=NoticeKind.APPROVAL_TODO)
    work(college.now)
    assert robot_server.heard == []
    tell(college.people["monitor"], key="b", kind=NoticeKind.APPROVAL_TODO)
    work(college.now)
    assert len(robot_server.heard) == 1


@pytest.mark.parametrize(
    ("answer", "state", "trouble"),
    [
        (b'{"errcode": 93000, "errmsg": "invalid webhook url"}', DeliveryState.FAILED, Trouble.ROBOT_ADDRESS),
        (b'{"errcode": 310000, "errmsg": "keywords not in content"}', DeliveryState.FAILED, Trouble.ROBOT_RULES),
        (b'{"errcode": 45009, "errmsg": "api freq out of limit"}', DeliveryState.WAITING, Trouble.ROBOT_BUSY),
        (b'{"errcode": -1, "errmsg": "system busy"}', DeliveryState.WAITING, Trouble.ROBOT_REFUSED),
        (b"<html>sign in to the campus network</html>", DeliveryState.WAITING, Trouble.ROBOT_REFUSED),
    ],
)
def test_a_refusal_in_the_body_of_a_good_answer_is_a_refusal(
    college: College,
    reader: Person,
    tell: Tell,
    work: Work,
    robot_server: RobotServer,
    answer: bytes,
    state: str,
    trouble: str,
) -> None:
    RobotFactory(institution=college.institution)
    robot_server.answer = answer
    tell(reader, kind=NoticeKind.APPROVAL_TODO)
    work(college.now)
    delivery = Delivery.objects.get(robot__isnull=False)
    assert (delivery.state, delivery.trouble) == (state, trouble)


def test_a_robot_is_not_flooded(college: College, reader: Person, work: Work, robot_server: RobotServer) -> None:
    RobotFactory(institution=college.institution)
    NoticeFactory.create_batch(40, person=reader)
    work(college.now)
    assert len(robot_server.heard) == 15
    for minute in range(1, 4):
        work(college.now + timedelta(minutes=minute))
    assert len(robot_server.heard) == 40
    assert set(Delivery.objects.filter(robot__isnull=False).values_list("attempts", flat=True)) == {1}


def test_a_dead_robot_service_is_tried_again(
    college: College, reader: Person, tell: Tell, work: Work, robot_server: RobotServer, settings: Any
) -> None:
    RobotFactory(institution=college.institution)
    there = settings.ROBOT_ADDRESSES
    settings.ROBOT_ADDRESSES = {**there, "wecom": f"http://127.0.0.1:{free_port()}/?key={{key}}"}
    tell(reader, kind=NoticeKind.APPROVAL_TODO)
    work(college.now)
    delivery = Delivery.objects.get(robot__isnull=False)
    assert (delivery.state, delivery.trouble) == (DeliveryState.WAITING, Trouble.ROBOT_DOWN)
    settings.ROBOT_ADDRESSES = there
    work(college.now + timedelta(minutes=1))
    assert len(robot_server.heard) == 1
