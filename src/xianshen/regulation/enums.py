"""Closed vocabularies of policy packs: what a pack may vary is data, which words it may use is not."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Capability(models.TextChoices):
    """What a position allows its holder to do. Code asks for these; packs give them to position kinds."""

    OPENING_APPLY = "opening.apply", _("提出开设申请")
    ACCOUNTS_VIEW_UNIT = "accounts.view_unit", _("查看本单位账号")
    ACCOUNTS_VIEW_ALL = "accounts.view_all", _("查看全部账号")
    ACCOUNTS_EXPORT = "accounts.export", _("导出账号总表")
    ACCOUNTS_MANAGE = "accounts.manage", _("登记和维护账号")
    APPROVALS_VIEW_UNIT = "approvals.view_unit", _("查看本单位的审批")
    APPROVALS_VIEW_ALL = "approvals.view_all", _("查看全部审批")
    APPROVALS_TRANSFER = "approvals.transfer", _("转交审批")
    REPORTS_VIEW_ALL = "reports.view_all", _("查看三级平台报备")
    SPONSOR_FILES_MANAGE = "sponsor_files.manage", _("维护本单位的主办材料")
    SPONSOR_FILES_VIEW_ALL = "sponsor_files.view_all", _("查看各单位的主办材料")
    DOCUMENTS_WITHDRAW = "documents.withdraw", _("作废已签发的表单")
    LEDGER_VIEW = "ledger.view", _("查看留痕")
    ORGANISATION_MANAGE = "organisation.manage", _("维护单位、职务和人员")
    REGULATION_MANAGE = "regulation.manage", _("维护制度版本和阅知")
    REGULATION_INTERPRET = "regulation.interpret", _("发布办法的解释")
    NOTICES_REMIND = "notices.remind", _("发催办通知")
    CLOCKS_MANAGE = "clocks.manage", _("查看和延长全部时限")
    IMPOSTORS_HANDLE = "impostors.handle", _("处理冒名账号举报")
    DATA_SERVICES_REVIEW = "data_services.review", _("审批校内数据服务的服务器")
    SECRECY_REVIEW = "secrecy.review", _("保密复核")


class NoticeChannel(StrEnum):
    """Ways by which a notice leaves the platform."""

    EMAIL = "email"
    ROBOT = "robot"


class UnitRole(StrEnum):
    """Roles that exactly one kind of unit plays; code names the role, the pack names the kind."""

    OFFICE = "office"
    SERVER_APPROVAL = "server_approval"
    LEADERSHIP = "leadership"


class CarriedOut(StrEnum):
    """Who carries a rule out: the platform, or people to whom the platform only shows it."""

    SOFTWARE = "software"
    PEOPLE = "people"


class Source(StrEnum):
    """Where a number comes from: the regulation's text, or the institution's own decision."""

    REGULATION = "regulation"
    INSTITUTION = "institution"


class SubjectKind(StrEnum):
    """What an approval chain decides on."""

    OPENING_APPLICATION = "opening_application"
    ANNUAL_REVIEW = "annual_review"
    FILING = "filing"
    SERVER_FILING = "server_filing"


class ReportPower(StrEnum):
    """What whoever receives a report (报备) may do about it."""

    QUERY = "query"
    REVOKE = "revoke"


class FieldType(StrEnum):
    """Types of form fields."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DATE = "date"
    YEAR = "year"
    CHOICE = "choice"
    CHECKBOXES = "checkboxes"
    BOOLEAN = "boolean"
    MOBILE = "mobile"
    EMAIL = "email"
    PLATFORM = "platform"
    UNIT = "unit"


class NameRuleKind(StrEnum):
    """What a name rule looks at."""

    PREFIX = "prefix"
    RESERVED_NAME = "reserved_name"
    RESERVED_WORD = "reserved_word"
    CHARACTERS = "characters"
    UNIQUE = "unique"


class Severity(StrEnum):
    """What a broken name rule does: stops the submission, or warns and lets people judge."""

    BLOCK = "block"
    WARN = "warn"


class ClockStart(StrEnum):
    """What starts a clock."""

    PROMULGATION = "promulgation"
    CHANGE = "change"
    YEAR = "year"
    STEP_OPENED = "step_opened"
    REPORTED = "reported"
    RETURNED = "returned"
    DECIDED = "decided"
    DOCUMENT_DATED = "document_dated"
    APPROVED = "approved"
    CHECK_OPENED = "check_opened"


class Consequence(StrEnum):
    """What happens when a clock runs out."""

    OVERDUE = "overdue"
    EXPIRE = "expire"
    SUSPEND_NOT_REVIEWED = "suspend_not_reviewed"
    SUSPEND_REVIEW_FAILED = "suspend_review_failed"
    SUSPEND_LEGACY_UNFILED = "suspend_legacy_unfiled"
    SUSPEND_SERVER_LAPSED = "suspend_server_lapsed"


class Verdict(StrEnum):
    """Opinions that may need reasons. The values are those of the approvals room."""

    DISAGREE = "disagree"
    RETURN = "return"
    QUERY = "query"
    ANSWER = "answer"
    REVOKE = "revoke"


class WithdrawUntil(StrEnum):
    """How long an applicant may withdraw a submission."""

    FIRST_OPINION = "first_opinion"
    FINAL_DECISION = "final_decision"
