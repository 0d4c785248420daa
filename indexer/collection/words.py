"""The table of words: find and insert those of a commit, and read all of them into memory for patterns.

Word ids only grow and are never used again. So the table of a newer generation extends that of an older one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import CollectionError
from ..vectors.arrays import Ids, Int32s
from .schema import in_batches
from .stream import Word

COLUMNS = Word._fields
"""What is known about a word: `form`, `lemma`, `pos` and `tag`."""


@dataclass(frozen=True, slots=True)
class NewWords:
    """The words of one commit.

    Attributes:
        ids: `words.id` of each word, in the order of its number.  (W,)
        new: Those that the collection does not have yet, with their ids.
    """

    ids: Ids
    new: Sequence[tuple[int, Word]]


def find_words(db: sqlite3.Connection, words: Mapping[Word, int], next_word: int) -> NewWords:
    """Look up words. New ones get ids from `next_word` on.

    Args:
        words: The number of each word, from 0.
    """
    forms = sorted({word.form for word in words})
    sql = "SELECT id, form, lemma, pos, tag FROM words WHERE form IN ({})"
    known = {Word(*row): key for key, *row in in_batches(db, sql, forms)}
    ids = np.zeros(len(words), np.int64)
    new: list[tuple[int, Word]] = []
    for word, number in words.items():
        key = known.get(word)
        if key is None:
            key = next_word + len(new)
            new.append((key, word))
        ids[number] = key
    return NewWords(ids, new)


def insert_words(db: sqlite3.Connection, words: NewWords) -> None:
    """Insert the new words of a commit. The caller owns the transaction."""
    db.executemany(
        "INSERT INTO words (id, form, lemma, pos, tag) VALUES (?, ?, ?, ?, ?)",
        ((key, *word) for key, word in words.new),
    )


def delete_words(db: sqlite3.Connection, used: Ids) -> None:
    """Delete the words that no segment uses. The caller owns the transaction.

    Args:
        used: `words.id` of the others, ascending.
    """
    ids = np.array([key for (key,) in db.execute("SELECT id FROM words")], np.int64)
    unused = ids[~np.isin(ids, used)]
    db.executemany("DELETE FROM words WHERE id = ?", ((key,) for key in unused.tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of the table of words, as distinct values and their numbers.

    Attributes:
        values: The distinct values, in the order in which they were first stored.
        codes: Number of each word's value.  (V,)
    """

    values: Sequence[str]
    codes: Int32s


class WordTable:
    """The words of a collection, in the order of their ids.

    Attributes:
        ids: `words.id` of each word.  (V,)
    """

    def __init__(self) -> None:
        """Make an empty table, to be filled by `read`."""
        self.ids: Ids = np.zeros(0, np.int64)
        self._values: dict[str, dict[str, int]] = {name: {} for name in COLUMNS}
        self._codes: dict[str, list[int]] = {name: [] for name in COLUMNS}
        self._columns: dict[str, Column] = {}

    def read(self, db: sqlite3.Connection) -> None:
        """Add what is new since the last call. The caller owns the read transaction.

        Raises:
            CollectionError: A word is not text. A collection may come from a stranger.
        """
        last = int(self.ids[-1]) if len(self.ids) else 0
        rows = db.execute("SELECT id, form, lemma, pos, tag FROM words WHERE id > ? ORDER BY id", (last,)).fetchall()
        if not rows:
            return
        self._columns = {}
        for number, name in enumerate(COLUMNS, start=1):
            values, codes = self._values[name], self._codes[name]
            for row in rows:
                value = row[number]
                if not isinstance(value, str):
                    raise CollectionError(f"word {row[0]} has a {name} that is no text; run `polyseme verify`")
                codes.append(values.setdefault(value, len(values)))
        self.ids = np.concatenate([self.ids, np.array([row[0] for row in rows], np.int64)])

    def __len__(self) -> int:
        return len(self.ids)

    def column(self, name: str) -> Column:
        """Return a column by its name, one of `COLUMNS`."""
        if name not in self._columns:
            self._columns[name] = Column(list(self._values[name]), np.array(self._codes[name], np.int32))
        return self._columns[name]

    def code(self, name: str, value: str) -> int | None:
        """Return the number of a value in a column, or None if no word has it."""
        return self._values[name].get(value)

    def rows(self, ids: Ids) -> Ids:
        """Return the row of each word, or -1 for a word that the table lacks.  (w,) -> (w,)"""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        found = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[found] == ids, found, -1)

    def words(self, ids: Ids) -> list[Word | None]:
        """Return words by their ids. None for a word that the table lacks.  (w,) -> w words"""
        columns = [self.column(name) for name in COLUMNS]
        return [
            None if row < 0 else Word(*(column.values[column.codes[row]] for column in columns))
            for row in self.rows(ids).tolist()
        ]
