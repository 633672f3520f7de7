"""A unit's account: applied for, returned, corrected, approved, printed, listed and verified.

The story is told of two institutions that have nothing in common but the software: a college, and a hospital group
with other tiers, chains, forms and articles.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
from asn1crypto import x509
from django.utils import timezone
from docx import Document
from playwright.sync_api import Page, expect
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from tests.browser.hands import (
    CHOSEN,
    TYPED,
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
from tests.support.hospitals import build_group
from xianshen.documents import signing
from xianshen.documents.models import IssuedDocument
from xianshen.registry.models import MediaAccount
from xianshen.registry.selectors import APPLICATION_TYPE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Pages = Callable[..., Page]


@dataclass(frozen=True)
class Tale:
    """What differs from institution to institution: people, words, and what the pack says.

    Args:
        institution: its name.
        unit: key and name of the unit that applies.
        operator: role of who applies.
        deciders: role, title and name of the step, in the order of the chain.
        auditor: role of who reads the ledger.
        filer: role of who completes the sponsoring unit's file, and the key of that unit.
        parts: what the file must hold.
        typed: control and text of the application form.
        chosen: words of the choices.
        personal: a choice under which ``forbidden`` may not be the name, if the form asks.
        forbidden: a name that is refused while it is typed.
        refusal: what is said of it, the article, and words of the article.
        reason: why the first decider returns the application.
        corrected: control and label of what is corrected, what was there, and the new text.
        file_article: the article about the sponsoring unit's file.
        copies: who keeps which copy of the printed form.
    """

    institution: str
    unit: tuple[str, str]
    operator: str
    deciders: tuple[tuple[str, str, str], ...]
    auditor: str
    filer: tuple[str, str]
    parts: list[str]
    typed: Mapping[str, str]
    chosen: tuple[str, ...]
    personal: str
    forbidden: str
    refusal: tuple[str, str, str]
    reason: str
    corrected: tuple[str, str, str, str]
    file_article: str
    copies: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.typed["name"]


COLLEGE = Tale(
    institution="上海海关学院",
    unit=("law", "法律系"),
    operator="operator",
    deciders=(("head", "系主任", "所在部门意见"), ("director", "办公室主任", "校办公室意见")),
    auditor="media",
    filer=("head", "law"),
    parts=["责任体系", "工作队伍", "发布审核机制"],
    typed=TYPED,
    chosen=CHOSEN,
    personal="以个人名义",
    forbidden="上海海关学院法律小站",
    refusal=("个人账号不得冠校名", "第十条", "不得以“上海海关学院”为前缀作为新媒体名称"),
    reason="发布内容范围太宽，去掉社团活动，只写专业学习。",
    corrected=(
        "content_scope",
        "发布内容范围",
        "模拟法庭活动预告与回顾",
        "法律专业学习方法、法考提醒、案例研读，每周两篇。",
    ),
    file_article="第五条",
    copies=("校办公室存", "法律系存"),
)
HOSPITALS = Tale(
    institution="临海医疗集团",
    unit=("clinic", "心内科"),
    operator="clinic_editor",
    deciders=(
        ("chief", "科主任", "科室意见"),
        ("president", "院长", "医院意见"),
        ("publicity_head", "宣传处处长", "宣传处意见"),
    ),
    auditor="publicity_head",
    filer=("president", "hospital"),
    parts=["责任制度", "人员名单", "审稿制度"],
    typed={
        "name": "心内科健康课堂",
        "handle": "xnk_health",
        "positioning": "只讲心血管病的预防和康复。",
        "ethics_officer": "沈伦理",
        "owner_mobile": "13916392047",
    },
    chosen=("订阅号", "患者", "家属", "不涉及"),
    personal="",
    forbidden="临海医疗集团",
    refusal=("集团名只归集团账号", "第七条", "集团名称"),
    reason="写明每周发几篇。",
    corrected=("positioning", "定位", "只讲心血管病的预防和康复。", "只讲心血管病的预防和康复，每周一篇。"),
    file_article="第十条",
    copies=("宣传处存", "信息中心存", "心内科存"),
)


@pytest.fixture
def hospitals(transactional_db: None) -> College:
    """Return the hospital group as of this moment, for the live server reads the clock."""
    return build_group(timezone.now())


def signature_status(pdf: bytes) -> Any:
    """Return what pyHanko says of the only signature; in a thread, for this one runs the browser's event loop."""
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures
    roots = [x509.Certificate.load(root) for root in signing.trusted_roots()]
    context = ValidationContext(trust_roots=roots, allow_fetching=False)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: validate_pdf_signature(signature, context)).result()


