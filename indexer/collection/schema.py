"""The SQLite database of a collection: connections, settings and SQL helpers. `migrations.py` creates its tables.

`collection.db` holds everything but vectors. Ids only grow and are never used twice, so a sentence or an occurrence
keeps its id through commits, deletions and compaction.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any

from ..errors import CollectionError
from .paths import check_not_shared, is_shared
from .schema_check import KEYWORD_INDEXES, check_schema
from .write_log import is_log_empty, log_path

FORMAT_VERSION = 3
"""Version of the collection format. A collection with a higher version is refused."""
ONE_VECTOR_VERSION = 1
"""Version of collections that store one vector for each sentence, ELMo's default vector."""
STREAM_VERSION = 3
"""First version of collections that store every token with its part of speech."""
DATABASE_NAME = "collection.db"
QUANTILES_KEY = "background"
"""Key of the quantiles of random pairs in `settings`. The name is part of the collection format."""
BATCH_PARAMETERS = 500
"""Maximum number of parameters in one SQL statement. SQLite itself allows at least 999."""
MAX_SETTING = 1_000_000
"""Maximum length of a setting in bytes. The longest of ours has some 2,000."""
OPEN_PAUSES = (0.05, 0.1, 0.2)
"""Pauses between the tries to open a database while a writer begins or ends, in seconds."""
NEXT_WORD = "next_word"
"""Setting with the next free id of a word. Collections before `STREAM_VERSION` do not have it."""
COUNTERS = ("next_segment", "next_document", "next_sentence", "next_occurrence", "next_type", NEXT_WORD)
"""Settings with the next free ids."""
MAX_TEXT = 4096
"""Maximum length of a setting that is a text. The longest is the path of a model."""
MAX_COUNT = 2**60
"""Maximum of a generation or of the next free id, so that one more is still an integer of SQLite."""
MAX_WEIGHT = 1e6
"""Maximum weight of the type vector. Squared and summed in float32, it stays finite."""
_UNCHANGING = "mode=ro&immutable=1"
"""How SQLite opens a database that nobody changes. It then uses no log files."""
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)


class State(IntEnum):
    """State of a row of `documents`: being indexed, part of the collection, or deleted (a tombstone)."""

    PENDING = 0
    LIVE = 1
    DELETED = 2


def create_keyword_index(db: sqlite3.Connection, language: str) -> None:
    """Create the FTS5 table over sentences, with stemming for English.

    The table is contentless, since `documents` has the text.
    """
    english, other = KEYWORD_INDEXES
    db.execute(english if language == "en" else other)


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """Open the database file in WAL mode. Transactions are explicit, and a commit returns when it is on the disk.

    Raises:
        CollectionError: The file cannot be opened or is not a database, its schema is not ours, or SQLite lacks
            full-text search.
    """
    is_copy = _has_shared_log(path, readonly)
    try:
        db = _opened(path, _UNCHANGING if is_copy else "mode=ro" if readonly else "mode=rwc")
    except sqlite3.OperationalError as error:
        if not readonly:
            raise CollectionError(f"{path} cannot be written ({error}); copy it to a place that you own") from error
        db = _opened_again(path, error)
    except sqlite3.DatabaseError as error:
        raise CollectionError(f"{path} cannot be read as SQLite ({error}); restore it from a copy") from error
    try:
        (full_text,) = db.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()
        if not full_text:
            raise CollectionError(
                f"SQLite {sqlite3.sqlite_version} was loaded without full-text search, perhaps TensorFlow's own;"
                " import polyseme.indexer, or sqlite3, before tensorflow"
            )
        check_schema(db, path)
        if not readonly:
            db.execute("PRAGMA journal_mode = WAL").fetchone()
            db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        db.close()
        raise
    return db


def _opened_again(path: Path, error: sqlite3.OperationalError) -> sqlite3.Connection:
    """Open for reading after a first failure: again, since a writer may end, or as a file on a read-only medium.

    On such a medium SQLite cannot create its lock file, and no other process can write either.
    """
    for seconds in OPEN_PAUSES:
        if not os.access(path.parent, os.W_OK):
            break
        time.sleep(seconds)
        try:
            return _opened(path, "mode=ro")
        except sqlite3.OperationalError as again:
            error = again
    else:
        if getattr(error, "sqlite_errorcode", None) in _BUSY:
            raise CollectionError(f"{path} cannot be opened ({error}); try again") from error
    if not is_log_empty(path):
        raise CollectionError(
            f"{path} was not closed and cannot be written; copy it to a place that you own"
        ) from error
    return _opened(path, _UNCHANGING)


