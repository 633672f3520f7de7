from django.utils.translation import gettext_lazy as _

from xianshen.registry import events, permissions, rules
from xianshen.registry.enums import (
    EDITABLE_FILINGS,
    AccountState,
    ApplicationState,
    FilingState,
    HandoverState,
    ServerFilingState,
)
from xianshen.registry.models import Filing, Handover, MediaAccount, OpeningApplication, ServerFiling
from xianshen.workflow.tables import Transition, TransitionTable, anyone

A = AccountState
ACCOUNT: TransitionTable[MediaAccount] = TransitionTable(
    name="MediaAccount",
    states=AccountState,
    initial=frozenset({A.APPLIED, A.ACTIVE, A.SUSPENDED}),
    transitions=(
        Transition("activate", frozenset({A.APPLIED}), A.ACTIVE, permissions.system_or_office, events.ACCOUNT_ACTIVATED, rules.CAMPUS_SERVER, _("启用")),
        Transition("suspend", frozenset({A.APPLIED, A.ACTIVE, A.CLOSING}), A.SUSPENDED, permissions.system_or_office, events.ACCOUNT_SUSPENDED, rules.MAY_RUN, _("暂停运行")),
        Transition("resume", frozenset({A.SUSPENDED}), A.ACTIVE, permissions.system_or_office, events.ACCOUNT_RESUMED, rules.MAY_RUN, _("恢复运行")),
        Transition("begin_closing", frozenset({A.ACTIVE, A.SUSPENDED, A.APPLIED}), A.CLOSING, permissions.system_or_office, events.ACCOUNT_CLOSING, rules.MAY_RUN, _("开始停办")),
        Transition("keep", frozenset({A.CLOSING}), A.ACTIVE, permissions.system_or_office, events.ACCOUNT_KEPT, rules.FILING, _("继续运行")),
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

V = ServerFilingState
SERVER_FILING: TransitionTable[ServerFiling] = TransitionTable(
    name="ServerFiling",
    states=ServerFilingState,
    initial=frozenset({V.SUBMITTED}),
    transitions=(
        Transition("resubmit", frozenset({V.RETURNED, V.WITHDRAWN}), V.SUBMITTED, permissions.server_filer, events.SERVERS_REFILED, rules.CAMPUS_SERVER, _("重新报批")),
        Transition("return", frozenset({V.SUBMITTED}), V.RETURNED, anyone, events.SERVERS_RETURNED, rules.CAMPUS_SERVER, _("退回补正")),
        Transition("reject", frozenset({V.SUBMITTED}), V.REJECTED, anyone, events.SERVERS_REJECTED, rules.CAMPUS_SERVER, _("不同意")),
        Transition("withdraw", frozenset({V.SUBMITTED}), V.WITHDRAWN, anyone, events.SERVERS_WITHDRAWN, rules.CAMPUS_SERVER, _("撤回")),
        Transition("approve", frozenset({V.SUBMITTED}), V.APPROVED, anyone, events.SERVERS_APPROVED, rules.CAMPUS_SERVER, _("批准")),
        Transition("revoke", frozenset({V.APPROVED}), V.REVOKED, permissions.server_approver, events.SERVERS_REVOKED, rules.CAMPUS_SERVER, _("撤销批准")),
        Transition("expire", frozenset({V.APPROVED}), V.EXPIRED, anyone, events.SERVERS_EXPIRED, rules.CAMPUS_SERVER, _("到期")),
        Transition("replace", frozenset({V.APPROVED}), V.REPLACED, anyone, events.SERVERS_REPLACED, rules.CAMPUS_SERVER, _("换新")),
    ),
)  # fmt: skip

F = FilingState
FILING: TransitionTable[Filing] = TransitionTable(
    name="Filing",
    states=FilingState,
    initial=frozenset({F.EXPECTED, F.DRAFT}),
    transitions=(
        Transition("take_up", frozenset({F.EXPECTED}), F.DRAFT, permissions.may_take_up, events.FILING_TAKEN_UP, rules.FILING, _("接手办理")),
        Transition("put_back", EDITABLE_FILINGS, F.EXPECTED, permissions.may_edit_filing, events.FILING_PUT_BACK, rules.FILING, _("先不办")),
        Transition("drop", frozenset({F.EXPECTED, F.RETURNED, F.WITHDRAWN, F.DISOWNED}), F.DROPPED, anyone, events.FILING_DROPPED, rules.FILING, _("不再办理")),
        Transition("submit", frozenset({F.DRAFT}), F.SUBMITTED, permissions.may_edit_filing, events.FILING_SUBMITTED, rules.FILING, _("提交")),
        Transition("resubmit", frozenset({F.RETURNED, F.WITHDRAWN}), F.SUBMITTED, permissions.may_edit_filing, events.FILING_RESUBMITTED, rules.FILING, _("重新提交")),
        Transition("return", frozenset({F.SUBMITTED}), F.RETURNED, anyone, events.FILING_RETURNED, rules.FILING, _("退回修改")),
        Transition("reject", frozenset({F.SUBMITTED}), F.REJECTED, anyone, events.FILING_REJECTED, rules.FILING, _("不同意")),
        Transition("withdraw", frozenset({F.SUBMITTED}), F.WITHDRAWN, anyone, events.FILING_WITHDRAWN, rules.FILING, _("撤回")),
        Transition("approve", frozenset({F.SUBMITTED}), F.APPROVED, anyone, events.FILING_APPROVED, rules.FILING, _("同意备案")),
        Transition("revoke", frozenset({F.APPROVED}), F.REVOKED, anyone, events.FILING_REVOKED, rules.FILING, _("撤销备案")),
        Transition("disown", frozenset({F.EXPECTED}), F.DISOWNED, permissions.may_take_up, events.FILING_DISOWNED, rules.LEGACY, _("不是我们的")),
        Transition("reassign", frozenset({F.DISOWNED}), F.EXPECTED, anyone, events.FILING_REASSIGNED, rules.LEGACY, _("改派单位")),
    ),
)  # fmt: skip

H = HandoverState
HANDOVER: TransitionTable[Handover] = TransitionTable(
    name="Handover",
    states=HandoverState,
    initial=frozenset({H.PROPOSED}),
    transitions=(
        Transition("complete", frozenset({H.PROPOSED}), H.DONE, anyone, events.HANDOVER_DONE, rules.CUSTODY, _("办完交接")),
        Transition("decline", frozenset({H.PROPOSED}), H.DECLINED, permissions.handover_receiver, events.HANDOVER_DECLINED, rules.CUSTODY, _("不接手")),
        Transition("cancel", frozenset({H.PROPOSED}), H.CANCELLED, permissions.handover_keeper, events.HANDOVER_CANCELLED, rules.CUSTODY, _("取消交接")),
    ),
)  # fmt: skip
