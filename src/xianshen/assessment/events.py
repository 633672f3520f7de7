from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

CAMPAIGN_OPENED = declare_event(
    "assessment.campaign_opened",
    keys=("year", "due_on", "reviews", "exempt"),
    label=_("开始 %(year)s 年度年审：%(reviews)s 个平台，%(due_on)s 截止"),
)
CAMPAIGN_CLOSED = declare_event(
    "assessment.campaign_closed", keys=("year", "open"), label=_("结束 %(year)s 年度年审，还有 %(open)s 个没有办完")
)
ACCOUNTS_ENROLLED = declare_event(
    "assessment.accounts_enrolled",
    keys=("year", "reviews", "exempt"),
    label=_("补列年审账号 %(reviews)s 个"),
)
SUBMITTED = declare_event(
    "assessment.review_submitted",
    keys=("year", "posts_total", "list_digest", "late"),
    label=_("提交 %(year)s 年度年审表"),
)
RESUBMITTED = declare_event(
    "assessment.review_resubmitted",
    keys=("year", "posts_total", "list_digest", "late"),
    label=_("重新提交 %(year)s 年度年审表"),
)
FORWARDED = declare_event("assessment.review_forwarded", keys=("year", "step"), label=_("年审表送「%(step)s」"))
RETURNED = declare_event("assessment.review_returned", keys=("year",), label=_("年审表退回补正"))
WITHDRAWN = declare_event("assessment.review_withdrawn", keys=("year",), label=_("撤回年审表"))
PASSED = declare_event("assessment.review_passed", keys=("year",), label=_("%(year)s 年度年审合格"))
TO_RECTIFY = declare_event(
    "assessment.review_to_rectify",
    keys=("year", "until", "what"),
    label=_("%(year)s 年度年审要求整改，%(until)s 前改好"),
)
FAILED = declare_event("assessment.review_failed", keys=("year",), label=_("%(year)s 年度年审不合格"))
REVOKED = declare_event("assessment.review_revoked", keys=("year",), label=_("%(year)s 年度年审结果被撤销"))
MISSED = declare_event(
    "assessment.review_missed", keys=("year", "due_on"), label=_("%(due_on)s 截止，没有交 %(year)s 年度年审表")
)
LIST_STORED = declare_event(
    "assessment.push_list_stored",
    keys=("year", "name", "digest", "count", "source"),
    label=_("报送年度推送内容清单，%(count)s 条"),
)
LIST_REMOVED = declare_event(
    "assessment.push_list_removed", keys=("year", "digest", "count"), label=_("换下年度推送内容清单，%(count)s 条")
)
REMINDED = declare_event(
    "assessment.reminded", keys=("year", "reviews", "people"), label=_("提醒交年审表：%(reviews)s 个平台")
)
REPORTED = declare_event(
    "assessment.results_reported", keys=("year", "rows", "digest"), label=_("报备三级平台年审结果 %(rows)s 个")
)
REPORT_QUERIED = declare_event("assessment.report_queried", keys=("year", "text"), label=_("办公室质询年审报备"))
REPORT_ANSWERED = declare_event("assessment.report_answered", keys=("year", "text"), label=_("答复办公室质询"))
REPORT_ACKNOWLEDGED = declare_event(
    "assessment.report_acknowledged", keys=("year", "text"), label=_("办公室知悉年审报备")
)
