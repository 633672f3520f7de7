from django.utils.translation import gettext as _

from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.directory import rules
from xianshen.directory.models import ImpostorReport
from xianshen.organisation.selectors import Grants
from xianshen.regulation.enums import Capability


def may_handle_reports(grants: Grants) -> Decision:
    """Whether the person handles impostor reports."""
    if grants.has(Capability.IMPOSTORS_HANDLE):
        return Allowed()
    return Denied(_("冒用举报由归口管理部门办理，你的职务没有这项权限。"), rules.IMPOSTOR_REPORT)


def handler(report: ImpostorReport, who: object) -> Decision:
    """Transition permission: grants of somebody of the same institution who handles reports."""
    assert isinstance(who, Grants)
    if report.institution_id != who.institution_id:
        return Denied(_("这里是另一所学校的举报。回到本校的页面再办。"), rules.IMPOSTOR_REPORT)
    return may_handle_reports(who)
