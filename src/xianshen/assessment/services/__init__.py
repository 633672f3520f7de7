"""What can be done with campaigns, reviews, lists of posts and reports."""

from xianshen.assessment.services.bulk import plan_bulk, sign_bulk
from xianshen.assessment.services.campaigns import (
    CampaignExists,
    close_campaign,
    enrol_accounts,
    enrol_everywhere,
    open_campaign,
    remind_missing,
)
from xianshen.assessment.services.lists import (
    preview_push_list,
    read_upload,
    remove_push_list,
    store_push_list,
    take_recorded_list,
)
from xianshen.assessment.services.reports import acknowledge_report, answer_report, query_report, report_results
from xianshen.assessment.services.reviews import (
    check_result,
    conclude_review,
    forward_review,
    save_review,
    set_result,
    submit_review,
    suspend_undone,
)

__all__ = [
    "CampaignExists",
    "acknowledge_report",
    "answer_report",
    "check_result",
    "close_campaign",
    "conclude_review",
    "enrol_accounts",
    "enrol_everywhere",
    "forward_review",
    "open_campaign",
    "plan_bulk",
    "preview_push_list",
    "query_report",
    "read_upload",
    "remind_missing",
    "remove_push_list",
    "report_results",
    "save_review",
    "set_result",
    "sign_bulk",
    "store_push_list",
    "submit_review",
    "suspend_undone",
    "take_recorded_list",
]
