"""Database triggers that keep the ledger append-only, on SQLite and PostgreSQL.

They stop mistakes and ordinary database accounts. Whoever owns the database can drop them; that is what the
hash chain, the signed checkpoints and ``xianshen ledger verify`` are for.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

ENTRY = "ledger_ledgerentry"
ABOUT = "ledger_ledgerabout"
HEAD = "ledger_chainhead"
CHECKPOINT = "ledger_checkpoint"
APPEND_ONLY = (ENTRY, ABOUT, CHECKPOINT)
_GENESIS = "0" * 64

#: What must hold when an entry is inserted: it follows the head, and the entry before it.
_ENTRY_FOLLOWS = f"""
    NEW.sequence > (SELECT head.sequence FROM {HEAD} head WHERE head.institution = NEW.institution)
    AND ((NEW.sequence = 1 AND NEW.previous_hash = '{_GENESIS}') OR EXISTS (
        SELECT 1 FROM {ENTRY} before WHERE before.institution = NEW.institution
        AND before.sequence = NEW.sequence - 1 AND before.hash = NEW.previous_hash))"""
#: An about row arrives with its entry, before the head moves to it.
_ABOUT_FOLLOWS = f"""
    NEW.sequence > (SELECT head.sequence FROM {HEAD} head WHERE head.institution = NEW.institution)"""
#: The head moves forward only, to an entry that exists and has that hash.
_HEAD_ADVANCES = f"""
    NEW.institution = OLD.institution AND NEW.sequence > OLD.sequence AND EXISTS (
        SELECT 1 FROM {ENTRY} entry WHERE entry.institution = NEW.institution
        AND entry.sequence = NEW.sequence AND entry.hash = NEW.hash)"""
_HEAD_BEGINS = f"NEW.sequence = 0 AND NEW.hash = '{_GENESIS}'"

#: (name, table, operation, condition under which it is allowed or None for never, message)
_RULES: tuple[tuple[str, str, str, str | None, str], ...] = (
    *((f"{table}_no_update", table, "UPDATE", None, f"{table} is append-only") for table in APPEND_ONLY),
    *((f"{table}_no_delete", table, "DELETE", None, f"{table} is append-only") for table in (*APPEND_ONLY, HEAD)),
    (f"{ENTRY}_follows", ENTRY, "INSERT", _ENTRY_FOLLOWS, "entry does not follow the chain head"),
    (f"{ABOUT}_follows", ABOUT, "INSERT", _ABOUT_FOLLOWS, "about row does not follow the chain head"),
    (f"{HEAD}_begins", HEAD, "INSERT", _HEAD_BEGINS, "a chain head begins at 0"),
    (f"{HEAD}_advances", HEAD, "UPDATE", _HEAD_ADVANCES, "the chain head only moves forward, to an existing entry"),
)


def trigger_names(vendor: str) -> set[str]:
    """Return the names of all triggers on a kind of database (``sqlite`` or ``postgresql``)."""
    names = {name for name, *_ in _RULES}
    if vendor == "postgresql":
        names |= {f"{table}_no_truncate" for table in (*APPEND_ONLY, HEAD)}
    else:
        names |= {f"{table}_no_replace" for table in APPEND_ONLY}
    return names


def create_statements(vendor: str) -> Iterator[str]:
    """Yield the SQL that installs the triggers."""
    if vendor == "postgresql":
        yield from _postgresql()
    elif vendor == "sqlite":
        yield from _sqlite()
    else:
        raise ValueError(f"the ledger runs on SQLite and PostgreSQL, not on {vendor}")


def drop_statements(vendor: str) -> Iterator[str]:
    """Yield the SQL that removes the triggers (reversing the migration; emptying a test database)."""
    if vendor == "postgresql":
        for table in (*APPEND_ONLY, HEAD):
            yield f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}"
        for name, table, *_ in _RULES:
            yield f"DROP TRIGGER IF EXISTS {name} ON {table}"
            yield f"DROP FUNCTION IF EXISTS {name}()"
        yield "DROP FUNCTION IF EXISTS ledger_no_truncate()"
    else:
        for name in sorted(trigger_names(vendor)):
            yield f"DROP TRIGGER IF EXISTS {name}"


def installed_triggers(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of this room's triggers that the database has, enabled."""
    if connection.vendor == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {str(name) for (name,) in cursor.fetchall()} & trigger_names(connection.vendor)


def _sqlite() -> Iterator[str]:
    for name, table, operation, allowed, message in _RULES:
        when = "" if allowed is None else f"WHEN NOT coalesce({allowed}, 0)"
        yield (
            f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {when} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
    for table in APPEND_ONLY:
        yield (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} FOR EACH ROW "
            f"WHEN EXISTS (SELECT 1 FROM {table} old WHERE old.id = NEW.id) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _postgresql() -> Iterator[str]:
    """Yield functions and triggers.

    A session keeps the plan of a function from when the table was small; without sequential scans it is the
    index's plan from the start.
    """
    for name, table, operation, allowed, message in _RULES:
        check = "TRUE" if allowed is None else f"NOT coalesce({allowed}, FALSE)"
        yield (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ BEGIN "
            f"IF {check} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN NEW; END $$"
        )
        yield f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    yield (
        "CREATE FUNCTION ledger_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in (*APPEND_ONLY, HEAD):
        yield (
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION ledger_no_truncate()"
        )
