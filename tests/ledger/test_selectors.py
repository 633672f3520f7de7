"""Timelines: the entries of a record, of an institution, and whether they are as recorded."""

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.factories.ledger import SubjectFactory, note, note_many
from tests.ledger import forgery
from xianshen.ledger import selectors
from xianshen.ledger.events import Subject
from xianshen.ledger.models import LedgerAbout

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Subject:
    return SubjectFactory(type="registry.media_account", id="17", label="法律系微信")


@pytest.fixture
def timeline(account: Subject) -> list[int]:
    """Numbers of the entries on the account's page: its own, and those that name it; others lie in between."""
    application = SubjectFactory(type="registry.opening_application", id="17")
    note(subject=account)
    note(subject=application)
    note(subject=application, about=[account])
    note(subject=SubjectFactory(type="registry.media_account", id="18"))
    note(subject=account, institution="other")
    note(subject=account, about=[application])
    return [5, 3, 1]


def sequences(account: Subject, **options: int) -> list[int]:
    return [entry.sequence for entry in selectors.entries_about("shcc", account.type, account.id, **options)]


def test_entries_about_are_the_records_own_and_those_that_name_it_newest_first(
    account: Subject, timeline: list[int]
) -> None:
    assert sequences(account) == timeline
    assert selectors.count_about("shcc", account.type, account.id) == 3


def test_entries_about_are_scoped_by_institution(account: Subject, timeline: list[int]) -> None:
    [only] = selectors.entries_about("other", account.type, account.id)
    assert only.institution == "other"
    assert selectors.entries_about("third", account.type, account.id) == []
    assert selectors.count_about("third", account.type, account.id) == 0


def test_entries_about_come_in_pages(account: Subject, timeline: list[int]) -> None:
    assert sequences(account, limit=2) == timeline[:2]
    assert sequences(account, limit=2, before=timeline[1]) == timeline[2:]
    assert sequences(account, limit=1, before=timeline[0]) == [timeline[1]]


def test_entries_about_cost_as_many_queries_for_many_as_for_one(
    account: Subject, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    note(subject=account)
    note(about=[account])
    with django_assert_num_queries(3):
        assert len(sequences(account)) == 2
    for _ in range(29):
        note(subject=account)
        note(about=[account])
    with django_assert_num_queries(3):
        assert len(sequences(account)) == 50


def test_recent_entries_filter_search_and_page(account: Subject, timeline: list[int]) -> None:
    def recent(**options: object) -> list[int]:
        return [entry.sequence for entry in selectors.recent_entries("shcc", **options)]  # type: ignore[arg-type]

    assert recent() == [5, 4, 3, 2, 1]
    assert recent(limit=2) == [5, 4]
    assert recent(limit=2, before=4) == [3, 2]
    assert recent(events=["tests.moved"]) == []
    assert recent(events=["tests.noted"]) == [5, 4, 3, 2, 1]
    assert recent(search=account.label) == [5, 1]
    assert recent(search="王敏") == [5, 4, 3, 2, 1]
    assert recent(search="无此人") == []


def test_entry_at_returns_one_entry_of_the_institution(timeline: list[int]) -> None:
    entry = selectors.entry_at("shcc", 3)
    assert entry is not None
    assert (entry.institution, entry.sequence) == ("shcc", 3)
    assert selectors.entry_at("other", 3) is None


def test_about_of_returns_further_subjects_with_one_query(
    account: Subject, timeline: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    entries = selectors.recent_entries("shcc")
    with django_assert_num_queries(1):
        found = selectors.about_of(entries)
    assert {sequence: [row.subject_type for row in rows] for sequence, rows in found.items()} == {
        3: ["registry.media_account"],
        5: ["registry.opening_application"],
    }
    assert selectors.about_of([]) == {}


def test_broken_among_names_altered_and_unlinked_entries() -> None:
    note_many(9)
    assert selectors.broken_among(selectors.recent_entries("shcc")) == set()
    assert selectors.broken_among([]) == set()

    forgery.open_the_database()
    forgery.change(2, actor_name="张三")
    LedgerAbout.objects.filter(sequence=6, place=1).update(subject_label="别的")
    forgery.delete(4)
    assert selectors.broken_among(selectors.recent_entries("shcc")) == {2, 5, 6}
