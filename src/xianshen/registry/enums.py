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
    SERVER_LAPSED = "server_lapsed", _("服务器批准失效")


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


class ServerFilingState(models.TextChoices):
    """Lifecycle of a filing of servers (服务器报批)."""

    SUBMITTED = "submitted", _("审批中")
    RETURNED = "returned", _("待补正")
    APPROVED = "approved", _("有效")
    REJECTED = "rejected", _("未批准")
    WITHDRAWN = "withdrawn", _("已撤回")
    REVOKED = "revoked", _("批准已撤销")
    EXPIRED = "expired", _("已到期")
    REPLACED = "replaced", _("已换新")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "submitted": ("wait", "hourglass"),
            "returned": ("soon", "arrow-back-up"),
            "approved": ("ok", "circle-check"),
            "rejected": ("late", "circle-x"),
            "withdrawn": ("idle", "archive"),
            "revoked": ("late", "ban"),
            "expired": ("late", "calendar-x"),
            "replaced": ("idle", "archive"),
        }
        return Face(self.label, *faces[self.value])


class AddressKind(models.TextChoices):
    """What an address of a server is."""

    IP = "ip", _("IP 地址")
    NAME = "name", _("域名")


class AddressOutcome(models.TextChoices):
    """Where an address leads."""

    UNKNOWN = "unknown", _("还没查")
    INSIDE = "inside", _("在校园网内")
    OUTSIDE = "outside", _("不在校园网内")
    UNRESOLVED = "unresolved", _("解析不到")
    UNREACHABLE = "unreachable", _("域名服务器没有答复")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "unknown": ("wait", "hourglass"),
            "inside": ("ok", "circle-check"),
            "outside": ("late", "world"),
            "unresolved": ("late", "circle-x"),
            "unreachable": ("soon", "alert-triangle"),
        }
        return Face(self.label, *faces[self.value])


class FilingKind(models.TextChoices):
    """What is filed (附件三)."""

    CHANGE = "change", _("信息变更")
    CLOSURE = "closure", _("停办")
    LEGACY = "legacy", _("存量备案")


class FilingOrigin(models.TextChoices):
    """How a filing came to be owed."""

    UNIT = "unit", _("单位填报")
    OBSERVED = "observed", _("办公室发现")
    LEGACY = "legacy", _("存量名单")


class FilingState(models.TextChoices):
    """Lifecycle of a filing (附件三). ``expected``: owed, and nobody has begun to write it."""

    EXPECTED = "expected", _("待备案")
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("审批中")
    RETURNED = "returned", _("待补正")
    WITHDRAWN = "withdrawn", _("已撤回")
    DISOWNED = "disowned", _("单位说不是它的")
    APPROVED = "approved", _("已备案")
    REJECTED = "rejected", _("未同意")
    REVOKED = "revoked", _("备案已撤销")
    DROPPED = "dropped", _("不再办理")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "expected": ("soon", "alert-triangle"),
            "draft": ("idle", "pencil"),
            "submitted": ("wait", "hourglass"),
            "returned": ("soon", "arrow-back-up"),
            "withdrawn": ("idle", "archive"),
            "disowned": ("soon", "user-question"),
            "approved": ("ok", "circle-check"),
            "rejected": ("late", "circle-x"),
            "revoked": ("late", "ban"),
            "dropped": ("idle", "archive"),
        }
        return Face(self.label, *faces[self.value])


EDITABLE_FILINGS = frozenset({FilingState.DRAFT, FilingState.RETURNED, FilingState.WITHDRAWN})
# At most one filing of an account is in one of these.
OPEN_FILINGS = frozenset({*EDITABLE_FILINGS, FilingState.EXPECTED, FilingState.SUBMITTED, FilingState.DISOWNED})


class EntityKind(models.TextChoices):
    """In whose name an account is registered on its platform."""

    INSTITUTION = "institution", _("学校")
    UNIT = "unit", _("主办单位")
    INDIVIDUAL = "individual", _("个人")
    NONE = "none", _("没有实名认证")


class TwoFactor(models.TextChoices):
    """Whether signing in to the platform takes a second proof."""

    ON = "on", _("已开启")
    OFF = "off", _("没有开启")
    UNAVAILABLE = "unavailable", _("平台不提供")


class CustodyRole(models.TextChoices):
    """What somebody may do to the account on its platform."""

    ADMINISTRATOR = "administrator", _("平台管理员")
    OPERATOR = "operator", _("运营人员")


class HandoverState(models.TextChoices):
    """Lifecycle of a handover (交接)."""

    PROPOSED = "proposed", _("等双方确认")
    DONE = "done", _("已交接")
    DECLINED = "declined", _("没有接手")
    CANCELLED = "cancelled", _("已取消")

    @property
    def face(self) -> Face:
        faces: dict[str, tuple[Tone, str]] = {
            "proposed": ("wait", "hourglass"),
            "done": ("ok", "circle-check"),
            "declined": ("late", "circle-x"),
            "cancelled": ("idle", "archive"),
        }
        return Face(self.label, *faces[self.value])


class Shortcoming(models.TextChoices):
    """What may be wrong with how an account is kept."""

    UNRECORDED = "unrecorded", _("没有登记保管情况")
    NOT_OWN = "not_own", _("实名主体不是学校或单位")
    FEW_ADMINISTRATORS = "few_administrators", _("管理员不足")
    NO_PHONE = "no_phone", _("没有登记绑定手机")
    NO_PLACE = "no_place", _("没有登记口令存放")
    NO_TWO_FACTOR = "no_two_factor", _("没有开两步验证")
    LEAVER = "leaver", _("保管人已离任")
    UNANSWERED = "unanswered", _("没有答检查")
