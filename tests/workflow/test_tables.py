"""Every transition of every declared lifecycle, from every state."""

from datetime import datetime
from typing import Any

import pytest
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from xianshen.approvals.transitions import CHAIN
from xianshen.common.errors import TransitionNotAllowed
from xianshen.ledger.models import LedgerEntry
from xianshen.registry.transitions import ACCOUNT, APPLICATION
from xianshen.workflow.diagram import mermaid
from xianshen.workflow.tables import TransitionTable

TABLES: list[TransitionTable[Any]] = [ACCOUNT, APPLICATION, CHAIN]


class Record:
    """Stands for a row: a state and nothing else."""

    def __init__(self, state: str) -> None:
        self.state = state


CASES = [(table, name, state) for table in TABLES for name in (t.name for t in table) for state in table.states.values]


@pytest.mark.parametrize(("table", "name", "state"), CASES, ids=[f"{t.name}-{n}-{s}" for t, n, s in CASES])
def test_transition_is_legal_from_its_sources_only(table: TransitionTable[Any], name: str, state: str) -> None:
    record = Record(state)
    if state not in table[name].sources:
        with pytest.raises(TransitionNotAllowed) as refusal:
            table.check(record, name, None)
        assert str(table.states(state).label) in str(refusal.value.reason)
    assert record.state == state


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_can_be_reached(table: TransitionTable[Any]) -> None:
    reached = set(table.initial)
    for _ in table.states.values:
        reached |= {t.target for t in table if t.sources & reached}
    assert reached == set(table.states.values)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_diagram_draws_every_transition(table: TransitionTable[Any]) -> None:
    drawing = mermaid(table)
    for transition in table:
        for source in transition.sources:
            assert f"{source} --> {transition.target}: {transition.name}" in drawing


@given(st.data())
def test_random_walks_stay_inside_the_declared_states(data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(TABLES))
    record = Record(data.draw(st.sampled_from(sorted(table.initial))))
    for _ in range(8):
        name = data.draw(st.sampled_from([t.name for t in table]))
        before = record.state
        if before in table[name].sources:
            record.state = table[name].target
        else:
            with pytest.raises(TransitionNotAllowed):
                table.check(record, name, None)
            assert record.state == before
        assert record.state in table.states.values


def test_declaration_mistakes_are_found_at_import() -> None:
    class States(models.TextChoices):
        A = "a"

    from dataclasses import replace

    good = next(iter(CHAIN))
    with pytest.raises(ValueError, match="unknown states"):
        TransitionTable("X", States, (good,), frozenset({"a"}))
    one = replace(good, sources=frozenset({"a"}), target="a")
    with pytest.raises(ValueError, match="two transitions"):
        TransitionTable("X", States, (one, one), frozenset({"a"}))


def test_state_changes_leave_an_entry(college: Any, now: datetime) -> None:
    from xianshen.registry import services

    account = college.opened()
    before = LedgerEntry.objects.count()
    services.begin_closing_account(
        account_id=account.pk, institution_id=college.institution.pk, text="改由系号承担", **college.who("media")
    )
    services.close_account(
        account_id=account.pk, institution_id=college.institution.pk, text="平台已注销", **college.who("media")
    )
    events = list(LedgerEntry.objects.order_by("sequence").values_list("event", flat=True)[before:])
    assert events == ["registry.account_closing", "registry.account_closed"]
