from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face, Tone


class ReportState(models.TextChoices):
    """Lifecycle of an impostor report."""

    RECEIVED = "received", _("已收到")
    CHECKING = "checking", _("核实中")
    CONFIRMED = "confirmed", _("属实")
    UNFOUNDED = "unfounded", _("不属实")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "received": ("wait", "inbox"),
            "checking": ("soon", "hourglass"),
            "confirmed": ("late", "flag"),
            "unfounded": ("idle", "circle-check"),
        }
        tone, icon = faces[self.value]
        return Face(self.label, tone, icon)


OPEN_REPORTS = (ReportState.RECEIVED, ReportState.CHECKING)


class Verdict(models.TextChoices):
    """What verification says about an account."""

    GENUINE = "genuine", _("是学校的账号")
    STOPPED = "stopped", _("是学校的账号，但现在不能运行")
    IMPOSTOR = "impostor", _("已核实为冒用")
    LOOKALIKE = "lookalike", _("不在名录里，容易被误认")
    NOT_LISTED = "not_listed", _("不在名录里")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "genuine": ("ok", "rosette-discount-check"),
            "stopped": ("late", "player-pause"),
            "impostor": ("late", "ban"),
            "lookalike": ("late", "alert-triangle"),
            "not_listed": ("idle", "circle-x"),
        }
        tone, icon = faces[self.value]
        return Face(self.label, tone, icon)


class MatchedBy(models.TextChoices):
    """By what an account was looked for."""

    URL = "url", _("链接")
    HANDLE = "handle", _("账号 ID")
    NAME = "name", _("名称")
    CODE = "code", _("核验码")
    TEXT = "text", _("名称或账号 ID")


class Likeness(models.TextChoices):
    """In which way a listed account resembles what was looked for."""

    SAME = "same", _("看上去一样，写法不同")
    SOUND = "sound", _("读音相同")
    ONE_OFF = "one_off", _("只差一个字")
    CONTAINS = "contains", _("一个名称包含另一个")
    HANDLE = "handle", _("账号 ID 相近")
    ADDRESS = "address", _("网址相近")


class WarningCode(models.TextChoices):
    """Why what was looked for should be met with care."""

    INVISIBLE = "invisible_characters", _("有看不见的字符")
    IMITATES = "imitates_institution", _("形似或音近校名")
    CLAIMS = "claims_institution", _("用了校名但没有登记")
    LOOKS_LISTED = "looks_like_listed", _("和名录里的账号易混")
    NAME_ONLY = "name_is_no_proof", _("名称可以被人照抄")
    SAME_NAME_IMPOSTOR = "impostor_of_same_name", _("有人冒用同一名称")
    CONFIRMED = "confirmed_impostor", _("已核实为冒用")
    CHECKING = "being_checked", _("有人举报，正在核实")
    ACCOUNT_NOT_SITE = "real_host", _("链接实际指向别的网站")
