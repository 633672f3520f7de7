from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face, Tone


class ClockState(models.TextChoices):
    """State of a deadline. One that ran out and was done late afterwards is ``met``, and keeps ``ran_out_at``."""

    RUNNING = "running", _("在走")
    MET = "met", _("已办")
    RAN_OUT = "ran_out", _("已到期")
    CANCELLED = "cancelled", _("已停表")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "running": ("wait", "hourglass"),
            "met": ("ok", "circle-check"),
            "ran_out": ("late", "alert-circle"),
            "cancelled": ("idle", "archive"),
        }
        return Face(self.label, *faces[self.value])


class StepKind(models.TextChoices):
    """What a clock does by itself on a day."""

    REMINDER = "reminder", _("提醒")
    ESCALATION = "escalation", _("上报")
    CONSEQUENCE = "consequence", _("到期后果")
