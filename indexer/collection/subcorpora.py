"""The subcorpora of a collection: filters that are kept under a name. All reading, checking and writing of their rows.

A collection of an earlier version has no such table until it is next opened for writing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from ..errors import CollectionError

MAX_SUBCORPORA = 10_000
"""Maximum number of subcorpora that are read. A stranger's collection may have any number."""
MAX_FILTERS = 50
"""Maximum number of filters of a subcorpus."""
MAX_BYTES = 1_000_000
"""Maximum length of the filters of a subcorpus as JSON, in bytes."""


def read_subcorpora(db: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Return {name: filters} of the subcorpora, in the order of their names.

    Raises:
        CollectionError: A row is not what this program writes.
    """
    if not _has_table(db):
        return {}
    found = {}
    rows = db.execute(
        "SELECT name, CASE WHEN length(CAST(filters AS BLOB)) <= ? THEN filters END FROM subcorpora ORDER BY name"
        " LIMIT ?",
        (MAX_BYTES, MAX_SUBCORPORA),
    )
    for name, data in rows:
        filters = _filters(data)
        if not isinstance(name, str) or filters is None:
            raise CollectionError(
                f"the subcorpus {str(name)[:60]!r} is damaged; remove it with `polyseme subcorpus remove`"
            )
        found[name] = filters
    return found


def _filters(data: object) -> tuple[str, ...] | None:
    """Return the filters of a row, or None if it is not a list of texts."""
    try:
        given = json.loads(data) if isinstance(data, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, list) or len(given) > MAX_FILTERS or not all(isinstance(text, str) for text in given):
        return None
    return tuple(given)


def write_subcorpus(db: sqlite3.Connection, name: str, filters: Sequence[str]) -> None:
    """Store filters under a name. They replace those of the same name. The caller owns the transaction."""
    text = json.dumps(list(filters), ensure_ascii=False)
    db.execute("INSERT OR REPLACE INTO subcorpora (name, filters) VALUES (?, ?)", (name, text))


def delete_subcorpus(db: sqlite3.Connection, name: str) -> bool:
    """Remove a subcorpus, and return whether it existed. The caller owns the transaction."""
    return db.execute("DELETE FROM subcorpora WHERE name = ?", (name,)).rowcount > 0


def _has_table(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'subcorpora'").fetchone() is not None
