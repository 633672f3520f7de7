"""Files that go with an application: put in and taken out while it is being written."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied
from xianshen.documents.selectors import attachments_of
from xianshen.documents.services import remove_attachment, store_attachment
from xianshen.ledger.services import act
from xianshen.organisation.selectors import Grants
from xianshen.registry.models import OpeningApplication
from xianshen.registry.permissions import may_edit
from xianshen.registry.selectors import APPLICATION_TYPE, application_subject
from xianshen.workflow.tables import locked

if TYPE_CHECKING:
    from xianshen.documents.models import Attachment

KIND = "material"
# Bound of a page, not of the regulation.
MOST_MATERIALS = 20


def _editable(application_id: int, grants: Grants) -> OpeningApplication:
    application = locked(OpeningApplication, application_id, institution_id=grants.institution_id)
    if not (permission := may_edit(application, grants)):
        raise PermissionDenied.from_denied(permission)
    return application


@act
def attach_material(
    *, actor: Actor, grants: Grants, application_id: int, upload: "UploadedFile[bytes]", now: datetime
) -> "Attachment":
    """Put a file to an application.

    Raises:
        PermissionDenied: not the applicant's, or submitted already.
        ValidationError: the file is refused, or there are too many.
    """
    application = _editable(application_id, grants)
    if attachments_of(grants.institution_id, APPLICATION_TYPE, str(application.pk)).count() >= MOST_MATERIALS:
        raise ValidationError(
            {"upload": _("已经有 %(n)d 份材料，不能再加。把几份合成一份 PDF 再传。") % {"n": MOST_MATERIALS}}
        )
    return store_attachment(actor=actor, subject=application_subject(application), kind=KIND, upload=upload, now=now)


@act
def detach_material(
    *, actor: Actor, grants: Grants, application_id: int, attachment_id: int, now: datetime
) -> "Attachment":
    """Take a file off an application; it stays stored.

    Raises:
        PermissionDenied: not the applicant's, or submitted already.
        Attachment.DoesNotExist: no such file with this application.
    """
    application = _editable(application_id, grants)
    attachment = attachments_of(grants.institution_id, APPLICATION_TYPE, str(application.pk)).get(pk=attachment_id)
    return remove_attachment(actor=actor, attachment=attachment, subject=application_subject(application), now=now)
