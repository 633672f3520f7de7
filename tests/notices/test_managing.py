"""What people and the Office decide about notices, by services."""

import stat
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError

from tests.factories.notices import RobotFactory
from tests.support.college import College
from xianshen.common.errors import PermissionDenied
from xianshen.ledger.models import LedgerEntry
from xianshen.notices import services
from xianshen.notices.channels.robots import RobotAddress, parse_address
from xianshen.notices.composing import own_words
from xianshen.notices.enums import Channel, NoticeKind, RobotService
from xianshen.notices.models import Delivery, Preference, Robot, Wording
from xianshen.notices.secrets import KEY_FILE, unseal
from xianshen.notices.services.robots import RobotValues
from xianshen.notices.timing import Hours, next_digest, pause_after
from xianshen.notices.wording import check_wording, fill, placeholders, wording_of_kind
from xianshen.settings import _mail

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"
VALUES = RobotValues(name="办公室工作群", unit_id=None, kinds=[NoticeKind.STOP_ORDER])
WHERE: dict[str, Any] = {"kind": NoticeKind.APPROVAL_TODO, "channel": Channel.EMAIL, "language": "zh-hans"}


def entries() -> list[str]:
    return list(LedgerEntry.objects.filter(event__startswith="notices.").order_by("pk").values_list("event", flat=True))


# ── wordings ─────────────────────────────────────────


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_products_own_words_use_only_placeholders_there_are(
    kind: NoticeKind, channel: Channel, language: str
) -> None:
    words = own_words(kind, channel, language)
    check_wording(words.subject, placeholders(kind, channel))
    check_wording(words.body, placeholders(kind, channel))
    if channel == Channel.ROBOT:
        assert "你" not in words.body
    assert wording_of_kind(kind) is wording_of_kind(kind)


@pytest.mark.parametrize(
    "body", ["{titel}", "{title.__class__}", "{title!r}", "{0}", "{", "{{title}}", "{Title}", "{% load x %}"]
)
def test_unknown_placeholders_are_refused_with_those_there_are(college: College, body: str) -> None:
    with pytest.raises(ValidationError) as refused:
        services.save_wording(**WHERE, subject="标题", body=body, **college.who("media"))
    assert "{title}" in str(refused.value.message_dict["body"])
    assert not Wording.objects.exists()
    assert entries() == []


def test_filled_values_are_not_read_again() -> None:
    assert fill("{a}{b}", {"a": "{b}", "b": "{a}"}) == "{b}{a}"


def test_words_are_changed_and_reset_with_a_trace(college: College) -> None:
    for _again in range(2):
        services.save_wording(**WHERE, subject="{name}，有事", body="{title}\r\n\r\n{step}", **college.who("media"))
    assert Wording.objects.get().body == "{title}\n\n{step}"
    services.reset_wording(**WHERE, **college.who("media"))
    services.reset_wording(**WHERE, **college.who("media"))
    assert not Wording.objects.exists()
    assert entries() == ["notices.template_changed", "notices.template_reset"]


# ── robots ───────────────────────────────────────────


def test_a_robots_address_is_encrypted_and_never_recorded(college: College, settings: Any) -> None:
    robot = services.add_robot(service=RobotService.WECOM, address=f" {WECOM} ", values=VALUES, **college.who("media"))
    robot.refresh_from_db()
    assert "693a91f6" not in robot.secret
    assert RobotAddress.read(unseal(robot.secret)).token == WECOM.rpartition("=")[2]
    assert robot.hint == "5aaa"
    assert stat.S_IMODE((Path(settings.KEYS) / KEY_FILE).stat().st_mode) == 0o600
    services.change_robot(robot_id=robot.pk, values=VALUES, address=WECOM.replace("aaa", "bbb"), **college.who("media"))
    services.change_robot(robot_id=robot.pk, values=VALUES, **college.who("media"))
    services.remove_robot(robot_id=robot.pk, **college.who("media"))
    assert entries() == ["notices.robot_added", "notices.robot_changed", "notices.robot_removed"]
    assert not any("693a91f6" in str(entry.payload) for entry in LedgerEntry.objects.all())


