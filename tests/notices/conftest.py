"""A real mail server and a real HTTP server on this machine, standing in for the outside."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.factories.organisation import PersonFactory
from tests.support.college import College
from xianshen.ledger.services import act
from xianshen.notices.services import deliver_due, fan_out, notify, recover_claims
from xianshen.organisation.models import Person


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class MailServer:
    """An SMTP server that takes what it is told to take.

    Args:
        answers: answer to RCPT by address; 250 if it is not among them.
    """

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data_answer:
            return self.data_answer
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        letter["X-Envelope-To"] = ",".join(envelope.rcpt_tos)
        self.taken.append(letter)
        return "250 taken"

    @property
    def settings(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "username": "", "password": "", "tls": False, "ssl": False}


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """Run an SMTP server, and let the installation use it."""
    server = MailServer()
    server.port = free_port()
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    settings.MAIL = server.settings
    settings.MAIL_FROM = "xianshen@example.edu.cn"
    settings.PUBLIC_URL = "https://xianshen.example.edu.cn"
    yield server
    controller.stop()


@dataclass
class RobotServer:
    """Stands for the services of group robots: notes what it is sent, answers what it is told to."""

    url: str = ""
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    status: int = 200
    answer: bytes = b'{"errcode": 0, "errmsg": "ok", "code": 0}'


@pytest.fixture
def robot_server(settings: Any) -> Iterator[RobotServer]:
    """Run an HTTP server in the place of the robots' services."""
    state = RobotServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.heard.append((self.path, json.loads(body)))
            self.send_response(state.status)
            self.end_headers()
            self.wfile.write(state.answer)

        def log_message(self, format: str, *args: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    settings.ROBOTS_SEND = True
    settings.ROBOT_ADDRESSES = {
        "wecom": f"{state.url}/wecom/send?key={{key}}",
        "dingtalk": f"{state.url}/dingtalk/send?access_token={{token}}",
        "feishu": f"{state.url}/feishu/hook/{{token}}",
    }
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def reader(college: College) -> Person:
    """Return somebody with an e-mail address and no position."""
    return PersonFactory(institution=college.institution, name="李闻", email="liwen@example.edu.cn")


Tell = Callable[..., None]


@pytest.fixture
def tell(college: College) -> Tell:
    """Tell people something outside any other act: ``tell(person, key="k", at=now)``."""

    @act(records=False, why="a test tells somebody something")
    def telling(
        *people: Person, at: datetime | None = None, text: str = "有一件事", key: str = "k", **more: Any
    ) -> None:
        notify(
            institution_id=college.institution.pk,
            people=[person.pk for person in people],
            text=text,
            url=more.pop("url", "/approvals/3/"),
            key=key,
            at=at or college.now,
            **more,
        )

    return telling


@pytest.fixture
def work() -> Callable[[datetime], int]:
    """Do what the worker does every minute."""

    def minute(now: datetime) -> int:
        recover_claims(now=now)
        fan_out(now=now)
        return deliver_due(now=now)

    return minute
