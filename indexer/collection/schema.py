"""The SQLite database of a collection: connections, settings and SQL helpers. `migrations.py` creates its tables.

`collection.db` holds everything but vectors. Ids only grow and are never used twice, so a sentence or an occurrence
keeps its id through commits, deletions and compaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any

from ..errors import CollectionError

FORMAT_VERSION = 1
"""Version of the collection format. A collection with a higher version is refused."""
DATABASE_NAME = "collection.db"
BATCH_PARAMETERS = 500
"""Maximum number of parameters in one SQL statement. SQLite itself allows at least 999."""


class State(IntEnum):
    """State of a row of `documents`: being indexed, part of the collection, or deleted (a tombstone)."""

    PENDING = 0
    LIVE = 1
    DELETED = 2


def create_keyword_index(db: sqlite3.Connection, language: str) -> None:
    """Create the FTS5 table over sentences, with stemming for English.

    The table is contentless, since `documents` has the text.
    """
    tokenize = "porter unicode61 remove_diacritics 2" if language == "en" else "unicode61 remove_diacritics 2"
    db.execute(f"CREATE VIRTUAL TABLE sentences_fts USING fts5(text, content='', tokenize='{tokenize}')")


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """Open the database file in WAL mode. Transactions are explicit, and a commit returns when it is on the disk.

    Raises:
        CollectionError: The file cannot be opened or is not a database, or SQLite lacks full-text search.
    """
    try:
        db = _opened(path, "mode=ro" if readonly else "mode=rwc")
    except sqlite3.OperationalError as error:
        if not readonly:
            raise CollectionError(f"{path} cannot be written ({error}); copy it to a place that you own") from error
        # On a read-only medium SQLite cannot create its lock file. No other process can write there either.
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise CollectionError(
                f"{path} was not closed and cannot be written; copy it to a place that you own"
            ) from error
        db = _opened(path, "mode=ro&immutable=1")
    except sqlite3.DatabaseError as error:
        raise CollectionError(f"{path} cannot be read as SQLite ({error}); restore it from a copy") from error
    (full_text,) = db.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()
    if not full_text:
        db.close()
        raise CollectionError(
            f"SQLite {sqlite3.sqlite_version} was loaded without full-text search, perhaps TensorFlow's own;"
            " import polyseme.indexer, or sqlite3, before tensorflow"
        )
    if not readonly:
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA temp_store = MEMORY")
    return db


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30.0)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def read_settings(db: sqlite3.Connection) -> dict[str, Any]:
    """Return all settings, decoded from JSON."""
    return {key: json.loads(value) for key, value in db.execute("SELECT key, value FROM settings")}


def write_settings(db: sqlite3.Connection, settings: dict[str, Any]) -> None:
    """Insert or replace settings, encoded as JSON. If the caller has a transaction open, it is part of that."""
    db.executemany(
        "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)",
        [(key, json.dumps(value, ensure_ascii=False)) for key, value in settings.items()],
    )


def in_batches(db: sqlite3.Connection, sql: str, values: Sequence[Any], *before: Any) -> Iterator[Any]:
    """Yield the rows of a query whose parameter list may be longer than SQLite allows.

    Args:
        sql: Query with `IN ({})`. It runs once for each batch of values.
        values: The values of that list.
        before: Parameters that come before the list, the same for every batch.
    """
    for first in range(0, len(values), BATCH_PARAMETERS):
        batch = values[first : first + BATCH_PARAMETERS]
        yield from db.execute(sql.format(",".join("?" * len(batch))), [*before, *batch])


@contextmanager
def id_set(db: sqlite3.Connection, name: str, ids: list[int]) -> Iterator[str]:
    """Create a temporary table of ids, for joins with sets that are too large for a parameter list.

    Yields:
        The name of the table, for use in SQL.
    """
    table = f"temp.{name}"
    db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute(f"CREATE TEMP TABLE {name} (id INTEGER PRIMARY KEY)")
    db.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?)", ((i,) for i in ids))
    try:
        yield table
    finally:
        db.execute(f"DROP TABLE IF EXISTS {table}")
