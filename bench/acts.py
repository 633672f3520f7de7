"""Decisions and whole applications over HTTP, with eight clients, beside a bare read-plus-insert view."""

import itertools
import re
import tempfile
import threading
from collections.abc import Callable, Mapping

from bench.load import Session, getter, run, server
from bench.pages import CREATE, inside
from bench.table import table

CLIENTS = 8
BAR_RATE, BAR_SHARE = 100.0, 0.2

PREPARE = """
import json
from bench.data import *
from bench.openings import drafts
cast, policy, units = cast_and_units()
found = drafts(cast, units, {count}, submitted={submitted})
print(json.dumps({{
    "work": found,
    "director": session_of(cast.director),
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
        inside(PREPARE.format(count=count, submitted=submitted, clients=CLIENTS), environment)
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
    """Print decisions per second and the bare view's rate."""
    each = 10 if quick else 60
    with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
        environment = {"XIANSHEN_DATA": directory, **({"DATABASE_URL": url} if url else {})}
        found = prepared(environment, url, count=CLIENTS * each, submitted=True)
        with server(environment) as (port, _process):
            heads = [Session(port, str(key)) for key in found["heads"]]  # type: ignore[union-attr,attr-defined]
            run([getter(session, "/bench/read-insert/") for session in heads], 10)
            bare = run([getter(session, "/bench/read-insert/") for session in heads], 30 if quick else 150)
            work = [iter(list(items)) for items in found["work"]]  # type: ignore[call-overload,attr-defined]

            def caller(session: Session, items: "itertools.count[int]") -> Callable[[], None]:
                def call() -> None:
                    item = next(items)
                    sign(session, item["chain"], {"step": item["step"], "digest": item["digest"]})  # type: ignore[index]

                return call

            outcome = run([caller(s, items) for s, items in zip(heads, work, strict=True)], each)  # type: ignore[arg-type]
        verified = inside("from xianshen.ledger.verify import verify\nprint(verify().ok)", environment)
    share = outcome.rate / bare.rate
    met = outcome.rate >= BAR_RATE or share >= BAR_SHARE
    table(
        f"Decisions, {database}: {CLIENTS} clients over HTTP",
        ("what", "per second", "share of bare view", "errors", "ledger verifies", "bar"),
        [
            ("bare read and insert", f"{bare.rate:.0f}", "1", len(bare.errors), "", ""),
            (
                "decision",
                f"{outcome.rate:.0f}",
                f"{share:.2f}",
                len(outcome.errors),
                verified,
                f"{'met' if met else 'NOT MET'}: ≥ {BAR_RATE:.0f} or ≥ {BAR_SHARE}",
            ),
        ],
    )
    for error in outcome.errors[:3]:
        print("  ", error)


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
                director = Session(port, str(found["director"]))
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
