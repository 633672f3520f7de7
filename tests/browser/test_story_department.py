"""A department's account: applied for, returned, corrected, approved, printed, listed and verified."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
from asn1crypto import x509
from docx import Document
from playwright.sync_api import Page, expect
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from tests.browser.hands import (
    begin_application,
    control,
    file_sponsor_documents,
    fill_application,
    fits,
    open_task,
    press_signature,
    saved,
    sign_in,
    sign_opinion,
    submit_application,
)
from tests.factories.organisation import PASSWORD
from tests.support.browser import PHONE
from tests.support.college import College
from xianshen.documents import signing
from xianshen.documents.models import IssuedDocument
from xianshen.registry.models import MediaAccount
from xianshen.registry.selectors import APPLICATION_TYPE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]

NAME = "法律系学习园地"
REASON = "发布内容范围太宽，去掉社团活动，只写专业学习。"
CORRECTED = "法律专业学习方法、法考提醒、案例研读，每周两篇。"
PARTS = ["责任体系", "工作队伍", "发布审核机制"]


def signature_status(pdf: bytes) -> Any:
    """Return what pyHanko says of the only signature; in a thread, for this one runs the browser's event loop."""
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures
    roots = [x509.Certificate.load(root) for root in signing.trusted_roots()]
    context = ValidationContext(trust_roots=roots, allow_fetching=False)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: validate_pdf_signature(signature, context)).result()


def write_and_correct(page: Page) -> None:
    """Meet the name rule of article 10 while typing, read the article, write a proper application."""
    page.get_by_label("以个人名义", exact=True).check()
    control(page, "name").fill("上海海关学院法律小站")
    told = page.locator("#f-live-name")
    expect(told).to_contain_text("个人账号不得冠校名")
    expect(control(page, "name")).to_have_attribute("aria-invalid", "true")
    told.get_by_role("link", name="第十条").first.click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("不得以“上海海关学院”为前缀作为新媒体名称")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    fill_application(page)
    expect(told).not_to_contain_text("个人账号不得冠校名")
    expect(control(page, "name")).not_to_have_attribute("aria-invalid", "true")


