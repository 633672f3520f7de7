"""Reading the ledger: timelines of records and of institutions."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from xianshen.common.composed import counted, listed, picked
from xianshen.ledger.canonical import GENESIS, about_text, entry_hash
from xianshen.ledger.events import Subject
from xianshen.ledger.models import LedgerAbout, LedgerEntry
from xianshen.ledger.privacy import JSON, mask


@listed
def _own(institution: str, subject_type: str, subject_id: str, limit: int, before: int | None) -> QuerySet[LedgerEntry]:
    own = LedgerEntry.objects.filter(institution=institution, subject_type=subject_type, subject_id=subject_id)
    own = own if before is None else own.filter(sequence__lt=before)
    return own.order_by("-sequence")[:limit]


@picked
def _about(
    institution: str, subject_type: str, subject_id: str, limit: int, before: int | None
) -> QuerySet[LedgerAbout, int]:
    about = LedgerAbout.objects.filter(institution=institution, subject_type=subject_type, subject_id=subject_id)
    about = about if before is None else about.filter(sequence__lt=before)
    return about.order_by("-sequence").values_list("sequence", flat=True)[:limit]


def entries_about(
    institution: str, subject_type: str, subject_id: str, *, limit: int = 50, before: int | None = None
) -> list[LedgerEntry]:
    """Return the entries on a record's page, newest first: those whose subject it is, and those about it.

    Args:
        institution: code of the institution.
        subject_type: dotted model label.
        subject_id: primary key as text.
        limit: at most so many.
        before: only entries with a lower sequence (the next page).
    """
    newest = _own(institution, subject_type, subject_id, limit, before)
    further = _about(institution, subject_type, subject_id, limit, before)
    if further:
        newest += LedgerEntry.objects.filter(institution=institution, sequence__in=further)
        newest.sort(key=lambda entry: entry.sequence, reverse=True)
    return newest[:limit]


def count_about(institution: str, subject_type: str, subject_id: str) -> int:
    """Return how many entries a record's page could show."""
    subject = (institution, subject_type, subject_id)
    return _count_own(*subject) + _count_further(*subject)


@counted
def _count_own(institution: str, subject_type: str, subject_id: str) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(institution=institution, subject_type=subject_type, subject_id=subject_id)


@counted
def _count_further(institution: str, subject_type: str, subject_id: str) -> QuerySet[LedgerAbout]:
    return LedgerAbout.objects.filter(institution=institution, subject_type=subject_type, subject_id=subject_id)


def recent_entries(
    institution: str,
    *,
    limit: int = 50,
    before: int | None = None,
    events: Iterable[str] = (),
    search: str = "",
) -> list[LedgerEntry]:
    """Return an institution's entries, newest first.

    Args:
        institution: its code.
        limit: at most so many.
        before: only entries with a lower sequence (the next page).
        events: only these event codes, or all.
        search: only entries whose actor or subject contains this text.
    """
    entries = LedgerEntry.objects.filter(institution=institution)
    if before is not None:
        entries = entries.filter(sequence__lt=before)
    if events := list(events):
        entries = entries.filter(event__in=events)
    if search:
        entries = entries.filter(Q(actor_name__icontains=search) | Q(subject_label__icontains=search))
    return list(entries.order_by("-sequence")[:limit])


def newest_key() -> int:
    """Return the key of the newest entry of all institutions, 0 for an empty ledger."""
    return LedgerEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def entries_since(key: int) -> Iterator[LedgerEntry]:
    """Yield the entries of all institutions after a key, oldest first."""
    yield from LedgerEntry.objects.filter(pk__gt=key).order_by("pk").iterator(chunk_size=1000)


def entry_at(institution: str, sequence: int) -> LedgerEntry | None:
    """Return one entry, or None."""
    return LedgerEntry.objects.filter(institution=institution, sequence=sequence).first()


def latest_by(
    actor_key: str,
    event: str,
    subject: Subject,
    *,
    institution: str,
    since: datetime,
    payload: Mapping[str, JSON],
) -> LedgerEntry | None:
    """Return the latest entry in which somebody did something to a record since a time, or None.

    Args:
        actor_key: who.
        event: code of the event.
        subject: the record.
        institution: its institution's code.
        since: earlier entries do not count.
        payload: what the entry must say of these keys, before contact details in it were masked.
    """
    found = LedgerEntry.objects.filter(
        institution=institution,
        subject_type=subject.type,
        subject_id=subject.id,
        event=event,
        actor_key=actor_key,
        at__gt=since,
    )
    wanted = {key: mask(value) for key, value in payload.items()}.items()
    return next((entry for entry in found.order_by("-sequence") if wanted <= entry.data.items()), None)


def about_of(entries: Iterable[LedgerEntry]) -> dict[int, list[LedgerAbout]]:
    """Return the further subjects of entries of one institution by sequence; one query."""
    found: dict[int, list[LedgerAbout]] = {}
    wanted = list(entries)
    if not wanted:
        return found
    rows = LedgerAbout.objects.filter(
        institution=wanted[0].institution, sequence__in=[entry.sequence for entry in wanted]
    )
    for row in rows.order_by("sequence", "place"):
        found.setdefault(row.sequence, []).append(row)
    return found


def broken_among(entries: Iterable[LedgerEntry]) -> set[int]:
    """Return the sequences of entries whose hash or link to the entry before is wrong; two queries.

    A page shows it beside the entries; the whole chain is verified by ``xianshen.ledger.verify``.

    Args:
        entries: entries of one institution.
    """
    wanted = list(entries)
    if not wanted:
        return set()
    about = about_of(wanted)
    before = {entry.sequence - 1 for entry in wanted}
    hashes = dict(
        LedgerEntry.objects.filter(institution=wanted[0].institution, sequence__in=before).values_list(
            "sequence", "hash"
        )
    )
    broken = set()
    for entry in wanted:
        subjects = [
            Subject(row.subject_type, row.subject_id, row.subject_label) for row in about.get(entry.sequence, [])
        ]
        linked = hashes.get(entry.sequence - 1, GENESIS) == entry.previous_hash
        if not linked or entry_hash(entry.content, about_text(subjects)) != entry.hash:
            broken.add(entry.sequence)
    return broken
