from django.utils.translation import gettext_lazy as _

from xianshen.directory import events, permissions, rules
from xianshen.directory.enums import ReportState
from xianshen.directory.models import ImpostorReport
from xianshen.workflow.tables import Transition, TransitionTable

S = ReportState
REPORT: TransitionTable[ImpostorReport] = TransitionTable(
    name="ImpostorReport",
    states=ReportState,
    initial=frozenset({S.RECEIVED}),
    transitions=(
        Transition("check", frozenset({S.RECEIVED}), S.CHECKING, permissions.handler, events.CHECKING, rules.IMPOSTOR_REPORT, _("开始核实")),
        Transition("confirm", frozenset({S.CHECKING}), S.CONFIRMED, permissions.handler, events.CONFIRMED, rules.IMPOSTOR_REPORT, _("认定属实")),
        Transition("dismiss", frozenset({S.CHECKING}), S.UNFOUNDED, permissions.handler, events.UNFOUNDED, rules.IMPOSTOR_REPORT, _("认定不属实")),
    ),
)  # fmt: skip
