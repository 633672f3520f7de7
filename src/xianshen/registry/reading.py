"""Who may read the documents and files of the room's records (told to the room documents)."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from xianshen.approvals.selectors import rounds_of
from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.registry import rules
from xianshen.registry.filed import FILING_TYPE
from xianshen.registry.models import Filing, OpeningApplication, ServerFiling
from xianshen.registry.permissions import (
    may_view_application,
    may_view_filing,
    may_view_server_filing,
    may_view_sponsor_file,
)
from xianshen.registry.selectors import APPLICATION_TYPE
from xianshen.registry.servers import SERVER_FILING_TYPE

if TYPE_CHECKING:
    from xianshen.organisation.selectors import Grants


def _decides(institution_id: int, subject_id: str, grants: "Grants", subject_type: str = APPLICATION_TYPE) -> bool:
    seats = {(holding.position.kind, holding.unit.pk) for holding in grants.holdings}
    return any(
        (step.position_kind, step.unit_id) in seats or (step.escalation_position_kind, step.escalation_unit_id) in seats
        for chain in rounds_of(institution_id, subject_type, subject_id)
        for step in chain.steps.all()
    )


def may_read_application(institution_id: int, subject_id: str, grants: "Grants") -> Decision:
    """Whoever may see the application, or decides on it."""
    application = OpeningApplication.objects.filter(institution_id=institution_id, pk=subject_id).first()
    if application is None:
        return Denied(_("这份申请已经不在了。"), rules.PRIOR_APPROVAL)
    decision = may_view_application(application, grants)
    return Allowed() if not decision and _decides(institution_id, subject_id, grants) else decision


def may_read_sponsor_file(institution_id: int, subject_id: str, grants: "Grants") -> Decision:
    """Whoever may see the unit's file."""
    return may_view_sponsor_file(int(subject_id), grants)


def may_read_server_filing(institution_id: int, subject_id: str, grants: "Grants") -> Decision:
    """Whoever may see the filing, or decides on it."""
    filing = ServerFiling.objects.select_related("account").filter(institution_id=institution_id, pk=subject_id).first()
    if filing is None:
        return Denied(_("这份报批已经不在了。"), rules.CAMPUS_SERVER)
    decision = may_view_server_filing(filing, grants)
    decides = not decision and _decides(institution_id, subject_id, grants, SERVER_FILING_TYPE)
    return Allowed() if decides else decision


def may_read_filing(institution_id: int, subject_id: str, grants: "Grants") -> Decision:
    """Whoever may see the filing, or decides on it."""
    filing = Filing.objects.select_related("account").filter(institution_id=institution_id, pk=subject_id).first()
    if filing is None:
        return Denied(_("这份备案已经不在了。"), rules.FILING)
    decision = may_view_filing(filing, grants)
    decides = not decision and _decides(institution_id, subject_id, grants, FILING_TYPE)
    return Allowed() if decides else decision
