from xianshen.common.rules import declare, registry

ANNEX_2 = declare("annual_review.annex_2", room="assessment")
PUSH_LIST = declare("annual_review.push_list", room="assessment")
HOME = declare("annual_review.home", room="assessment")

# Declared by the rooms below, carried out here as well.
DUE = "annual_review.due"
MAY_RUN = "account.may_run"
SUPERVISES = "office.supervises"
REPORT = "report.to_office"
REASONS = "approval.reasons_required"
SIGNING = "approval.signing"

for _screen, _rules in {
    "assessment:board": (DUE, MAY_RUN, HOME, REPORT, SUPERVISES),
    "assessment:edit": (DUE, ANNEX_2, PUSH_LIST),
    "assessment:review": (DUE, ANNEX_2, PUSH_LIST, MAY_RUN),
    "assessment:report": (HOME, REPORT),
}.items():
    for _rule in _rules:
        if _rule in registry.rules:
            registry.shown_on(_rule, _screen)
