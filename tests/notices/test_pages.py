"""The pages: a person's own wishes, and what the Office sees and changes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.notices import NoticeFactory, RobotFactory
from tests.factories.organisation import PersonFactory
from tests.notices.conftest import RobotServer
from tests.support.college import College
from xianshen.notices import services
from xianshen.notices.enums import DeliveryState, NoticeKind
from xianshen.notices.models import Delivery, KeptMessage, Preference, Robot, Wording
from xianshen.organisation.models import Person

ClientOf = Callable[[Any], Client]
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"
OFFICE = ["deliveries", "channels", "robot_new", "wordings", "outbox"]


@pytest.fixture
def office(college: College, client_of: ClientOf) -> Client:
    return client_of(college.people["media"])


def test_somebody_chooses_how_notices_come(college: College, reader: Person, client_of: ClientOf) -> None:
    client = client_of(reader)
    assert "liwen@example.edu.cn" in client.get(reverse("notices:preferences")).content.decode()
    given = {
        "email_on": "on",
        "email_kinds": [NoticeKind.STOP_ORDER.value],
        "digest": "on",
        "digest_at": "17:30",
        "quiet_from": "22:00",
        "quiet_until": "07:00",
    }
    assert client.post(reverse("notices:preferences"), given).status_code == 302
    kept = Preference.objects.get(person=reader)
    assert (kept.digest, f"{kept.digest_at:%H:%M}", f"{kept.quiet_from:%H:%M}") == (True, "17:30", "22:00")
    assert NoticeKind.STOP_ORDER not in kept.email_off_kinds
    assert NoticeKind.GENERAL in kept.email_off_kinds
    refused = client.post(reverse("notices:preferences"), {**given, "digest_at": "23:00"})
    assert refused.status_code == 422
    assert "汇总的时刻在免打扰里面" in refused.content.decode()
    kept.refresh_from_db()
    assert f"{kept.digest_at:%H:%M}" == "17:30"


@pytest.mark.parametrize("name", OFFICE)
def test_pages_of_the_office_are_for_the_office(college: College, client_of: ClientOf, name: str) -> None:
    address = reverse(f"notices:{name}")
    assert client_of(college.people["media"]).get(address).status_code == 200
    assert client_of(college.people["operator"]).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_a_robot_is_added_tested_and_its_address_never_shown(
    college: College, office: Client, robot_server: RobotServer, run_tasks: Callable[[], int]
) -> None:
    given = {"service": "wecom", "name": "办公室工作群", "address": WECOM, "kinds": [NoticeKind.STOP_ORDER.value]}
    wrong = office.post(reverse("notices:robot_new"), {**given, "address": "https://example.com/hook"})
    assert wrong.status_code == 422
    assert not Robot.objects.exists()
    shown = office.post(reverse("notices:robot_new"), given, follow=True)
    robot = Robot.objects.get()
    pages = [shown, office.get(reverse("notices:robot", args=[robot.pk]))]
    assert not any("693a91f6" in page.content.decode() for page in pages)
    response = office.post(reverse("notices:robot_test", args=[robot.pk]))
    delivery = Delivery.objects.get()
    assert response.headers["Location"] == reverse("notices:delivery", args=[delivery.pk])
    assert 'hx-trigger="every 2s"' in office.get(response.headers["Location"]).content.decode()
    run_tasks()
    assert len(robot_server.heard) == 1
    fate = office.get(response.headers["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "已寄出" in fate
    assert "<html" not in fate
    assert "hx-trigger" not in fate
    changed = {"name": "工作群", "kinds": [NoticeKind.GENERAL.value], "enabled": ""}
    office.post(reverse("notices:robot", args=[robot.pk]), changed)
    robot.refresh_from_db()
    assert (robot.name, robot.enabled, robot.hint) == ("工作群", False, "5aaa")
    office.post(reverse("notices:robot_remove", args=[robot.pk]))
    assert not Robot.objects.exists()


def test_words_are_tried_kept_and_reset(college: College, office: Client) -> None:
    address = reverse("notices:wording", args=["approval.todo", "email", "zh-hans"])
    tried = office.post(address, {"subject": "{name}，有事办", "body": "<b>{title}</b>", "act": "preview"})
    assert "新媒体管理岗甲，有事办" in tried.content.decode()
    assert "&lt;b&gt;" in tried.content.decode()
    assert not Wording.objects.exists()
    refused = office.post(address, {"subject": "有事", "body": "{titel}", "act": "save"})
    assert refused.status_code == 422
    assert "{title}" in refused.content.decode()
    assert not Wording.objects.exists()
    office.post(address, {"subject": "有事", "body": "{title}", "act": "save"})
    assert Wording.objects.get().subject == "有事"
    assert "有事" in office.get(reverse("notices:wordings")).content.decode()
    office.post(address, {"act": "reset"})
    assert not Wording.objects.exists()
    for wrong in (["no.kind", "email", "zh-hans"], ["general", "pigeon", "zh-hans"], ["general", "email", "fr"]):
        assert office.get(reverse("notices:wording", args=wrong)).status_code == 404


def test_the_office_sees_why_something_did_not_arrive_and_sends_it_again(
    college: College, reader: Person, office: Client, run_tasks: Callable[[], int]
) -> None:
    NoticeFactory(person=reader, text="有件事")
    services.fan_out(now=college.now)
    Delivery.objects.update(
        state=DeliveryState.FAILED, trouble="mailbox", detail="550 no such user", settled_at=college.now
    )
    listed = office.get(reverse("notices:deliveries")).content.decode()
    assert "1 条通知没寄到" in listed
    assert "核对本人的邮箱" in listed
    delivery = Delivery.objects.get()
    assert "550 no such user" in office.get(reverse("notices:delivery", args=[delivery.pk])).content.decode()
    office.post(reverse("notices:resend", args=[delivery.pk]))
    run_tasks()
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.KEPT
    message = KeptMessage.objects.get()
    shown = office.get(reverse("notices:kept", args=[message.pk])).content.decode()
    assert "有件事" in shown
    assert "Content-Type: multipart/alternative" in shown
    assert message.subject in office.get(reverse("notices:outbox")).content.decode()
    office.post(reverse("notices:resend_all"))
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.KEPT


def test_lists_find_filter_sort_and_ask_a_fixed_number_of_questions(
    college: College, reader: Person, office: Client, queries_constant: Callable[..., int]
) -> None:
    RobotFactory(institution=college.institution)

    def grow(count: int = 30) -> None:
        for _n in range(count):
            NoticeFactory(person=PersonFactory(institution=college.institution, email="a@example.edu.cn"))
        services.fan_out(now=college.now)
        services.deliver_due(now=college.now)

    grow(1)
    queries_constant(lambda: office.get("/notices/deliveries/?sort=-attempts"), grow, at_most=20)
    queries_constant(lambda: office.get("/notices/outbox/"), grow, at_most=20)

    def robots() -> None:
        RobotFactory.create_batch(30, institution=college.institution, unit=college.units["law"])

    queries_constant(lambda: office.get("/notices/channels/"), robots, at_most=20)
    NoticeFactory(person=reader)
    services.fan_out(now=college.now)
    assert len(office.get("/notices/deliveries/?q=李闻").context["page"].object_list) == 1
    assert len(office.get("/notices/deliveries/?state=waiting&channel=email").context["page"].object_list) == 1
    assert not office.get("/notices/deliveries/?kind=account.stop_order").context["page"].object_list
    assert office.get("/notices/deliveries/?state=x&channel=y&kind=z&sort=w&page=99&q=%00").status_code == 200
