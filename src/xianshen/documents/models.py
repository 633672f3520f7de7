"""Issued documents and attachments. What they are about is named, not pointed at: any room's records may have them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xianshen.documents.enums import MEDIA_TYPES, DocumentState, FileType
from xianshen.ledger.events import Subject


class IssuedDocument(models.Model):
    """A form filled in, decided upon and issued under a verification code.

    ``data`` holds the layout and everything written on it, so that the same bytes can be rendered again
    whatever became of the policy pack. ``digest`` is that of the signed file, ``unsigned_digest`` that of
    the same file before signing.
    """

    institution = models.ForeignKey("organisation.Institution", models.PROTECT, related_name="+")
    code = models.CharField(_("核验码"), max_length=9, unique=True)
    form_code = models.CharField(max_length=64)
    form_title = models.CharField(_("表单"), max_length=200)
    policy_version = models.CharField(_("规则版本"), max_length=128)
    title = models.CharField(_("事项"), max_length=300)
    unit = models.CharField(_("单位"), max_length=200, blank=True)
    seals = models.JSONField(_("印章"), default=list)
    subject_type = models.CharField(max_length=128)
    subject_id = models.CharField(max_length=128)
    subject_label = models.CharField(max_length=300)
    about = models.JSONField(default=list)
    data = models.JSONField()
    state = models.CharField(_("状态"), max_length=16, choices=DocumentState.choices, default=DocumentState.PENDING)
    digest = models.CharField(max_length=64, blank=True)
    unsigned_digest = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    issued_at = models.DateTimeField(_("签发时间"))
    issued_by = models.JSONField(_("签发人"))
    signed_at = models.DateTimeField(_("签名时间"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdrawn_by = models.JSONField(_("撤回人"), null=True, blank=True)
    withdrawn_reason = models.TextField(_("撤回原因"), blank=True)

    class Meta:
        verbose_name = _("已签发表单")
        ordering: ClassVar = ["-issued_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["institution", "subject_type", "subject_id"], name="document_subject"),
            models.Index(fields=["digest"], name="document_digest"),
            models.Index(fields=["issued_at"], condition=Q(state="pending"), name="document_pending"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(state="valid") | ~Q(digest=""), name="document_valid_has_digest"),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(withdrawn_at__isnull=False), name="document_withdrawn_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_title} {self.code}"

    @property
    def face(self) -> Any:
        """The state as the interface shows it."""
        return DocumentState(self.state).face

    @property
    def subject(self) -> Subject:
        """The record for which the document was issued."""
        return Subject(self.subject_type, self.subject_id, self.subject_label)


class Attachment(models.Model):
    """A file that belongs to a record. The content lies under its digest, outside the web root."""

    institution = models.ForeignKey("organisation.Institution", models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=128)
    subject_id = models.CharField(max_length=128)
    kind = models.CharField(_("类别"), max_length=64)
    name = models.CharField(_("文件名"), max_length=200)
    content_type = models.CharField(max_length=8, choices=FileType.choices)
    size = models.PositiveIntegerField(_("大小"))
    digest = models.CharField(max_length=64)
    uploaded_by = models.JSONField(_("上传人"))
    at = models.DateTimeField(_("上传时间"))
    valid_from = models.DateField(_("有效期起"), null=True, blank=True)
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    removed_at = models.DateTimeField(_("移除时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("附件")
        ordering: ClassVar = ["at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["institution", "subject_type", "subject_id"], name="attachment_subject"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=models.F("valid_from")),
                name="attachment_period",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def media_type(self) -> str:
        """The media type with which it is served."""
        return MEDIA_TYPES[self.content_type]


class CheckCount(models.Model):
    """How many files an address has had checked lately. ``source`` is a keyed digest of the address for the day."""

    institution = models.ForeignKey("organisation.Institution", models.PROTECT, related_name="+")
    source = models.CharField(max_length=64)
    window_started_at = models.DateTimeField()
    checks = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("文件核验次数")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "source"], name="check_count_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["window_started_at"], name="check_count_window")]

    def __str__(self) -> str:
        return f"{self.source[:8]} {self.checks}"
