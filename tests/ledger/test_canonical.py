"""What is hashed is RFC 8785, whatever people type, and comes back from the database as it went in."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import rfc8785
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.factories.ledger import NOTED
from xianshen.common.actors import Actor, ActorKind
from xianshen.ledger import verify
from xianshen.ledger.canonical import (
    CONTENT_FIELDS,
    Content,
    about_text,
    canonical_payload,
    entry_hash,
    entry_text,
    instant,
)
from xianshen.ledger.events import Subject
from xianshen.ledger.models import LedgerEntry
from xianshen.ledger.privacy import mask
from xianshen.ledger.services import act, record

whole = st.integers(-(2**53) + 1, 2**53 - 1)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
code = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | whole | st.floats(-(2**53), 2**53, exclude_min=True, exclude_max=True) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
payloads = st.dictionaries(text, json_values, max_size=5)
times = st.datetimes(
    min_value=datetime(2000, 1, 2),
    max_value=datetime(2199, 12, 30),
    timezones=st.sampled_from([UTC, ZoneInfo("Asia/Shanghai")]),
)
subjects = st.builds(Subject, code, code, line)
contents = st.builds(
    Content,
    institution=code,
    sequence=st.integers(1, 2**53 - 1),
    at=times,
    event=code,
    actor_kind=st.sampled_from([kind.value for kind in ActorKind]),
    actor_key=line,
    actor_name=line,
    actor_position=line,
    actor_unit=line,
    actor_on_behalf_of=line,
    subject_type=code,
    subject_id=code,
    subject_label=line,
    payload=payloads.map(canonical_payload),
    rule=line,
    article=st.none() | st.integers(1, 200),
    policy_version=line,
    previous_hash=st.binary(min_size=32, max_size=32).map(bytes.hex),
)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(payloads)
def test_payload_text_is_canonical_and_says_the_same(payload: dict[str, Any]) -> None:
    written = canonical_payload(payload)
    assert written.encode() == rfc8785.dumps(mask(payload))  # type: ignore[arg-type]
    assert json.loads(written) == mask(payload)


@unhurried
@given(contents, st.lists(subjects, max_size=3))
def test_hashed_text_is_the_canonical_json_of_the_whole_entry(content: Content, about: list[Subject]) -> None:
    written = entry_text(content, about_text(about))
    read = json.loads(written)
    assert written.encode() == rfc8785.dumps(read)
    assert read == {
        "about": [{"id": one.id, "label": one.label, "type": one.type} for one in about],
        "actor": {
            "key": content.actor_key,
            "kind": content.actor_kind,
            "name": content.actor_name,
            "on_behalf_of": content.actor_on_behalf_of,
            "position": content.actor_position,
            "unit": content.actor_unit,
        },
        "article": content.article,
        "at": instant(content.at),
        "event": content.event,
        "format": 1,
        "institution": content.institution,
        "payload": json.loads(content.payload),
        "policy_version": content.policy_version,
        "previous_hash": content.previous_hash,
        "rule": content.rule,
        "sequence": content.sequence,
        "subject": {"id": content.subject_id, "label": content.subject_label, "type": content.subject_type},
    }
    assert entry_hash(content, about_text(about)) == hashlib.sha256(rfc8785.dumps(read)).hexdigest()


@unhurried
@given(contents, st.sampled_from(CONTENT_FIELDS), st.data())
def test_changing_any_field_to_anything_changes_the_hash(content: Content, name: str, data: st.DataObject) -> None:
    """Also when the payload column is made to hold what is not JSON at all."""
    values = line if name in {"payload", "actor_name"} else contents.map(lambda other: getattr(other, name))
    value = data.draw(values)
    assume(value != getattr(content, name))
    assert entry_hash(content._replace(**{name: value})) != entry_hash(content)


@unhurried
@given(contents, line)
def test_payload_cannot_swallow_the_fields_behind_it(content: Content, rest: str) -> None:
    """A payload column that holds the text up to a later field does not give the same entry."""
    honest = entry_text(content)
    start = honest.index(content.payload, honest.index('"payload":'))
    for end in range(start, len(honest) + 1, 7):
        forged = content._replace(payload=honest[start:end])
        if forged != content:
            assert entry_text(forged) != honest
    assert entry_text(content._replace(payload=content.payload + rest)) != honest or not rest


@unhurried
@given(times)
def test_time_is_written_in_utc_with_microseconds(at: datetime) -> None:
    assert datetime.fromisoformat(instant(at)) == at
    assert len(instant(at)) == len("2026-11-23T13:20:01.000000Z")


@act
def record_anything(actor: Actor, subject: Subject, payload: Any, at: datetime, about: list[Subject]) -> LedgerEntry:
    return record(NOTED, actor=actor, subject=subject, payload={"text": payload}, at=at, about=about)


@pytest.mark.django_db
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.builds(
        Actor,
        kind=st.sampled_from(ActorKind),
        institution_id=st.just(1),
        institution=st.just("shcc"),
        key=line,
        name=line,
        position=line,
        unit=line,
        on_behalf_of=line,
    ),
    subjects,
    json_values,
    times,
    st.lists(subjects, max_size=3),
)
def test_recorded_entries_verify_after_the_database_kept_them(
    actor: Actor, subject: Subject, payload: Any, at: datetime, about: list[Subject]
) -> None:
    entry = record_anything(actor, subject, payload, at, about)
    kept = LedgerEntry.objects.get(pk=entry.pk)
    assert kept.content == entry.content
    assert kept.data == {"text": mask(payload)}
    assert kept.at == at
    assert verify.verify("shcc").first_bad is None
