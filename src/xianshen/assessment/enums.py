"""Closed vocabularies of the annual review (年审)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face, Tone


class CampaignState(models.TextChoices):
    """Life of a year's review."""

    OPEN = "open", _("进行中")
    CLOSED = "closed", _("已结束")

    @property
    def face(self) -> Face:
        return Face(self.label, *_FACES["campaign"][self.value])


class ReviewState(models.TextChoices):
    """Lifecycle of one account's review of one year (附件二)."""

    DRAFT = "draft", _("填写中")
    UNIT = "unit", _("等部门意见")
    OFFICE = "office", _("等办公室意见")
    RETURNED = "returned", _("退回补正")
    PASSED = "passed", _("合格")
    RECTIFY = "rectify", _("整改")
    FAILED = "failed", _("不合格")
    EXEMPT = "exempt", _("本年免审")

    @property
    def face(self) -> Face:
        return Face(self.label, *_FACES["review"][self.value])


class ReviewResult(models.TextChoices):
    """What the last opinion says of the account."""

    PASSED = "passed", _("合格")
    RECTIFY = "rectify", _("整改")
    FAILED = "failed", _("不合格")


class ListSource(models.TextChoices):
    """Where a list of posts comes from."""

    UPLOADED = "uploaded", _("上传")
    PLATFORM = "platform", _("取自平台记录")


class ReportState(models.TextChoices):
    """Life of a home unit's list of results (三级平台报备)."""

    REPORTED = "reported", _("等办公室确认")
    QUERIED = "queried", _("办公室有质询")
    ACKNOWLEDGED = "acknowledged", _("办公室已知悉")

    @property
    def face(self) -> Face:
        return Face(self.label, *_FACES["report"][self.value])


class Step(models.TextChoices):
    """Where a review stands, as the board counts it: each review is at exactly one."""

    PASSED = "passed", _("已合格")
    OFFICE = "office", _("等办公室意见")
    UNIT = "unit", _("等部门意见")
    RETURNED = "returned", _("退回补正")
    RECTIFY = "rectify", _("整改中")
    FAILED = "failed", _("不合格")
    WRITING = "writing", _("填写中")
    UNTOUCHED = "untouched", _("没有动")

    @property
    def tone(self) -> Tone:
        return _STEP_TONES[self.value]


#: States in which the form is the operator's to fill in and hand in.
EDITABLE = frozenset({ReviewState.DRAFT, ReviewState.RETURNED, ReviewState.RECTIFY, ReviewState.FAILED})
#: States in which somebody's opinion is awaited.
WAITING = frozenset({ReviewState.UNIT, ReviewState.OFFICE})
#: States whose form has never been handed in, or has come back.
NOT_HANDED_IN = frozenset({ReviewState.DRAFT, ReviewState.RETURNED})

_FACES: dict[str, dict[str, tuple[Tone, str]]] = {
    "campaign": {"open": ("wait", "hourglass"), "closed": ("idle", "archive")},
    "review": {
        "draft": ("idle", "pencil"),
        "unit": ("wait", "hourglass"),
        "office": ("wait", "hourglass"),
        "returned": ("soon", "arrow-back-up"),
        "passed": ("ok", "circle-check"),
        "rectify": ("soon", "alert-triangle"),
        "failed": ("late", "circle-x"),
        "exempt": ("idle", "archive"),
    },
    "report": {
        "reported": ("wait", "hourglass"),
        "queried": ("soon", "alert-triangle"),
        "acknowledged": ("ok", "circle-check"),
    },
}
_STEP_TONES: dict[str, Tone] = {
    "passed": "ok",
    "office": "wait",
    "unit": "wait",
    "returned": "soon",
    "rectify": "soon",
    "failed": "late",
    "writing": "idle",
    "untouched": "idle",
}
