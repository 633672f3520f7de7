"""The sponsoring unit's file: responsibility system, team, publishing-review mechanism."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.documents.services import store_attachment
from xianshen.ledger.services import act, record
from xianshen.organisation.selectors import Grants, unit_in
from xianshen.registry import events, rules
from xianshen.registry.file_clocks import follow_documents
from xianshen.registry.models import SponsorDocument
from xianshen.registry.permissions import may_file_sponsor_documents
from xianshen.registry.selectors import sponsor_subject
from xianshen.regulation.selectors import policy_on
from xianshen.workflow.tables import locked


@act
def file_sponsor_document(
    *,
    actor: Actor,
    grants: Grants,
    unit_id: int,
    kind: str,
    title: str,
    upload: "UploadedFile[Any]",
    valid_from: date,
    valid_until: date | None,
    now: datetime,
) -> SponsorDocument:
    """Add a document to a unit's file.

    Args:
        kind: code of the part, as the policy names it.
        title: title of the document.
        upload: the file, judged by its content.
        valid_from: first day.
        valid_until: last day; None takes the period that the policy gives.

    Raises:
        PermissionDenied: not the unit's to file.
        ValidationError: unknown part, dates the wrong way round, file refused.
    """
    unit = unit_in(actor.institution_id, unit_id)
    if not (permission := may_file_sponsor_documents(unit.pk, grants)):
        raise PermissionDenied.from_denied(permission)
    policy = policy_on(actor.institution_id, timezone.localdate(now))
    part = next((part for part in policy.sponsor_file.parts if part.code == kind), None)
    if part is None:
        raise ValidationError({"kind": _("没有这一类材料。从列表里选一类。")})
    until = valid_until or policy.due(part.validity, valid_from)
    if until < valid_from:
        raise ValidationError({"valid_until": _("有效期的结束早于开始。核对两个日期。")})
    subject = sponsor_subject(unit.pk, unit.name)
    attachment = store_attachment(actor=actor, subject=subject, kind=kind, upload=upload, now=now)
    document = SponsorDocument.objects.create(
        institution_id=actor.institution_id,
        unit=unit,
        kind=kind,
        title=title.strip() or part.label,
        attachment=attachment,
        valid_from=valid_from,
        valid_until=until,
        filed_at=now,
        filed_by_id=grants.person_id,
    )
    follow_documents(unit=unit, kind=kind, policy=policy, actor=actor, now=now)
    record(
        events.SPONSOR_DOCUMENT_FILED,
        actor=actor,
        subject=subject,
        payload={"kind": kind, "title": document.title, "valid_until": until.isoformat(), "digest": attachment.digest},
        at=now,
        rule=part.rule,
        article=policy.rule(part.rule).article,
        policy_version=policy.label,
    )
    return document


@act
def retire_sponsor_document(*, actor: Actor, grants: Grants, document_id: int, now: datetime) -> SponsorDocument:
    """Take a document out of a unit's file; it stays stored.

    Raises:
        PermissionDenied: not the unit's to change.
        TransitionNotAllowed: taken out already.
    """
    document = locked(SponsorDocument, document_id, institution_id=actor.institution_id)
    if not (permission := may_file_sponsor_documents(document.unit_id, grants)):
        raise PermissionDenied.from_denied(permission)
    if document.retired_at is not None:
        raise TransitionNotAllowed(_("这份材料已经作废。刷新页面看最新情况。"), rules.SPONSOR_FILE)
    document.retired_at = now
    document.save(update_fields=["retired_at"])
    policy = policy_on(actor.institution_id, timezone.localdate(now))
    follow_documents(unit=document.unit, kind=document.kind, policy=policy, actor=actor, now=now)
    record(
        events.SPONSOR_DOCUMENT_RETIRED,
        actor=actor,
        subject=sponsor_subject(document.unit_id, document.unit.name),
        payload={"kind": document.kind, "title": document.title},
        at=now,
        rule=rules.SPONSOR_FILE,
    )
    return document
