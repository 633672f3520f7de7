"""What the ledger takes, and what it refuses."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy

from tests.factories.ledger import MOVED, NOTED, START, ActorFactory, SubjectFactory, note, note_many
from xianshen.common.actors import Actor
from xianshen.ledger.canonical import GENESIS
from xianshen.ledger.events import EventType, LedgerError, Subject, UnknownEvent, WrongPayload, declare_event
from xianshen.ledger.models import ChainHead, LedgerAbout, LedgerEntry
from xianshen.ledger.services import OutsideAct, act, record

pytestmark = pytest.mark.django_db


@act
def record_once(event: EventType | str = NOTED, **given: Any) -> LedgerEntry:
    values = {"actor": ActorFactory(), "subject": SubjectFactory(), "payload": {"text": "一"}, "at": START}
    return record(event, **{**values, **given})


def nothing_is_recorded() -> bool:
    return not LedgerEntry.objects.exists() and not ChainHead.objects.exists()


def test_entry_keeps_snapshot_of_actor_subject_and_reason() -> None:
    actor = ActorFactory(on_behalf_of="李强（系主任）")
    subject = Subject("registry.media_account", "17", "法律系微信")
    record_once(
        MOVED,
        actor=actor,
        subject=subject,
        payload={"to": "乙", "from": "甲"},
        rule="opening.prior_approval",
        article=8,
        policy_version="shcc-2016",
    )

    entry = LedgerEntry.objects.get()
    assert (entry.institution, entry.sequence, entry.at, entry.event) == ("shcc", 1, START, "tests.moved")
    assert (entry.actor_kind, entry.actor_key, entry.actor_name) == ("person", "20070007", "王敏")
    assert (entry.actor_position, entry.actor_unit, entry.actor_on_behalf_of) == ("系主任", "法律系", "李强（系主任）")
    assert entry.subject == subject
    assert entry.payload == '{"from":"甲","to":"乙"}'
    assert (entry.rule, entry.article, entry.policy_version) == ("opening.prior_approval", 8, "shcc-2016")
    assert entry.previous_hash == GENESIS
    assert entry.who == "王敏（系主任，法律系）代 李强（系主任）"
    assert entry.sentence == "从甲移到乙"


def test_entries_chain_per_institution() -> None:
    first, second = note(), note()
    other = note(institution="other")

    assert (first.sequence, second.sequence, other.sequence) == (1, 2, 1)
    assert second.previous_hash == first.hash
    assert other.previous_hash == GENESIS
    assert ChainHead.objects.get(institution="shcc").hash == second.hash
    assert ChainHead.objects.get(institution="other").hash == other.hash


def test_entries_of_one_act_keep_the_order_of_recording() -> None:
    entries = note_many(7)

    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5, 6, 7]
    assert [entry.previous_hash for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]


def test_further_subjects_are_kept_once_and_without_the_subject_itself() -> None:
    own, further = SubjectFactory(), SubjectFactory()
    entry = note(subject=own, about=[further, own, further])

    rows = LedgerAbout.objects.filter(sequence=entry.sequence)
    assert [(row.place, row.subject_type, row.subject_id, row.subject_label) for row in rows] == [
        (0, further.type, further.id, further.label)
    ]


def test_record_costs_three_queries() -> None:
    note()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        note()
    statements = [query["sql"].split()[0] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert statements == ["SELECT", "INSERT", "UPDATE"]


def test_record_of_many_entries_costs_no_more_queries() -> None:
    note()
    with CaptureQueriesContext(connection) as captured:
        record_several(30)
    statements = [query["sql"].split()[0] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert statements == ["SELECT", "INSERT", "UPDATE"]


@act
def record_several(count: int) -> None:
    for _ in range(count):
        record(NOTED, actor=ActorFactory(), subject=SubjectFactory(), payload={"text": "一"}, at=START)


def test_record_refuses_undeclared_event() -> None:
    with pytest.raises(UnknownEvent):
        record_once("tests.never_declared")
    with pytest.raises(UnknownEvent):
        record_once(EventType("tests.noted", frozenset({"text"}), "另一个"))
    assert nothing_is_recorded()


def test_record_takes_event_by_code() -> None:
    assert record_once("tests.noted").event == "tests.noted"


@pytest.mark.parametrize(
    ("payload", "complaint"),
    (
        ({}, "missing keys: text"),
        ({"text": "一", "more": 1}, "undeclared keys: more"),
        ({"txt": "一"}, "missing keys: text; undeclared keys: txt"),
        ({"text": START}, "payload.text: datetime is not JSON"),
        ({"text": ["一", {"a": gettext_lazy("甲")}]}, r"payload.text\[1\].a: __proxy__ is not JSON"),
        ({"text": {1: "一"}}, "keys are strings, not int"),
        ({"text": float("nan")}, "not JSON"),
        ({"text": 2**53}, "not JSON"),
        ({"text": -1e16}, "would be written as an integer"),
        ({"text": "\ud800"}, "not JSON"),
        ({"text": {"\ud800": 1}}, "not JSON"),
    ),
)
def test_record_refuses_wrong_payload(payload: dict[str, Any], complaint: str) -> None:
    with pytest.raises(WrongPayload, match=complaint):
        record_once(payload=payload)
    assert nothing_is_recorded()


def test_payload_takes_string_enumerations_tuples_and_control_characters() -> None:
    class State(StrEnum):
        OPEN = "open"

    entry = record_once(payload={"text": (State.OPEN, '\x00\n"\\', 1.5, None, True)})
    assert entry.payload == '{"text":["open","\\u0000\\n\\"\\\\",1.5,null,true]}'
    assert json.loads(entry.payload) == {"text": ["open", '\x00\n"\\', 1.5, None, True]}


@pytest.mark.parametrize(
    "given",
    (
        {"at": datetime(2026, 11, 23)},
        {"subject": Subject("tests.thing", "1", "a\x00b")},
        {"subject": Subject("tests.thing", "1", "\ud800")},
        {"subject": Subject("tests.thing", "x" * 129, "甲")},
        {"about": [Subject("tests.thing", "1", "\x00")]},
        {"rule": "r" * 129},
    ),
)
def test_record_refuses_what_a_database_cannot_hold(given: dict[str, Any]) -> None:
    with pytest.raises(LedgerError):
        record_once(**given)
    assert nothing_is_recorded()


def test_record_outside_an_act_is_refused() -> None:
    with pytest.raises(OutsideAct):
        record(NOTED, actor=ActorFactory(), subject=SubjectFactory(), payload={"text": "一"}, at=START)
    assert nothing_is_recorded()


def test_contact_details_are_masked_before_they_enter_the_hash() -> None:
    subject = Subject("tests.thing", "1", "张三 13812345678")
    entry = record_once(
        subject=subject,
        payload={"text": ["打我手机 138-1234-5678，或 +86 13912345678", {"邮": "邮箱 wang.min+x@shcc.edu.cn。"}]},
    )

    assert entry.data == {"text": ["打我手机 138****5678，或 139****5678", {"邮": "邮箱 ***@shcc.edu.cn。"}]}
    assert entry.subject_label == "张三 138****5678"


def test_declared_keys_may_not_name_personal_data() -> None:
    with pytest.raises(LedgerError, match="mobile"):
        declare_event("tests.personal", keys=("mobile", "text"), label="甲")
    with pytest.raises(LedgerError, match="declared twice"):
        declare_event("tests.noted", keys=(), label="甲")
    with pytest.raises(LedgerError, match="not one string"):
        declare_event("tests.one_key", keys="text", label="甲")


def test_sentence_shows_values_for_people_and_survives_a_lost_event() -> None:
    entry = record_once(payload={"text": ["甲", None, True, {"从": 1}]})
    assert entry.sentence == "记下“甲、、是、从：1”"
    entry.event = "tests.gone"
    assert entry.sentence == "tests.gone"


def test_who_names_system_and_public() -> None:
    assert record_once(actor=Actor.system(institution_id=1, institution="shcc")).who == "先审"
    assert record_once(actor=Actor.public(institution_id=1, institution="shcc")).who == "公众"
