from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

CHAIN_STARTED = declare_event(
    "approvals.chain_started", keys=("chain", "round", "digest"), label=_("提交审批（第 %(round)s 次）")
)
STEP_AGREED = declare_event(
    "approvals.step_agreed", keys=("chain", "step", "text", "digest", "seal"), label=_("%(step)s：同意")
)
CHAIN_APPROVED = declare_event(
    "approvals.chain_approved", keys=("chain", "step", "text", "digest", "seal"), label=_("%(step)s：同意，审批完成")
)
CHAIN_REJECTED = declare_event(
    "approvals.chain_rejected", keys=("chain", "step", "text", "digest", "seal"), label=_("%(step)s：不同意")
)
CHAIN_RETURNED = declare_event(
    "approvals.chain_returned", keys=("chain", "step", "text", "digest", "seal"), label=_("%(step)s：退回修改")
)
CHAIN_WITHDRAWN = declare_event("approvals.chain_withdrawn", keys=("chain", "reason"), label=_("申请人撤回"))
CHAIN_REVOKED = declare_event(
    "approvals.chain_revoked", keys=("chain", "step", "text", "digest", "seal"), label=_("办公室撤销已报备的批准")
)
REPORT_ACKNOWLEDGED = declare_event(
    "approvals.report_acknowledged", keys=("chain", "step", "text", "digest", "seal"), label=_("办公室知悉报备")
)
REPORT_QUERIED = declare_event(
    "approvals.report_queried", keys=("chain", "step", "text", "digest", "seal"), label=_("办公室质询报备")
)
REPORT_ANSWERED = declare_event(
    "approvals.report_answered", keys=("chain", "step", "text", "digest", "seal"), label=_("答复办公室质询")
)
REMINDED = declare_event("approvals.reminded", keys=("chain", "step", "people"), label=_("提醒办理：%(step)s"))
