"""Read a page of the documents of a collection: those that hold a text, in an order, without their own texts.

SQLite searches, sorts and cuts, so a page of a large collection is as quick as the whole of a small one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from .queries import SENTENCES_OF_DOCUMENT
from .records import StoredDocument
from .schema import State
from .writer import DOCUMENT_COLUMNS, stored_document

TITLE, ID = "title", "id"
"""The orders that are not those of a metadata field. A metadata field `title` is the title."""
_LIVE = f"state = {int(State.LIVE)}"  # SQLite uses its partial index only for a literal
# A field is sorted by its numbers, then by its other values. Documents without it come last.
_VALUE = "(SELECT min(m.value) FROM metadata m WHERE m.document = documents.id AND m.field = ?)"


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Documents of one page, and the number of all that hold the text."""

    documents: tuple[StoredDocument, ...]
    total: int


def read_document_page(
    db: sqlite3.Connection, text: str, order: str, descending: bool, skip: int, k: int
) -> DocumentPage:
    """Read k documents after the first ones.

    Args:
        text: What the id, the title or a metadata value must contain, in any case. Empty for all documents.
        order: `title`, `id`, or a metadata field.
        skip: Number of documents before the first one.
    """
    found, values = _LIVE, []
    if text:
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        found += (
            " AND (document_id LIKE ? ESCAPE '\\' OR title LIKE ? ESCAPE '\\' OR id IN"
            " (SELECT document FROM metadata WHERE value LIKE ? ESCAPE '\\'))"
        )
        values = [like, like, like]
    (total,) = db.execute(f"SELECT count(*) FROM documents WHERE {found}", values).fetchone()
    direction = "DESC" if descending else "ASC"
    if order in (TITLE, ID):
        by = f"{'title' if order == TITLE else 'document_id'} COLLATE NOCASE {direction}"
        fields: list[str] = []
    else:
        number = f"CASE WHEN {_VALUE} GLOB '[0-9]*' OR {_VALUE} GLOB '-[0-9]*' THEN CAST({_VALUE} AS REAL) END"
        by = f"{_VALUE} IS NULL, {number} {direction}, {_VALUE} {direction}"
        fields = [order] * by.count("?")
    rows = db.execute(
        f"SELECT {DOCUMENT_COLUMNS}, {SENTENCES_OF_DOCUMENT} FROM documents WHERE {found}"
        f" ORDER BY {by}, document_id LIMIT ? OFFSET ?",
        [*values, *fields, k, skip],
    ).fetchall()
    return DocumentPage(tuple(stored_document(row[:-1], row[-1]) for row in rows), int(total))
