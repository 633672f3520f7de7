"""Database triggers that keep stored policy versions as they were loaded, on SQLite and PostgreSQL."""

from collections.abc import Iterator

TABLE = "regulation_policyversion"
NAME = f"{TABLE}_no_update"
MESSAGE = f"{TABLE}: a version is never changed"


def create_statements(vendor: str) -> Iterator[str]:
    """Yield the SQL that installs the trigger on a kind of database."""
    if vendor == "postgresql":
        yield (
            f"CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
        )
        yield f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {NAME}()"
    elif vendor == "sqlite":
        yield f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    else:
        raise ValueError(f"policy versions are kept on SQLite and PostgreSQL, not on {vendor}")


def drop_statements(vendor: str) -> Iterator[str]:
    """Yield the SQL that removes the trigger."""
    if vendor == "postgresql":
        yield f"DROP TRIGGER IF EXISTS {NAME} ON {TABLE}"
        yield f"DROP FUNCTION IF EXISTS {NAME}()"
    else:
        yield f"DROP TRIGGER IF EXISTS {NAME}"
