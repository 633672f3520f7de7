from xianshen.common.rules import declare, registry

NO_SELF_DECISION = declare("approval.no_self_decision", room="approvals")
SIGNING = declare("approval.signing", room="approvals")
REASONS_REQUIRED = declare("approval.reasons_required", room="approvals")
REPORT_TO_OFFICE = declare("report.to_office", room="approvals")
WITHDRAWAL = declare("approval.withdrawal", room="approvals")

for _rule in (NO_SELF_DECISION, SIGNING, REASONS_REQUIRED, REPORT_TO_OFFICE, WITHDRAWAL):
    registry.shown_on(_rule, "approvals:chain")
