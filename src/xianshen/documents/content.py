"""What an uploaded file is, judged by its content; its name only has to agree."""

import re
import unicodedata
import zipfile
import zlib
from io import BytesIO

import puremagic
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image

from xianshen.documents.enums import FileType

LIMIT = 20 * 1024 * 1024
"""Largest file in bytes."""
UNPACKED_LIMIT = 200 * 1024 * 1024
MEMBERS_LIMIT = 5_000
PEEK = 256 * 1024
PIXEL_LIMIT = 60_000_000
NAME_LIMIT = 120
ALLOWED = "PDF、DOCX、XLSX、PNG、JPEG"
ENDINGS = {
    "pdf": FileType.PDF,
    "docx": FileType.DOCX,
    "xlsx": FileType.XLSX,
    "csv": FileType.CSV,
    "png": FileType.PNG,
    "jpg": FileType.JPEG,
    "jpeg": FileType.JPEG,
}
OOXML = {
    "word/document.xml": (FileType.DOCX, b"wordprocessingml.document.main+xml"),
    "xl/workbook.xml": (FileType.XLSX, b"spreadsheetml.sheet.main+xml"),
}
_REVERSING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)}


def refuse(text: str) -> ValidationError:
    """Return the refusal of a file with what to do about it."""
    return ValidationError({"upload": text})


def clean_name(name: str, file_type: FileType) -> str:
    """Return a file name that is safe to show and to save under: no path, no controls, the right ending.

    Args:
        name: as the browser sent it.
        file_type: what the content is.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(
        char for char in name if unicodedata.category(char) not in {"Cc", "Cs", "Cn", "Co"} and char not in _REVERSING
    )
    name = re.sub(r'[<>:"|?*]', "_", re.sub(r"\s+", " ", name)).strip()
    stem, dot, ending = name.rpartition(".")
    if dot and ending.lower() in ENDINGS:
        name = stem
    return f"{name.strip(' .')[:NAME_LIMIT].strip(' .') or _('未命名')}.{file_type.value}"


def read_upload(upload: UploadedFile) -> bytes:
    """Return the bytes of an upload.

    Raises:
        ValidationError: empty, or larger than the limit (found while reading, whatever size was claimed).
    """
    parts, size = [], 0
    for chunk in upload.chunks():
        size += len(chunk)
        if size > LIMIT:
            raise refuse(_("文件超过 %(limit)s MB。压缩图片或拆成几份再传。") % {"limit": LIMIT // 1024 // 1024})
        parts.append(chunk)
    if not size:
        raise refuse(_("文件是空的。打开原文件看一看，重新选。"))
    return b"".join(parts)


def type_of(content: bytes, name: str, *, tables: bool = False) -> FileType:
    """Return what a file is.

    Args:
        content: the file.
        name: its name, which must not claim to be something else.
        tables: take CSV as well, for lists that a room has read as a table; text has no mark of its own.

    Raises:
        ValidationError: a kind that is not allowed, a damaged or protected file, or a name that claims another kind.
    """
    found = _sniff(content)
    if found is None and tables and name.lower().endswith(".csv"):
        return FileType.CSV
    if found is None:
        raise refuse(_("不收这种文件。可以传 %(kinds)s，其他格式先转成 PDF。") % {"kinds": ALLOWED})
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    claimed = ENDINGS.get(ending)
    if ending and claimed != found:
        raise refuse(
            _("文件名以 .%(ending)s 结尾，内容却是%(found)s。用原来的格式重新保存，或把文件名改对再传。")
            % {"ending": ending[:10], "found": found.label}
        )
    return found


def _sniff(content: bytes) -> FileType | None:
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise refuse(_("这份 PDF 不完整。重新导出一份再传。"))
        return FileType.PDF
    if content.startswith(b"PK\x03\x04"):
        return _sniff_ooxml(content)
    try:
        candidates = {match.extension for match in puremagic.magic_string(content[:65536])}
    except (puremagic.PureError, ValueError):
        return None
    for extensions, file_type in (({".png"}, FileType.PNG), ({".jpg", ".jpeg"}, FileType.JPEG)):
        if candidates & extensions and _is_image(content, file_type):
            return file_type
    return None


def _is_image(content: bytes, file_type: FileType) -> bool:
    """Whether the bytes really decode as such an image.

    Raises:
        ValidationError: it says so but is damaged, or it would unpack into too many pixels.
    """
    try:
        with Image.open(BytesIO(content), formats=["PNG" if file_type is FileType.PNG else "JPEG"]) as image:
            if image.width * image.height > PIXEL_LIMIT:
                raise refuse(
                    _("图片太大（%(width)s×%(height)s 像素）。缩小后再传。")
                    % {"width": image.width, "height": image.height}
                )
            image.verify()
    except ValidationError:
        raise
    except Exception as error:
        raise refuse(_("图片打不开，可能已损坏。重新导出一份再传。")) from error
    return True


def _sniff_ooxml(content: bytes) -> FileType | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if len(members) > MEMBERS_LIMIT or sum(member.file_size for member in members) > UNPACKED_LIMIT:
                raise refuse(_("文件解压后太大，不收。去掉里面的大图，或转成 PDF 再传。"))
            if any(member.flag_bits & 1 for member in members):
                raise refuse(_("文件加了密码，别人打不开。去掉密码再传。"))
            if "[Content_Types].xml" not in names:
                return None
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise refuse(_("文件里有宏，可能带病毒，不收。另存为不含宏的格式再传。"))
            declared = _beginning(archive, "[Content_Types].xml")
            for member, (file_type, content_type) in OOXML.items():
                if member in names and content_type in declared and _beginning(archive, member):
                    return file_type
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise refuse(_("文件打不开，可能已损坏。重新保存一份再传。")) from error
    return None


def _beginning(archive: zipfile.ZipFile, member: str) -> bytes:
    """Return the first bytes of a member, never more however much it unpacks to."""
    with archive.open(member) as file:
        return file.read(PEEK)
