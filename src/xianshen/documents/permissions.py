"""Who may do what with issued documents."""

from django.utils.translation import gettext as _

from xianshen.common.decisions import Allowed, Decision, Denied
from xianshen.documents import access
from xianshen.documents.models import Attachment, IssuedDocument
from xianshen.organisation.selectors import Grants
from xianshen.regulation.enums import Capability


def may_read(item: IssuedDocument | Attachment, grants: Grants) -> Decision:
    """Whoever may read the record may read what belongs to it, within the same institution."""
    if item.institution_id != grants.institution_id:
        return Denied(_("这份文件不属于你所在的单位机构。"))
    return access.may_read(
        institution_id=item.institution_id,
        subject_type=item.subject_type,
        subject_id=item.subject_id,
        grants=grants,
    )


def may_withdraw(document: IssuedDocument, grants: Grants | None) -> Decision:
    """Whoever holds a position that may withdraw documents; or an act of another room that was judged there.

    Args:
        document: the document.
        grants: of the person who withdraws; None when the withdrawal follows from such an act.
    """
    if grants is None:
        return Allowed()
    if document.institution_id == grants.institution_id and grants.has(Capability.DOCUMENTS_WITHDRAW):
        return Allowed()
    return Denied(_("撤回已签发的表单要由归口管理部门办理。把核验码和原因告诉他们。"))
