"""A real browser on the live server: no external request, no error on the console, nothing missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, Route, sync_playwright

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
]


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser and stop it afterwards. Fails, never skips, when there is none."""
    program = find()
    assert program, ADVICE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Pages:
    """Opens pages on the live server and notes everything that goes wrong in them.

    Args:
        browser: the running browser.
        origin: address of the live server.
    """

    browser: Browser
    origin: str
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
        context.set_default_timeout(15_000)
        context.route("**/*", self._only_here)
        self.contexts.append(context)
        if person is not None:
            self.sign_in(context, person)
        page = context.new_page()
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("response", self._note_response)
        return page

    def sign_in(self, context: BrowserContext, person: Any) -> None:
        """Give the context a session of the person, as signing in would."""
        client = Client()
        client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
        morsel = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": morsel.key, "value": morsel.value, "url": self.origin}])

    def _only_here(self, route: Route) -> None:
        url = route.request.url
        if url.startswith((self.origin, "data:", "blob:", "about:")):
            route.continue_()
        else:
            self.problems.append(f"external request: {url}")
            route.abort()

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
        assert not self.problems, "\n".join(self.problems)
