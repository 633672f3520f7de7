from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face, Tone


class AccountState(models.TextChoices):
    """Lifecycle of a media account."""

    APPLIED = "applied", _("待启用")
    ACTIVE = "active", _("运行中")
    SUSPENDED = "suspended", _("已暂停")
    CLOSING = "closing", _("停办中")
    CLOSED = "closed", _("已停办")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "applied": ("wait", "hourglass"),
            "active": ("ok", "circle-check"),
            "suspended": ("late", "player-pause"),
            "closing": ("idle", "archive"),
            "closed": ("idle", "circle-x"),
        }
        return Face(self.label, *faces[self.value])


class SuspensionReason(models.TextChoices):
    """Why an account may not run."""

    NOT_REVIEWED = "not_reviewed", _("未年审")
    REVIEW_FAILED = "review_failed", _("年审不合格")
    STOP_ORDER = "stop_order", _("责令停止")
    LEGACY_UNFILED = "legacy_unfiled", _("存量未备案")
    LINKAGE_BREACH = "linkage_breach", _("违反联动要求")
    APPROVAL_REVOKED = "approval_revoked", _("批准已撤销")


class ApplicationState(models.TextChoices):
    """Lifecycle of an opening application (附件一)."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("审批中")
    RETURNED = "returned", _("待补正")
    APPROVED = "approved", _("已批准")
    REJECTED = "rejected", _("未批准")
    WITHDRAWN = "withdrawn", _("已撤回")
    REVOKED = "revoked", _("批准已撤销")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "draft": ("idle", "pencil"),
            "submitted": ("wait", "hourglass"),
            "returned": ("soon", "arrow-back-up"),
            "approved": ("ok", "circle-check"),
            "rejected": ("late", "circle-x"),
            "withdrawn": ("idle", "archive"),
            "revoked": ("late", "ban"),
        }
        return Face(self.label, *faces[self.value])


EDITABLE_STATES = frozenset({ApplicationState.DRAFT, ApplicationState.RETURNED, ApplicationState.WITHDRAWN})


class InNameOf(models.TextChoices):
    """In whose name an account is to run."""

    UNIT = "unit", _("以单位名义")
    INDIVIDUAL = "individual", _("以个人名义")


class CheckTone(models.TextChoices):
    """Outcome of one automatic check of an application."""

    OK = "ok", _("通过")
    SOON = "soon", _("请判断")
    LATE = "late", _("要改")
    IDLE = "idle", _("不适用")
