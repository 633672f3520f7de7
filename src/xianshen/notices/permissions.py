from django.utils.translation import gettext as _

from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.organisation.selectors import Grants
from xianshen.regulation.enums import Capability

#: Whoever may send notices looks after how they are sent.
MANAGE = Capability.NOTICES_REMIND


def may_manage_notices(grants: Grants) -> Decision:
    """Whether the person words notices, keeps the channels and sees what was sent."""
    if grants.has(MANAGE):
        return Allowed()
    return Denied(_("通知的用语、群机器人和寄送记录由归口管理部门维护，你的职务没有这项权限。"))