def return_on_the_phone(page: Page) -> None:
    """Return the application with the phone's decision bar."""
    open_task(page, NAME, "去签署")
    page.get_by_role("button", name="退回", exact=True).click()
    expect(page.locator("#opinion-text")).to_be_focused()
    page.keyboard.type(REASON)
    page.get_by_role("button", name="去签署").click()
    expect(page.locator("#secret")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.get_by_role("button", name="退回修改并签署").click()
    expect(page.locator("#toasts")).to_contain_text("已签署")
    expect(page.locator(".xs-head")).to_contain_text("退回修改")
    assert fits(page)


def test_from_the_form_to_the_public_directory(
    pages: Pages,
    school: College,
    run_tasks: Callable[[], int],
    ledger_report: Callable[[], dict[str, Any]],
    tmp_path: Path,
) -> None:
    operator, head = pages(), pages(width=PHONE)
    sign_in(operator, school.people["operator"])
    application = begin_application(operator, "法律系")
    write_and_correct(operator)
    operator.reload()
    expect(control(operator, "name")).to_have_value(NAME)
    expect(control(operator, "positioning")).to_have_value("只做法律专业的学习服务，不发社团活动。")
    expect(operator.locator("[data-saved]")).to_contain_text("已自动保存")
    submit_application(operator, "系主任")

    sign_in(head, school.people["head"])
    return_on_the_phone(head)

    open_task(operator, f"补正「{NAME}」的开设申请", "去补正")
    expect(operator.get_by_text(f"「{REASON}」")).to_be_visible()
    expect(operator.get_by_text("系主任甲退回")).to_be_visible()
    control(operator, "content_scope").fill(CORRECTED)
    saved(operator)
    submit_application(operator, "系主任")

    open_task(head, NAME, "去签署")
    changes = head.locator(".xs-changes")
    expect(changes.locator("dt")).to_have_text(["发布内容范围"])
    expect(changes.locator("del")).to_contain_text("模拟法庭活动预告与回顾")
    expect(changes.locator("ins")).to_have_text(CORRECTED)
    press_signature(head, "同意", "同意开设。", secret="别人的密码")
    expect(head.locator("#secret")).to_have_attribute("aria-invalid", "true")
    expect(head.locator("#opinion-text")).to_have_value("同意开设。")
    sign_opinion(head, "同意", "同意开设。")

    director = pages()
    sign_in(director, school.people["director"])
    open_task(director, NAME, "去签署")
    press_signature(director, "同意", "同意。")
    refusal = director.get_by_role("alert")
    expect(refusal).to_contain_text("请主办单位先补材料")
    expect(refusal.get_by_role("link", name="第五条").first).to_be_visible()
    expect(director.locator("#opinion-text")).to_have_value("同意。")
    assert not MediaAccount.objects.exists()
    file_sponsor_documents(head, school.units["law"].pk, PARTS)
    sign_opinion(director, "同意", "同意。")
    expect(director.locator(".xs-head")).to_contain_text("已同意")
    assert run_tasks() > 0

    account, document = MediaAccount.objects.get(), IssuedDocument.objects.get()
    pdf = the_annex_is_signed_and_complete(operator, application.pk, document)
    the_word_form_opens(operator)
    everybody_can_verify(pages(), account, document, pdf, tmp_path)
    report = ledger_report()
    assert (report["ok"], report["first_bad"]) == (True, None)
    every_step_is_on_record(pages(), school, application.pk)


def the_annex_is_signed_and_complete(page: Page, application_id: int, document: IssuedDocument) -> bytes:
    """Download Annex 1 from the application's page; both copies, what was written, the signature."""
    page.goto(f"/applications/{application_id}/")
    expect(page.get_by_text("开设已批准")).to_be_visible()
    link = page.locator("main").get_by_role("link", name="PDF", exact=True)
    response = page.request.get(str(link.get_attribute("href")))
    assert (response.status, response.headers["content-type"]) == (200, "application/pdf")
    pdf = response.body()
    copies = [sheet.extract_text() for sheet in pypdf.PdfReader(BytesIO(pdf)).pages]
    assert len(copies) == 2
    for text, kept_by in zip(copies, ("校办公室存", "法律系存"), strict=True):
        flat = text.replace("\n", "").replace(" ", "")
        for words in (NAME, "法律系", CORRECTED, "同意开设。", "系主任甲", "办公室主任甲", document.code, kept_by):
            assert words in flat, words
    status = signature_status(pdf)
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    return bytes(pdf)


def the_word_form_opens(page: Page) -> None:
    with page.expect_download() as waiting:
        page.locator("main").get_by_role("link", name="DOCX", exact=True).click()
    assert waiting.value.suggested_filename.endswith(".docx")
    tables = Document(str(waiting.value.path())).tables
    assert len(tables) == 2
    assert NAME in [cell.text for row in tables[0].rows for cell in row.cells]


def everybody_can_verify(page: Page, account: MediaAccount, document: IssuedDocument, pdf: bytes, folder: Path) -> None:
    """Without signing in: the directory, the account's public page, its code, the document's code, the file."""
    page.goto("/directory/")
    page.locator(".xs-dir, table").get_by_role("link", name=NAME).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page.locator("main")).to_contain_text("运行中")
    assert "13916392047" not in page.content()
    page.goto(f"/verify/{account.code}")
    expect(page.locator(".xs-result h2")).to_have_text("是。它由上海海关学院法律系主办")
    page.goto(f"/verify/{document.code}")
    expect(page.locator(".xs-result h2")).to_have_text("有效。由上海海关学院签发")
    held = folder / "附件一.pdf"
    held.write_bytes(pdf)
    page.get_by_label("手里的 PDF 文件").set_input_files(held)
    page.get_by_role("button", name="核验这份文件").click()
    expect(page.locator(".xs-result h2")).to_have_text("有效。和上海海关学院签发的一字不差")


def every_step_is_on_record(page: Page, school: College, application_id: int) -> None:
    """The ledger page of the application, for who may read the ledger: every act, newest first, and by whom."""
    sign_in(page, school.people["media"], f"/ledger/{APPLICATION_TYPE}/{application_id}/")
    acts = [" ".join(text.split()) for text in page.locator(".xs-entry__what").all_inner_texts()]
    expected = (
        "开始填写开设申请",
        "提交审批（第 1 次）",
        "所在部门意见：退回修改",
        "申请退回申请人补正",
        "补正后重新提交",
        "提交审批（第 2 次）",
        "所在部门意见：同意",
        "校办公室意见：同意，审批完成",
        "开设获批",
        "签发",
    )
    places = [next((at for at, act in enumerate(acts) if words in act), -1) for words in expected]
    assert -1 not in places, (acts, places)
    assert places[0] == len(acts) - 1
    assert places[1] > places[2] > places[5] > places[6] > places[7]
    expect(page.locator(".xs-entry").filter(has_text="退回修改")).to_contain_text("系主任甲")
    assert "断了" not in page.locator("main").inner_text()
