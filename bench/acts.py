"""Decisions and whole applications over HTTP, with eight clients, beside a bare read-plus-insert view."""

import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping

from bench.load import Outcome, Session, busy, getter, run, server
from bench.pages import CREATE, inside
from bench.table import table

CLIENTS = 8
#: People who hold the Office's deciding position: one alone would be locked out for so many signatures at once.
DIRECTORS = 2
BAR_RATE, BAR_SHARE = 100.0, 0.2

PREPARE = """
import json
from bench.data import *
from bench.openings import directors, drafts
cast, policy, units = cast_and_units()
found = drafts(cast, units, {count}, submitted={submitted})
print(json.dumps({{
    "work": found,
    "directors": [session_of(pk) for pk in directors(cast, {directors})] * ({clients} // {directors}),
    "heads": [session_of(pk) for pk in cast.heads[:{clients}]],
    "operators": [session_of(pk) for pk in cast.operators[:{clients}]],
}}))
"""


def prepared(environment: Mapping[str, str], url: str | None, *, count: int, submitted: bool) -> dict[str, object]:
    """Make an empty database with drafts (or submitted applications) for eight units; returns sessions and keys."""
    import json

    if url:
        inside(
            "from django.db import connection\nwith connection.cursor() as c:\n"
            "    c.execute('DROP SCHEMA public CASCADE'); c.execute('CREATE SCHEMA public')",
            environment,
        )
    inside(CREATE, environment)
    found: dict[str, object] = json.loads(
        inside(PREPARE.format(count=count, submitted=submitted, clients=CLIENTS, directors=DIRECTORS), environment)
    )
    return found


def decide(session: Session, chain: int) -> None:
    """Open the approval page, sign an agreement; anything but success raises."""
    status, _location, body = session.request("GET", f"/approvals/{chain}/")
    fields = dict(re.findall(r'name="(step|digest)" value="([^"]+)"', body.decode()))
    if status != 200 or len(fields) != 2:
        raise RuntimeError(f"approval page {chain}: {status} {body[-300:]!r}")
    sign(session, chain, fields)


def sign(session: Session, chain: int, fields: Mapping[str, object]) -> None:
    form = {**fields, "verdict": "agree", "text": "同意开设。", "secret": "bench-password"}
    status, location, body = session.request("POST", f"/approvals/{chain}/decide/", form)
    if status != 302 or not location.endswith(f"/approvals/{chain}/"):
        raise RuntimeError(f"decision {chain}: {status} {re.sub(rb'<[^>]+>', b' ', body)[:600]!r}")


def decisions(database: str, url: str | None, *, quick: bool) -> None:
    """Print decisions per second and the bare view's rate.

    The bare view and both decisions of a chain are measured in turns, so that whatever else the machine does
    falls on all of them: the unit's opinion, which hands the chain on, and the Office's, which closes it, enters the
    account and has the annex made.
    """
    turns, each = (3, 5) if quick else (10, 10)
    with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
        environment = {"XIANSHEN_DATA": directory, **({"DATABASE_URL": url} if url else {})}
        found = prepared(environment, url, count=CLIENTS * (turns + 1) * each, submitted=True)
        work: list[list[dict[str, object]]] = found["work"]  # type: ignore[assignment]
        with server(environment) as (port, process):
            heads = [Session(port, str(key)) for key in found["heads"]]  # type: ignore[attr-defined]
            office = [Session(port, str(key)) for key in found["directors"]]  # type: ignore[attr-defined]
            kinds: dict[str, Callable[[int], list[Callable[[], None]]]] = {
                "bare read and insert": lambda _turn: [getter(session, "/bench/read-insert/") for session in heads],
                "unit's opinion": lambda turn: _signers(heads, work, turn * each, 0),
                "Office's opinion": lambda turn: _signers(office, work, turn * each, 1),
            }
            outcomes = {kind: Outcome([], [], 0.0) for kind in kinds}
            spent = dict.fromkeys(kinds, 0.0)
            for turn in range(turns + 1):
                for kind, callers in kinds.items():
                    before = busy(process)
                    outcome = run(callers(turn), each)
                    if turn:
                        spent[kind] += busy(process) - before
                        outcomes[kind] += outcome
        verified = inside("from xianshen.ledger.verify import verify\nprint(verify().ok)", environment)
    bare, *_opinions = kinds
    both = "both"
    outcomes[both] = outcomes["unit's opinion"] + outcomes["Office's opinion"]
    spent[both] = spent["unit's opinion"] + spent["Office's opinion"]
    rows = []
    for kind, outcome in outcomes.items():
        share = outcome.rate / outcomes[bare].rate
        met = outcome.rate >= BAR_RATE or share >= BAR_SHARE
        bar = "" if kind == bare else f"{'met' if met else 'NOT MET'}: ≥ {BAR_RATE:.0f} or ≥ {BAR_SHARE}"
        cost = spent[kind] / len(outcome.times) * 1000
        rows.append((kind, f"{outcome.rate:.0f}", f"{share:.2f}", f"{cost:.1f}", len(outcome.errors), bar))
    table(
        f"Decisions, {database}: {CLIENTS} clients over HTTP; ledger verifies: {verified}",
        ("what", "per second", "share of bare view", "processor ms of the server", "errors", "bar"),
        rows,
    )
    for error in outcomes[both].errors[:3]:
        print("  ", error)


