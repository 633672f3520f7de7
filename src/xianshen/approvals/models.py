from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xianshen.approvals.enums import ChainState, StepKind, StepState, Verdict
from xianshen.common.states import Face


class ApprovalChain(models.Model):
    """One round of approval of one subject; a resubmission starts the next round.

    The steps were built from the policy in force when the subject was submitted and stay as they
    are when a newer version arrives.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    policy_version = models.ForeignKey("regulation.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    spec = models.CharField(max_length=80, help_text="id of the chain in the policy")
    article = models.PositiveSmallIntegerField()
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    title = models.CharField(_("事项"), max_length=200)
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=ChainState, default=ChainState.OPEN)
    content = models.JSONField(help_text="what was submitted: label → value, as printed")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content; opinions bind to it")
    submitted_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_type", "subject_id", "round"], name="chain_round_once"),
            models.UniqueConstraint(
                fields=["subject_type", "subject_id"], condition=Q(state="open"), name="chain_one_open_per_subject"
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "applicant", "-submitted_at"], name="chain_of_applicant"),
            models.Index(fields=["institution", "-submitted_at"], name="chain_newest"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def face(self) -> Face:
        return ChainState(self.state).face


class ApprovalStep(models.Model):
    """One box to fill: which position, of which unit, until when."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    chain = models.ForeignKey(ApprovalChain, on_delete=models.CASCADE, related_name="steps")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=StepKind, default=StepKind.DECIDE)
    code = models.CharField(max_length=40)
    name = models.CharField(_("步骤"), max_length=60)
    form_box = models.CharField(max_length=40, blank=True)
    position_kind = models.CharField(max_length=40)
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="+")
    escalation_position_kind = models.CharField(max_length=40, blank=True)
    escalation_unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=StepState, default=StepState.WAITING)
    started_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    due_clock = models.CharField(max_length=60, blank=True, help_text="id of the clock in the policy")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "order"], name="step_order_once")]
        indexes = [
            models.Index(
                fields=["institution", "position_kind", "unit", "due_on"],
                condition=Q(state__in=["current", "queried"]),
                name="step_to_do",
            ),
            models.Index(
                fields=["institution", "escalation_position_kind", "escalation_unit"],
                condition=Q(state__in=["current", "queried"]),
                name="step_to_do_escalated",
            ),
        ]
        ordering = ["order"]

    def __str__(self) -> str:
        return self.name


class Opinion(models.Model):
    """A signed opinion. Names, position, unit and seal are copied as they were when it was signed."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    step = models.ForeignKey(ApprovalStep, on_delete=models.CASCADE, related_name="opinions")
    verdict = models.CharField(max_length=12, choices=Verdict)
    text = models.TextField(_("意见"), blank=True, max_length=2000)
    person = models.ForeignKey("organisation.Person", on_delete=models.PROTECT, related_name="+")
    person_name = models.CharField(max_length=80)
    position_title = models.CharField(max_length=80)
    unit_name = models.CharField(max_length=120)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    seal_text = models.CharField(max_length=160)
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    signed_with = models.CharField(max_length=12, help_text="password or otp")

    class Meta:
        indexes = [models.Index(fields=["institution", "person", "-signed_at"], name="opinion_of_person")]
        ordering = ["signed_at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.person_name}"


class Phrase(models.Model):
    """An opinion that a person often writes (常用意见)."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("organisation.Person", on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "text"], name="phrase_once")]

    def __str__(self) -> str:
        return self.text
