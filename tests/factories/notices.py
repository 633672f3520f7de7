"""Factories of notices."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from tests.factories.organisation import PersonFactory
from xianshen.notices.channels.robots import RobotAddress
from xianshen.notices.enums import NoticeKind, RobotService
from xianshen.notices.models import Notice, Robot
from xianshen.notices.secrets import seal


class NoticeFactory(DjangoModelFactory):
    class Meta:
        model = Notice

    person = factory.SubFactory(PersonFactory)
    institution = factory.SelfAttribute("person.institution")
    text = factory.Sequence(lambda n: f"第{n}件事等你办理")
    url = "/"
    key = factory.Sequence(lambda n: f"key{n}")
    at = datetime(2026, 9, 14, 4, 0, tzinfo=UTC)
    kind = NoticeKind.APPROVAL_TODO.value


class RobotFactory(DjangoModelFactory):
    class Meta:
        model = Robot

    name = factory.Sequence(lambda n: f"工作群{n}")
    service = RobotService.WECOM.value
    kinds = factory.LazyFunction(lambda: [NoticeKind.APPROVAL_TODO.value])
    secret = factory.LazyAttribute(
        lambda robot: seal(RobotAddress(RobotService(robot.service), "abcdef0123456789").text)
    )
    hint = "6789"
    created_at = datetime(2026, 9, 1, tzinfo=UTC)
