"""The verification page in a real browser: usable by keyboard, readable on a phone, clean for axe."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.factories.documents import actor_in, issue
from xianshen.documents import services
from xianshen.documents.selectors import signed_pdf

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def assert_clean(page: Any) -> None:
    """The frame around the page is tested where it is made."""
    found = Axe().run(page, context="main").response["violations"]
    assert [(problem["id"], [node["html"] for node in problem["nodes"]]) for problem in found] == []


@pytest.mark.parametrize("width", (1440, 390))
@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_code_and_file_are_verified(pages: Any, now: datetime, tmp_path: Path, width: int, scheme: str) -> None:
    document = services.complete_document(document_id=issue(now).pk, now=now)
    page = pages(width=width, color_scheme=scheme)
    page.goto("/verify/")
    page.get_by_label("核验码", exact=True).fill(document.code.lower().replace("-", " "))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/verify/{document.code}")
    assert page.get_by_role("heading", level=2).first.inner_text() == "有效。由上海海关学院签发"
    assert_clean(page)

    held = tmp_path / "收到的表.pdf"
    held.write_bytes(signed_pdf(document).replace(b"/Count 2", b"/Count 1"))
    page.get_by_label("手里的 PDF 文件").set_input_files(held)
    with page.expect_navigation():
        page.get_by_role("button", name="核验这份文件").click()
    assert page.get_by_role("heading", level=2).first.inner_text() == "已被改动，不能采信"
    assert_clean(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


def test_withdrawn_document_is_shown_as_withdrawn(pages: Any, now: datetime) -> None:
    document = services.complete_document(document_id=issue(now).pk, now=now)
    services.withdraw_document(actor=actor_in(document.institution), document=document, reason="错", now=now)
    page = pages()
    page.goto(f"/verify/{document.code}")
    assert page.get_by_role("heading", level=2).first.inner_text() == "已撤回，不再有效"
    assert_clean(page)
