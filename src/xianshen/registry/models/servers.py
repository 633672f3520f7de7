"""Servers behind data services: what is filed, their addresses, and what their names were found to lead to."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face
from xianshen.registry.enums import AddressKind, AddressOutcome, ServerFilingState


class ServerFiling(models.Model):
    """A filing of the servers behind an account's data service (服务器报批). Approved for a period."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("编号"), max_length=20)
    account = models.ForeignKey("registry.MediaAccount", on_delete=models.PROTECT, related_name="server_filings")
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    policy_version = models.ForeignKey("regulation.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=ServerFilingState, default=ServerFilingState.SUBMITTED)
    service = models.CharField(_("数据服务"), max_length=120)
    location = models.CharField(_("放在哪里"), max_length=120)
    data_kept = models.TextField(_("存哪些数据"), max_length=1000)
    personal_information = models.CharField(_("个人信息"), max_length=40)
    technician_name = models.CharField(_("技术负责人"), max_length=60)
    technician_mobile = models.CharField(_("手机"), max_length=20)
    technician_email = models.EmailField(_("邮箱"), max_length=120)
    filed_at = models.DateTimeField()
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="server_filing_number_once"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["submitted", "returned"]), name="server_filing_one_open"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="approved"), name="server_filing_one_approved"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(valid_from__isnull=False, valid_until__isnull=False),
                name="server_filing_approved_for_a_period",
            ),
        ]
        indexes = [models.Index(fields=["institution", "state", "valid_until"], name="server_filing_state")]
        ordering = ["-filed_at", "-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def face(self) -> Face:
        """The state as the interface shows it."""
        return ServerFilingState(self.state).face

    def covers(self, on: date) -> bool:
        """Whether the approval holds on the day."""
        return (
            self.state == ServerFilingState.APPROVED
            and self.valid_from is not None
            and self.valid_until is not None
            and self.valid_from <= on <= self.valid_until
        )


class ServerAddress(models.Model):
    """A domain name or an IP address of a filing, with the last result of looking it up."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    filing = models.ForeignKey(ServerFiling, on_delete=models.CASCADE, related_name="addresses")
    kind = models.CharField(max_length=6, choices=AddressKind)
    value = models.CharField(max_length=253)
    order = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=12, choices=AddressOutcome, default=AddressOutcome.UNKNOWN)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["filing", "value"], name="server_address_once")]
        indexes = [models.Index(fields=["kind", "checked_at"], name="server_address_checked")]
        ordering = ["order"]

    def __str__(self) -> str:
        return self.value

    @property
    def face(self) -> Face:
        return AddressOutcome(self.outcome).face


class AddressCheck(models.Model):
    """One look at where a name leads; kept when it differs from the look before."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    address = models.ForeignKey(ServerAddress, on_delete=models.CASCADE, related_name="checks")
    outcome = models.CharField(max_length=12, choices=AddressOutcome)
    found = models.JSONField(default=list, help_text="IP addresses to which the name led")
    outside = models.JSONField(default=list, help_text="those of them that lie outside the campus networks")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_seen_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.address_id} {self.outcome}"

    @property
    def face(self) -> Face:
        return AddressOutcome(self.outcome).face
