from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

DRAFT_STARTED = declare_event("registry.draft_started", keys=("number",), label=_("开始填写开设申请 %(number)s"))
DRAFT_DISCARDED = declare_event("registry.draft_discarded", keys=("number",), label=_("删除草稿 %(number)s"))
APPLICATION_SUBMITTED = declare_event(
    "registry.application_submitted", keys=("number", "name", "platform", "tier"), label=_("提交开设申请")
)
APPLICATION_RESUBMITTED = declare_event(
    "registry.application_resubmitted", keys=("number", "name", "platform", "tier"), label=_("补正后重新提交")
)
APPLICATION_RETURNED = declare_event("registry.application_returned", keys=("number",), label=_("申请退回申请人补正"))
APPLICATION_REJECTED = declare_event("registry.application_rejected", keys=("number",), label=_("申请未获批准"))
APPLICATION_WITHDRAWN = declare_event("registry.application_withdrawn", keys=("number",), label=_("申请人撤回申请"))
APPLICATION_APPROVED = declare_event("registry.application_approved", keys=("number", "account"), label=_("开设获批"))
APPLICATION_REVOKED = declare_event("registry.application_revoked", keys=("number",), label=_("批准被撤销"))
ACCOUNT_OPENED = declare_event(
    "registry.account_opened", keys=("name", "platform", "tier", "unit", "code", "state"), label=_("账号登记在册")
)
ACCOUNT_ACTIVATED = declare_event("registry.account_activated", keys=("reference",), label=_("账号启用"))
ACCOUNT_SUSPENDED = declare_event("registry.account_suspended", keys=("reason", "text"), label=_("账号暂停运行"))
ACCOUNT_RESUMED = declare_event("registry.account_resumed", keys=("text",), label=_("账号恢复运行"))
ACCOUNT_CLOSING = declare_event("registry.account_closing", keys=("text",), label=_("账号开始停办"))
ACCOUNT_CLOSED = declare_event("registry.account_closed", keys=("text",), label=_("账号停办"))
ACCOUNT_REGISTERED = declare_event(
    "registry.account_registered", keys=("name", "platform", "tier", "unit", "code", "state"), label=_("登记已有账号")
)
ACCOUNTS_IMPORTED = declare_event(
    "registry.accounts_imported",
    keys=("file", "digest", "created", "unchanged"),
    label=_("导入账号：新增 %(created)s 个"),
)
SPONSOR_DOCUMENT_FILED = declare_event(
    "registry.sponsor_document_filed",
    keys=("kind", "title", "valid_until", "digest"),
    label=_("主办单位档案：%(title)s"),
)
SPONSOR_DOCUMENT_RETIRED = declare_event(
    "registry.sponsor_document_retired", keys=("kind", "title"), label=_("主办单位档案作废：%(title)s")
)
CONTACT_SHOWN = declare_event("registry.contact_shown", keys=("what",), label=_("查看联系方式"))
ACCOUNT_REMINDED = declare_event("registry.account_reminded", keys=("text", "people"), label=_("提醒负责人：%(text)s"))
