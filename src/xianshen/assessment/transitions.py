from django.utils.translation import gettext_lazy as _

from xianshen.assessment import events, permissions, rules
from xianshen.assessment.enums import CampaignState, ReportState, ReviewState
from xianshen.assessment.models import AnnualReview, ResultReport, ReviewCampaign
from xianshen.workflow.tables import Transition, TransitionTable, anyone

C = CampaignState
CAMPAIGN: TransitionTable[ReviewCampaign] = TransitionTable(
    name="ReviewCampaign",
    states=CampaignState,
    initial=frozenset({C.OPEN}),
    transitions=(
        Transition("close", frozenset({C.OPEN}), C.CLOSED, permissions.manager, events.CAMPAIGN_CLOSED, rules.SUPERVISES, _("结束年审")),
    ),
)  # fmt: skip

# Opinions come from approvals, which has judged the decider. A withdrawal leads back to where the form came from.
S = ReviewState
REVIEW: TransitionTable[AnnualReview] = TransitionTable(
    name="AnnualReview",
    states=ReviewState,
    initial=frozenset({S.DRAFT, S.EXEMPT}),
    transitions=(
        Transition("submit", frozenset({S.DRAFT}), S.UNIT, permissions.filler, events.SUBMITTED, rules.DUE, _("提交")),
        Transition("resubmit", frozenset({S.RETURNED, S.RECTIFY, S.FAILED}), S.UNIT, permissions.filler, events.RESUBMITTED, rules.DUE, _("重新提交")),
        Transition("forward", frozenset({S.UNIT}), S.OFFICE, anyone, events.FORWARDED, rules.DUE, _("送办公室")),
        Transition("return", frozenset({S.UNIT, S.OFFICE}), S.RETURNED, anyone, events.RETURNED, rules.REASONS, _("退回补正")),
        Transition("withdraw", frozenset({S.UNIT, S.OFFICE}), S.DRAFT, anyone, events.WITHDRAWN, rules.DUE, _("撤回")),
        Transition("withdraw_rectification", frozenset({S.UNIT, S.OFFICE}), S.RECTIFY, anyone, events.WITHDRAWN, rules.DUE, _("撤回整改")),
        Transition("withdraw_appeal", frozenset({S.UNIT, S.OFFICE}), S.FAILED, anyone, events.WITHDRAWN, rules.DUE, _("撤回申诉")),
        Transition("pass", frozenset({S.UNIT, S.OFFICE}), S.PASSED, anyone, events.PASSED, rules.MAY_RUN, _("合格")),
        Transition("rectify", frozenset({S.UNIT, S.OFFICE}), S.RECTIFY, anyone, events.TO_RECTIFY, rules.MAY_RUN, _("整改")),
        Transition("fail", frozenset({S.UNIT, S.OFFICE}), S.FAILED, anyone, events.FAILED, rules.MAY_RUN, _("不合格")),
        Transition("revoke", frozenset({S.PASSED, S.RECTIFY}), S.FAILED, anyone, events.REVOKED, rules.REPORT, _("撤销结果")),
    ),
)  # fmt: skip

R = ReportState
REPORT: TransitionTable[ResultReport] = TransitionTable(
    name="ResultReport",
    states=ReportState,
    initial=frozenset({R.REPORTED}),
    transitions=(
        Transition("query", frozenset({R.REPORTED}), R.QUERIED, permissions.report_receiver, events.REPORT_QUERIED, rules.REPORT, _("质询")),
        Transition("answer", frozenset({R.QUERIED}), R.REPORTED, permissions.reporter, events.REPORT_ANSWERED, rules.REPORT, _("答复质询")),
        Transition("acknowledge", frozenset({R.REPORTED}), R.ACKNOWLEDGED, permissions.report_receiver, events.REPORT_ACKNOWLEDGED, rules.REPORT, _("知悉")),
    ),
)  # fmt: skip
