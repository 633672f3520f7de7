"""Group robots of WeCom, DingTalk and Feishu, through Apprise.

Two things are added to the library: the services answer 200 also when they refuse a message and say so in the
body, which its plugins do not read; and the addresses come from the settings, so that an installation behind a
gateway can name its own.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from xianshen.notices.channels.base import Message, NotDelivered
from xianshen.notices.enums import RobotService, Trouble

TOKENS: Mapping[RobotService, re.Pattern[str]] = {
    RobotService.WECOM: re.compile(r"[A-Za-z0-9_-]{8,128}"),
    RobotService.DINGTALK: re.compile(r"[A-Za-z0-9]{8,128}"),
    RobotService.FEISHU: re.compile(r"[A-Za-z0-9_-]{8,128}"),
}
SECRET = re.compile(r"(SEC)?[A-Za-z0-9]{8,128}")
ADDRESSES: Mapping[RobotService, re.Pattern[str]] = {
    RobotService.WECOM: re.compile(r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([^&\s]+)"),
    RobotService.DINGTALK: re.compile(r"https://oapi\.dingtalk\.com/robot/send\?access_token=([^&\s]+)"),
    RobotService.FEISHU: re.compile(r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([^/?\s]+)/?"),
}
#: Codes in an answer that mean more than "not taken"; the others are tried again.
GONE = frozenset({93000, 93008, 300001, 400101, 400013, 19001})
RULES = frozenset({310000, 19021, 19022, 19024, 93017})
BUSY = frozenset({45009, 45033, 130101, 130103, 410100, 11232, 9499})


@dataclass(frozen=True, slots=True)
class RobotAddress:
    """Where a robot is reached.

    Args:
        service: whose robot.
        token: the secret part of its address.
        secret: signing secret of a DingTalk robot, or "".
    """

    service: RobotService
    token: str
    secret: str = ""

    @property
    def text(self) -> str:
        return f"{self.service.value}:{self.token}:{self.secret}"

    @classmethod
    def read(cls, text: str) -> "RobotAddress":
        service, token, secret = text.split(":", 2)
        return cls(RobotService(service), token, secret)


def parse_address(service: RobotService, address: str, secret: str = "") -> RobotAddress:
    """Return the robot that an address means, as the group's settings show it.

    Only the service's own host is accepted, so that nobody can have the server call addresses of their choice.

    Raises:
        ValidationError: by field (``address``, ``secret``); what was typed is never repeated.
    """
    found = ADDRESSES[service].fullmatch(address.strip())
    token = found[1] if found else ""
    if not TOKENS[service].fullmatch(token):
        raise ValidationError(
            {
                "address": _("这不是%(service)s群机器人的地址。在群设置里打开机器人，把 Webhook 地址整段复制过来。")
                % {"service": service.label}
            }
        )
    secret = secret.strip()
    if secret and (service != RobotService.DINGTALK or not SECRET.fullmatch(secret)):
        raise ValidationError({"secret": _("加签密钥写法不对。只有钉钉要填，以 SEC 开头，整段复制过来。")})
    return RobotAddress(service, token, secret)


_answer: ContextVar[list[tuple[int, bytes]] | None] = ContextVar("xianshen_robot_answer", default=None)


class _Listening:
    """Stands for the HTTP library in Apprise's plugins, and notes what the service answered."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def post(self, *args: Any, **options: Any) -> Any:
        response = self._library.post(*args, **options)
        heard = _answer.get()
        if heard is not None:
            heard.append((response.status_code, response.content[:2000]))
        return response


@contextmanager
def _listening() -> Iterator[list[tuple[int, bytes]]]:
    heard: list[tuple[int, bytes]] = []
    token = _answer.set(heard)
    try:
        yield heard
    finally:
        _answer.reset(token)


def _plugin(robot: RobotAddress) -> Any:
    """Return Apprise's plugin for the robot; the library is loaded with the first message."""
    from apprise import AppriseAsset
    from apprise.plugins import dingtalk, feishu, wecombot

    modules: tuple[Any, ...] = (dingtalk, feishu, wecombot)
    for module in modules:
        if not isinstance(module.requests, _Listening):
            module.requests = _Listening(module.requests)
    asset = AppriseAsset(app_id="xianshen", async_mode=False, storage_mode="memory", http_redirects=False)
    address = settings.ROBOT_ADDRESSES[robot.service.value]
    match robot.service:
        case RobotService.WECOM:
            plugin: Any = wecombot.NotifyWeComBot(key=robot.token, asset=asset)
            plugin.api_url = address.format(key=robot.token)
        case RobotService.DINGTALK:
            plugin = dingtalk.NotifyDingTalk(token=robot.token, secret=robot.secret or None, asset=asset)
            plugin.notify_url = address
        case RobotService.FEISHU:
            plugin = feishu.NotifyFeishu(token=robot.token, asset=asset)
            plugin.notify_url = address
    return plugin


class RobotTransport:
    """Sends to group robots, each message by a request of its own."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def send(self, message: Message) -> None:
        """Send one text. Raises :class:`NotDelivered` as the service answers, in its status or in its body."""
        try:
            plugin = _plugin(RobotAddress.read(message.to))
        except Exception:
            # Its words would show the address to whoever reads the log.
            raise NotDelivered(Trouble.ROBOT_ADDRESS, permanent=True) from None
        with _listening() as heard:
            taken = plugin.notify(body=message.text, title=message.subject, body_format="text")
        if not heard:
            raise NotDelivered(Trouble.ROBOT_DOWN)
        status, body = heard[-1]
        if status >= 500:
            raise NotDelivered(Trouble.ROBOT_DOWN, str(status))
        code, said = _verdict(body)
        if taken and code == 0:
            return
        detail = f"{code if code is not None else status} {said}"
        if code in GONE or status in {401, 403, 404}:
            raise NotDelivered(Trouble.ROBOT_ADDRESS, detail, permanent=True)
        if code in RULES:
            raise NotDelivered(Trouble.ROBOT_RULES, detail, permanent=True)
        if code in BUSY or status == 429:
            raise NotDelivered(Trouble.ROBOT_BUSY, detail, everybody=True)
        raise NotDelivered(Trouble.ROBOT_REFUSED, detail)


def _verdict(body: bytes) -> tuple[int | None, str]:
    """Return the code and the words in an answer; no code when it is not the answer of a robot service."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None, ""
    if not isinstance(answer, dict):
        return None, ""
    for name in ("errcode", "code", "StatusCode"):
        if isinstance(answer.get(name), int):
            return int(answer[name]), str(answer.get("errmsg") or answer.get("msg") or "")[:120]
    return None, ""
