"""What keeps personal data erasable although the ledger never forgets (docs/ledger.md, "Personal data")."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

#: What a payload may hold.
JSON: TypeAlias = Union[str, int, float, bool, Sequence["JSON"], Mapping[str, "JSON"], None]  # noqa: UP007

_MOBILE = re.compile(
    r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?([1１][3-9３-９]\d)[- ]?\d{4}[- ]?(\d{4})(?![0-9A-Za-z])"  # noqa: RUF001
)
_EMAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+(@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


def mask_text(text: str) -> str:
    """Return the text with mobile numbers and e-mail addresses masked: ``138****5678``, ``***@example.edu.cn``.

    People type contact details into opinions and reasons; what enters the hash can never be erased again.
    """
    return _EMAIL.sub(r"***\1", _MOBILE.sub(r"\1****\2", text))


def mask(value: JSON) -> JSON:
    """Return a JSON value with :func:`mask_text` applied to every string value in it."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {key: mask(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item) for item in value]
    return value


def holds_contact(text: str) -> bool:
    """Say whether a text holds something that looks like a mobile number or an e-mail address."""
    return _MOBILE.search(text) is not None or _EMAIL.search(text) is not None


def new_salt() -> str:
    """Return a random salt (128 bits, hexadecimal), to be stored beside the personal data and erased with it."""
    return secrets.token_hex(16)


def salted_digest(value: str, salt: str) -> str:
    """Return the digest by which a payload may refer to personal data.

    HMAC-SHA256 of the value (NFC, UTF-8) under the salt. While the record keeps value and salt, anybody can
    show that the entry speaks of that value; once both are erased, the digest says nothing about it.

    Args:
        value: the personal data, e.g. a mobile number.
        salt: from :func:`new_salt`, one per record, never shared between records.

    Raises:
        ValueError: the salt is shorter than 16 characters, so that values could be guessed.
    """
    if len(salt) < 16:
        raise ValueError("a salt has at least 16 characters")
    normal = unicodedata.normalize("NFC", value)
    return hmac.new(salt.encode(), normal.encode(), hashlib.sha256).hexdigest()
