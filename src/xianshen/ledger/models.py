"""Tables of the ledger. They hold no foreign keys: what they say stays true when other records go."""

import json
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from xianshen.ledger.canonical import CONTENT_FIELDS, Content
from xianshen.ledger.events import Subject, declared_events
from xianshen.ledger.rendering import fill_sentence


class LedgerEntry(models.Model):
    """One act: who did what, in which position, on whose behalf, when, under which rule.

    Written by :func:`xianshen.ledger.services.record` only; database triggers refuse update and delete.
    """

    institution = models.CharField(max_length=64)
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    event = models.CharField(max_length=128)
    actor_kind = models.CharField(max_length=16)
    actor_key = models.CharField(max_length=128, blank=True)
    actor_name = models.TextField(blank=True)
    actor_position = models.TextField(blank=True)
    actor_unit = models.TextField(blank=True)
    actor_on_behalf_of = models.TextField(blank=True)
    subject_type = models.CharField(max_length=128)
    subject_id = models.CharField(max_length=128)
    subject_label = models.TextField(blank=True)
    payload = models.TextField()
    rule = models.CharField(max_length=128, blank=True)
    article = models.IntegerField(null=True)
    policy_version = models.CharField(max_length=128, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = gettext_lazy("留痕")
        constraints = [models.UniqueConstraint(fields=["institution", "sequence"], name="ledger_entry_once")]
        indexes = [
            # Not led by the institution: PostgreSQL would take it for look-ups by number while it has no statistics.
            models.Index(fields=["subject_type", "subject_id", "institution", "sequence"], name="ledger_entry_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.institution}#{self.sequence} {self.event}"

    @property
    def content(self) -> Content:
        """What is hashed, without the further subjects."""
        return Content(*(getattr(self, name) for name in CONTENT_FIELDS))

    @property
    def data(self) -> Mapping[str, Any]:
        """The payload as Python values."""
        values: dict[str, Any] = json.loads(self.payload)
        return values

    @property
    def subject(self) -> Subject:
        return Subject(self.subject_type, self.subject_id, self.subject_label)

    @property
    def sentence(self) -> str:
        """What happened, in the reader's language; the code of the event if no room declares it any more."""
        event = declared_events().get(self.event)
        return self.event if event is None else fill_sentence(str(event.label), self.data)

    @property
    def who(self) -> str:
        """Who acted: 王敏（系主任，法律系）代 李强（…）."""
        if self.actor_kind == "public":
            return _("公众")
        held = pgettext("separator of position and unit", "，").join(
            part for part in (self.actor_position, self.actor_unit) if part
        )
        name = _("%(name)s（%(held)s）") % {"name": self.actor_name, "held": held} if held else self.actor_name
        if self.actor_on_behalf_of:
            return _("%(name)s代 %(principal)s") % {"name": name, "principal": self.actor_on_behalf_of}
        return name


class LedgerAbout(models.Model):
    """A further subject on whose page an entry also shows; covered by the entry's hash."""

    institution = models.CharField(max_length=64)
    sequence = models.BigIntegerField()
    place = models.PositiveSmallIntegerField()
    subject_type = models.CharField(max_length=128)
    subject_id = models.CharField(max_length=128)
    subject_label = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "sequence", "place"], name="ledger_about_once")]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "institution", "sequence"], name="ledger_about_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.institution}#{self.sequence} {self.subject_type} {self.subject_id}"


class ChainHead(models.Model):
    """Where an institution's chain ends; the row that all its writers lock, last and briefly."""

    institution = models.CharField(max_length=64, primary_key=True)
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.institution}#{self.sequence}"


class Checkpoint(models.Model):
    """A signed statement that an institution's chain had a certain hash at a certain entry."""

    institution = models.CharField(max_length=64)
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    signature = models.CharField(max_length=128)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "sequence"], name="ledger_checkpoint_once")]

    def __str__(self) -> str:
        return f"{self.institution}#{self.sequence} {self.key_id}"
