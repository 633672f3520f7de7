"""What the room writes into the ledger: who changed wordings and channels, and who sent something again."""

from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

TEMPLATE_CHANGED = declare_event(
    "notices.template_changed",
    keys=("kind", "channel", "language", "subject", "body"),
    label=_("改「%(kind)s」的%(channel)s用语"),
)
TEMPLATE_RESET = declare_event(
    "notices.template_reset", keys=("kind", "channel", "language"), label=_("「%(kind)s」的%(channel)s用语恢复原样")
)
ROBOT_ADDED = declare_event(
    "notices.robot_added", keys=("name", "service", "unit", "kinds"), label=_("添加%(service)s群机器人「%(name)s」")
)
ROBOT_CHANGED = declare_event(
    "notices.robot_changed", keys=("name", "fields"), label=_("修改群机器人「%(name)s」：%(fields)s")
)
ROBOT_REMOVED = declare_event("notices.robot_removed", keys=("name",), label=_("移除群机器人「%(name)s」"))
TEST_SENT = declare_event("notices.test_sent", keys=("channel", "to"), label=_("用%(channel)s发一条测试给「%(to)s」"))
RESENT = declare_event("notices.resent", keys=("count",), label=_("重寄 %(count)s 条没寄到的通知"))
