"""Read the sentences, tokens, lemmas and tags that documents have brought. `rows.py` writes them.

A collection of an earlier version has no such table until it is next opened for writing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from ..given import GivenSentence, GivenToken, unpacked

_COLUMNS = 'start, "end", loose, tokens'


def annotation_rows(db: sqlite3.Connection, document: int) -> Iterator[tuple[int, int, int, str]]:
    """Yield the stored rows of a document's annotation in order, as `packed` made them.

    Args:
        document: `documents.id`.
    """
    if _has_table(db):
        yield from db.execute(
            f"SELECT {_COLUMNS} FROM annotations WHERE document = ? ORDER BY start", (document,)
        ).fetchall()


def document_annotation(db: sqlite3.Connection, document: int) -> tuple[GivenSentence, ...]:
    """Return the annotation of a document, by its `documents.id`.

    Raises:
        ValueError: A row is damaged.
    """
    return tuple(unpacked(*row) for row in annotation_rows(db, document))


def sentence_annotation(db: sqlite3.Connection, sentence: int) -> tuple[GivenToken, ...]:
    """Return the tokens that a document has brought for one of its sentences, with offsets in the sentence.

    Raises:
        ValueError: A row is damaged.
    """
    if not _has_table(db):
        return ()
    where = db.execute('SELECT document, start, "end" FROM sentences WHERE id = ?', (sentence,)).fetchone()
    if where is None:
        return ()
    document, start, end = where
    sql = f"SELECT {_COLUMNS} FROM annotations WHERE document = ? AND start < ? ORDER BY start DESC"
    found: list[GivenToken] = []
    for row in db.execute(sql, (document, end)):
        given = unpacked(*row)
        if given.end <= start:
            break
        inside = [token for token in given.tokens if start <= token.start and token.end <= end]
        found[:0] = [token._replace(start=token.start - start, end=token.end - start) for token in inside]
    return tuple(found)


def stray_annotations(db: sqlite3.Connection) -> int:
    """Count the rows that belong to no document."""
    if not _has_table(db):
        return 0
    sql = "SELECT count(*) FROM annotations WHERE document NOT IN (SELECT id FROM documents)"
    return int(db.execute(sql).fetchone()[0])


def _has_table(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'annotations'").fetchone() is not None
