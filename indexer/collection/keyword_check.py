"""Compare the keyword index of a collection with one that is made afresh from the sentences.

FTS5's own check needs write access, and of an index without content it checks only the structure. This comparison
reads every entry of the index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from .schema import create_keyword_index

_INSTANCES = (
    # Sums do not depend on the order of entries inside the index, which differs between two histories.
    "SELECT term, count(*), sum(doc), sum((doc * 7919 + offset) % 1000003 * (doc % 97 + 1)) FROM temp.instances"
    " GROUP BY term ORDER BY term"
)
_LENGTHS = "SELECT id, sz FROM main.sentences_fts_docsize ORDER BY id"
_TOTALS = "SELECT block FROM main.sentences_fts_data WHERE id = 1"


class KeywordCheck:
    """A fresh keyword index, in a temporary file that SQLite deletes, beside the one to check."""

    def __init__(self, db: sqlite3.Connection, language: str) -> None:
        """Begin with an empty index for a language."""
        self._db = db
        self._fresh = sqlite3.connect("", isolation_level=None)
        self._fresh.execute("PRAGMA journal_mode = OFF").fetchone()
        create_keyword_index(self._fresh, language)
        self._fresh.execute("BEGIN")

    def close(self) -> None:
        """Delete the fresh index."""
        self._fresh.close()

    def add(self, sentences: Iterable[tuple[int, str]]) -> None:
        """Add sentences by their ids."""
        self._fresh.executemany("INSERT INTO sentences_fts (rowid, text) VALUES (?, ?)", sentences)

    def compare(self) -> str | None:
        """Return how the index to check differs from the sentences that were added, or None."""
        self._fresh.execute("COMMIT")
        for db in (self._db, self._fresh):
            db.execute("DROP TABLE IF EXISTS temp.instances")
            db.execute("CREATE VIRTUAL TABLE temp.instances USING fts5vocab(main, sentences_fts, instance)")
        try:
            words = self._count_differing(_INSTANCES)
            lengths = self._count_differing(_LENGTHS)
            totals = self._totals(self._db) != self._totals(self._fresh)
        finally:
            self._db.execute("DROP TABLE temp.instances")
        if words or lengths:
            return f"differs from the sentences in {words} words and the lengths of {lengths} sentences"
        return "has wrong totals" if totals else None

    @staticmethod
    def _totals(db: sqlite3.Connection) -> bytes:
        """Return the numbers of sentences and words. An index that was emptied has zeros, a new one has none."""
        return b"".join(bytes(block) for (block,) in db.execute(_TOTALS)).strip(b"\0")

    def _count_differing(self, sql: str) -> int:
        """Count the keys whose rows differ. Both connections return rows in the order of their first column."""
        one, two = self._db.execute(sql), self._fresh.execute(sql)
        left, right, count = one.fetchone(), two.fetchone(), 0
        while left is not None or right is not None:
            count += left != right
            is_left = right is None or (left is not None and left[0] <= right[0])
            is_right = left is None or (right is not None and right[0] <= left[0])
            left = one.fetchone() if is_left else left
            right = two.fetchone() if is_right else right
        return count
