"""The documents that one run of the indexer has read, in a temporary table of the writer's connection."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from .schema import State

if TYPE_CHECKING:
    from ..documents import Document


class SeenDocuments:
    """The set of documents read so far. It can be compared with what the collection stores."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.execute("CREATE TEMP TABLE seen (document_id TEXT PRIMARY KEY, root TEXT, source TEXT) WITHOUT ROWID")

    def add(self, document: Document) -> None:
        """Add a document."""
        row = (document.id, document.root, document.source)
        self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", row)

    def sources(self, root: str) -> set[str]:
        """Return the files of a folder that at least one document was read from."""
        rows = self._db.execute("SELECT DISTINCT source FROM seen WHERE root = ?", (root,))
        return {str(source) for (source,) in rows}

    def missing(self, root: str) -> list[tuple[str, str]]:
        """Return (document id, file) of the live documents of a folder that were not read."""
        return self._db.execute(
            "SELECT document_id, source FROM documents WHERE state = ? AND root = ?"
            " AND document_id NOT IN (SELECT document_id FROM seen) ORDER BY document_id",
            (int(State.LIVE), root),
        ).fetchall()
