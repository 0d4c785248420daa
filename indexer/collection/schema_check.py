"""Check the schema of a database that may come from a stranger, before any of its tables is read.

A view, a trigger, a generated column or an index on an expression runs what its author wrote. None of our tables has
one, and our views are known word for word. Polyseme never reads a view. A plain table that we do not know is allowed,
since a newer Polyseme may add tables.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from ..errors import CollectionError
from .views import EARLIER, VIEWS

KEYWORD_INDEXES = tuple(
    f"CREATE VIRTUAL TABLE sentences_fts USING fts5(text, content='', tokenize='{tokenize}')"
    for tokenize in ("porter unicode61 remove_diacritics 2", "unicode61 remove_diacritics 2")
)
"""The FTS5 table of English, and that of the other languages."""
COLUMNS = {
    "settings": "key value",
    "arrays": "name data",
    "prototypes": "name data",
    "segments": "id name sentences occurrences files",
    "documents": "id document_id title metadata content_hash root source state text",
    "metadata": "field value document",
    "sentences": "id document position start end",
    "types": "id form lemma vector",
    "occurrences": "id sentence position start end type",
    "ranges": "type segment first count",
}
"""The columns that each table of a collection has. A newer Polyseme may add others."""
_RUNS = frozenset(("CHECK", "GENERATED", "AS", "SELECT", "DEFAULT", "CONFLICT", "COLLATE"))
"""Words of a table's definition with which it is more than columns and keys."""
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX NAME ON NAME \( NAME( , NAME)* \)( WHERE NAME = 0)?")
_WORD = re.compile(r"""("(?:[^"]|"")*"|\[[^\]]*\]|`[^`]*`|'(?:[^']|'')*')|([0-9]+)|(\w+)|(\S)""")
_INDEX_WORDS = frozenset(("CREATE", "UNIQUE", "INDEX", "ON", "WHERE"))


def check_schema(db: sqlite3.Connection, path: Path) -> None:
    """Check that nothing in the schema of a database can run, and that no table of a collection is incomplete.

    Raises:
        CollectionError: It holds something else.
    """
    try:
        rows = db.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        for kind, name, sql in rows:
            if problem := _problem(kind, name, sql):
                shown = f"{problem} {name!r:.60}"
                raise CollectionError(f"{path} has {shown}, which Polyseme never makes; do not use this collection")
        if not any(name == "settings" for _, name, _ in rows):
            return  # it is new, or `Collection` refuses it
        for table, columns in COLUMNS.items():
            found = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
            if missing := [column for column in columns.split() if column not in found]:
                raise CollectionError(f"{path} has no column {table}.{missing[0]}; restore it from a copy")
    except sqlite3.OperationalError as error:
        raise CollectionError(f"{path} cannot be read ({error}); try again") from error
    except sqlite3.DatabaseError as error:
        raise CollectionError(f"{path} cannot be read as SQLite ({error}); restore it from a copy") from error


def _problem(kind: str, name: str, sql: str | None) -> str | None:
    """Return what an entry of the schema is, if it can run."""
    if kind == "view":
        return None if sql in (VIEWS.get(name, ""), *EARLIER.get(name, ())) else "a view"
    if kind not in ("table", "index"):
        return "a trigger" if kind == "trigger" else "an entry of another kind,"
    if sql is None:  # the index of a key
        return None
    if not isinstance(sql, str) or "--" in sql or "/*" in sql:
        return "a comment in"  # a quotation mark in it could hide an expression
    words = [_token(*found.groups()) for found in _WORD.finditer(sql)]
    if words[:2] == ["CREATE", "VIRTUAL"]:
        is_ours = name == "sentences_fts" and " ".join(sql.split()) in KEYWORD_INDEXES
        return None if is_ours else "a virtual table"
    if kind == "table":
        return "an expression in the table" if _RUNS & set(words) or words[:2] != ["CREATE", "TABLE"] else None
    plain = [word if word in _INDEX_WORDS or not word.isidentifier() else "NAME" for word in words]
    return None if _INDEX.fullmatch(" ".join(plain)) else "an expression in the index"


def _token(quoted: str | None, number: str | None, word: str | None, sign: str | None) -> str:
    """Return a token of SQL: names in quotes and numbers as one, words in capitals."""
    if quoted:
        return "NAME"
    if number:
        return "0"
    return word.upper() if word else str(sign)
