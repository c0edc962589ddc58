"""Sealed rows as a thief finds them in a copy of the database."""

import sqlite3
from pathlib import Path
from uuid import UUID

NARRATIVES = """
SELECT {v.fragment_id}, v.version, {v.expires_at}, {v.wrapped_key}, {e.id}, {e.sealed}, {f.chronology_id}, {v.partnership_id}
FROM fragment_versions v JOIN entries e ON e.fragment_id = v.fragment_id AND e.version = v.version
JOIN fragments f ON f.id = v.fragment_id"""
HOLDS = "SELECT {h.id}, h.version, {h.words_until}, {h.wrapped_key}, {h.sealed}, {h.partnership_id} FROM holds h WHERE h.sealed IS NOT NULL"
BYTES = ("wrapped_key", "sealed")
INSTANTS = ("expires_at", "words_until")


def fill(query: str, postgresql: bool) -> str:
    """Columns as text: identifiers and bytes as hexadecimal digits, instants as microseconds."""
    parts = query.split("{")
    out = parts[0]
    for part in parts[1:]:
        column, rest = part.split("}", 1)
        if column.endswith(INSTANTS):
            shown = f"(extract(epoch FROM {column}) * 1000000)::bigint" if postgresql else column
        elif postgresql:
            shown = f"encode({column}, 'hex')" if column.split(".")[1] in BYTES else f"{column}::text"
        else:
            shown = f"hex({column})"
        out += shown + rest
    return out


def asked(database, query: str) -> list[list[str]]:
    """The rows of a query; `database` is a running server or a SQLite file."""
    if not isinstance(database, Path):
        lines = database.sql(fill(query, True).replace("\n", " ")).splitlines()
        return [line.split("|") for line in lines]
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return [[str(value) for value in row] for row in connection.execute(fill(query, False))]
    finally:
        connection.close()


def narratives_in(database) -> list[dict]:
    """Every entry with the wrapped key of its fragment's version."""
    rows = []
    for fragment, version, expires_at, wrapped, entry, sealed, chronology, partnership in asked(database, NARRATIVES):
        scopes = [str(UUID(one)) for one in (chronology, fragment)]
        rows.append({"table": "fragment_versions", "id": str(UUID(fragment)), "version": int(version), "expires_at": int(expires_at),
                     "scopes": scopes, "partnership": str(UUID(partnership)), "wrapped": bytes.fromhex(wrapped),
                     "sealed_table": "entries", "sealed_id": str(UUID(entry)), "sealed": bytes.fromhex(sealed)})
    return rows


def holds_in(database) -> list[dict]:
    rows = []
    for hold, version, words_until, wrapped, sealed, partnership in asked(database, HOLDS):
        rows.append({"table": "holds", "id": str(UUID(hold)), "version": int(version), "expires_at": int(words_until), "scopes": [str(UUID(partnership))],
                     "partnership": str(UUID(partnership)), "wrapped": bytes.fromhex(wrapped),
                     "sealed_table": "holds", "sealed_id": str(UUID(hold)), "sealed": bytes.fromhex(sealed)})
    return rows