def _has_shared_log(path: Path, readonly: bool) -> bool:
    """Return whether a database must be read without its log files, since they are the files of another folder too.

    SQLite writes to these files also for a reader. Copies that are made of hard links, such as backups, have such ones.

    Raises:
        CollectionError: The log files have a second name, and are needed.
    """
    files = log_path(path), path.with_name(f"{path.name}-shm")
    if readonly and is_log_empty(path):
        return any(is_shared(file) for file in files)
    check_not_shared(*files)
    return False


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    """Open a database that may come from a stranger: nothing in its schema may run, and it may load nothing."""
    uri = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30.0)
    try:
        if sys.version_info >= (3, 12):
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def read_settings(db: sqlite3.Connection) -> dict[str, Any]:
    """Return all settings, decoded from JSON and checked. A collection may come from a stranger.

    Raises:
        CollectionError: A setting is too long, is not JSON, or is not of the type that it must have.
    """
    text = "CASE WHEN typeof(value) = 'text' AND length(CAST(value AS BLOB)) <= ? THEN value END"
    settings = {}
    for key, value in db.execute(f"SELECT key, {text} FROM settings", (MAX_SETTING,)):
        try:
            settings[key] = json.loads(value)
            is_good = _CHECKS.get(key, _is_any)(settings[key])
        except (TypeError, ValueError, RecursionError):
            is_good = False
        if not is_good:
            raise CollectionError(f"the setting {key!r:.60} has a value that it cannot have; restore the collection")
    return settings


def checked_settings(db: sqlite3.Connection, collection: Path) -> dict[str, Any]:
    """Return what `read_settings` returns. Its errors name the collection."""
    try:
        return read_settings(db)
    except CollectionError as error:
        raise CollectionError(f"{collection}: {error}") from error


def _is_any(value: object) -> bool:
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable()


def _is_choice(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_WEIGHT


def _is_background(value: object) -> bool:
    if not isinstance(value, dict) or not _is_count(value.get("rows")) or not isinstance(value.get("quantiles"), list):
        return False
    return all(isinstance(each, int | float) and math.isfinite(each) for each in value["quantiles"])


_CHECKS: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(("model", "model_id", "precision", "language", "tokeniser"), _is_text),
    **dict.fromkeys(("sentence_id", "sentence_source", "tagger_id"), _is_text),
    **dict.fromkeys(("layer", "normalisation", "token_normalisation", "storage", "sentence_vectors"), _is_choice),
    **dict.fromkeys(("format_version", "generation", *COUNTERS), _is_count),
    **dict.fromkeys(("function_words", "tagged_lemmas"), _is_flag),
    "word_weight": _is_weight,
    "background": _is_background,
}
"""What the value of each setting may be. Unknown settings are those of a newer Polyseme."""


def write_settings(db: sqlite3.Connection, settings: dict[str, Any]) -> None:
    """Insert or replace settings, encoded as JSON. If the caller has a transaction open, it is part of that."""
    db.executemany(
        "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)",
        [(key, json.dumps(value, ensure_ascii=False)) for key, value in settings.items()],
    )


def in_batches(db: sqlite3.Connection, sql: str, values: Sequence[Any], *before: Any) -> Iterator[Any]:
    """Yield the rows of a query whose parameter list may be longer than SQLite allows.

    The rows of a batch are read at once. A cursor that a caller leaves because of damage would outlive the connection,
    and Python would then print a traceback.

    Args:
        sql: Query with `IN ({})`. It runs once for each batch of values.
        values: The values of that list.
        before: Parameters that come before the list, the same for every batch.
    """
    for first in range(0, len(values), BATCH_PARAMETERS):
        batch = values[first : first + BATCH_PARAMETERS]
        yield from db.execute(sql.format(",".join("?" * len(batch))), [*before, *batch]).fetchall()


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
