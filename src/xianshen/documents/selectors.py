"""Questions about issued documents and attachments."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from xianshen.common.codes import normalise_code
from xianshen.documents import files
from xianshen.documents.enums import DocumentState
from xianshen.documents.models import Attachment, IssuedDocument
from xianshen.documents.rendering.layout import FormData, FormLayout
from xianshen.documents.rendering.pdf import render_pdf
from xianshen.documents.rendering.policy_forms import layout_of
from xianshen.documents.stationery import imprint_of
from xianshen.regulation.schema import FormSpec


def documents_of(institution_id: int, subject_type: str, subject_id: str) -> QuerySet[IssuedDocument]:
    """Return the documents issued for a record, newest first, without what is written on them."""
    return IssuedDocument.objects.filter(
        institution_id=institution_id, subject_type=subject_type, subject_id=str(subject_id)
    ).defer("data")


def documents_about(institution_id: int, subject_type: str, subject_ids: Collection[str]) -> QuerySet[IssuedDocument]:
    """Return the documents issued for several records of a kind, newest first (one query, none without records)."""
    found = IssuedDocument.objects.filter(
        institution_id=institution_id, subject_type=subject_type, subject_id__in=list(subject_ids)
    )
    return found.defer("data")


def attachments_of(institution_id: int, subject_type: str, subject_id: str, *, kind: str = "") -> QuerySet[Attachment]:
    """Return the attachments of a record that were not removed, oldest first.

    Args:
        kind: only this kind.
    """
    found = Attachment.objects.filter(
        institution_id=institution_id,
        subject_type=subject_type,
        subject_id=str(subject_id),
        removed_at__isnull=True,
    )
    return found.filter(kind=kind) if kind else found


def document_by_code(code: str) -> IssuedDocument | None:
    """Return the document with a verification code, however it was typed, or None. Of any institution."""
    standard = normalise_code(code)
    return IssuedDocument.objects.select_related("institution").filter(code=standard).first() if standard else None


def document_by_digest(digest: str) -> IssuedDocument | None:
    """Return the document whose signed file has this SHA-256, or None."""
    return IssuedDocument.objects.select_related("institution").filter(digest=digest).first()


def pending_since(moment: datetime) -> list[int]:
    """Return the keys of documents issued before a moment whose file has not been made yet."""
    waiting = IssuedDocument.objects.filter(state=DocumentState.PENDING, issued_at__lt=moment)
    return list(waiting.order_by("issued_at").values_list("pk", flat=True))


def layout_and_data(document: IssuedDocument) -> tuple[FormLayout, FormData]:
    """Return the form as it was when issued, and what is written on it."""
    return FormLayout.from_json(document.data["layout"]), FormData.from_json(document.data["content"])


def unsigned_pdf(document: IssuedDocument) -> bytes:
    """Render the document as PDF: the same bytes every time."""
    return render_pdf(*layout_and_data(document), imprint_of(document))


def docx_of(document: IssuedDocument) -> bytes:
    """Render the document as DOCX: the same bytes every time."""
    from xianshen.documents.rendering.docx import render_docx  # python-docx is slow to load

    return render_docx(*layout_and_data(document), imprint_of(document))


def signed_pdf(document: IssuedDocument) -> bytes:
    """Return the signed file of a document that has one.

    Raises:
        FileMissing, FileDamaged: the file is not what was stored.
    """
    return files.read(document.digest)


def blank_pdf(form: FormSpec) -> bytes:
    """Return a form to be filled in by hand, as PDF."""
    return render_pdf(layout_of(form), FormData())


def blank_docx(form: FormSpec) -> bytes:
    """Return a form to be filled in by hand, as DOCX."""
    from xianshen.documents.rendering.docx import render_docx  # python-docx is slow to load

    return render_docx(layout_of(form), FormData())
