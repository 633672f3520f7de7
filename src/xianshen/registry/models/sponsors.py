from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SponsorDocument(models.Model):
    """A document of a sponsoring unit's file (主办单位档案), valid for a period."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    title = models.CharField(_("名称"), max_length=120)
    attachment = models.ForeignKey("documents.Attachment", on_delete=models.PROTECT, null=True, related_name="+")
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("有效至"))
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=models.F("valid_from")), name="sponsor_document_period"
            ),
        ]
        indexes = [models.Index(fields=["institution", "unit", "kind", "valid_until"], name="sponsor_document_of_unit")]

    def __str__(self) -> str:
        return self.title
