"""Verification: recompute every chain, and hold it against its head and the signed checkpoints."""

import hashlib
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.db.models import Exists, OuterRef, Q, Subquery

from xianshen.ledger import statements
from xianshen.ledger.canonical import CONTENT_FIELDS, GENESIS, Content, about_text, entry_hash, entry_text, instant
from xianshen.ledger.events import Subject
from xianshen.ledger.keys import trusted_keys
from xianshen.ledger.models import ChainHead, Checkpoint, LedgerAbout, LedgerEntry
from xianshen.ledger.reports import ABOUT_CHECKPOINTS, Bad, ChainReport, Reason, Report
from xianshen.ledger.statements import Statement
from xianshen.ledger.triggers import installed_triggers, trigger_names

#: Entries read at a time: memory stays flat whatever the length of the chain.
BATCH = 4000
#: How far around an entry that does not verify its former place is looked for.
NEAR = 50


class Stored(NamedTuple):
    """An entry as the database holds it."""

    content: Content
    hash: str
    about: str


@dataclass(slots=True)
class _Walk:
    """The state of walking along one chain."""

    institution: str
    sequence: int = 0
    hash: str = GENESIS
    entries: int = 0
    vouched: int = 0
    bad: Bad | None = None
    notes: list[str] = field(default_factory=list)

    def fail(self, sequence: int, reason: Reason, detail: str) -> None:
        """Keep a finding if it lies before what was found so far; an entry says more than a checkpoint on it."""
        if self.bad is not None:
            later = sequence > self.bad.sequence
            again = sequence == self.bad.sequence and self.bad.reason not in ABOUT_CHECKPOINTS
            if later or again:
                return
        self.bad = Bad(self.institution, sequence, reason, detail)


def verify(institution: str | None = None, *, public_keys: Sequence[Path] = ()) -> Report:
    """Verify one institution's ledger, or all; streaming, with constant memory.

    Args:
        institution: its code, or None for all that have entries, a head or checkpoints.
        public_keys: PEM files to hold checkpoints against, instead of the installation's own keys.
    """
    started = time.perf_counter()
    keys = trusted_keys(public_keys)
    codes = [institution] if institution is not None else known_institutions()
    chains = tuple(verify_chain(code, keys=keys) for code in codes)
    notes = []
    if missing := trigger_names(connection.vendor) - installed_triggers(connection):
        notes.append(f"append-only triggers are missing: {', '.join(sorted(missing))}")
    return Report(chains, time.perf_counter() - started, tuple(notes))


def known_institutions() -> list[str]:
    """Return the codes of all institutions of which the ledger or a checkpoint knows."""
    codes = set(ChainHead.objects.values_list("institution", flat=True))
    codes |= set(Checkpoint.objects.values_list("institution", flat=True).distinct())
    codes |= set(LedgerEntry.objects.exclude(institution__in=codes).values_list("institution", flat=True).distinct())
    codes |= set(statements.institutions_with_files())
    return sorted(codes)


def verify_chain(
    institution: str, *, keys: Mapping[str, Ed25519PublicKey], after: Statement | None = None
) -> ChainReport:
    """Verify one chain.

    Args:
        institution: its code.
        keys: public keys by id.
        after: begin behind this checkpoint (whose signature the caller has verified) instead of at the start.
    """
    walk = _Walk(institution)
    if after is not None:
        walk.sequence, walk.hash, walk.vouched = after.sequence, after.hash, after.sequence
    anchors = _anchors(walk, keys)
    head, end = _ends(institution)
    _walk_entries(walk, end, anchors)
    if walk.bad is None or walk.bad.sequence > walk.sequence:
        _check_end(walk, head, end, anchors)
    return ChainReport(
        institution=institution,
        entries=walk.entries,
        last=walk.sequence,
        last_hash=walk.hash,
        checkpoints=sum(len(group) for group in anchors.values()),
        last_checkpoint=walk.vouched,
        first_bad=walk.bad,
        notes=tuple(walk.notes),
    )


def stored_statements(institution: str) -> list[Statement]:
    """Return the checkpoints that the database holds, oldest first."""
    return [
        Statement(row.institution, row.sequence, row.hash, instant(row.at), row.key_id, row.signature)
        for row in Checkpoint.objects.filter(institution=institution).order_by("sequence")
    ]


