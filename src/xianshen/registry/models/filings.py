from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face
from xianshen.registry.enums import OPEN_FILINGS, FilingKind, FilingOrigin, FilingState
from xianshen.registry.models.accounts import MediaAccount


class Filing(models.Model):
    """A filing (备案, 附件三): a change of an account's particulars, its closure, or an account of before the rules.

    An account has at most one open filing. ``changes`` and ``before`` hold values by column of the account;
    ``before`` is what stood there at submission.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("编号"), max_length=20)
    kind = models.CharField(_("备案类型"), max_length=8, choices=FilingKind)
    origin = models.CharField(max_length=8, choices=FilingOrigin, default=FilingOrigin.UNIT)
    state = models.CharField(_("状态"), max_length=12, choices=FilingState, default=FilingState.DRAFT)
    account = models.ForeignKey(MediaAccount, on_delete=models.PROTECT, related_name="filings")
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    changed_on = models.DateField(_("变更或停办日期"), null=True)
    reason = models.TextField(_("信息变更/停办原因"), blank=True)
    changes = models.JSONField(_("信息变更内容"), default=dict)
    before = models.JSONField(default=dict)
    followers_plan = models.TextField(_("粉丝怎么安排"), blank=True)
    content_plan = models.TextField(_("已发内容怎么处理"), blank=True)
    custody_returned = models.BooleanField(_("账号和密码已交回"), default=False)
    custody_returned_to = models.CharField(_("交给谁"), max_length=80, blank=True)
    note = models.TextField(blank=True, help_text="what the Office noticed, or why a unit says that it is not its own")
    extra = models.JSONField(default=dict, help_text="values of fields that only this policy's form has, by code")
    tier = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1, help_text="grows with every save; guards against lost updates")
    submitted_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True, help_text="last day on which it would have been in time")
    late_days = models.PositiveIntegerField(default=0, help_text="days after the last day, when it was submitted")
    decided_on = models.DateField(null=True)
    policy_version = models.ForeignKey(
        "regulation.PolicyVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="filing_number_once"),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=sorted(state.value for state in OPEN_FILINGS)),
                name="filing_one_open_per_account",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "state", "-saved_at"], name="filing_state"),
            models.Index(fields=["institution", "applicant", "-saved_at"], name="filing_of_applicant"),
            models.Index(fields=["institution", "unit", "kind", "state"], name="filing_of_unit"),
            models.Index(fields=["institution", "due_on"], condition=Q(late_days__gt=0), name="filing_late"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def face(self) -> Face:
        """The state as the interface shows it."""
        return FilingState(self.state).face


class AccountValue(models.Model):
    """A former value of one of an account's particulars, with the period in which it held (历次名称、负责人).

    It held from ``valid_from`` (None: since the account was opened) up to the day before ``valid_until``. What
    holds now stands with the account itself.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(MediaAccount, on_delete=models.PROTECT, related_name="former_values")
    field = models.CharField(max_length=40, help_text="column of the account")
    value = models.TextField(blank=True)
    value_fold = models.CharField(max_length=300, blank=True, help_text="folded, for names and handles: searched")
    valid_from = models.DateField(null=True)
    valid_until = models.DateField()
    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="replaced_values")

    class Meta:
        indexes = [
            models.Index(fields=["account", "field", "valid_until"], name="account_value_on"),
            models.Index(
                fields=["institution", "value_fold"], condition=~Q(value_fold=""), name="account_value_search"
            ),
        ]
        ordering = ["-valid_until", "-pk"]

    def __str__(self) -> str:
        return self.value


class LegacyUpload(models.Model):
    """An uploaded list of accounts of before the rules, between preview and confirmation; one per person."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.CASCADE, related_name="+")
    person = models.OneToOneField("organisation.Person", on_delete=models.CASCADE, related_name="+")
    filename = models.CharField(max_length=255)
    content = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.filename
