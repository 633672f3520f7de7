"""Attachments: what a file is follows from its content; where it lies is nobody else's business."""

import stat
import zipfile
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from PIL import Image

from tests.factories.documents import actor_in, subject
from tests.factories.organisation import InstitutionFactory
from xianshen.common.errors import TransitionNotAllowed
from xianshen.documents import content, files, services
from xianshen.documents.enums import FileType
from xianshen.documents.models import Attachment
from xianshen.documents.selectors import attachments_of
from xianshen.ledger.selectors import entries_about
from xianshen.organisation.models import Institution

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def image(kind: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (4, 3), "red").save(out, kind)
    return out.getvalue()


def word() -> bytes:
    out = BytesIO()
    Document().save(out)
    return out.getvalue()


def sheet() -> bytes:
    out = BytesIO()
    Workbook().save(out)
    return out.getvalue()


def repacked(package: bytes, changes: dict[str, bytes | None]) -> bytes:
    """The same package with members replaced, added, or (None) left out."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(package)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in changes:
                target.writestr(name, source.read(name))
        for name, body in changes.items():
            if body is not None:
                target.writestr(name, body)
    return out.getvalue()


def upload(body: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body, content_type="application/x-whatever")


def store(institution: Institution, body: bytes, name: str, now: datetime, **more: Any) -> Attachment:
    return services.store_attachment(
        actor=actor_in(institution), subject=subject(), kind="team", upload=upload(body, name), now=now, **more
    )


def reason(refusal: pytest.ExceptionInfo[ValidationError], key: str = "upload") -> str:
    (text,) = refusal.value.message_dict[key]
    return text


@pytest.mark.parametrize(
    ("body", "name", "file_type"),
    (
        (PDF, "制度.pdf", FileType.PDF),
        (word(), "制度.docx", FileType.DOCX),
        (sheet(), "名单.xlsx", FileType.XLSX),
        (image("PNG"), "图.PNG", FileType.PNG),
        (image("JPEG"), "图.jpeg", FileType.JPEG),
        (PDF, "没有后缀", FileType.PDF),
    ),
)
@pytest.mark.django_db
def test_allowed_kinds_are_stored(now: datetime, body: bytes, name: str, file_type: FileType) -> None:
    institution = InstitutionFactory()
    attachment = store(institution, body, name, now)
    assert attachment.content_type == file_type
    assert attachment.name.endswith(f".{file_type.value}")
    assert attachment.size == len(body)
    assert files.read(attachment.digest) == body
    assert attachment.uploaded_by["name"] == "李四"
    (entry,) = entries_about(institution.code, subject().type, subject().id)
    assert entry.event == "documents.attachment_stored"


@pytest.mark.django_db
def test_file_lies_under_its_digest_readable_by_the_owner_only(now: datetime, settings: Any) -> None:
    attachment = store(InstitutionFactory(), PDF, "../../../etc/passwd.pdf", now)
    assert attachment.name == "passwd.pdf"
    stored = [path for path in Path(settings.FILES).rglob("*") if path.is_file()]
    assert stored == [Path(settings.FILES) / attachment.digest[:2] / attachment.digest[2:4] / attachment.digest]
    assert stat.S_IMODE(stored[0].stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path(settings.FILES).rglob("*") if path.is_dir()} == {0o700}


@pytest.mark.django_db
def test_same_content_is_stored_once(now: datetime, settings: Any) -> None:
    institution = InstitutionFactory()
    first, second = (store(institution, PDF, name, now) for name in ("甲.pdf", "乙.pdf"))
    assert first.digest == second.digest
    assert len([path for path in Path(settings.FILES).rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("body", "name", "said"),
    (
        (image("PNG"), "扫描.pdf", "内容却是PNG 图片"),
        (PDF, "照片.jpg", "内容却是PDF"),
        (word(), "表.xlsx", "内容却是Word 文档"),
        (PDF, "程序.exe", "内容却是PDF"),
        (b"MZ\x90\x00" + b"\x00" * 200, "制度.pdf", "不收这种文件"),
        (b"<html><script>alert(1)</script></html>", "制度.pdf", "不收这种文件"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "图.png", "不收这种文件"),
        (b"GIF89a" + b"\x00" * 100, "图.png", "不收这种文件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "旧.doc", "不收这种文件"),
        (b"%PDF-1.4\n" + b"x" * 5000, "半.pdf", "这份 PDF 不完整"),
        (b"PK\x03\x04" + b"\x00" * 100, "坏.docx", "文件打不开"),
        (word()[:-200], "断.docx", "文件打不开"),
        (image("PNG")[:40], "断.png", "图片打不开"),
        (repacked(word(), {"word/document.xml": None}), "空.docx", "不收这种文件"),
        (repacked(word(), {"[Content_Types].xml": b"<Types/>"}), "假.docx", "不收这种文件"),
        (repacked(word(), {"word/vbaProject.bin": b"\xd0\xcf"}), "宏.docx", "文件里有宏"),
        (repacked(word(), {f"m{n}": b"" for n in range(5001)}), "多.docx", "解压后太大"),
        (repacked(word(), {"bomb": b"\x00" * (201 * 1024 * 1024)}), "炸.docx", "解压后太大"),
        (b"", "空.pdf", "文件是空的"),
    ),
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.django_db
def test_other_files_are_refused_with_a_reason(now: datetime, settings: Any, body: bytes, name: str, said: str) -> None:
    institution = InstitutionFactory()
    with pytest.raises(ValidationError) as refusal:
        store(institution, body, name, now)
    assert said in reason(refusal)
    assert Attachment.objects.count() == 0
    assert not Path(settings.FILES).exists()
    assert entries_about(institution.code, subject().type, subject().id) == []


@pytest.mark.django_db
def test_file_that_is_too_large_is_refused_whatever_size_it_claims(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "LIMIT", 2 * 1024 * 1024)
    big = upload(PDF + b"\x00" * (2 * 1024 * 1024), "大.pdf")
    big.size = 10
    with pytest.raises(ValidationError) as refusal:
        services.store_attachment(
            actor=actor_in(InstitutionFactory()), subject=subject(), kind="team", upload=big, now=now
        )
    assert "超过 2 MB" in reason(refusal)
    assert Attachment.objects.count() == 0


def test_picture_with_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PIXEL_LIMIT", 11)
    with pytest.raises(ValidationError) as refusal:
        content.type_of(image("PNG"), "图.png")
    assert "图片太大" in reason(refusal)


def test_package_with_a_password_is_refused() -> None:
    package = bytearray(word())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = package.find(signature)
        while start >= 0:
            package[start + offset] |= 1
            start = package.find(signature, start + 4)
    with pytest.raises(ValidationError) as refusal:
        content.type_of(bytes(package), "密.docx")
    assert "加了密码" in reason(refusal)


@pytest.mark.parametrize(
    ("sent", "kept"),
    (
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\a\\制度.pdf", "制度.pdf"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("年审\u202efdp.exe", "年审fdp.exe.pdf"),
        ('<b>"x"|?*.pdf', "_b__x____.pdf"),
        ("....pdf", "未命名.pdf"),
        ("", "未命名.pdf"),
        ("  制度   汇编 .PDF", "制度 汇编.pdf"),
        ("长" * 300 + ".pdf", "长" * 120 + ".pdf"),
        ("😀𠮷.pdf", "😀𠮷.pdf"),
        ("制度.v2.pdf", "制度.v2.pdf"),
    ),
)
def test_names_are_cleaned(sent: str, kept: str) -> None:
    assert content.clean_name(sent, FileType.PDF) == kept


@given(st.text(max_size=200))
def test_no_name_leaves_its_folder(sent: str) -> None:
    name = content.clean_name(sent, FileType.PDF)
    assert name.endswith(".pdf")
    assert not set(name) & set("/\\\x00\r\n")
    assert not name.startswith(".")
    name.encode()
    assert content.clean_name(name, FileType.PDF) == name


@given(st.binary(max_size=400))
def test_no_content_breaks_the_judgement(body: bytes) -> None:
    try:
        found: object = content.type_of(body, "x")
    except ValidationError as refusal:
        found = list(refusal.message_dict)
    assert found in [["upload"], *FileType]


@pytest.mark.django_db
def test_period_of_validity_is_kept_and_checked(now: datetime) -> None:
    institution = InstitutionFactory()
    attachment = store(institution, PDF, "a.pdf", now, valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))
    assert (attachment.valid_from, attachment.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))
    with pytest.raises(ValidationError) as refusal:
        store(institution, PDF, "a.pdf", now, valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 31))
    assert "早于开始" in reason(refusal, "valid_until")
    assert Attachment.objects.count() == 1


@pytest.mark.django_db
def test_removed_attachment_is_gone_from_the_record_and_stays_stored(now: datetime) -> None:
    institution = InstitutionFactory()
    attachment = store(institution, PDF, "a.pdf", now)
    kept = store(institution, PDF, "b.pdf", now)
    services.remove_attachment(actor=actor_in(institution), attachment=attachment, subject=subject(), now=now)
    assert [found.pk for found in attachments_of(institution.pk, subject().type, subject().id)] == [kept.pk]
    assert files.read(attachment.digest) == PDF
    with pytest.raises(TransitionNotAllowed):
        services.remove_attachment(actor=actor_in(institution), attachment=attachment, subject=subject(), now=now)


@pytest.mark.django_db
def test_another_institutions_attachment_is_not_found(now: datetime) -> None:
    attachment = store(InstitutionFactory(), PDF, "a.pdf", now)
    with pytest.raises(Attachment.DoesNotExist):
        services.remove_attachment(
            actor=actor_in(InstitutionFactory()), attachment=attachment, subject=subject(), now=now
        )
    assert list(attachments_of(attachment.institution_id + 1, subject().type, subject().id)) == []


@pytest.mark.django_db
def test_attachments_can_be_asked_for_by_kind(now: datetime) -> None:
    institution = InstitutionFactory()
    store(institution, PDF, "a.pdf", now)
    assert attachments_of(institution.pk, subject().type, subject().id, kind="team").count() == 1
    assert attachments_of(institution.pk, subject().type, subject().id, kind="rules").count() == 0


def test_damaged_and_missing_files_are_noticed() -> None:
    digest = files.store(b"content")
    files.path_of(digest).write_bytes(b"changed")
    with pytest.raises(files.FileDamaged):
        files.read(digest)
    files.path_of(digest).unlink()
    with pytest.raises(files.FileMissing):
        files.read(digest)


@pytest.mark.parametrize("digest", ("", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"))
def test_only_digests_name_files(digest: str) -> None:
    with pytest.raises(ValueError, match="is not a SHA-256 digest"):
        files.path_of(digest)
