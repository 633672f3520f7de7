"""Acts of the room: issuing, completing and withdrawing documents, storing and removing attachments."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.codes import new_code
from xianshen.common.errors import TransitionNotAllowed
from xianshen.documents import content, events, files, queue
from xianshen.documents.enums import DocumentState
from xianshen.documents.models import Attachment, CheckCount, IssuedDocument
from xianshen.documents.rendering.layout import FormData
from xianshen.documents.rendering.policy_forms import layout_of
from xianshen.documents.rendering.text import clean
from xianshen.documents.selectors import documents_of, unsigned_pdf
from xianshen.documents.stationery import verification_url
from xianshen.documents.transitions import DOCUMENT
from xianshen.ledger.events import Subject
from xianshen.ledger.services import Unchanged, act, no_act, record
from xianshen.organisation.selectors import Grants
from xianshen.regulation.enums import FieldType
from xianshen.regulation.schema import FormSpec, Policy
from xianshen.workflow.tables import apply_transition, locked

REASON_LIMIT = 500
#: How many files one address may have checked within the time. A campus has one address; each check costs a parse.
CHECKS = 30
CHECKS_WINDOW = timedelta(minutes=10)


class TooManyChecks(ValidationError):
    """An address has had too many files checked; this one was not looked at.

    Attributes:
        wait: seconds until the next check is possible.
    """

    def __init__(self, wait: int) -> None:
        minutes = max(1, ceil(wait / 60))
        text = _(
            "这个网络地址在短时间里核验了 %(limit)s 份文件，这一份没有看。"
            "%(minutes)s 分钟后再传；急用的，输入文件下方的核验码查，不受影响。"
        )
        super().__init__({"file": [text % {"limit": CHECKS, "minutes": minutes}]})
        self.wait = wait


@no_act(why="names a document; writes nothing")
def subject_of(document: IssuedDocument) -> Subject:
    """Return the document as the ledger names it."""
    return Subject("documents.issued_document", str(document.pk), f"{document.form_title} {document.code}")


@act
def issue_document(
    *,
    actor: Actor,
    form: FormSpec,
    policy: Policy,
    data: FormData,
    subject: Subject,
    title: str,
    now: datetime,
    about: Sequence[Subject] = (),
) -> IssuedDocument:
    """Issue a form under a new verification code; the worker renders, signs and stores it afterwards.

    Who may issue was judged by the room whose decision the document states.

    Args:
        actor: who issues, usually whoever made the last decision.
        form: the form of the policy by which was decided.
        policy: that policy.
        data: everything written on the form; kept, so that the document never changes again.
        subject: the record for which it is issued; its readers may read the document.
        title: what it is about, shown publicly, e.g. the account's name; no personal data.
        now: time of issue.
        about: further records on whose pages the entries show.

    Raises:
        ValidationError: the title is empty.
    """
    title = " ".join(clean(title).split())
    if not title:
        raise ValidationError({"title": _("没有写明表单是给哪个事项的，不能签发。写上名称再签发。")})
    code = new_code()
    layout = layout_of(form)
    document = IssuedDocument.objects.create(
        institution_id=actor.institution_id,
        code=code,
        form_code=form.code,
        form_title=form.title,
        policy_version=policy.label,
        title=title[:300],
        unit=_unit_on(form, data),
        seals=list(dict.fromkeys(box.seal_text for box in data.opinions.values() if box.seal_text)),
        subject_type=subject.type,
        subject_id=subject.id,
        subject_label=subject.label[:300],
        about=[[one.type, one.id, one.label] for one in about],
        data={
            "layout": layout.to_json(),
            "content": data.to_json(),
            "url": verification_url(code),
            "issuer": policy.institution.name,
        },
        issued_at=now,
        issued_by=_snapshot(actor),
    )
    queue.hand_over(document.pk)
    record(
        events.DOCUMENT_ISSUED,
        actor=actor,
        subject=subject_of(document),
        payload={"code": code, "form": form.title},
        at=now,
        rule=form.rule,
        article=policy.rule(form.rule).article,
        policy_version=policy.label,
        about=(subject, *about),
    )
    return document


@no_act(why="renders and signs before the act, so that no lock is held meanwhile; _complete records")
def complete_document(*, document_id: int, now: datetime) -> IssuedDocument:
    """Render, sign and store the file of an issued document. Doing it again changes nothing.

    Args:
        document_id: the document, of any institution.
        now: time of signing.
    """
    document = IssuedDocument.objects.select_related("institution").get(pk=document_id)
    if document.state != DocumentState.PENDING:
        return document
    from xianshen.documents.signing import sign_pdf  # only workers sign; pyHanko is slow to load

    unsigned = unsigned_pdf(document)
    signed = sign_pdf(
        unsigned,
        reason=f"{document.form_title}（{document.title}）",
        place=document.data["issuer"],
        contact=document.data["url"],
        at=now,
    )
    return _complete(
        document=document,
        digest=files.store(signed),
        unsigned_digest=files.digest_of(unsigned),
        size=len(signed),
        now=now,
    )


@no_act(why="complete_document for a download that comes before the worker")
def ensure_rendered(*, document: IssuedDocument, now: datetime) -> IssuedDocument:
    """Return the document with its file made, at once if the worker has not come to it yet."""
    return document if document.state != DocumentState.PENDING else complete_document(document_id=document.pk, now=now)


@act
def _complete(
    *, document: IssuedDocument, digest: str, unsigned_digest: str, size: int, now: datetime
) -> IssuedDocument:
    document = locked(IssuedDocument, document.pk, institution_id=document.institution_id)
    if document.state != DocumentState.PENDING:
        raise Unchanged(document)
    actor = Actor.system(institution_id=document.institution_id, institution=document.institution.code)
    apply_transition(
        DOCUMENT,
        document,
        "complete",
        who=actor,
        actor=actor,
        at=now,
        subject=subject_of(document),
        payload={"code": document.code, "digest": digest, "unsigned_digest": unsigned_digest},
        changes={"digest": digest, "unsigned_digest": unsigned_digest, "size": size, "signed_at": now},
        policy_version=document.policy_version,
        about=_about(document),
    )
    return document


@act
def withdraw_document(
    *, actor: Actor, document: IssuedDocument, reason: str, now: datetime, grants: Grants | None = None
) -> IssuedDocument:
    """Withdraw an issued document: whoever verifies it from now on is told so.

    Args:
        actor: who withdraws.
        document: the document; its row is locked anew.
        reason: why, for the record; not shown to the public.
        now: time of the act.
        grants: of the person who withdraws; None when it follows from an act that another room judged.

    Raises:
        PermissionDenied: no position of theirs may withdraw documents.
        TransitionNotAllowed: withdrawn already.
        ValidationError: no reason, or one that is too long.
    """
    reason = clean(reason).strip()
    if not reason:
        raise ValidationError({"reason": _("没有写撤回原因。写明为什么撤回，会记入留痕。")})
    if len(reason) > REASON_LIMIT:
        raise ValidationError({"reason": _("撤回原因超过 %(limit)s 字。写短一些。") % {"limit": REASON_LIMIT}})
    document = locked(IssuedDocument, document.pk, institution_id=actor.institution_id)
    apply_transition(
        DOCUMENT,
        document,
        "withdraw",
        who=grants,
        actor=actor,
        at=now,
        subject=subject_of(document),
        payload={"code": document.code, "reason": reason},
        changes={"withdrawn_at": now, "withdrawn_by": _snapshot(actor), "withdrawn_reason": reason},
        policy_version=document.policy_version,
        about=_about(document),
    )
    return document


@act(records=False, why="withdraws each document in an act of its own; a record may have none")
def withdraw_documents_of(*, actor: Actor, subject: Subject, reason: str, now: datetime) -> list[IssuedDocument]:
    """Withdraw every document issued for a record, because what they state no longer holds.

    Args:
        actor: who made the decision from which this follows.
        subject: the record.
        reason: why.
        now: time of the act.
    """
    standing = documents_of(actor.institution_id, subject.type, subject.id).exclude(state=DocumentState.WITHDRAWN)
    return [
        withdraw_document(actor=actor, document=document, reason=reason, now=now)
        for document in standing.order_by("pk")
    ]


@act
def store_attachment(
    *,
    actor: Actor,
    subject: Subject,
    kind: str,
    upload: UploadedFile,
    now: datetime,
    valid_from: date | None = None,
    valid_until: date | None = None,
    tables: bool = False,
) -> Attachment:
    """Attach a file to a record. Who may was judged by the room that owns the record.

    Args:
        actor: who uploads.
        subject: the record; its readers may read the attachment.
        kind: what the file is for, in the words of the owning room.
        upload: the file; what it is follows from its content.
        now: time of the act.
        valid_from, valid_until: first and last day on which it counts.
        tables: take CSV as well, because the room has read the file as a table.

    Raises:
        ValidationError: key ``upload``: not an allowed kind, name and content disagree, damaged, protected, empty
            or too large; key ``valid_until``: ends before it begins.
    """
    if valid_from and valid_until and valid_until < valid_from:
        raise ValidationError({"valid_until": _("有效期的结束早于开始。核对两个日期。")})
    content_bytes = content.read_upload(upload)
    file_type = content.type_of(content_bytes, upload.name or "", tables=tables)
    attachment = Attachment.objects.create(
        institution_id=actor.institution_id,
        subject_type=subject.type,
        subject_id=subject.id,
        kind=kind,
        name=content.clean_name(upload.name or "", file_type),
        content_type=file_type,
        size=len(content_bytes),
        digest=files.store(content_bytes),
        uploaded_by=_snapshot(actor),
        at=now,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    record(
        events.ATTACHMENT_STORED,
        actor=actor,
        subject=subject,
        payload={
            "name": attachment.name,
            "kind": kind,
            "size": attachment.size,
            "digest": attachment.digest,
        },
        at=now,
    )
    return attachment


@act
def remove_attachment(*, actor: Actor, attachment: Attachment, subject: Subject, now: datetime) -> Attachment:
    """Take an attachment off its record; the file stays stored. Who may was judged by the owning room.

    Raises:
        TransitionNotAllowed: removed already.
    """
    attachment = locked(Attachment, attachment.pk, institution_id=actor.institution_id)
    if attachment.removed_at is not None:
        raise TransitionNotAllowed(_("这份附件已经移除。刷新页面看最新情况。"))
    attachment.removed_at = now
    attachment.save(update_fields=["removed_at"])
    record(
        events.ATTACHMENT_REMOVED,
        actor=actor,
        subject=subject,
        payload={"name": attachment.name, "digest": attachment.digest},
        at=now,
    )
    return attachment


@no_act(why="counts a check in an act of its own, which must stand when this refuses")
def begin_check(*, institution_id: int, source: str, now: datetime) -> None:
    """Count a file that somebody wants checked, before it is looked at; all processes share the count.

    Args:
        institution_id: on whose pages.
        source: keyed digest of the address from which it comes.
        now: time of the request.

    Raises:
        TooManyChecks: the address has used up its checks; do not look at the file.
    """
    wait = _count_check(institution_id=institution_id, source=source, now=now)
    if wait:
        raise TooManyChecks(wait)


@act(records=False, why="a check by the public is a count that expires; it changes no record")
def _count_check(*, institution_id: int, source: str, now: datetime) -> int:
    row, _created = CheckCount.objects.select_for_update().get_or_create(
        institution_id=institution_id, source=source, defaults={"window_started_at": now}
    )
    if row.window_started_at + CHECKS_WINDOW <= now:
        row.window_started_at, row.checks = now, 0
    if row.checks >= CHECKS:
        return max(1, ceil((row.window_started_at + CHECKS_WINDOW - now).total_seconds()))
    row.checks += 1
    row.save(update_fields=["window_started_at", "checks"])
    return 0


@act(records=False, why="removes counts whose time is over")
def forget_checks(*, now: datetime) -> int:
    """Delete the counts of checks that no longer count; return how many."""
    deleted, _rows = CheckCount.objects.filter(window_started_at__lte=now - CHECKS_WINDOW).delete()
    return deleted


def _snapshot(actor: Actor) -> dict[str, Any]:
    """Return who acted, as it was on the day."""
    return {
        "kind": str(actor.kind),
        "key": actor.key,
        "name": actor.name,
        "position": actor.position,
        "unit": actor.unit,
        "on_behalf_of": actor.on_behalf_of,
    }


def _about(document: IssuedDocument) -> tuple[Subject, ...]:
    return (document.subject, *(Subject(*one) for one in document.about))


def _unit_on(form: FormSpec, data: FormData) -> str:
    """Return the name of the unit that the form names, or ""."""
    for field in form.fields:
        if field.type == FieldType.UNIT and data.values.get(field.code):
            return clean(data.values[field.code])[:200]
    return ""
