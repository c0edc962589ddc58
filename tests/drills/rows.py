"""Sealed rows as a thief finds them in a copy of the database."""

import sqlite3
from pathlib import Path
from uuid import UUID

NARRATIVES = """
SELECT {v.fragment_id}, v.version, {v.expires_at}, {v.wrapped_key}, {e.id}, {e.sealed}, {f.chronology_id}, {v.partnership_id}
FROM fragment_versions v JOIN entries e ON e.fragment_id = v.fragment_id AND e.version = v.version
JOIN fragments f ON f.id = v.fragment_id"""
HOLDS = "SELECT {h.id}, h.version, {h.words_until}, {h.wrapped_key}, {h.sealed}, {h.partnership_id} FROM holds h WHERE h.sealed IS NOT NULL"
# Every other table that is sealed under something that ends: identifier, version, end, key, value, scope, partnership, and
# what else decides where the value stands.
MORTAL = {
    "people": "SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.id}, {t.partnership_id}, '' FROM people t",
    "families": "SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.id}, {t.partnership_id}, '' FROM families t",
    "chronologies": "SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.id}, {t.partnership_id}, '' FROM chronologies t",
    "invitations": """SELECT {t.id}, t.version, {c.expires_at}, {t.wrapped_key}, {t.sealed}, {c.id}, {t.partnership_id}, ''
        FROM invitations t JOIN chronologies c ON c.id = t.chronology_id""",
    "fragment_versions": """SELECT {t.fragment_id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {f.chronology_id}, {t.partnership_id}, ''
        FROM fragment_versions t JOIN fragments f ON f.id = t.fragment_id""",
    "consolidations": "SELECT {t.id}, 1, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.chronology_id}, {t.partnership_id}, '' FROM consolidations t",
    "consolidation_links": """SELECT {t.consolidation_id}, 1, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {c.chronology_id}, {t.partnership_id}, ''
        FROM consolidation_links t JOIN consolidations c ON c.id = t.consolidation_id""",
    "event_links": "SELECT {t.chronology_id}, 2, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.chronology_id}, {t.partnership_id}, {t.view_index} FROM event_links t",
    "link_decisions": """SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.chronology_id}, {t.partnership_id}, ''
        FROM link_decisions t WHERE t.sealed IS NOT NULL""",
    "person_links": "SELECT {t.id}, t.version, {t.expires_at}, {t.wrapped_key}, {t.sealed}, {t.chronology_id}, {t.partnership_id}, '' FROM person_links t",
    "deletion_orders": """SELECT {t.chronology_id}, 1, {t.words_until}, {t.wrapped_key}, {t.sealed}, {t.partnership_id}, {t.partnership_id}, ''
        FROM deletion_orders t WHERE t.sealed IS NOT NULL""",
    "destruction_requests": """SELECT {t.id}, 1, {t.lapses_at}, {t.wrapped_key}, {t.sealed}, {t.partnership_id}, {t.partnership_id}, ''
        FROM destruction_requests t""",
    "emergency_accesses": """SELECT {t.id}, t.version, {t.words_until}, {t.wrapped_key}, {t.sealed}, {t.id}, {t.partnership_id}, ''
        FROM emergency_accesses t WHERE t.sealed IS NOT NULL""",
}
# Sealed for the partnership, or under the audit's own keys for as long as it is kept: they hold no content that ends.
LASTING = {"practitioners", "audit_records"}
# Read by queries of their own, above and below.
ELSEWHERE = {"entries", "holds"}
SEALED_TABLES = {
    True: "SELECT table_name FROM information_schema.columns WHERE column_name = 'sealed' AND table_schema = 'public'",
    False: "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'sealed' WHERE m.type = 'table'",
}
BYTES = ("wrapped_key", "sealed", "view_index")
INSTANTS = ("expires_at", "words_until", "lapses_at")


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
        return [line.split("|") for line in lines if line]
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


def unknown_tables(database) -> set[str]:
    """Tables with something sealed that nothing here opens: whoever adds one says how it is opened."""
    postgresql = not isinstance(database, Path)
    tables = {row[0] for row in asked(database, SEALED_TABLES[postgresql])}
    return tables - MORTAL.keys() - LASTING - ELSEWHERE


def mortal_in(database) -> list[dict]:
    """Every row of every other table that ends."""
    rows = []
    for table, query in MORTAL.items():
        for identifier, version, expires_at, wrapped, sealed, scope, partnership, view in asked(database, query):
            place = UUID(identifier)
            if view:
                # What is kept of links stands where chronology and view together say.
                place = UUID(int=place.int ^ int.from_bytes(bytes.fromhex(view)[:16], "little"))
            rows.append({"table": table, "id": str(place), "version": int(version), "expires_at": int(expires_at), "scopes": [str(UUID(scope))],
                         "partnership": str(UUID(partnership)), "wrapped": bytes.fromhex(wrapped),
                         "sealed_table": table, "sealed_id": str(place), "sealed": bytes.fromhex(sealed)})
    return rows


def holds_in(database) -> list[dict]:
    rows = []
    for hold, version, words_until, wrapped, sealed, partnership in asked(database, HOLDS):
        rows.append({"table": "holds", "id": str(UUID(hold)), "version": int(version), "expires_at": int(words_until), "scopes": [str(UUID(partnership))],
                     "partnership": str(UUID(partnership)), "wrapped": bytes.fromhex(wrapped),
                     "sealed_table": "holds", "sealed_id": str(UUID(hold)), "sealed": bytes.fromhex(sealed)})
    return rows