@pytest.mark.parametrize(
    ("service", "address"),
    [
        (RobotService.WECOM, "http://127.0.0.1/cgi-bin/webhook/send?key=693a91f6-7aoc"),
        (RobotService.WECOM, "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=693a91f6-7aoc"),
        (RobotService.WECOM, WECOM + "\r\nHost: x"),
        (RobotService.WECOM, WECOM + "{0}"),
        (RobotService.DINGTALK, WECOM),
        (RobotService.DINGTALK, "https://oapi.dingtalk.com/robot/send?access_token=ab-cd-ef-gh"),
        (RobotService.FEISHU, "https://open.feishu.cn/open-apis/bot/v2/hook/../../x"),
        (RobotService.FEISHU, ""),
    ],
)
def test_only_addresses_of_the_service_itself_are_taken(service: RobotService, address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_address(service, address)
    assert list(refused.value.message_dict) == ["address"]
    assert "693a91f6" not in str(refused.value)


def test_addresses_of_every_service_are_understood() -> None:
    dingtalk = parse_address(
        RobotService.DINGTALK, "https://oapi.dingtalk.com/robot/send?access_token=" + "a1" * 32, "SEC" + "b2" * 32
    )
    assert RobotAddress.read(dingtalk.text) == dingtalk
    feishu = parse_address(RobotService.FEISHU, "https://open.feishu.cn/open-apis/bot/v2/hook/3bbe2d5a-1f2c")
    assert feishu.token == "3bbe2d5a-1f2c"


def test_a_robot_needs_a_name_of_its_own_kinds_and_a_unit_of_the_school(college: College) -> None:
    RobotFactory(institution=college.institution, name="办公室工作群")
    values = RobotValues(name="办公室工作群", unit_id=0, kinds=["nothing"], quiet_from=time(22))
    with pytest.raises(ValidationError) as refused:
        services.add_robot(service=RobotService.WECOM, address=WECOM, values=values, **college.who("media"))
    assert set(refused.value.message_dict) == {"name", "kinds", "unit", "quiet_until"}
    assert Robot.objects.count() == 1


@pytest.mark.parametrize("role", ["operator", "head", "leader", "scitech"])
def test_only_those_who_look_after_notices_change_anything(college: College, role: str) -> None:
    robot = RobotFactory(institution=college.institution)
    who = college.who(role)
    attempts = [
        lambda: services.add_robot(service=RobotService.WECOM, address=WECOM, values=VALUES, **who),
        lambda: services.change_robot(robot_id=robot.pk, values=VALUES, **who),
        lambda: services.remove_robot(robot_id=robot.pk, **who),
        lambda: services.send_robot_test(robot_id=robot.pk, **who),
        lambda: services.save_wording(**WHERE, subject="a", body="b", **who),
        lambda: services.reset_wording(**WHERE, **who),
        lambda: services.resend(**who),
    ]
    for attempt in attempts:
        with pytest.raises(PermissionDenied):
            attempt()
    assert (Robot.objects.count(), Delivery.objects.count(), Wording.objects.count()) == (1, 0, 0)
    assert entries() == []


# ── preferences and hours ────────────────────────────


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"digest": True}, "digest_at"),
        ({"quiet_from": time(22)}, "quiet_until"),
        ({"quiet_until": time(7)}, "quiet_from"),
        ({"quiet_from": time(7), "quiet_until": time(7)}, "quiet_until"),
        ({"digest": True, "digest_at": time(6), "quiet_from": time(22), "quiet_until": time(7)}, "digest_at"),
    ],
)
def test_wishes_that_contradict_themselves_are_refused(college: College, changes: dict[str, Any], field: str) -> None:
    wanted: dict[str, Any] = {
        "email_on": True,
        "email_kinds": [],
        "digest": False,
        "digest_at": None,
        "quiet_from": None,
        "quiet_until": None,
    }
    with pytest.raises(ValidationError) as refused:
        services.save_preference(person=college.people["head"], **{**wanted, **changes})
    assert list(refused.value.message_dict) == [field]
    assert not Preference.objects.exists()


def test_quiet_hours_end_when_they_say(now: datetime) -> None:
    night, noon = Hours(time(22), time(7)), Hours(time(12), time(14))
    late = now.replace(hour=23)
    assert night.over(late) == (now + timedelta(days=1)).replace(hour=7)
    assert night.over(now.replace(hour=6, minute=59)) == now.replace(hour=7)
    assert night.over(now.replace(hour=7)) == now.replace(hour=7)
    assert noon.over(now) == now.replace(hour=14)
    assert Hours().over(late) == late
    assert next_digest(now.replace(hour=17), time(17)) == (now + timedelta(days=1)).replace(hour=17)
    pauses = [pause_after(number) for number in range(1, 9)]
    assert pauses == sorted(pauses)


def test_a_test_to_oneself_goes_out_once_a_minute(college: College) -> None:
    person = college.people["head"]
    with pytest.raises(ValidationError, match="没有登记邮箱"):
        services.send_own_test(person=person, now=college.now)
    person.email = "head@example.edu.cn"
    person.save()
    for _again in range(3):
        services.send_own_test(person=person, now=college.now)
    assert Delivery.objects.count() == 1


# ── settings ─────────────────────────────────────────


def test_the_mail_server_is_read_from_one_address() -> None:
    server, sender = _mail("smtp+tls://user:p%40ss@mail.example.edu.cn", "xm@example.edu.cn")
    assert sender == "xm@example.edu.cn"
    assert server == {
        "host": "mail.example.edu.cn",
        "port": 587,
        "username": "user",
        "password": "p@ss",
        "tls": True,
        "ssl": False,
    }
    assert _mail("", "")[0] is None


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail", "a@b.cn"),
        ("smtp://", "a@b.cn"),
        ("smtp://mail", ""),
        ("smtp://mail", "a@b.cn\nBcc: c@d.cn"),
        ("smtp://mail", "x"),
    ],
)
def test_a_mail_server_that_cannot_be_is_refused_at_start(url: str, sender: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        _mail(url, sender)