def write_and_correct(page: Page, tale: Tale) -> None:
    """Meet a name rule while typing, read its article, write a proper application."""
    refusal, article, words = tale.refusal
    if tale.personal:
        page.get_by_label(tale.personal, exact=True).check()
    control(page, "name").fill(tale.forbidden)
    told = page.locator("#f-live-name")
    expect(told).to_contain_text(refusal)
    expect(control(page, "name")).to_have_attribute("aria-invalid", "true")
    saved(page)
    told.get_by_role("link", name=article).first.click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    fill_application(page, tale.typed, tale.chosen)
    expect(told).not_to_contain_text(refusal)
    expect(control(page, "name")).not_to_have_attribute("aria-invalid", "true")


def return_on_the_phone(page: Page, tale: Tale) -> None:
    """Return the application with the phone's decision bar."""
    open_task(page, tale.name, "去签署")
    page.get_by_role("button", name="退回", exact=True).click()
    expect(page.locator("#opinion-text")).to_be_focused()
    page.keyboard.type(tale.reason)
    page.get_by_role("button", name="去签署").click()
    expect(page.locator("#secret")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.get_by_role("button", name="退回修改并签署").click()
    expect(page.locator("#toasts")).to_contain_text("已签署")
    expect(page.locator(".xs-head")).to_contain_text("退回修改")
    assert fits(page)


@pytest.mark.parametrize(
    ("world", "tale"), [("school", COLLEGE), ("hospitals", HOSPITALS)], ids=["college", "hospitals"]
)
def test_from_the_form_to_the_public_directory(
    pages: Pages,
    request: pytest.FixtureRequest,
    run_tasks: Callable[[], int],
    ledger_report: Callable[[], dict[str, Any]],
    tmp_path: Path,
    world: str,
    tale: Tale,
) -> None:
    school: College = request.getfixturevalue(world)
    (first, first_title, _), *_others = tale.deciders
    unit, unit_name = tale.unit
    field, label, before, after = tale.corrected
    operator, head = pages(), pages(width=PHONE)
    sign_in(operator, school.people[tale.operator])
    application = begin_application(operator, unit_name)
    write_and_correct(operator, tale)
    operator.reload()
    expect(control(operator, "name")).to_have_value(tale.name)
    expect(control(operator, "positioning")).to_have_value(tale.typed["positioning"])
    expect(operator.locator("[data-saved]")).to_contain_text("已自动保存")
    submit_application(operator, first_title)

    sign_in(head, school.people[first])
    return_on_the_phone(head, tale)

    open_task(operator, f"补正「{tale.name}」的开设申请", "去补正")
    expect(operator.get_by_text(f"「{tale.reason}」")).to_be_visible()
    expect(operator.get_by_text(f"{school.people[first].name}退回")).to_be_visible()
    control(operator, field).fill(after)
    saved(operator)
    submit_application(operator, first_title)

    open_task(head, tale.name, "去签署")
    changes = head.locator(".xs-changes")
    expect(changes.locator("dt")).to_have_text([label])
    expect(changes.locator("del")).to_contain_text(before)
    expect(changes.locator("ins")).to_have_text(after)
    press_signature(head, "同意", "同意开设。", secret="别人的密码")
    expect(head.locator("#secret")).to_have_attribute("aria-invalid", "true")
    expect(head.locator("#opinion-text")).to_have_value("同意开设。")
    sign_opinion(head, "同意", "同意开设。")
    the_others_agree_when_the_file_is_complete(pages, school, tale)
    assert run_tasks() > 0

    account, document = MediaAccount.objects.get(), IssuedDocument.objects.get()
    assert account.unit == school.units[unit]
    pdf = the_form_is_signed_and_complete(operator, application.pk, document, school, tale)
    the_word_form_opens(operator, tale)
    everybody_can_verify(pages(), account, document, pdf, tmp_path, tale)
    report = ledger_report()
    assert (report["ok"], report["first_bad"]) == (True, None)
    every_step_is_on_record(pages(), school, application.pk, tale)


def the_others_agree_when_the_file_is_complete(pages: Pages, school: College, tale: Tale) -> None:
    """The last of them is refused until the sponsoring unit has filed what it must have."""
    filer, file_unit = tale.filer
    for role, _title, _step in tale.deciders[1:]:
        page = pages()
        sign_in(page, school.people[role])
        open_task(page, tale.name, "去签署")
        if role == tale.deciders[-1][0]:
            press_signature(page, "同意", "同意。")
            refusal = page.get_by_role("alert")
            expect(refusal).to_contain_text("请主办单位先补材料")
            expect(refusal.get_by_role("link", name=tale.file_article).first).to_be_visible()
            expect(page.locator("#opinion-text")).to_have_value("同意。")
            assert not MediaAccount.objects.exists()
            desk = pages(width=PHONE)
            sign_in(desk, school.people[filer])
            file_sponsor_documents(desk, school.units[file_unit].pk, tale.parts)
        sign_opinion(page, "同意", "同意。")
    expect(page.locator(".xs-head")).to_contain_text("已同意")


def the_form_is_signed_and_complete(
    page: Page, application_id: int, document: IssuedDocument, school: College, tale: Tale
) -> bytes:
    """Download the form from the application's page; every copy, what was written, the signature."""
    page.goto(f"/applications/{application_id}/")
    expect(page.get_by_text("开设已批准")).to_be_visible()
    link = page.locator("main").get_by_role("link", name="PDF", exact=True)
    response = page.request.get(str(link.get_attribute("href")))
    assert (response.status, response.headers["content-type"]) == (200, "application/pdf")
    pdf = response.body()
    copies = [sheet.extract_text() for sheet in pypdf.PdfReader(BytesIO(pdf)).pages]
    deciders = [school.people[role].name for role, _title, _step in tale.deciders]
    for text, kept_by in zip(copies, tale.copies, strict=True):
        flat = text.replace("\n", "").replace(" ", "")
        for words in (tale.name, tale.unit[1], tale.corrected[3], "同意开设。", *deciders, document.code, kept_by):
            assert words in flat, words
    status = signature_status(pdf)
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    return bytes(pdf)


def the_word_form_opens(page: Page, tale: Tale) -> None:
    with page.expect_download() as waiting:
        page.locator("main").get_by_role("link", name="DOCX", exact=True).click()
    assert waiting.value.suggested_filename.endswith(".docx")
    tables = Document(str(waiting.value.path())).tables
    assert len(tables) == len(tale.copies)
    assert tale.name in [cell.text for row in tables[0].rows for cell in row.cells]


def everybody_can_verify(
    page: Page, account: MediaAccount, document: IssuedDocument, pdf: bytes, folder: Path, tale: Tale
) -> None:
    """Without signing in: the directory, the account's public page, its code, the document's code, the file."""
    page.goto("/directory/")
    page.locator(".xs-dir, table").get_by_role("link", name=tale.name).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(tale.name)
    expect(page.locator("main")).to_contain_text("运行中")
    assert tale.typed["owner_mobile"] not in page.content()
    page.goto(f"/verify/{account.code}")
    expect(page.locator(".xs-result h2")).to_have_text(f"是。它由{tale.institution}{tale.unit[1]}主办")
    page.goto(f"/verify/{document.code}")
    expect(page.locator(".xs-result h2")).to_have_text(f"有效。由{tale.institution}签发")
    held = folder / "附件一.pdf"
    held.write_bytes(pdf)
    page.get_by_label("手里的 PDF 文件").set_input_files(held)
    page.get_by_role("button", name="核验这份文件").click()
    expect(page.locator(".xs-result h2")).to_have_text(f"有效。和{tale.institution}签发的一字不差")


def every_step_is_on_record(page: Page, school: College, application_id: int, tale: Tale) -> None:
    """The ledger page of the application, for who may read the ledger: every act, newest first, and by whom."""
    sign_in(page, school.people[tale.auditor], f"/ledger/{APPLICATION_TYPE}/{application_id}/")
    acts = [" ".join(text.split()) for text in page.locator(".xs-entry__what").all_inner_texts()]
    steps = [step for _role, _title, step in tale.deciders]
    in_order = (
        "开始填写开设申请",
        "提交审批（第 1 次）",
        f"{steps[0]}：退回修改",
        "提交审批（第 2 次）",
        *(f"{step}：同意" for step in steps),
    )
    expected = (*in_order, f"{steps[-1]}：同意，审批完成", "申请退回申请人补正", "补正后重新提交", "开设获批", "签发")
    places = [next((at for at, act in enumerate(acts) if words in act), -1) for words in expected]
    assert -1 not in places, (acts, places)
    assert places[0] == len(acts) - 1
    assert places[: len(in_order)] == sorted(places[: len(in_order)], reverse=True)
    expect(page.locator(".xs-entry").filter(has_text="退回修改")).to_contain_text(
        school.people[tale.deciders[0][0]].name
    )
    assert "断了" not in page.locator("main").inner_text()
