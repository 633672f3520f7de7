"""The verification page in a real browser: usable by keyboard, readable on a phone, clean for axe."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.factories.documents import actor_in, issue
from tests.support.appearance import assert_faultless
from tests.support.browser import DESKTOP, PHONE
from xianshen.documents import services
from xianshen.documents.selectors import signed_pdf

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", (DESKTOP, PHONE))
def test_code_and_file_are_verified(pages: Any, now: datetime, tmp_path: Path, width: int) -> None:
    document = services.complete_document(document_id=issue(now).pk, now=now)
    page = pages(width=width)
    page.goto("/verify/")
    page.get_by_label("核验码", exact=True).fill(document.code.lower().replace("-", " "))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/verify/{document.code}")
    assert page.get_by_role("heading", level=2).first.inner_text() == "有效。由上海海关学院签发"
    assert_faultless(page, "main")

    held = tmp_path / "收到的表.pdf"
    held.write_bytes(signed_pdf(document).replace(b"/Count 2", b"/Count 1"))
    page.get_by_label("手里的 PDF 文件").set_input_files(held)
    with page.expect_navigation():
        page.get_by_role("button", name="核验这份文件").click()
    assert page.get_by_role("heading", level=2).first.inner_text() == "已被改动，不能采信"
    assert_faultless(page, "main")


def test_withdrawn_document_is_shown_as_withdrawn(pages: Any, now: datetime) -> None:
    document = services.complete_document(document_id=issue(now).pk, now=now)
    services.withdraw_document(actor=actor_in(document.institution), document=document, reason="错", now=now)
    page = pages()
    page.goto(f"/verify/{document.code}")
    assert page.get_by_role("heading", level=2).first.inner_text() == "已撤回，不再有效"
    assert_faultless(page, "main")
