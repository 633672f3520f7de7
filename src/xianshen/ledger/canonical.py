"""The bytes that are hashed: one RFC 8785 (JCS) object per entry. The layout is explained in docs/ledger.md.

The payload is stored as the very text that was hashed. Verification therefore never parses or re-sorts it:
the object around it has fixed keys, already in canonical order, and is written by string concatenation.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from json.encoder import encode_basestring as quote
from typing import Any, NamedTuple

import rfc8785

from xianshen.ledger.events import Subject, WrongPayload
from xianshen.ledger.privacy import JSON, holds_contact, mask

#: Version of the layout, part of what is hashed.
FORMAT = 1
#: What the first entry of an institution has as its previous hash.
GENESIS = "0" * 64


class Content(NamedTuple):
    """Everything of an entry that is hashed, in the order in which :data:`CONTENT_FIELDS` reads it."""

    institution: str
    sequence: int
    at: datetime
    event: str
    actor_kind: str
    actor_key: str
    actor_name: str
    actor_position: str
    actor_unit: str
    actor_on_behalf_of: str
    subject_type: str
    subject_id: str
    subject_label: str
    payload: str
    rule: str
    article: int | None
    policy_version: str
    previous_hash: str


CONTENT_FIELDS = Content._fields


def instant(at: datetime) -> str:
    """Write an aware time in UTC with microseconds: ``2026-11-23T13:20:01.000000Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def subject_text(subject_type: str, subject_id: str, label: str) -> str:
    """Write a subject as a canonical JSON object."""
    return f'{{"id":{quote(subject_id)},"label":{quote(label)},"type":{quote(subject_type)}}}'


def about_text(about: Iterable[Subject]) -> str:
    """Write the further subjects of an entry as a canonical JSON array."""
    return "[" + ",".join(subject_text(one.type, one.id, one.label) for one in about) + "]"


def entry_text(content: Content, about: str = "[]") -> str:
    """Write a whole entry as its RFC 8785 object.

    Args:
        content: the fields; ``payload`` is canonical JSON text and is taken verbatim.
        about: from :func:`about_text`.
    """
    article = "null" if content.article is None else str(content.article)
    return (
        f'{{"about":{about},"actor":{{"key":{quote(content.actor_key)},"kind":{quote(content.actor_kind)},'
        f'"name":{quote(content.actor_name)},"on_behalf_of":{quote(content.actor_on_behalf_of)},'
        f'"position":{quote(content.actor_position)},"unit":{quote(content.actor_unit)}}},'
        f'"article":{article},"at":"{instant(content.at)}","event":{quote(content.event)},"format":{FORMAT},'
        f'"institution":{quote(content.institution)},"payload":{content.payload},'
        f'"policy_version":{quote(content.policy_version)},"previous_hash":{quote(content.previous_hash)},'
        f'"rule":{quote(content.rule)},"sequence":{content.sequence},'
        f'"subject":{subject_text(content.subject_type, content.subject_id, content.subject_label)}}}'
    )


def entry_hash(content: Content, about: str = "[]") -> str:
    """Return the SHA-256 of an entry, hexadecimal.

    Raises:
        UnicodeEncodeError: a text holds a lone surrogate.
    """
    return hashlib.sha256(entry_text(content, about).encode()).hexdigest()


def canonical_payload(payload: Mapping[str, JSON]) -> str:
    """Return a payload as RFC 8785 text, with contact details masked.

    Raises:
        WrongPayload: something in it is not JSON (dates, decimals, lazy strings, numbers beyond 2**53, NaN).
    """
    plain = _plain(payload, "")
    text = _dumps(plain)
    return _dumps(mask(plain)) if holds_contact(text) else text


def _dumps(value: Any) -> str:
    try:
        return rfc8785.dumps(value).decode()
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise WrongPayload(f"payload is not JSON: {error}") from error


def _plain(value: object, path: str) -> Any:
    """Return the value built of dict, list, str, int, float, bool and None only, or name the part that is not."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if abs(value) >= 2**53:
            raise WrongPayload(f"payload{path}: {value} would be written as an integer that JSON readers round")
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise WrongPayload(f"payload{path}: keys are strings, not {type(key).__name__}")
        return {str.__str__(key): _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{place}]") for place, item in enumerate(value)]
    raise WrongPayload(f"payload{path}: {type(value).__name__} is not JSON; write it as text or number")
