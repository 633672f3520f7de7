"""Appending to the chains: one short critical section per institution."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import QuerySet

from xianshen.common.composed import listed
from xianshen.ledger.canonical import GENESIS, about_text, entry_hash
from xianshen.ledger.events import LedgerError, Subject
from xianshen.ledger.models import ChainHead, LedgerAbout, LedgerEntry


@dataclass(slots=True)
class Draft:
    """An entry that has no place in the chain yet."""

    entry: LedgerEntry
    about: tuple[Subject, ...]


def append(drafts: list[Draft]) -> None:
    """Give drafts their sequence, previous hash and hash, and insert them; three queries per institution.

    Locks the chain head of each institution concerned, in the order of their codes.
    """
    for institution, group in groupby(sorted(drafts, key=_institution), key=_institution):
        sequence, previous = _locked_head(institution)
        entries: list[LedgerEntry] = []
        about: list[LedgerAbout] = []
        for draft in group:
            sequence += 1
            entry = draft.entry
            entry.sequence, entry.previous_hash = sequence, previous
            entry.hash = previous = entry_hash(entry.content, about_text(draft.about))
            entries.append(entry)
            about += [
                LedgerAbout(
                    institution=institution,
                    sequence=sequence,
                    place=place,
                    subject_type=subject.type,
                    subject_id=subject.id,
                    subject_label=subject.label,
                )
                for place, subject in enumerate(draft.about)
            ]
        LedgerEntry.objects.bulk_create(entries, batch_size=1000)
        if about:
            LedgerAbout.objects.bulk_create(about, batch_size=1000)
        moved = ChainHead.objects.filter(institution=institution).update(sequence=sequence, hash=previous)
        if moved != 1:
            raise LedgerError(f"the chain head of {institution} is gone")


def _institution(draft: Draft) -> str:
    return draft.entry.institution


def _locked_head(institution: str) -> tuple[int, str]:
    found = _heads(institution)
    if not found:
        ChainHead.objects.bulk_create(
            [ChainHead(institution=institution, sequence=0, hash=GENESIS)], ignore_conflicts=True
        )
        found = _heads(institution)
    return found[0].sequence, found[0].hash


@listed
def _heads(institution: str) -> QuerySet[ChainHead]:
    return ChainHead.objects.select_for_update().filter(institution=institution)
