from django.utils.translation import gettext as _

from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.organisation.selectors import Grants
from xianshen.regulation.enums import Capability


def may_manage(grants: Grants, rule: str = "") -> Decision:
    """Say whether the person may see every deadline and extend them: the Office."""
    if grants.has(Capability.CLOCKS_MANAGE):
        return Allowed()
    return Denied(_("时限只由办公室延长。写明缘由，联系办公室。"), rule)
