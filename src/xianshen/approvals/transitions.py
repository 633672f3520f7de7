from django.utils.translation import gettext_lazy as _

from xianshen.approvals import events, rules
from xianshen.approvals.enums import ChainState
from xianshen.workflow.tables import Transition, TransitionTable, anyone

# Who may decide a step depends on the step, not on the chain: services judge it with
# permissions.may_decide before they come here.
CHAIN = TransitionTable(
    name="ApprovalChain",
    states=ChainState,
    initial=frozenset({ChainState.OPEN}),
    transitions=(
        Transition("approve", frozenset({ChainState.OPEN}), ChainState.APPROVED, anyone, events.CHAIN_APPROVED, rules.SIGNING, _("同意")),
        Transition("reject", frozenset({ChainState.OPEN}), ChainState.REJECTED, anyone, events.CHAIN_REJECTED, rules.REASONS_REQUIRED, _("不同意")),
        Transition("return", frozenset({ChainState.OPEN}), ChainState.RETURNED, anyone, events.CHAIN_RETURNED, rules.REASONS_REQUIRED, _("退回修改")),
        Transition("withdraw", frozenset({ChainState.OPEN}), ChainState.WITHDRAWN, anyone, events.CHAIN_WITHDRAWN, rules.WITHDRAWAL, _("撤回")),
        Transition("revoke", frozenset({ChainState.APPROVED}), ChainState.REVOKED, anyone, events.CHAIN_REVOKED, rules.REPORT_TO_OFFICE, _("撤销")),
    ),
)  # fmt: skip
