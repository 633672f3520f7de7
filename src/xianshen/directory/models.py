from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.directory.enums import ReportState

NAME_LIMIT = 120
LINK_LIMIT = 300
TEXT_LIMIT = 2000
CONTACT_LIMIT = 120
ANSWER_LIMIT = 1000


class ImpostorReport(models.Model):
    """Somebody says that an account passes itself off as the institution's (冒用举报).

    ``number`` is random: whoever knows it may read the answer. ``contact`` is erased when the report
    is closed, ``source`` (a keyed digest of the address it came from) after a day.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("举报编号"), max_length=9, unique=True)
    name = models.CharField(_("账号名称"), max_length=NAME_LIMIT, blank=True)
    name_fold = models.CharField(max_length=240, blank=True)
    platform = models.CharField(_("平台"), max_length=40, blank=True)
    link = models.CharField(_("账号 ID 或链接"), max_length=LINK_LIMIT, blank=True)
    link_key = models.CharField(max_length=400, blank=True, help_text="handle or address, normalised for comparison")
    text = models.TextField(_("哪里不对"), max_length=TEXT_LIMIT)
    contact = models.CharField(_("联系方式"), max_length=CONTACT_LIMIT, blank=True)
    salt = models.CharField(max_length=64, help_text="salt of the digest that the ledger keeps")
    source = models.CharField(max_length=64, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=ReportState, default=ReportState.RECEIVED)
    answer = models.TextField(_("答复"), max_length=ANSWER_LIMIT, blank=True)
    received_at = models.DateTimeField(_("收到时间"))
    closed_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    handled_by = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state__in=["confirmed", "unfounded"])
                | models.Q(closed_at__isnull=False, contact="", answer__gt=""),
                name="impostor_report_closed_with_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "state", "-received_at"], name="impostor_report_state"),
            models.Index(fields=["institution", "name_fold"], name="impostor_report_name"),
            models.Index(fields=["institution", "link_key"], name="impostor_report_link"),
            models.Index(fields=["source"], condition=~models.Q(source=""), name="impostor_report_source"),
        ]
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def face(self) -> object:
        return ReportState(self.state).face

    @property
    def title(self) -> str:
        """What was reported, in a few characters."""
        return self.name or self.link
