"""Notices, and how they leave the platform.

A notice is its own outbox: its row is written in the transaction of the act that it tells of, and
``fanned_at`` stays empty until the worker has turned it into deliveries. Nothing else has to happen in
that transaction, so that telling people costs an act one statement.
"""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face
from xianshen.notices.enums import Channel, DeliveryState, NoticeKind, RobotService, Trouble

if TYPE_CHECKING:
    from django.utils.functional import Promise

KEY_LIMIT, TEXT_LIMIT, KIND_LIMIT = 120, 500, 40
SUBJECT_LIMIT, BODY_LIMIT, NAME_LIMIT = 120, 2000, 60


class Notice(models.Model):
    """One message for one person, read in the application.

    ``key`` makes sending repeatable: the same key reaches a person once. ``values`` fill the wording of the
    kind (title, step …). ``fanned_at`` is empty while the worker has not looked after it yet.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("organisation.Person", on_delete=models.CASCADE, related_name="+")
    text = models.CharField(_("内容"), max_length=TEXT_LIMIT)
    url = models.CharField(max_length=300)
    rule = models.CharField(max_length=80, blank=True)
    key = models.CharField(max_length=KEY_LIMIT)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(max_length=KIND_LIMIT, blank=True, default="")
    urgent = models.BooleanField(default=False)
    values = models.JSONField(default=dict, blank=True)
    fanned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="notice_once_per_key")]
        indexes = [
            models.Index(fields=["person", "-at"], name="notice_of_person"),
            models.Index(fields=["person"], condition=models.Q(read_at__isnull=True), name="notice_unread"),
            models.Index(fields=["id"], condition=models.Q(fanned_at__isnull=True), name="notice_to_fan_out"),
        ]
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.text


class Preference(models.Model):
    """How a person wants notices. Without a row: every kind by e-mail, at once, at any hour."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    person = models.OneToOneField("organisation.Person", on_delete=models.CASCADE, related_name="+")
    email_on = models.BooleanField(default=True)
    email_off_kinds = models.JSONField(default=list, blank=True)
    digest = models.BooleanField(default=False)
    digest_at = models.TimeField(null=True, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.person_id)


class Robot(models.Model):
    """A group robot. Its address is a secret: kept encrypted, never shown again; ``hint`` is its last characters.

    ``unit`` limits it to notices for people with a position in that unit or below; none: the whole institution.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("名称"), max_length=NAME_LIMIT)
    service = models.CharField(_("平台"), max_length=16, choices=RobotService.choices)
    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kinds = models.JSONField(_("发哪些通知"), default=list)
    secret = models.TextField(editable=False)
    hint = models.CharField(max_length=8)
    enabled = models.BooleanField(_("启用"), default=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["institution", "name"], name="robot_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_labels(self) -> "list[str | Promise]":
        return [NoticeKind(code).label for code in self.kinds if code in NoticeKind.values]


class Wording(models.Model):
    """The Office's own words for a kind of notice in a channel and language; without a row the product's hold."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=KIND_LIMIT)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    language = models.CharField(max_length=16)
    subject = models.CharField(_("标题"), max_length=SUBJECT_LIMIT, blank=True)
    body = models.TextField(_("正文"), max_length=BODY_LIMIT)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("organisation.Person", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "kind", "channel", "language"], name="wording_unique")
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.channel}/{self.language}"


class Delivery(models.Model):
    """One message to one receiver by one channel: what is to be sent, and what became of it.

    A worker claims rows by a filtered update (``claim``), sends outside any transaction, and settles each row by
    its claim; a claim that nobody settles is given back after a while. ``notice`` is empty for tests.
    """

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries")
    person = models.ForeignKey("organisation.Person", on_delete=models.CASCADE, null=True, related_name="+")
    robot = models.ForeignKey(Robot, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries")
    channel = models.CharField(max_length=16, choices=Channel.choices)
    kind = models.CharField(max_length=KIND_LIMIT, blank=True, default="")
    key = models.CharField(max_length=KEY_LIMIT)
    breaks_through = models.BooleanField(default=False)
    digest = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=32, blank=True, default="")
    claimed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=20, blank=True, default="")
    detail = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "channel", "key"], condition=Q(person__isnull=False), name="delivery_once_per_person"
            ),
            models.UniqueConstraint(
                fields=["robot", "key"], condition=Q(robot__isnull=False), name="delivery_once_per_robot"
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False, robot__isnull=True) | Q(person__isnull=True, robot__isnull=False),
                name="delivery_has_one_receiver",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="waiting"), name="delivery_due"),
            models.Index(fields=["claimed_at"], condition=Q(state="sending"), name="delivery_claimed"),
            models.Index(fields=["institution", "-created_at", "-id"], name="delivery_log"),
            models.Index(fields=["institution", "state"], name="delivery_state"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}:{self.key}"

    @property
    def face(self) -> Face:
        return DeliveryState(self.state).face

    @property
    def kind_label(self) -> "str | Promise":
        return NoticeKind.known(self.kind).label

    @property
    def trouble_label(self) -> "str | Promise":
        """What went wrong and what to do, or ""."""
        return Trouble(self.trouble).label if self.trouble in Trouble.values else ""


class KeptMessage(models.Model):
    """A message that was not sent because the installation sends nothing outside: as it would have looked."""

    institution = models.ForeignKey("organisation.Institution", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=16, choices=Channel.choices)
    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="kept")
    receiver = models.CharField(max_length=320)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["institution", "-at", "-id"], name="kept_newest")]

    def __str__(self) -> str:
        return self.subject
