"""What verification finds: reports per chain and for the whole ledger."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """What is wrong with the first bad entry."""

    EDITED = "edited"
    DELETED = "deleted"
    REORDERED = "reordered"
    REPLAYED = "replayed"
    TRUNCATED = "truncated"
    FORKED = "forked"
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    CHECKPOINT_DELETED = "checkpoint_deleted"


#: Reasons that speak of a checkpoint rather than of the entry.
ABOUT_CHECKPOINTS = frozenset({Reason.CHECKPOINT_SIGNATURE, Reason.CHECKPOINT_DELETED})


@dataclass(frozen=True, slots=True)
class Bad:
    """The first entry of an institution that is not what was recorded.

    Args:
        institution: its code.
        sequence: number of the entry.
        reason: what happened to it.
        detail: how it shows, in English, for operators.
    """

    institution: str
    sequence: int
    reason: Reason
    detail: str

    def as_json(self) -> dict[str, Any]:
        return {
            "institution": self.institution,
            "sequence": self.sequence,
            "reason": self.reason.value,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What verification found in one institution.

    Args:
        institution: its code.
        entries: how many entries were verified.
        last: number of the last verified entry.
        last_hash: its hash.
        checkpoints: how many signed checkpoints the chain was held against.
        last_checkpoint: number of the last entry that a checkpoint vouches for, or 0.
        first_bad: the first bad entry, or None.
        notes: what is odd but proves nothing.
    """

    institution: str
    entries: int
    last: int
    last_hash: str
    checkpoints: int
    last_checkpoint: int
    first_bad: Bad | None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "institution": self.institution,
            "ok": self.first_bad is None,
            "entries": self.entries,
            "last": self.last,
            "last_hash": self.last_hash,
            "checkpoints": self.checkpoints,
            "last_checkpoint": self.last_checkpoint,
            "first_bad": self.first_bad.as_json() if self.first_bad else None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found.

    Args:
        institutions: one report each, by code.
        seconds: how long it took.
        notes: what is odd about the database as a whole.
    """

    institutions: tuple[ChainReport, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def first_bad(self) -> Bad | None:
        return next((chain.first_bad for chain in self.institutions if chain.first_bad), None)

    @property
    def ok(self) -> bool:
        return self.first_bad is None

    @property
    def entries(self) -> int:
        return sum(chain.entries for chain in self.institutions)

    @property
    def rate(self) -> float:
        """Entries per second."""
        return self.entries / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "entries": self.entries,
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate),
            "institutions": [chain.as_json() for chain in self.institutions],
            "first_bad": self.first_bad.as_json() if self.first_bad else None,
            "notes": list(self.notes),
        }
