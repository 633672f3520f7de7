from django.utils.translation import gettext_lazy as _

from xianshen.registry import events, permissions, rules
from xianshen.registry.enums import AccountState, ApplicationState
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.workflow.tables import Transition, TransitionTable, anyone

A = AccountState
ACCOUNT: TransitionTable[MediaAccount] = TransitionTable(
    name="MediaAccount",
    states=AccountState,
    initial=frozenset({A.APPLIED, A.ACTIVE, A.SUSPENDED}),
    transitions=(
        Transition("activate", frozenset({A.APPLIED}), A.ACTIVE, permissions.server_approver, events.ACCOUNT_ACTIVATED, rules.CAMPUS_SERVER, _("启用")),
        Transition("suspend", frozenset({A.APPLIED, A.ACTIVE, A.CLOSING}), A.SUSPENDED, permissions.system_or_office, events.ACCOUNT_SUSPENDED, rules.MAY_RUN, _("暂停运行")),
        Transition("resume", frozenset({A.SUSPENDED}), A.ACTIVE, permissions.system_or_office, events.ACCOUNT_RESUMED, rules.MAY_RUN, _("恢复运行")),
        Transition("begin_closing", frozenset({A.ACTIVE, A.SUSPENDED, A.APPLIED}), A.CLOSING, permissions.system_or_office, events.ACCOUNT_CLOSING, rules.MAY_RUN, _("开始停办")),
        Transition("close", frozenset({A.CLOSING}), A.CLOSED, permissions.system_or_office, events.ACCOUNT_CLOSED, rules.MAY_RUN, _("停办")),
    ),
)  # fmt: skip

# Whether a person may edit or decide is judged by the services that call these; outcomes of the
# approval chain come from approvals, which has judged the decider.
S = ApplicationState
APPLICATION: TransitionTable[OpeningApplication] = TransitionTable(
    name="OpeningApplication",
    states=ApplicationState,
    initial=frozenset({S.DRAFT}),
    transitions=(
        Transition("submit", frozenset({S.DRAFT}), S.SUBMITTED, permissions.may_edit, events.APPLICATION_SUBMITTED, rules.PRIOR_APPROVAL, _("提交")),
        Transition("resubmit", frozenset({S.RETURNED, S.WITHDRAWN}), S.SUBMITTED, permissions.may_edit, events.APPLICATION_RESUBMITTED, rules.PRIOR_APPROVAL, _("重新提交")),
        Transition("return", frozenset({S.SUBMITTED}), S.RETURNED, anyone, events.APPLICATION_RETURNED, rules.PRIOR_APPROVAL, _("退回修改")),
        Transition("reject", frozenset({S.SUBMITTED}), S.REJECTED, anyone, events.APPLICATION_REJECTED, rules.PRIOR_APPROVAL, _("不同意")),
        Transition("withdraw", frozenset({S.SUBMITTED}), S.WITHDRAWN, anyone, events.APPLICATION_WITHDRAWN, rules.PRIOR_APPROVAL, _("撤回")),
        Transition("approve", frozenset({S.SUBMITTED}), S.APPROVED, anyone, events.APPLICATION_APPROVED, rules.PRIOR_APPROVAL, _("批准")),
        Transition("revoke", frozenset({S.APPROVED}), S.REVOKED, anyone, events.APPLICATION_REVOKED, rules.PRIOR_APPROVAL, _("撤销批准")),
    ),
)  # fmt: skip
