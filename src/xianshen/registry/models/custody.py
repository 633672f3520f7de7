"""Custody of accounts (账号保管): who holds the keys, handovers, and the checks of the institution."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face
from xianshen.registry.enums import CustodyRole, EntityKind, HandoverState, TwoFactor


class Custody(models.Model):
    """How an account is kept. Where its password lies is noted, the password never."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    account = models.OneToOneField("registry.MediaAccount", on_delete=models.PROTECT, related_name="custody")
    entity_kind = models.CharField(_("实名主体"), max_length=12, choices=EntityKind, blank=True)
    entity = models.CharField(_("实名认证的名称"), max_length=80, blank=True)
    bound_phone = models.CharField(_("绑定手机"), max_length=20, blank=True)
    bound_phone_owner = models.CharField(_("绑定手机归谁用"), max_length=60, blank=True)
    password_place = models.CharField(_("口令存放"), max_length=120, blank=True)
    two_factor = models.CharField(_("两步验证"), max_length=12, choices=TwoFactor, blank=True)
    checked_on = models.DateField(_("上次核对"), null=True)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id}"


class CustodyHolder(models.Model):
    """Somebody who can sign in to the account on its platform, from a day to a day, both included."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("registry.MediaAccount", on_delete=models.PROTECT, related_name="custody_holders")
    role = models.CharField(max_length=14, choices=CustodyRole)
    person = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("姓名"), max_length=80)
    mobile = models.CharField(_("手机"), max_length=20)
    since = models.DateField(_("起"))
    until = models.DateField(_("止"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role", "person"],
                condition=Q(until__isnull=True, person__isnull=False),
                name="custody_holder_once",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="custody_holder_period"
            ),
        ]
        indexes = [
            models.Index(
                fields=["institution", "person"], condition=Q(until__isnull=True), name="custody_holder_person"
            ),
        ]
        ordering = ["role", "since", "pk"]

    def __str__(self) -> str:
        return self.name


class Handover(models.Model):
    """The keys of an account pass from one holder to another; both say so."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("registry.MediaAccount", on_delete=models.PROTECT, related_name="handovers")
    holder = models.ForeignKey(CustodyHolder, on_delete=models.PROTECT, related_name="handovers")
    receiver = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    receiver_mobile = models.CharField(max_length=20)
    items = models.TextField(_("交接事项"), max_length=1000)
    state = models.CharField(max_length=12, choices=HandoverState, default=HandoverState.PROPOSED)
    proposed_by = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    given_at = models.DateTimeField(null=True)
    given_for = models.CharField(max_length=80, blank=True, help_text="who confirmed in the giver's place, and as what")
    received_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["holder"], condition=Q(state="proposed"), name="handover_one_open_per_holder"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(given_at__isnull=False, received_at__isnull=False),
                name="handover_confirmed_by_both",
            ),
        ]
        indexes = [models.Index(fields=["institution", "state"], name="handover_state")]
        ordering = ["-proposed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.holder_id} → {self.receiver_id}"

    @property
    def face(self) -> Face:
        return HandoverState(self.state).face


class CustodyRound(models.Model):
    """A check of how all accounts are kept (账号保管检查), opened on a day."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    policy_version = models.ForeignKey("regulation.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    opened_on = models.DateField()
    due_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "opened_on"], name="custody_round_once")]
        ordering = ["-opened_on"]

    def __str__(self) -> str:
        return f"{self.opened_on}"


class CustodyCheck(models.Model):
    """One account in a round: answered or not, and what was short when it was."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(CustodyRound, on_delete=models.CASCADE, related_name="checks")
    account = models.ForeignKey("registry.MediaAccount", on_delete=models.PROTECT, related_name="custody_checks")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    shortcomings = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "account"], name="custody_check_once")]
        indexes = [
            models.Index(fields=["account"], condition=Q(answered_at__isnull=True), name="custody_check_unanswered"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}:{self.account_id}"
