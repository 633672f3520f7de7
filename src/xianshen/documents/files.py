"""Files by their content: under ``settings.FILES``, outside the web root, readable by the owner only.

A file lies at ``ab/cd/<sha256>``. Storing the same bytes twice gives the same file. A file written in an
act that was rolled back stays behind unnamed; nothing refers to it and nothing serves it.
"""

import os
import re
import secrets
from hashlib import sha256
from pathlib import Path

from django.conf import settings

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileMissing(Exception):
    """A stored file is not where it was put."""


class FileDamaged(Exception):
    """A stored file no longer has the digest under which it was stored."""


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal."""
    return sha256(content).hexdigest()


def path_of(digest: str) -> Path:
    """Return where the file with a digest lies.

    Raises:
        ValueError: not a digest.
    """
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} is not a SHA-256 digest")
    return Path(settings.FILES) / digest[:2] / digest[2:4] / digest


def store(content: bytes) -> str:
    """Write a file and return its digest. The file appears whole or not at all, and only once."""
    digest = digest_of(content)
    path = path_of(digest)
    if path.exists():
        return digest
    for folder in (Path(settings.FILES), path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return digest


def read(digest: str) -> bytes:
    """Return a stored file's bytes, checked against its digest.

    Raises:
        FileMissing: it is gone.
        FileDamaged: it has changed on disk.
    """
    try:
        content = path_of(digest).read_bytes()
    except FileNotFoundError as error:
        raise FileMissing(digest) from error
    if digest_of(content) != digest:
        raise FileDamaged(digest)
    return content
