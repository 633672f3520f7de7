from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face, Tone


class ChainState(models.TextChoices):
    """State of one round of approval."""

    OPEN = "open", _("审批中")
    APPROVED = "approved", _("已同意")
    REJECTED = "rejected", _("不同意")
    RETURNED = "returned", _("退回修改")
    WITHDRAWN = "withdrawn", _("已撤回")
    REVOKED = "revoked", _("已撤销")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "open": ("wait", "hourglass"),
            "approved": ("ok", "circle-check"),
            "rejected": ("late", "circle-x"),
            "returned": ("soon", "arrow-back-up"),
            "withdrawn": ("idle", "archive"),
            "revoked": ("late", "ban"),
        }
        return Face(self.label, *faces[self.value])


class StepKind(models.TextChoices):
    """Whether a step decides, or receives the report of a decision (报备)."""

    DECIDE = "decide", _("审批")
    REPORT = "report", _("报备")


class StepState(models.TextChoices):
    WAITING = "waiting", _("未到")
    CURRENT = "current", _("办理中")
    DONE = "done", _("已办")
    QUERIED = "queried", _("质询中")
    SKIPPED = "skipped", _("不再办理")


class Verdict(models.TextChoices):
    """What an opinion says."""

    AGREE = "agree", _("同意")
    DISAGREE = "disagree", _("不同意")
    RETURN = "return", _("退回修改")
    ACKNOWLEDGE = "acknowledge", _("知悉")
    QUERY = "query", _("质询")
    ANSWER = "answer", _("答复质询")
    REVOKE = "revoke", _("撤销")


DECIDE_VERDICTS = (Verdict.AGREE, Verdict.RETURN, Verdict.DISAGREE)
REPORT_VERDICTS = (Verdict.ACKNOWLEDGE, Verdict.QUERY, Verdict.REVOKE)
