"""A real browser on the live server: no external request, no error on the console, nothing missing.

Every action and every expectation waits until the page's script listens (``<html data-ready>``), so that a
click right after a navigation cannot come too early. Only ``page.keyboard`` does not wait: press keys after
``goto``, ``wait_for_url`` or an ``expect``. With ``XIANSHEN_TEST_DELAY=1`` scripts come a second late, and answers
a fifth of that: what still races fails then.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from scripts.browser import ADVICE, find

DESKTOP, PHONE = 1440, 390
HEIGHT = {DESKTOP: 900, PHONE: 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
#: A page whose script does not listen yet.
DEAF = "html:not([data-ready]):has(script[src*='/js/app.'])"
DELAY = float(os.environ.get("XIANSHEN_TEST_DELAY") or 0)
#: Milliseconds for an action or an expectation. Long, for it is spent only when something is wrong.
TIMEOUT = 60_000


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser and stop it afterwards. Fails, never skips, when there is none."""
    program = find()
    assert program, ADVICE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, timeout=180_000)
        expect.set_options(timeout=TIMEOUT)
        yield browser
        browser.close()


@dataclass
class Answers:
    """How many requests the live server is answering."""

    under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def change(self, by: int) -> None:
        with self.lock:
            self.under_way += by

    def settled(self) -> None:
        """Return when nothing has been under way for a moment.

        A request that is still answered when a test is over would write into the database of the next one.
        """
        deadline = time.monotonic() + TIMEOUT / 1000
        quiet = 0
        while quiet < 3:
            assert time.monotonic() < deadline, "the live server does not finish"
            quiet = 0 if self.under_way else quiet + 1
            time.sleep(0.005)


@contextmanager
def counted_answers() -> Iterator[Answers]:
    """While this is open, answers are counted, and given late if ``DELAY`` says so, scripts latest."""
    answers = Answers()
    answer = WSGIHandler.__call__

    def counted(self: WSGIHandler, environ: Any, start_response: Any) -> Any:
        time.sleep(DELAY if environ["PATH_INFO"].endswith(".js") else DELAY / 5)
        answers.change(1)
        try:
            return answer(self, environ, start_response)
        finally:
            answers.change(-1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIHandler, "__call__", counted)
        yield answers


@dataclass
class Pages:
    """Opens pages on the live server and notes everything that goes wrong in them.

    Args:
        browser: the running browser.
        origin: address of the live server.
        answers: what the live server is answering.
    """

    browser: Browser
    origin: str
    answers: Answers
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(self, person: Any = None, *, width: int = DESKTOP, **options: Any) -> Page:
        """Return a page, signed in as ``person`` if one is given, at desktop or phone width.

        Args:
            person: who is signed in, or None.
            width: of the viewport.
            options: for ``new_context`` (``color_scheme="dark"``, ``java_script_enabled=False`` …).
        """
        if width <= PHONE:
            options = {"has_touch": True, "is_mobile": True, **options}
        context = self.browser.new_context(
            base_url=self.origin,
            viewport={"width": width, "height": HEIGHT.get(width, 900)},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            **options,
        )
        context.set_default_timeout(TIMEOUT)
        context.on("request", self._note_request)
        context.on("response", self._note_response)
        context.on("console", self._note_message)
        context.on("weberror", lambda problem: self.problems.append(f"script error: {problem.error}"))
        if options.get("java_script_enabled", True):
            context.on("page", self._prepare)
        self.contexts.append(context)
        if person is not None:
            self.sign_in(context, person)
        return context.new_page()

    def _prepare(self, page: Page) -> None:
        page.add_locator_handler(page.locator(DEAF), lambda _: None)
        if DELAY:
            devtools = page.context.new_cdp_session(page)
            devtools.send("Network.enable")
            devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def sign_in(self, context: BrowserContext, person: Any) -> None:
        """Give the context a session of the person, as signing in would."""
        client = Client()
        client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
        morsel = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": morsel.key, "value": morsel.value, "url": self.origin}])

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:", "about:")):
            self.problems.append(f"external request: {request.url}")

    def _note_message(self, message: ConsoleMessage) -> None:
        # Chromium and htmx write this for every refused form too; responses are judged by themselves.
        refused = message.text.startswith(("Failed to load resource", "Response Status Error Code 4"))
        if message.type == "error" and not refused:
            self.problems.append(f"console: {message.text}")

    def _note_response(self, response: Response) -> None:
        asset = response.request.resource_type not in {"document", "xhr", "fetch"}
        if response.status >= 500 or (asset and response.status >= 400):
            self.problems.append(f"{response.status}: {response.url}")

    def close(self) -> None:
        """Close every page and fail if something went wrong in one."""
        for context in self.contexts:
            context.close()
        self.answers.settled()
        assert not self.problems, "\n".join(self.problems)