def _signers(
    sessions: list[Session], work: list[list[dict[str, object]]], first: int, place: int
) -> list[Callable[[], None]]:
    """Return one caller per session that signs in the step at a place, chain after chain from the first."""

    def caller(session: Session, items: Iterator[dict[str, object]]) -> Callable[[], None]:
        def call() -> None:
            item = next(items)
            steps: list[int] = item["steps"]  # type: ignore[assignment]
            sign(session, int(str(item["chain"])), {"step": steps[place], "digest": item["digest"]})

        return call

    return [caller(session, iter(items[first:])) for session, items in zip(sessions, work, strict=True)]


def openings(database: str, url: str | None, *, quick: bool) -> None:
    """Print transitions per second of whole applications: submit, unit opinion, Office opinion."""
    each = 4 if quick else 20
    with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
        environment = {"XIANSHEN_DATA": directory, **({"DATABASE_URL": url} if url else {})}
        found = prepared(environment, url, count=CLIENTS * each, submitted=False)
        lock = threading.Lock()
        with server(environment) as (port, _process):

            def caller(number: int) -> Callable[[], None]:
                operator = Session(port, str(found["operators"][number]))  # type: ignore[index]
                head = Session(port, str(found["heads"][number]))  # type: ignore[index]
                director = Session(port, str(found["directors"][number]))  # type: ignore[index]
                items = iter(list(found["work"][number]))  # type: ignore[index]

                def call() -> None:
                    with lock:
                        item = next(items)
                    status, location, body = operator.request(
                        "POST", f"/applications/{item['application']}/submit/", item["form"]
                    )
                    if status != 302:
                        raise RuntimeError(f"submit: {status} {re.sub(rb'<[^>]+>', b' ', body)[:600]!r}")
                    _status, _location, page = operator.request("GET", location)
                    chain = re.search(rb"/approvals/(\d+)/", page)
                    if chain is None:
                        raise RuntimeError(f"no chain on {location}")
                    decide(head, int(chain[1]))
                    decide(director, int(chain[1]))

                return call

            outcome = run([caller(number) for number in range(CLIENTS)], each)
        verified = inside("from xianshen.ledger.verify import verify\nprint(verify().ok)", environment)
        accounts = inside(
            "from xianshen.registry.models import MediaAccount as M\nprint(M.objects.count())", environment
        )
    table(
        f"Opening applications from draft to approved, {database}: {CLIENTS} clients over HTTP",
        ("applications", "transitions per second", "errors", "accounts opened", "ledger verifies"),
        [(CLIENTS * each, f"{outcome.rate * 3:.0f}", len(outcome.errors), accounts, verified)],
    )
    for error in outcome.errors[:3]:
        print("  ", error)