def read_entries(institution: str, *, after: int, end: int) -> Iterator[Stored]:
    """Yield entries by sequence, a batch at a time."""
    rows = LedgerEntry.objects.filter(institution=institution).order_by("sequence", "id")
    low = after
    while low < end:
        span = {"sequence__gt": low, "sequence__lte": min(low + BATCH, end)}
        batch = list(rows.filter(**span).values_list(*CONTENT_FIELDS, "hash"))
        if not batch:
            beyond = rows.filter(sequence__gt=low, sequence__lte=end).values_list("sequence", flat=True).first()
            if beyond is None:
                return
            low = beyond - 1
            continue
        about = _about_texts(institution, range(low + 1, low + BATCH + 1))
        for *fields, digest in batch:
            content = Content._make(fields)
            yield Stored(content, digest, about.get(content.sequence, "[]"))
        low += BATCH


def _about_texts(institution: str, numbers: Collection[int]) -> dict[int, str]:
    """Return the further subjects of entries as they are hashed, by sequence, for those that have any."""
    rows = LedgerAbout.objects.filter(institution=institution).order_by("sequence", "place", "id")
    if isinstance(numbers, range):
        rows = rows.filter(sequence__gte=numbers[0], sequence__lte=numbers[-1])
    else:
        rows = rows.filter(sequence__in=numbers)
    subjects: dict[int, list[Subject]] = {}
    for sequence, *subject in rows.values_list("sequence", "subject_type", "subject_id", "subject_label"):
        subjects.setdefault(sequence, []).append(Subject(*subject))
    return {sequence: about_text(found) for sequence, found in subjects.items()}


def last_sequence(institution: str) -> int:
    """Return the number of an institution's last entry, or 0."""
    rows = LedgerEntry.objects.filter(institution=institution).order_by("-sequence")
    return rows.values_list("sequence", flat=True).first() or 0


def _anchors(walk: _Walk, keys: Mapping[str, Ed25519PublicKey]) -> dict[int, set[str]]:
    """Return the hashes that validly signed checkpoints give, by sequence; note those that are not valid."""
    stored = stored_statements(walk.institution)
    filed, unreadable = statements.read_file(walk.institution)
    if unreadable:
        walk.notes.append(f"{unreadable} lines of the checkpoint file are unreadable")
    anchors: dict[int, set[str]] = {}
    for one in dict.fromkeys((*stored, *filed)):
        if one.sequence <= walk.vouched:
            continue
        if one.institution == walk.institution and one.holds(keys):
            anchors.setdefault(one.sequence, set()).add(one.hash)
        else:
            walk.fail(
                one.sequence, Reason.CHECKPOINT_SIGNATURE, f"no trusted key signed this checkpoint ({one.key_id})"
            )
    in_rows = {one.sequence for one in stored}
    in_file = {one.sequence for one in filed if one.hash in anchors.get(one.sequence, ())}
    for sequence in sorted(in_file - in_rows):
        walk.fail(sequence, Reason.CHECKPOINT_DELETED, "the checkpoint file has it, the database has not")
    if in_rows - in_file:
        walk.notes.append(f"{len(in_rows - in_file)} checkpoints are missing in the checkpoint file")
    return anchors


def _ends(institution: str) -> tuple[tuple[int, str] | None, int]:
    """Return the head and the last sequence that has a row, both of the same moment."""
    last = LedgerEntry.objects.filter(institution=OuterRef("institution")).order_by("-sequence").values("sequence")[:1]
    found = (
        ChainHead.objects.filter(institution=institution)
        .annotate(last=Subquery(last))
        .values_list("sequence", "hash", "last")
        .first()
    )
    if found is not None:
        sequence, digest, highest = found
        return (sequence, digest), max(sequence, highest or 0)
    return None, last_sequence(institution)


def _walk_entries(walk: _Walk, end: int, anchors: Mapping[int, set[str]]) -> None:
    """Walk along the chain until its end or the first bad entry."""
    if walk.sequence == 0 and LedgerEntry.objects.filter(institution=walk.institution, sequence__lt=1).exists():
        return walk.fail(1, Reason.FORKED, "there are entries before the first")
    for stored in read_entries(walk.institution, after=walk.sequence, end=end):
        content = stored.content
        expected = walk.sequence + 1
        if content.sequence > expected:
            return _missing(walk, stored)
        if content.sequence < expected:
            return walk.fail(content.sequence, Reason.FORKED, "there are two entries with this number")
        if entry_hash(content, stored.about) != stored.hash:
            return _mismatch(walk, stored)
        if content.previous_hash != walk.hash:
            return _unlinked(walk, stored)
        walk.sequence, walk.hash = expected, stored.hash
        walk.entries += 1
        if signed := anchors.get(expected):
            if signed != {stored.hash}:
                since = f"entries {walk.vouched + 1} to {expected} are not those that were signed"
                return walk.fail(expected, Reason.FORKED, since)
            walk.vouched = expected
    return None


