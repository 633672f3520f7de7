"""Watch over requests: what a request writes to a room's tables it writes inside a ledger act.

The watch sits around every request of every test, in the test client and in the live server's threads.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.db import connection

from xianshen.ledger.services import OutsideAct, require_act

WRITE = re.compile(r'\s*(INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+"?(\w+)"?\s*(.*)', re.I | re.S)
COLUMN = re.compile(r'"(\w+)" = ')
#: Tables and the columns that a request may change without an act, each with its reason.
BOOKKEEPING: Mapping[str, tuple[frozenset[str], str]] = {
    "organisation_person": (frozenset({"last_login", "password"}), "sign-in: time, and a rehash to newer parameters"),
    "notices_notice": (frozenset({"read_at"}), "a person has read a notice"),
}
#: Rooms whose tables only the ledger itself writes, at the end of an act.
OWN_WRITERS = frozenset({"ledger"})


def watched_tables() -> frozenset[str]:
    """Return the tables of every room's models, many-to-many tables included."""
    return frozenset(
        model._meta.db_table
        for room in settings.ROOMS
        if room not in OWN_WRITERS
        for model in apps.get_app_config(room).get_models(include_auto_created=True)
    )


def offence(sql: str, tables: frozenset[str]) -> str | None:
    """Return what is wrong with a statement run in a request, outside an act, or None."""
    match = WRITE.match(sql)
    if not match or match[2] not in tables:
        return None
    verb, table, rest = match.groups()
    try:
        require_act("a write")
    except OutsideAct:
        columns, _reason = BOOKKEEPING.get(table, (frozenset(), ""))
        changed = set(COLUMN.findall(re.split(r"\bWHERE\b", rest)[0]))
        if verb.upper() == "UPDATE" and changed and changed <= columns:
            return None
        return f"{verb.upper()} {table} ({', '.join(sorted(changed)) or 'row'}) outside an act"
    return None


@dataclass
class Watch:
    """State of the watch: whether it refuses, and what it has refused."""

    active: bool = True
    found: list[str] = field(default_factory=list)


@contextmanager
def watch() -> Iterator[Watch]:
    """Refuse writes outside acts while requests are handled.

    The refusal is raised where it happens, and listed, so that a view which swallows it is found too.
    """
    tables = watched_tables()
    state = Watch()
    original = BaseHandler.get_response

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if state.active and (wrong := offence(sql, tables)):
            state.found.append(wrong)
            raise AssertionError(wrong)
        return execute(sql, params, many, context)

    def get_response(self: BaseHandler, request: Any) -> Any:
        with connection.execute_wrapper(refuse):
            return original(self, request)

    BaseHandler.get_response = get_response  # type: ignore[method-assign, assignment]
    try:
        yield state
    finally:
        BaseHandler.get_response = original  # type: ignore[method-assign]
