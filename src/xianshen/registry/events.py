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

FILING_EXPECTED = declare_event(
    "registry.filing_expected", keys=("number", "kind", "changed_on", "text"), label=_("办公室发现变更，要求备案")
)
FILING_STARTED = declare_event(
    "registry.filing_started", keys=("number", "kind", "changed_on"), label=_("开始填写备案 %(number)s")
)
FILING_TAKEN_UP = declare_event("registry.filing_taken_up", keys=("number", "kind"), label=_("接手办理备案 %(number)s"))
FILING_DISCARDED = declare_event("registry.filing_discarded", keys=("number",), label=_("删除备案草稿 %(number)s"))
FILING_PUT_BACK = declare_event("registry.filing_put_back", keys=("number",), label=_("备案 %(number)s 退回待办"))
FILING_DROPPED = declare_event("registry.filing_dropped", keys=("number", "text"), label=_("备案 %(number)s 不再办理"))
FILING_SUBMITTED = declare_event(
    "registry.filing_submitted", keys=("number", "kind", "fields", "changed_on", "late_days"), label=_("提交备案")
)
FILING_RESUBMITTED = declare_event(
    "registry.filing_resubmitted",
    keys=("number", "kind", "fields", "changed_on", "late_days"),
    label=_("补正后重新提交备案"),
)
FILING_RETURNED = declare_event("registry.filing_returned", keys=("number",), label=_("备案退回补正"))
FILING_REJECTED = declare_event("registry.filing_rejected", keys=("number",), label=_("备案未获同意"))
FILING_WITHDRAWN = declare_event("registry.filing_withdrawn", keys=("number",), label=_("撤回备案"))
FILING_APPROVED = declare_event("registry.filing_approved", keys=("number", "kind"), label=_("备案办结"))
FILING_REVOKED = declare_event("registry.filing_revoked", keys=("number",), label=_("备案被撤销"))
FILING_DISOWNED = declare_event(
    "registry.filing_disowned", keys=("number", "text"), label=_("单位说明这个账号不是它的")
)
FILING_REASSIGNED = declare_event(
    "registry.filing_reassigned", keys=("number", "from_unit", "unit"), label=_("改由%(unit)s确认")
)
ACCOUNT_CHANGED = declare_event(
    "registry.account_changed",
    keys=("number", "what", "changes", "changed_on"),
    label=_("登记事项变更：%(what)s"),
)
ACCOUNT_CHANGE_UNDONE = declare_event(
    "registry.account_change_undone",
    keys=("number", "what", "changes"),
    label=_("登记事项恢复原样：%(what)s"),
)
ACCOUNT_KEPT = declare_event("registry.account_kept", keys=("text",), label=_("停办撤销，账号继续运行"))
LEGACY_IMPORTED = declare_event(
    "registry.legacy_imported",
    keys=("file", "digest", "created", "unchanged"),
    label=_("导入存量账号：新增 %(created)s 个"),
)
LEGACY_EXPECTED = declare_event(
    "registry.legacy_expected", keys=("unit", "accounts", "digest"), label=_("%(unit)s的存量账号等它确认")
)

SERVERS_FILED = declare_event(
    "registry.servers_filed", keys=("number", "service", "addresses"), label=_("报批服务器：%(service)s")
)
SERVERS_REFILED = declare_event(
    "registry.servers_refiled", keys=("number", "service", "addresses"), label=_("补正后重新报批服务器：%(service)s")
)
SERVERS_RETURNED = declare_event("registry.servers_returned", keys=("number",), label=_("服务器报批退回补正"))
SERVERS_REJECTED = declare_event("registry.servers_rejected", keys=("number",), label=_("服务器未获批准"))
SERVERS_WITHDRAWN = declare_event("registry.servers_withdrawn", keys=("number",), label=_("撤回服务器报批"))
SERVERS_APPROVED = declare_event(
    "registry.servers_approved", keys=("number", "valid_until"), label=_("服务器获批，有效至%(valid_until)s")
)
SERVERS_REVOKED = declare_event("registry.servers_revoked", keys=("number", "text"), label=_("撤销服务器批准"))
SERVERS_EXPIRED = declare_event("registry.servers_expired", keys=("number",), label=_("服务器批准到期"))
SERVERS_REPLACED = declare_event("registry.servers_replaced", keys=("number",), label=_("服务器批准换新"))
ADDRESS_MOVED = declare_event(
    "registry.address_moved", keys=("number", "name", "outcome", "found"), label=_("核对域名 %(name)s：%(outcome)s")
)
SERVER_ATTACHED = declare_event(
    "registry.server_attached", keys=("reference", "valid_until"), label=_("账号的服务器获批：%(reference)s")
)

CUSTODY_KEPT = declare_event("registry.custody_kept", keys=("changed",), label=_("登记账号保管情况"))
CUSTODY_HOLDER_ADDED = declare_event(
    "registry.custody_holder_added", keys=("role", "name"), label=_("登记%(role)s：%(name)s")
)
CUSTODY_HOLDER_ENDED = declare_event(
    "registry.custody_holder_ended", keys=("role", "name", "text"), label=_("%(role)s不再保管：%(name)s")
)
HANDOVER_PROPOSED = declare_event(
    "registry.handover_proposed", keys=("role", "giver", "receiver"), label=_("发起交接：%(giver)s交给%(receiver)s")
)
HANDOVER_GIVEN = declare_event(
    "registry.handover_given", keys=("giver", "receiver", "instead"), label=_("%(giver)s的一方确认已交出")
)
HANDOVER_RECEIVED = declare_event(
    "registry.handover_received", keys=("giver", "receiver"), label=_("%(receiver)s确认已接手")
)
HANDOVER_DONE = declare_event(
    "registry.handover_done", keys=("giver", "receiver"), label=_("交接办完：%(giver)s交给%(receiver)s")
)
HANDOVER_DECLINED = declare_event(
    "registry.handover_declined", keys=("giver", "receiver", "text"), label=_("%(receiver)s没有接手")
)
HANDOVER_CANCELLED = declare_event(
    "registry.handover_cancelled", keys=("giver", "receiver", "text"), label=_("取消交接")
)
CUSTODY_ROUND_OPENED = declare_event(
    "registry.custody_round_opened", keys=("accounts", "due"), label=_("开始账号保管检查：%(accounts)s 个账号")
)
CUSTODY_CHECKED = declare_event("registry.custody_checked", keys=("shortcomings",), label=_("答账号保管检查"))
