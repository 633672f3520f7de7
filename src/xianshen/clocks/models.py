"""Deadlines, the further records they concern, and secret addresses of calendar feeds."""

from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from xianshen.clocks.enums import ClockState
from xianshen.clocks.schedule import next_step_on
from xianshen.clocks.subjects import handler_of
from xianshen.common.states import Face
from xianshen.ledger.events import Subject
from xianshen.regulation.selectors import policy_version

if TYPE_CHECKING:
    from xianshen.regulation.schema import Clock


class Deadline(models.Model):
    """One running (or ended) clock of one record (时限).

    ``due_on`` is the last day; the consequence follows on the day after. ``done_through`` is the last day whose
    reminders and escalations are behind us, ``next_step_on`` the next day with one, or with the consequence.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    policy_version = models.ForeignKey("regulation.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    clock = models.CharField(_("时限"), max_length=60, help_text="id of the clock in the policy")
    rule = models.CharField(max_length=60)
    consequence = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    subject_label = models.CharField(_("事项"), max_length=200)
    unit = models.ForeignKey(
        "organisation.Unit", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("单位")
    )
    started_on = models.DateField(_("起算"))
    due_on = models.DateField(_("截止"))
    original_due_on = models.DateField(_("原截止"))
    provisional = models.BooleanField(
        default=False, help_text="reckoned over a year whose holidays are not announced yet"
    )
    state = models.CharField(_("状态"), max_length=12, choices=ClockState, default=ClockState.RUNNING)
    ran_out_at = models.DateTimeField(null=True, help_text="when the consequence was carried out")
    ended_at = models.DateTimeField(null=True)
    met_on = models.DateField(null=True)
    done_through = models.DateField()
    next_step_on = models.DateField(null=True)
    retry_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_failure = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("时限")
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "subject_type", "subject_id", "clock"],
                condition=Q(state="running"),
                name="deadline_one_running",
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("started_on")), name="deadline_due_after_start"),
        ]
        indexes = [
            models.Index(fields=["next_step_on", "id"], condition=Q(next_step_on__isnull=False), name="deadline_next"),
            models.Index(fields=["due_on", "id"], condition=Q(state="running"), name="deadline_running_due"),
            models.Index(fields=["institution", "state", "due_on"], name="deadline_board"),
            models.Index(fields=["institution", "subject_type", "subject_id"], name="deadline_subject"),
        ]
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.subject_label

    @property
    def subject(self) -> Subject:
        """The record itself, as the ledger names it."""
        return Subject(self.subject_type, self.subject_id, self.subject_label)

    @cached_property
    def about(self) -> tuple[Subject, ...]:
        """Further records on whose pages the deadline shows, e.g. the account of a filing."""
        return tuple(Subject(row.subject_type, row.subject_id, row.subject_label) for row in self.further.all())

    @property
    def url(self) -> str:
        """Where what it asks for is done."""
        return handler_of(self.subject_type).url(self)

    @property
    def spec(self) -> "Clock":
        """The clock as the policy states it under which the deadline began."""
        return policy_version(self.policy_version_id).clock(self.clock)

    @property
    def soon_from(self) -> date:
        """Day of the policy's first reminder before the present due date; the due date without reminders."""
        return self.due_on - timedelta(days=max(self.spec.reminders, default=0))

    def plan(self) -> None:
        """Set the day of the next step by state and dates; saved by the caller."""
        self.next_step_on = next_step_on(
            self.spec, state=self.state, due_on=self.due_on, done_through=self.done_through
        )

    @property
    def late(self) -> bool:
        """Whether it was done after its last day, or ran out undone."""
        return self.ran_out_at is not None or (self.met_on is not None and self.met_on > self.due_on)

    @property
    def face(self) -> Face:
        return ClockState(self.state).face


class DeadlineAbout(models.Model):
    """A further record that a deadline concerns, on whose page it shows."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    deadline = models.ForeignKey(Deadline, on_delete=models.CASCADE, related_name="further")
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    subject_label = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deadline", "subject_type", "subject_id"], name="deadline_about_once"),
        ]
        indexes = [
            models.Index(fields=["institution", "subject_type", "subject_id"], name="deadline_about_subject"),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.subject_label


class FeedAddress(models.Model):
    """The secret address of a person's calendar feed; only the digest of its secret is kept."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    person = models.OneToOneField("organisation.Person", on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id}"
