"""Reads the sealed rows of a database copy, as an attacker would."""

import sqlite3
from pathlib import Path
from uuid import UUID

ENTRIES_QUERY = """
SELECT {v.fragment_id}, v.version, {v.expires_at}, {v.wrapped_key}, {e.id}, {e.sealed}, {f.chronology_id}, {v.partnership_id}
FROM fragment_versions v JOIN entries e ON e.fragment_id = v.fragment_id AND e.version = v.version
JOIN fragments f ON f.id = v.fragment_id"""
HOLDS_QUERY = "SELECT {h.id}, h.version, {h.words_until}, {h.wrapped_key}, {h.sealed}, {h.partnership_id} FROM holds h WHERE h.sealed IS NOT NULL"
# All other tables whose sealed values expire: row id, version, expiry, wrapped key, sealed value,
# scope, partnership.
EXPIRING_TABLES = {
    "people": "SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.id}, {t.partnership_id} FROM people t",
    "families": "SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.id}, {t.partnership_id} FROM families t",
    "chronologies": "SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.id}, {t.partnership_id} FROM chronologies t",
    "invitations": """SELECT {t.id}, t.version, {c.expires_at}, {t.wrapped_key}, {t.sealed}, {c.id}, {t.partnership_id}
        FROM invitations t JOIN chronologies c ON c.id = t.chronology_id""",
    "fragment_versions": """SELECT {t.fragment_id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {f.chronology_id}, {t.partnership_id}
        FROM fragment_versions t JOIN fragments f ON f.id = t.fragment_id""",
    "consolidations": "SELECT {t.id}, 1, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.chronology_id}, {t.partnership_id} FROM consolidations t",
    "consolidation_links": """SELECT {t.consolidation_id}, 1, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {c.chronology_id}, {t.partnership_id}
        FROM consolidation_links t JOIN consolidations c ON c.id = t.consolidation_id""",
    "event_links": "SELECT {t.chronology_id}, 3, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.chronology_id}, {t.partnership_id} FROM event_links t",
    "link_decisions": """SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.chronology_id}, {t.partnership_id}
        FROM link_decisions t WHERE t.sealed IS NOT NULL""",
    "person_links": "SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.chronology_id}, {t.partnership_id} FROM person_links t",
    "deletion_orders": """SELECT {t.chronology_id}, 1, {t.words_until}, {t.wrapped_key}, {t.sealed}, {t.partnership_id}, {t.partnership_id}
        FROM deletion_orders t WHERE t.sealed IS NOT NULL""",
    "destruction_requests": """SELECT {t.id}, 1, {t.lapses_at}, {t.wrapped_key}, {t.sealed}, {t.partnership_id}, {t.partnership_id}
        FROM destruction_requests t""",
    "emergency_accesses": """SELECT {t.id}, t.version, {t.words_until}, {t.wrapped_key}, {t.sealed}, {t.id}, {t.partnership_id}
        FROM emergency_accesses t WHERE t.sealed IS NOT NULL""",
}
# Sealed with the partnership's permanent key or the audit's keys; these tables contain no content
# that expires.
PERMANENT_TABLES = {"practitioners", "audit_records"}
# Read by `entry_rows` and `hold_rows`.
SEPARATELY_QUERIED = {"entries", "holds"}
SEALED_TABLES_QUERY = {
    True: "SELECT table_name FROM information_schema.columns WHERE column_name = 'sealed' AND table_schema = 'public'",
    False: "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'sealed' WHERE m.type = 'table'",
}
BINARY_COLUMNS = ("wrapped_key", "sealed")
INSTANT_COLUMNS = ("expires_at", "words_until", "lapses_at")


def render_columns(query: str, postgresql: bool) -> str:
    """Replaces each `{column}` by an expression for its text: identifiers and bytes as hexadecimal
    digits, instants as microseconds.
    """
    parts = query.split("{")
    rendered = parts[0]
    for part in parts[1:]:
        column, rest = part.split("}", 1)
        if column.endswith(INSTANT_COLUMNS):
            expression = (
                f"(extract(epoch FROM {column}) * 1000000)::bigint" if postgresql else column
            )
        elif postgresql:
            expression = (
                f"encode({column}, 'hex')"
                if column.split(".")[1] in BINARY_COLUMNS
                else f"{column}::text"
            )
        else:
            expression = f"hex({column})"
        rendered += expression + rest
    return rendered


def query_rows(database, query: str) -> list[list[str]]:
    """The rows of a query. `database` is a running server (`Cluster`) or a SQLite file (`Path`)."""
    if not isinstance(database, Path):
        lines = database.sql(render_columns(query, True).replace("\n", " ")).splitlines()
        return [line.split("|") for line in lines if line]
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return [
            [str(value) for value in row]
            for row in connection.execute(render_columns(query, False))
        ]
    finally:
        connection.close()


def entry_rows(database) -> list[dict]:
    """Every entry with the wrapped key of its fragment's version."""
    rows = []
    for (
        fragment,
        version,
        expires_at,
        wrapped,
        entry,
        sealed,
        chronology,
        partnership,
    ) in query_rows(database, ENTRIES_QUERY):
        scopes = [str(UUID(one)) for one in (chronology, fragment)]
        rows.append(
            {
                "table": "fragment_versions",
                "id": str(UUID(fragment)),
                "version": int(version),
                "expires_at": int(expires_at),
                "scopes": scopes,
                "partnership": str(UUID(partnership)),
                "wrapped": bytes.fromhex(wrapped),
                "sealed_table": "entries",
                "sealed_id": str(UUID(entry)),
                "sealed": bytes.fromhex(sealed),
            }
        )
    return rows


def unhandled_tables(database) -> set[str]:
    """Tables with a column `sealed` that this module does not handle. A new table must be added to
    one of the lists above.
    """
    postgresql = not isinstance(database, Path)
    tables = {row[0] for row in query_rows(database, SEALED_TABLES_QUERY[postgresql])}
    return tables - EXPIRING_TABLES.keys() - PERMANENT_TABLES - SEPARATELY_QUERIED


def expiring_rows(database) -> list[dict]:
    """Every row of `EXPIRING_TABLES`."""
    rows = []
    for table, query in EXPIRING_TABLES.items():
        for (
            identifier,
            version,
            expires_at,
            wrapped,
            sealed,
            scope,
            partnership,
        ) in query_rows(database, query):
            row_id = UUID(identifier)
            rows.append(
                {
                    "table": table,
                    "id": str(row_id),
                    "version": int(version),
                    "expires_at": int(expires_at),
                    "scopes": [str(UUID(scope))],
                    "partnership": str(UUID(partnership)),
                    "wrapped": bytes.fromhex(wrapped),
                    "sealed_table": table,
                    "sealed_id": str(row_id),
                    "sealed": bytes.fromhex(sealed),
                }
            )
    return rows


def hold_rows(database) -> list[dict]:
    """Every legal hold that has a sealed reason."""
    rows = []
    for hold, version, words_until, wrapped, sealed, partnership in query_rows(
        database, HOLDS_QUERY
    ):
        rows.append(
            {
                "table": "holds",
                "id": str(UUID(hold)),
                "version": int(version),
                "expires_at": int(words_until),
                "scopes": [str(UUID(partnership))],
                "partnership": str(UUID(partnership)),
                "wrapped": bytes.fromhex(wrapped),
                "sealed_table": "holds",
                "sealed_id": str(UUID(hold)),
                "sealed": bytes.fromhex(sealed),
            }
        )
    return rows
