from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How many accounts, decided chains (two approvals each) and ledger entries to write."""

    accounts: int
    chains: int
    entries: int
