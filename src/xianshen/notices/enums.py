"""Closed vocabularies of the room: what a notice can be about, how it travels, and what became of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from xianshen.common.states import Face, Tone


class NoticeKind(models.TextChoices):
    """What a notice is about; people choose by kind what they want by e-mail, the Office words it by kind."""

    APPROVAL_TODO = "approval.todo", _("等我办理")
    APPROVAL_REMINDER = "approval.reminder", _("催办")
    APPROVAL_OUTCOME = "approval.outcome", _("我的申请有结果")
    ACCOUNT_STATE = "account.state", _("账号启用和恢复")
    ACCOUNT_SUSPENDED = "account.suspended", _("账号暂停运行")
    STOP_ORDER = "account.stop_order", _("责令停止运行")
    ACCOUNT_REMINDER = "account.reminder", _("办公室的提醒")
    CLOCK_REMINDER = "clock.reminder", _("时限快到")
    CLOCK_ESCALATION = "clock.escalation", _("时限告急")
    CLOCK_CONSEQUENCE = "clock.consequence", _("时限已过")
    CLOCK_FAILING = "clock.failing", _("时限的后果没做成")
    CLOCK_EXTENDED = "clock.extended", _("时限延长")
    FILING_NEWS = "filing.news", _("备案")
    CUSTODY_TASK = "custody.task", _("账号保管和交接")
    SERVER_NEWS = "server.news", _("服务器备案")
    REVIEW_TODO = "review.todo", _("年审要办的")
    REVIEW_OUTCOME = "review.outcome", _("年审结果")
    IMPOSTOR_REPORT = "impostor.report", _("冒用举报")
    GENERAL = "general", _("其他")

    @classmethod
    def known(cls, code: str) -> "NoticeKind":
        """Return the kind of a code; a code that no kind has counts as :attr:`GENERAL`."""
        return cls(code) if code in cls.values else cls.GENERAL


class Channel(models.TextChoices):
    """How a notice leaves the platform; in the platform everybody always finds it."""

    EMAIL = "email", _("邮件")
    ROBOT = "robot", _("群机器人")


class RobotService(models.TextChoices):
    """Whose group robots are spoken to."""

    WECOM = "wecom", _("企业微信")
    DINGTALK = "dingtalk", _("钉钉")
    FEISHU = "feishu", _("飞书")


class DeliveryState(models.TextChoices):
    """What became of one message to one receiver."""

    WAITING = "waiting", _("等着寄")
    SENDING = "sending", _("正在寄")
    SENT = "sent", _("已寄出")
    KEPT = "kept", _("留在发件箱")
    FAILED = "failed", _("没寄到")
    DROPPED = "dropped", _("不再寄")

    @property
    def face(self) -> Face:
        tone, icon = _FACES[self]
        return Face(self.label, tone, icon)


_FACES: dict[DeliveryState, tuple[Tone, str]] = {
    DeliveryState.WAITING: ("wait", "hourglass"),
    DeliveryState.SENDING: ("wait", "send"),
    DeliveryState.SENT: ("ok", "circle-check"),
    DeliveryState.KEPT: ("idle", "inbox"),
    DeliveryState.FAILED: ("late", "alert-circle"),
    DeliveryState.DROPPED: ("idle", "ban"),
}

#: From these nothing happens any more by itself.
FINAL = (DeliveryState.SENT, DeliveryState.KEPT, DeliveryState.FAILED, DeliveryState.DROPPED)


class Trouble(models.TextChoices):
    """Why a message did not arrive, and what to do; in plain words for the Office."""

    SERVER_DOWN = "server_down", _("邮件服务器连不上。恢复后自动再寄，不用管。")
    SIGN_IN = "sign_in", _("邮件服务器不认我们的账号和口令。让管服务器的人核对邮件设置。")
    SENDER = "sender", _("邮件服务器不让用这个发信地址。让管服务器的人核对发信地址。")
    MAILBOX = "mailbox", _("对方服务器说没有这个邮箱。核对本人的邮箱，改好后重寄。")
    ADDRESS = "address", _("登记的邮箱写法不对。改好本人的邮箱后重寄。")
    REFUSED = "refused", _("对方服务器不收这封信。核对邮箱，或者问对方邮件管理员。")
    LATER = "later", _("对方服务器现在不收，让过一会儿再寄。会自动再试。")
    ROBOT_DOWN = "robot_down", _("群机器人的服务连不上。恢复后自动再发，不用管。")
    ROBOT_ADDRESS = "robot_address", _("群里已经没有这个机器人。在群里重新添加，把新地址填进来。")
    ROBOT_RULES = "robot_rules", _("机器人的安全设置不认这条消息。把关键词设成「先审」，或者核对加签密钥和 IP 白名单。")
    ROBOT_BUSY = "robot_busy", _("发得太快，机器人让慢一些。会自动再试。")
    ROBOT_REFUSED = "robot_refused", _("机器人没有收下这条消息。会自动再试，一直不行就重新添加机器人。")
    WORDS = "words", _("这条通知拼不成邮件。把这里的编号告诉管系统的人。")
    CRASHED = "crashed", _("寄的时候程序中断了，已重新排队。")
    INACTIVE = "inactive", _("收件人已停用登录，不再寄。")
    LEFT = "left", _("收件人已离任，不再寄。")
    NO_ADDRESS = "no_address", _("收件人没有登记邮箱，站内能看到。")
    NOT_WANTED = "not_wanted", _("收件人改成不收这类邮件，站内能看到。")
    ROBOT_OFF = "robot_off", _("这个机器人已停用。")
