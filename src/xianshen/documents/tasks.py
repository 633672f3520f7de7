"""Making the files of issued documents."""

from datetime import datetime, timedelta

from django.utils import timezone
from django_tasks import task

from xianshen.common.ticks import tick
from xianshen.documents import queue
from xianshen.documents.selectors import pending_since
from xianshen.documents.services import CHECKS_WINDOW, complete_document, forget_checks

PATIENCE = timedelta(minutes=15)


@task()
def render_document(document_id: int) -> None:
    """Render, sign and store a document. Doing it twice changes nothing."""
    complete_document(document_id=document_id, now=timezone.now())


def enqueue(document_id: int) -> None:
    """Hand a document to the worker, in the running transaction."""
    render_document.enqueue(document_id)


@tick("documents.pending", every=PATIENCE)
def catch_up(now: datetime) -> int:
    """Enqueue again what has been waiting too long (a task that failed); return how many."""
    waiting = pending_since(now - PATIENCE)
    for document_id in waiting:
        enqueue(document_id)
    return len(waiting)


@tick("documents.checks", every=CHECKS_WINDOW)
def clear_counts(now: datetime) -> int:
    """Forget which addresses had files checked."""
    return forget_checks(now=now)


queue.connect(enqueue)
