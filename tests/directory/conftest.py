"""A college with listed accounts for the tests of the directory."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.utils import timezone

from tests.factories.registry import College, college
from xianshen.directory import throttle
from xianshen.directory.verifying import Desk
from xianshen.registry import services as registry
from xianshen.registry.enums import SuspensionReason
from xianshen.registry.models import MediaAccount


@pytest.fixture(autouse=True)
def _nobody_asked_before() -> Iterator[None]:
    throttle.API.forget()
    throttle.PAGES.forget()
    return


@pytest.fixture
def school(db: None, now: datetime) -> College:
    """Return the college with four listed accounts: the school's two, the law department's, the library's."""
    made = college(now)
    made.account(
        "上海海关学院",
        unit="office",
        platform="weibo",
        handle="上海海关学院",
        owner="officer",
        owner_mobile="13800001111",
        owner_email="office.private@example.edu.cn",
        opened_on=date(2012, 5, 4),
    )
    made.account("上海海关学院", unit="office", handle="shcc_weixin", owner="officer")
    made.account("法律系", handle="flx_shcc", content_scope="负责人赵宣，手机 13911112222")
    made.account("图书馆服务", unit="library", handle="https://www.weibo.com/n/shcc_lib", platform="weibo", owner=None)
    return made


@pytest.fixture
def desk(school: College) -> Desk:
    return Desk(school.institution, school.on)


@pytest.fixture
def suspend(school: College) -> Callable[..., MediaAccount]:
    """Return a function that suspends an account."""

    def stop(account: MediaAccount, reason: SuspensionReason = SuspensionReason.NOT_REVIEWED) -> MediaAccount:
        return registry.suspend_account(
            account_id=account.pk,
            institution_id=school.institution.pk,
            actor=school.system,
            grants=None,
            reason=reason,
            text="2025 年度年审表没有交。",
            now=school.now,
        )

    return stop


def account(name: str, **more: Any) -> MediaAccount:
    return MediaAccount.objects.get(name=name, **more)


def today() -> date:
    return timezone.localdate()
