from django.utils.translation import gettext as _

from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.organisation.selectors import Grants
from xianshen.registry import rules
from xianshen.registry.enums import EDITABLE_FILINGS, EDITABLE_STATES, ApplicationState, FilingState
from xianshen.registry.models import Filing, Handover, MediaAccount, OpeningApplication, ServerFiling
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


def may_file_servers(account: MediaAccount, grants: Grants) -> Decision:
    """Whether the person may file the servers of the account's data service."""
    if account.owner_id == grants.person_id or account.unit_id in grants.units(Capability.OPENING_APPLY):
        return Allowed()
    return Denied(
        _("服务器由账号的负责人或主办单位的新媒体管理员报批。"),
        rules.CAMPUS_SERVER,
    )


def may_view_server_filing(filing: ServerFiling, grants: Grants) -> Decision:
    """Whether the person may read a filing of servers; where servers stand is not public."""
    if filing.applicant_id == grants.person_id or filing.account.owner_id == grants.person_id:
        return Allowed()
    if grants.has(Capability.DATA_SERVICES_REVIEW) or grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return Allowed()
    if {filing.unit_id, filing.account.home_unit_id} & grants.units(Capability.ACCOUNTS_VIEW_UNIT):
        return Allowed()
    return Denied(_("服务器报批只给主办单位、科技处和办公室看。"), rules.CAMPUS_SERVER)


def may_keep_custody(account: MediaAccount, grants: Grants) -> Decision:
    """Whether the person records how the account is kept: its owner, the unit's operators and its head."""
    if account.owner_id == grants.person_id or account.unit_id in grants.units(Capability.OPENING_APPLY):
        return Allowed()
    if {account.unit_id, account.home_unit_id} & grants.units(Capability.SPONSOR_FILES_MANAGE):
        return Allowed()
    return Denied(_("账号保管情况由负责人、主办单位的新媒体管理员或单位负责人登记。"), rules.CUSTODY)


def may_see_custody(account: MediaAccount, grants: Grants) -> Decision:
    """Whether the person may read how the account is kept; it is nobody's business outside."""
    if grants.has(Capability.ACCOUNTS_MANAGE) or grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return Allowed()
    return may_keep_custody(account, grants)


def may_give(handover: Handover, grants: Grants) -> Decision:
    """Whether the person confirms that the keys were given: the holder, or the unit's head when the holder has left."""
    if handover.holder.person_id == grants.person_id:
        return Allowed()
    if {handover.account.unit_id, handover.account.home_unit_id} & grants.units(Capability.SPONSOR_FILES_MANAGE):
        return Allowed()
    return Denied(_("交出由保管人本人确认；本人已离任的，由单位负责人代为确认。"), rules.CUSTODY)


def may_receive(handover: Handover, grants: Grants) -> Decision:
    """Whether the person confirms that the keys arrived: the receiver alone."""
    if handover.receiver_id == grants.person_id:
        return Allowed()
    return Denied(_("接手由接收人本人确认。"), rules.CUSTODY)


def handover_receiver(handover: Handover, who: object) -> Decision:
    """Transition permission: the receiver alone."""
    assert isinstance(who, Grants)
    return may_receive(handover, who)


def handover_keeper(handover: Handover, who: object) -> Decision:
    """Transition permission: whoever keeps the account; the closing of the account itself (None)."""
    if who is None:
        return Allowed()
    assert isinstance(who, Grants)
    return may_keep_custody(handover.account, who)


def system_or_office(_account: MediaAccount, who: object) -> Decision:
    """Transition permission: the system's own clocks (None), or the Office."""
    if who is None:
        return Allowed()
    assert isinstance(who, Grants)
    return may_manage_accounts(who)


def server_approver(_filing: ServerFiling, who: object) -> Decision:
    """Transition permission: the division that approves servers."""
    assert isinstance(who, Grants)
    return may_confirm_server(who)


def server_filer(filing: ServerFiling, who: object) -> Decision:
    """Transition permission: whoever may file the account's servers."""
    assert isinstance(who, Grants)
    return may_file_servers(filing.account, who)


def may_file_for(account: MediaAccount, grants: Grants) -> Decision:
    """Whether the person may file changes of the account, or its closure: whoever manages it, or answers for it."""
    if account.owner_id == grants.person_id or account.unit_id in grants.units(Capability.OPENING_APPLY):
        return Allowed()
    return Denied(_("备案由主办单位的新媒体管理员或负责人办理。职务有变动的，找办公室登记。"), rules.FILING)


def may_edit_filing(filing: Filing, grants: Grants) -> Decision:
    """Whether the person may change the filing now."""
    if filing.applicant_id != grants.person_id:
        return Denied(_("只有办理人可以改这份备案。要接着办，先接手。"), rules.FILING)
    if filing.state not in EDITABLE_FILINGS:
        return Denied(_("备案已经提交，不能再改。要改，先撤回，或等审批人退回。"), rules.FILING)
    return may_file_for(filing.account, grants)


def may_take_up(filing: Filing, grants: Grants) -> Decision:
    """Whether the person may begin to write an expected filing, or go on with a colleague's."""
    if filing.state not in EDITABLE_FILINGS and filing.state != FilingState.EXPECTED:
        words = {"state": FilingState(filing.state).label}
        return Denied(_("这份备案现在是「%(state)s」，不能接手。") % words, rules.FILING)
    return may_file_for(filing.account, grants)


def may_view_filing(filing: Filing, grants: Grants) -> Decision:
    """Whether the person may read the filing (approvers of its chain are let in by approvals)."""
    if filing.applicant_id == grants.person_id or may_file_for(filing.account, grants):
        return Allowed()
    if filing.state == FilingState.DRAFT:
        return Denied(_("这份备案还在填写，只有主办单位看得到。"), rules.FILING)
    if grants.has(Capability.ACCOUNTS_VIEW_ALL) or filing.unit_id in grants.units(Capability.ACCOUNTS_VIEW_UNIT):
        return Allowed()
    return Denied(_("这份备案不是你单位的，你看不到。"), rules.AUTHORISED_ONLY)
