"""Secrets at rest: addresses of robots are encrypted with a key beside the installation's other keys."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

KEY_FILE = "notices-fernet.key"


class Unreadable(Exception):
    """A secret was encrypted with another key (the key file was replaced or lost)."""


def seal(text: str) -> str:
    """Return the text encrypted; the key is made at first use (mode 600)."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(token: str) -> str:
    """Return what :func:`seal` encrypted.

    Raises:
        Unreadable: the key in the data directory is another one.
    """
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(KEY_FILE) from error


def _fernet() -> Fernet:
    path = Path(settings.KEYS) / KEY_FILE
    if not path.exists():
        _make(path)
    return Fernet(path.read_bytes().strip())


def _make(path: Path) -> None:
    """Write a new key beside the final name and link it there, so that no process ever reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