def _missing(walk: _Walk, following: Stored) -> None:
    """Report a gap: the entry was deleted, or moved elsewhere."""
    expected = walk.sequence + 1
    lost = following.content.previous_hash if following.content.sequence == expected + 1 else None
    moved = lost and LedgerEntry.objects.filter(institution=walk.institution, hash=lost).exists()
    if moved:
        walk.fail(expected, Reason.REORDERED, "the entry stands at another place of the chain")
    else:
        walk.fail(expected, Reason.DELETED, f"the next entry is {following.content.sequence}")


def _mismatch(walk: _Walk, stored: Stored) -> None:
    """Report an entry whose hash is not that of its content: moved, copied, or edited."""
    expected = walk.sequence + 1
    origin = _origin(walk.institution, stored)
    if origin is None:
        walk.fail(expected, Reason.EDITED, "the content does not have the recorded hash")
    elif LedgerEntry.objects.filter(institution=walk.institution, sequence=origin, hash=stored.hash).exists():
        walk.fail(expected, Reason.REPLAYED, f"this is a copy of entry {origin}")
    else:
        walk.fail(expected, Reason.REORDERED, f"this was entry {origin}")


def _origin(institution: str, stored: Stored) -> int | None:
    """Return the number under which this content has the hash that stands beside it, or None.

    Tries every number with the further subjects that the entry has now, and the numbers near its place and
    near the entry that it continues from with the further subjects that these have now.
    """
    entries = LedgerEntry.objects.filter(institution=institution)
    if (number := _number_for(stored, range(1, entries.count() + BATCH + 1))) is not None:
        return number
    here = stored.content.sequence
    near = set(range(here - NEAR, here + NEAR + 1))
    before = entries.filter(hash=stored.content.previous_hash).values_list("sequence", flat=True)
    for sequence in before[:1]:
        near |= {sequence, sequence + 1}
    about = _about_texts(institution, near)
    for number in sorted(near):
        there = Stored(stored.content, stored.hash, about.get(number, "[]"))
        if there.about != stored.about and _number_for(there, [number]) is not None:
            return number
    return None


def _number_for(stored: Stored, numbers: Iterable[int]) -> int | None:
    """Return the first of the numbers with which the entry has its recorded hash."""
    text = entry_text(stored.content, stored.about)
    mark = '"sequence":'
    cut = text.rindex(mark) + len(mark)
    tail = text[cut + len(str(stored.content.sequence)) :].encode()
    begun = hashlib.sha256(text[:cut].encode())
    for number in numbers:
        digest = begun.copy()
        digest.update(b"%d%s" % (number, tail))
        if digest.hexdigest() == stored.hash:
            return number
    return None


def _unlinked(walk: _Walk, stored: Stored) -> None:
    """Report a good entry that does not continue from the one before it.

    Its hash binds the previous hash that it was written after. If that is another entry's, or if a checkpoint
    vouches for the entry before, it belongs to another branch; else the entry before was changed together with
    its own hash.
    """
    entries = LedgerEntry.objects.filter(institution=walk.institution)
    if walk.sequence in {0, walk.vouched} or entries.filter(hash=stored.content.previous_hash).exists():
        walk.fail(walk.sequence + 1, Reason.FORKED, f"it does not continue from entry {walk.sequence}")
    else:
        walk.fail(walk.sequence, Reason.EDITED, f"entry {walk.sequence + 1} was written after another version of it")


def _check_end(walk: _Walk, head: tuple[int, str] | None, end: int, anchors: Mapping[int, set[str]]) -> None:
    """Hold the end of a chain that is good so far against its head and the checkpoints behind it."""
    last = walk.sequence
    if end < last:
        walk.fail(end + 1, Reason.TRUNCATED, f"a checkpoint was signed at entry {last}")
    elif head is None and (end or anchors):
        walk.fail(last + 1, Reason.TRUNCATED, "the chain head is gone")
    elif head is not None and head[0] > last:
        walk.fail(last + 1, Reason.TRUNCATED, f"the chain head is at entry {head[0]}")
    elif head is not None and head[0] < last:
        walk.fail(head[0] + 1, Reason.FORKED, "it lies behind the chain head")
    elif head is not None and head[1] != walk.hash:
        walk.fail(max(last, 1), Reason.EDITED, "the chain head has another hash for it")
    behind = max(anchors, default=0)
    if behind > last:
        walk.fail(last + 1, Reason.TRUNCATED, f"a checkpoint was signed at entry {behind}")
    entry = LedgerEntry.objects.filter(institution=OuterRef("institution"), sequence=OuterRef("sequence"))
    outside = Q(sequence__gt=last) | Q(sequence__lt=1)
    stray = (
        LedgerAbout.objects.filter(~Exists(entry), outside, institution=walk.institution).order_by("sequence").first()
    )
    if stray is not None:
        walk.fail(stray.sequence, Reason.FORKED, "there are further subjects of an entry that does not exist")
