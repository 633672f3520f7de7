from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

MET_LATE = declare_event(
    "clocks.met_late", keys=("clock", "due_on", "on", "days_late"), label=_("逾期 %(days_late)s 天办结")
)
CANCELLED = declare_event("clocks.cancelled", keys=("clock", "due_on", "why"), label=_("停表：%(why)s"))
EXTENDED = declare_event(
    "clocks.extended", keys=("clock", "before", "after", "why"), label=_("时限由 %(before)s 延至 %(after)s：%(why)s")
)
REMINDED = declare_event(
    "clocks.reminded", keys=("clock", "due_on", "days_left", "people"), label=_("时限提醒：%(due_on)s 截止")
)
ESCALATED = declare_event("clocks.escalated", keys=("clock", "due_on", "to", "people"), label=_("时限上报%(to)s"))
RAN_OUT = declare_event(
    "clocks.ran_out", keys=("clock", "due_on", "consequence", "days_late"), label=_("时限 %(due_on)s 已到期")
)
RECKONED = declare_event(
    "clocks.reckoned_again",
    keys=("clock", "before", "after"),
    label=_("放假安排公布后重新推算：%(before)s 改为 %(after)s"),
)
ADDRESS_RENEWED = declare_event("clocks.address_renewed", keys=(), label=_("换了日历订阅地址"))
ADDRESS_CLOSED = declare_event("clocks.address_closed", keys=(), label=_("停用日历订阅地址"))
