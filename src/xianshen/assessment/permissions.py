from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from xianshen.assessment import rules
from xianshen.assessment.enums import EDITABLE, ReviewState
from xianshen.assessment.models import AnnualReview, ResultReport
from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.organisation.selectors import Grants
from xianshen.regulation.enums import Capability

if TYPE_CHECKING:
    from xianshen.registry.models import MediaAccount


def may_manage(grants: Grants) -> Decision:
    """Whether the person runs the annual review for the Office: open, remind, close."""
    if grants.has(Capability.ACCOUNTS_MANAGE):
        return Allowed()
    return Denied(_("年审由办公室组织，新媒体管理岗办理。"), rules.SUPERVISES)


def may_see_board(grants: Grants) -> Decision:
    """Whether the person sees the whole institution's progress."""
    if grants.has(Capability.ACCOUNTS_VIEW_ALL):
        return Allowed()
    return Denied(_("全校的进度给办公室和校领导看。你可以看本单位的年审。"), rules.SUPERVISES)


def may_fill_for(account: "MediaAccount", grants: Grants) -> Decision:
    """Whether the person fills in the account's form: its owner, or an operator of its unit."""
    if account.owner_id == grants.person_id or account.unit_id in grants.units(Capability.OPENING_APPLY):
        return Allowed()
    return Denied(_("年审表由账号负责人或单位的新媒体管理员填。"), rules.DUE)


def may_edit(review: AnnualReview, grants: Grants) -> Decision:
    """Whether the person may change the form now."""
    if not (permission := may_fill_for(review.account, grants)):
        return permission
    if review.state == ReviewState.EXEMPT:
        return Denied(_("这个账号本年免审，不用填。"), rules.DUE)
    if review.state not in EDITABLE:
        return Denied(_("年审表已经提交，不能再改。要改，先撤回，或等退回。"), rules.DUE)
    return Allowed()


def may_view(review: AnnualReview, grants: Grants) -> Decision:
    """Whether the person may read the form (approvers of its chain are let in by approvals)."""
    if grants.has(Capability.ACCOUNTS_VIEW_ALL) or may_fill_for(review.account, grants):
        return Allowed()
    if {review.unit_id, review.home_unit_id} & grants.units(Capability.ACCOUNTS_VIEW_UNIT):
        return Allowed()
    return Denied(_("这份年审表不是你单位的，你看不到。"), rules.DUE)


def may_report_for(unit_id: int, grants: Grants) -> Decision:
    """Whether the person reports the results of a home unit's accounts."""
    if unit_id in grants.units(Capability.APPROVALS_VIEW_UNIT):
        return Allowed()
    return Denied(_("报备由归口单位的负责人办理。"), rules.HOME)


def may_view_report(report: ResultReport, grants: Grants) -> Decision:
    if grants.has(Capability.REPORTS_VIEW_ALL) or may_report_for(report.unit_id, grants):
        return Allowed()
    return Denied(_("这份报备不是你单位的，你看不到。"), rules.HOME)


def may_receive(grants: Grants) -> Decision:
    """Whether the person acknowledges or queries reports for the Office."""
    if grants.has(Capability.ACCOUNTS_MANAGE):
        return Allowed()
    return Denied(_("报备由办公室新媒体管理岗确认。"), rules.REPORT)


def manager(_campaign: object, who: object) -> Decision:
    """Transition permission: the Office."""
    assert isinstance(who, Grants)
    return may_manage(who)


def filler(review: AnnualReview, who: object) -> Decision:
    """Transition permission: whoever fills in the account's form."""
    assert isinstance(who, Grants)
    return may_fill_for(review.account, who)


def report_receiver(_report: ResultReport, who: object) -> Decision:
    assert isinstance(who, Grants)
    return may_receive(who)


def reporter(report: ResultReport, who: object) -> Decision:
    assert isinstance(who, Grants)
    return may_report_for(report.unit_id, who)
