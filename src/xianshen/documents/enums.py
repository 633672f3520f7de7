"""Closed vocabularies of documents."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face, Tone


class DocumentState(models.TextChoices):
    """Life of an issued document."""

    PENDING = "pending", _("正在生成")
    VALID = "valid", _("有效")
    WITHDRAWN = "withdrawn", _("已撤回")

    @property
    def face(self) -> Face:
        tone, icon = _FACES[self.value]
        return Face(self.label, tone, icon)


class Verdict(models.TextChoices):
    """What verification says about a file or a code."""

    VALID = "valid", _("有效")
    PENDING = "pending", _("已签发，文件正在生成")
    WITHDRAWN = "withdrawn", _("已撤回")
    ALTERED = "altered", _("已被改动")
    NOT_OURS = "not_ours", _("不是本校签发")

    @property
    def face(self) -> Face:
        tone, icon = _FACES[self.value]
        return Face(self.label, tone, icon)


class FileType(models.TextChoices):
    """Kinds of files that may be attached; values are the endings of their names."""

    PDF = "pdf", "PDF"
    DOCX = "docx", _("Word 文档（DOCX）")
    XLSX = "xlsx", _("Excel 表格（XLSX）")
    CSV = "csv", _("CSV 表格")
    PNG = "png", _("PNG 图片")
    JPEG = "jpg", _("JPEG 图片")

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.value]


MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "png": "image/png",
    "jpg": "image/jpeg",
}

_FACES: dict[str, tuple[Tone, str]] = {
    "pending": ("wait", "hourglass"),
    "valid": ("ok", "circle-check"),
    "withdrawn": ("late", "ban"),
    "altered": ("late", "alert-circle"),
    "not_ours": ("late", "ban"),
}
