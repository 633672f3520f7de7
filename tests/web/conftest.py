"""People and pages for the tests of the frame."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory

from tests.factories.organisation import AppointmentFactory, PositionFactory, PositionKindFactory, UnitFactory

INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE)


@pytest.fixture
def officer(db: None) -> Any:
    """Return somebody who may read the whole ledger."""
    return _holder("办公室", "新媒体管理岗", ["ledger.view", "organisation.manage", "accounts.view_all"])


@pytest.fixture
def member(officer: Any) -> Any:
    """Return somebody of the same institution with no capability but to apply."""
    return _holder("法律系", "宣传岗", ["opening.apply"], institution=officer.institution)


def _holder(unit: str, title: str, capabilities: list[str], **more: Any) -> Any:
    home = UnitFactory(name=unit, kind=f"kind-{title}", **more)
    PositionKindFactory(institution=home.institution, code=title, title=title, capabilities=capabilities)
    position = PositionFactory(unit=home, kind=title, title=title)
    return AppointmentFactory(position=position).person


@pytest.fixture
def render() -> Callable[..., str]:
    """Return a function that renders template source; ``path`` is the address of the request."""

    def rendered(source: str, path: str = "/", **context: Any) -> str:
        return Template(source).render(Context({"request": RequestFactory().get(path), **context}))

    return rendered


@pytest.fixture
def clean() -> Callable[[Any], str]:
    """Return a function that asserts a page keeps to the content security policy, and returns its text."""

    def checked(response: Any) -> str:
        html = str(response.content.decode())
        assert not INLINE.search(html), INLINE.search(html)
        assert not SCRIPT.search(html), SCRIPT.search(html)
        policy = response.headers["Content-Security-Policy"]
        assert "style-src 'self';" in f"{policy};"
        assert "unsafe" not in policy
        assert "object-src 'none'" in policy
        return html

    return checked


@pytest.fixture
def strict() -> Client:
    """Return a client that checks tokens of forms, as browsers meet them."""
    return Client(enforce_csrf_checks=True)
