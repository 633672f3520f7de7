"""Playing the clocks forward on a copy: everything is listed, nothing of the live data changes."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.clocks.conftest import Things, World
from tests.support.college import build_college
from xianshen.cli.main import run
from xianshen.clocks.models import Deadline
from xianshen.ledger.models import LedgerEntry
from xianshen.notices.models import Notice


@pytest.fixture
def committed(transactional_db: None, pack: Path, things: Things) -> World:
    return World(build_college(timezone.now(), pack=pack), things)


def test_year_played_forward_lists_each_step_and_touches_nothing(
    committed: World, capsys: pytest.CaptureFixture[str]
) -> None:
    today = timezone.localdate()
    world = committed
    world.start("1", on=today)
    world.start("2", on=today - timedelta(days=8))
    world.start("坏", on=today)
    world.things.breaks.add("坏")
    before = (list(Deadline.objects.order_by("pk").values()), LedgerEntry.objects.count(), Notice.objects.count())

    assert run(["clocks", "simulate", "--days", "30", "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (
        list(Deadline.objects.order_by("pk").values()),
        LedgerEntry.objects.count(),
        Notice.objects.count(),
    ) == before

    mine = [(line["day"], line["kind"]) for line in lines if line["record"] == "事项1"]
    day = {n: (today + timedelta(days=n)).isoformat() for n in range(20)}
    assert mine == [
        (day[4], "reminder"),
        (day[6], "reminder"),
        (day[6], "escalation"),
        (day[7], "reminder"),
        (day[8], "consequence"),
        (day[8], "effect"),
        (day[9], "escalation"),
        (day[12], "escalation"),
    ]
    assert [line["day"] for line in lines if line["record"] == "事项2" and line["kind"] == "consequence"] == [day[0]]
    failing = [line for line in lines if line["kind"] == "failure"]
    assert [(line["record"], "no space left" in line["text"]) for line in failing] == [("事项坏", True)]
    assert {line["article"] for line in lines if line["kind"] == "consequence"} == {9}


def test_words_and_impossible_horizons(committed: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["clocks", "simulate", "--days", "0"]) == 0
    assert "nothing will happen" in capsys.readouterr().out
    assert run(["clocks", "simulate", "--days", "-1"]) == 2
    assert run(["clocks", "simulate", "--days", "99999"]) == 2
    committed.start("1", on=timezone.localdate() - timedelta(days=9))
    assert run(["clocks", "run"]) == 0
    assert "1 consequences" in capsys.readouterr().out
