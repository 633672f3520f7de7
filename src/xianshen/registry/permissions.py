from django.utils.translation import gettext as _

from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.organisation.selectors import Grants
from xianshen.registry import rules
from xianshen.registry.enums import EDITABLE_STATES, ApplicationState
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.regulation.enums import Capability


def may_apply_for(unit_id: int, grants: Grants) -> Decision:
    """Whether the person may apply to open an account in the unit's name."""
    if unit_id in grants.units(Capability.OPENING_APPLY):
        return Allowed()
    return Denied(
        _("你不在这个单位任新媒体管理职务，不能以它的名义申请。由该单位的管理员申请，或让办公室登记你的职务。"),
        rules.AUTHORISED_ONLY,
    )


def may_apply(grants: Grants) -> Decision:
    """Whether the person may apply for any unit at all."""
    if grants.units(Capability.OPENING_APPLY):
        return Allowed()
    return Denied(
        _("你现在没有可以申请开设的职务。由单位的新媒体管理员或负责人申请；职务有变动的，找办公室登记。"),
        rules.AUTHORISED_ONLY,
    )


def may_edit(application: OpeningApplication, grants: Grants) -> Decision:
    """Whether the person may change the application now."""
    if application.applicant_id != grants.person_id:
        return Denied(_("只有申请人可以改这份申请。"), rules.PRIOR_APPROVAL)
    if application.state not in EDITABLE_STATES:
        return Denied(_("申请已经提交，不能再改。要改，先撤回，或等审批人退回。"), rules.PRIOR_APPROVAL)
    return may_apply_for(application.unit_id, grants)


def may_view_application(application: OpeningApplication, grants: Grants) -> Decision:
    """Whether the person may read the application (approvers of its chain are let in by approvals)."""
    if application.applicant_id == grants.person_id:
        return Allowed()
    if application.state == ApplicationState.DRAFT:
        return Denied(_("这份申请还在填写，只有申请人看得到。"), rules.PRIOR_APPROVAL)
    if grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return Allowed()
    if application.unit_id in grants.units(Capability.ACCOUNTS_VIEW_UNIT):
        return Allowed()
    return Denied(_("这份申请不是你单位的，你看不到。"), rules.AUTHORISED_ONLY)


def may_view_account(account: MediaAccount, grants: Grants) -> Decision:
    """Whether the person may see the account's inner page; its public page is open to everybody."""
    if grants.has(Capability.ACCOUNTS_VIEW_ALL) or account.owner_id == grants.person_id:
        return Allowed()
    if {account.unit_id, account.home_unit_id} & grants.units(Capability.ACCOUNTS_VIEW_UNIT):
        return Allowed()
    if account.data_service and may_confirm_server(grants):
        return Allowed()
    return Denied(_("这个账号不归你的单位管，你只能看它的公开页。"), rules.AUTHORISED_ONLY)


def may_see_contacts(account: MediaAccount, grants: Grants) -> Decision:
    """Whether the person may see mobile numbers in full; each look is recorded."""
    if grants.has(Capability.ACCOUNTS_MANAGE) or account.owner_id == grants.person_id:
        return Allowed()
    if {account.unit_id, account.home_unit_id} & grants.units(Capability.ACCOUNTS_VIEW_UNIT):
        return Allowed()
    return Denied(_("联系方式只给办公室和本单位负责人看。"), rules.AUTHORISED_ONLY)


def may_manage_accounts(grants: Grants) -> Decision:
    """Whether the person acts for the Office on accounts: register, remind, suspend, resume."""
    if grants.has(Capability.ACCOUNTS_MANAGE):
        return Allowed()
    return Denied(_("这是办公室的职责，由办公室新媒体管理岗办理。"), rules.OFFICE_SUPERVISES)


def may_export(grants: Grants) -> Decision:
    if grants.has(Capability.ACCOUNTS_EXPORT):
        return Allowed()
    return Denied(_("全校账号表由办公室导出。你可以导出本单位的账号。"), rules.AUTHORISED_ONLY)


def may_file_sponsor_documents(unit_id: int, grants: Grants) -> Decision:
    """Whether the person may add to the unit's file (article of sponsor_file.complete)."""
    if unit_id in grants.units(Capability.SPONSOR_FILES_MANAGE):
        return Allowed()
    return Denied(_("主办单位档案由单位负责人或管理员维护。"), rules.SPONSOR_FILE)


def may_view_sponsor_file(unit_id: int, grants: Grants) -> Decision:
    """Whether the person may see what the unit has on file."""
    if grants.has(Capability.SPONSOR_FILES_VIEW_ALL) or may_file_sponsor_documents(unit_id, grants):
        return Allowed()
    if unit_id in grants.units(Capability.ACCOUNTS_VIEW_UNIT):
        return Allowed()
    return Denied(_("主办单位档案只给本单位和办公室看。"), rules.SPONSOR_FILE)


def may_confirm_server(grants: Grants) -> Decision:
    if grants.has(Capability.DATA_SERVICES_REVIEW):
        return Allowed()
    return Denied(_("服务器由科技处审批。"), rules.CAMPUS_SERVER)


def system_or_office(_account: MediaAccount, who: object) -> Decision:
    """Transition permission: the system's own clocks (None), or the Office."""
    if who is None:
        return Allowed()
    assert isinstance(who, Grants)
    return may_manage_accounts(who)


def server_approver(_account: MediaAccount, who: object) -> Decision:
    assert isinstance(who, Grants)
    return may_confirm_server(who)
