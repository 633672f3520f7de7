from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face
from xianshen.registry.enums import ApplicationState, InNameOf
from xianshen.registry.models.accounts import MediaAccount


class OpeningApplication(models.Model):
    """An application to open an account (开设申请, 附件一). Autosaves while it is a draft."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("编号"), max_length=20)
    state = models.CharField(max_length=12, choices=ApplicationState, default=ApplicationState.DRAFT)
    applicant = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    in_name_of = models.CharField(max_length=12, choices=InNameOf, default=InNameOf.UNIT)
    name = models.CharField(max_length=60, blank=True)
    platform = models.CharField(max_length=40, blank=True)
    handle = models.CharField(max_length=300, blank=True)
    content_scope = models.TextField(blank=True)
    positioning = models.TextField(blank=True)
    audience = models.JSONField(default=list)
    difference = models.TextField(_("和相近账号有什么不同"), blank=True)
    owner = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    owner_name = models.CharField(max_length=80, blank=True)
    owner_mobile = models.CharField(max_length=20, blank=True)
    owner_email = models.CharField(max_length=120, blank=True)
    second_contact_name = models.CharField(max_length=80, blank=True)
    second_contact_mobile = models.CharField(max_length=20, blank=True)
    data_service = models.BooleanField(null=True)
    extra = models.JSONField(default=dict, help_text="values of fields that only this policy's form has, by code")
    tier = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1, help_text="grows with every save; guards against lost updates")
    submitted_at = models.DateTimeField(null=True, blank=True)
    policy_version = models.ForeignKey(
        "regulation.PolicyVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    account = models.OneToOneField(MediaAccount, on_delete=models.PROTECT, null=True, related_name="application")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "number"], name="application_number_once")]
        indexes = [
            models.Index(fields=["institution", "applicant", "-saved_at"], name="application_of_applicant"),
            models.Index(fields=["institution", "state", "-saved_at"], name="application_state"),
        ]

    def __str__(self) -> str:
        return self.name or self.number

    @property
    def face(self) -> Face:
        """The state as the interface shows it."""
        return ApplicationState(self.state).face
