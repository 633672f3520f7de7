"""The Ed25519 key that signs checkpoints: made at first use, readable by its owner only."""

import os
import secrets
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings

from xianshen.ledger.events import LedgerError

KEY_FILE = "ledger-ed25519.pem"
#: Public keys of former signing keys, so that their checkpoints still verify: ``ledger-ed25519-*.pub``.
RETIRED = "ledger-ed25519-*.pub"


def signing_key() -> Ed25519PrivateKey:
    """Return the private key from ``settings.KEYS``, making one (mode 600) when there is none.

    Raises:
        LedgerError: the file holds no Ed25519 key.
    """
    path = Path(settings.KEYS) / KEY_FILE
    if not path.exists():
        _make(path)
    return _load_private(path)


def trusted_keys(extra: Iterable[Path] = ()) -> dict[str, Ed25519PublicKey]:
    """Return the public keys that checkpoints are held against, by key id; never makes a key.

    Args:
        extra: PEM files to trust instead of the installation's own keys.

    Raises:
        LedgerError: a file holds no Ed25519 key.
    """
    if files := list(extra):
        keys = [_load_public(path) for path in files]
    else:
        folder = Path(settings.KEYS)
        own = folder / KEY_FILE
        keys = [_load_public(path) for path in sorted(folder.glob(RETIRED))]
        if own.exists():
            keys.append(_load_private(own).public_key())
    return {key_id(key): key for key in keys}


def key_id(key: Ed25519PublicKey) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def public_pem() -> str:
    """Return the public key for outsiders, PEM."""
    return signing_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _make(path: Path) -> None:
    """Write a new key beside the final name and link it there, so that no process ever reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _load_private(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise LedgerError(f"{path} holds no private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LedgerError(f"{path} holds no Ed25519 key")
    return key


def _load_public(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except ValueError as error:
        raise LedgerError(f"{path} holds no public key: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise LedgerError(f"{path} holds no Ed25519 key")
    return key
