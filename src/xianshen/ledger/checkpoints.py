"""Taking checkpoints: verify what is new, sign it, keep it in the database and in a file."""

from datetime import datetime
from functools import partial

from django.db import transaction

from xianshen.ledger import statements
from xianshen.ledger.acts import act
from xianshen.ledger.events import LedgerError
from xianshen.ledger.keys import signing_key, trusted_keys
from xianshen.ledger.models import ChainHead, Checkpoint
from xianshen.ledger.reports import ChainReport
from xianshen.ledger.statements import Statement
from xianshen.ledger.verify import stored_statements, verify_chain


class BrokenChain(LedgerError):
    """The chain does not verify, so it is not signed.

    Attributes:
        report: what was found.
    """

    def __init__(self, report: ChainReport) -> None:
        super().__init__(f"{report.institution}: {report.first_bad}")
        self.report = report


def take_checkpoint(*, institution: str, now: datetime) -> Statement | None:
    """Sign where an institution's chain ends, after verifying what came since the last checkpoint.

    Does nothing when the last checkpoint is at the end already, except that statements missing in the
    checkpoint file are written to it again.

    Args:
        institution: its code.
        now: time of signing.

    Returns:
        The checkpoint at the end of the chain, or None if the institution has no entries.

    Raises:
        BrokenChain: the part to be signed does not verify.
    """
    key = signing_key()
    keys = trusted_keys()
    earlier = stored_statements(institution)
    trusted = next((one for one in reversed(earlier) if one.holds(keys)), None)
    report = verify_chain(institution, keys=keys, after=trusted)
    if report.first_bad is not None:
        raise BrokenChain(report)
    if report.last == 0:
        return None
    if trusted is not None and trusted.sequence == report.last:
        _bring_file_up_to_date(institution)
        return trusted
    statement = statements.sign(institution=institution, sequence=report.last, hash=report.last_hash, at=now, key=key)
    _save_checkpoint(statement, at=now)
    return statement


def institutions_to_checkpoint() -> list[str]:
    """Return the codes of all institutions that have a chain, or had one when a checkpoint was taken."""
    codes = set(ChainHead.objects.values_list("institution", flat=True))
    return sorted(codes | set(Checkpoint.objects.values_list("institution", flat=True).distinct()))


@act(records=False, why="a checkpoint vouches for entries; it is nobody's act")
def _save_checkpoint(statement: Statement, *, at: datetime) -> None:
    """Insert the row, and write the file once the row is certain; of two at the same entry the first stays."""
    row = Checkpoint(
        institution=statement.institution,
        sequence=statement.sequence,
        hash=statement.hash,
        at=at,
        key_id=statement.key_id,
        signature=statement.signature,
    )
    Checkpoint.objects.bulk_create([row], ignore_conflicts=True)
    transaction.on_commit(partial(_bring_file_up_to_date, statement.institution))


def _bring_file_up_to_date(institution: str) -> None:
    """Append to the checkpoint file what the database has and the file has not (a crash in between, a lost disk)."""
    filed, _unreadable = statements.read_file(institution)
    known = set(filed)
    statements.append_to_file(one for one in stored_statements(institution) if one not in known)
