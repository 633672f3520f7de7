from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

REPORTED = declare_event("directory.impostor_reported", keys=("number", "digest"), label=_("收到冒用举报"))
CHECKING = declare_event("directory.impostor_checking", keys=("number",), label=_("开始核实冒用举报"))
CONFIRMED = declare_event("directory.impostor_confirmed", keys=("number", "text"), label=_("冒用举报属实"))
UNFOUNDED = declare_event("directory.impostor_unfounded", keys=("number", "text"), label=_("冒用举报不属实"))
