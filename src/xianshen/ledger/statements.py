"""Checkpoint statements: what is signed, and the append-only files that keep them outside the database."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from xianshen.ledger.canonical import FORMAT, instant
from xianshen.ledger.keys import key_id

KIND = "xianshen.ledger.checkpoint"


@dataclass(frozen=True, slots=True)
class Statement:
    """A signed claim: the institution's entry ``sequence`` has this hash.

    Args:
        institution: its code.
        sequence: number of the entry.
        hash: its hash.
        at: when it was signed, as text (:func:`xianshen.ledger.canonical.instant`).
        key_id: which key signed.
        signature: Ed25519 over :meth:`signed`, hexadecimal.
    """

    institution: str
    sequence: int
    hash: str
    at: str
    key_id: str
    signature: str = ""

    def claim(self) -> dict[str, str | int]:
        """Return what is signed, as the object whose RFC 8785 form is the signed text."""
        return {
            "at": self.at,
            "format": FORMAT,
            "hash": self.hash,
            "institution": self.institution,
            "key": self.key_id,
            "kind": KIND,
            "sequence": self.sequence,
        }

    def line(self) -> str:
        """Return the statement as one line of a checkpoint file, without the line end."""
        return rfc8785.dumps({"checkpoint": self.claim(), "signature": self.signature}).decode()

    def holds(self, keys: Mapping[str, Ed25519PublicKey]) -> bool:
        """Say whether one of the keys signed this very statement."""
        key = keys.get(self.key_id)
        if key is None:
            return False
        try:
            key.verify(bytes.fromhex(self.signature), rfc8785.dumps(self.claim()))
        except (InvalidSignature, ValueError):
            return False
        return True


def sign(*, institution: str, sequence: int, hash: str, at: datetime, key: Ed25519PrivateKey) -> Statement:
    """Return a signed statement."""
    unsigned = Statement(institution, sequence, hash, instant(at), key_id(key.public_key()))
    signature = key.sign(rfc8785.dumps(unsigned.claim())).hex()
    return Statement(institution, sequence, hash, unsigned.at, unsigned.key_id, signature)


def folder() -> Path:
    """Return where the checkpoint files are."""
    return Path(settings.DATA) / "checkpoints"


def file_of(institution: str) -> Path:
    """Return an institution's checkpoint file: one line per checkpoint, oldest first."""
    return folder() / f"{quote(institution, safe='')}.jsonl"


def institutions_with_files() -> list[str]:
    """Return the codes of institutions that have a checkpoint file."""
    return sorted(unquote(path.stem) for path in folder().glob("*.jsonl"))


def read_file(institution: str) -> tuple[list[Statement], int]:
    """Return the statements in an institution's file and how many of its lines are none."""
    path = file_of(institution)
    if not path.exists():
        return [], 0
    found: list[Statement] = []
    unreadable = 0
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.strip():
                continue
            statement = _parse(line)
            if statement is None:
                unreadable += 1
            else:
                found.append(statement)
    return found, unreadable


def append_to_file(statements: Iterable[Statement]) -> None:
    """Append statements to the files of their institutions and bring them to the disk."""
    for statement in statements:
        path = file_of(statement.institution)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, (("\n" if torn else "") + statement.line() + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def _parse(line: str) -> Statement | None:
    try:
        record = json.loads(line)
        claim = record["checkpoint"]
        statement = Statement(
            institution=claim["institution"],
            sequence=claim["sequence"],
            hash=claim["hash"],
            at=claim["at"],
            key_id=claim["key"],
            signature=record["signature"],
        )
    except (ValueError, KeyError, TypeError):
        return None
    texts = (statement.institution, statement.hash, statement.at, statement.key_id, statement.signature)
    if type(statement.sequence) is not int or not all(isinstance(text, str) for text in texts):
        return None
    return statement if claim == statement.claim() else None
