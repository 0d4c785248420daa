"""Every SELECT that search and the page run against a collection's database, apart from the methods of `Collection`.

Each function takes the open connection and returns plain values. `schema.py` opens the database and `migrations.py`
creates its tables. The indexer's own SELECTs are beside the code that needs them, in this folder.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from ..values import stored_items
from ..vectors.arrays import Ids
from .schema import State, id_set, in_batches

SENTENCES_OF_DOCUMENT = "(SELECT count(*) FROM sentences s WHERE s.document = documents.id)"
"""The number of committed sentences, as a column of a query on `documents`."""


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


# Types and their rows


def types_of_lemma(db: sqlite3.Connection, lemma: str) -> list[int]:
    """Return the keys of all types with a lemma."""
    return [key for (key,) in db.execute("SELECT id FROM types WHERE lemma = ?", (lemma,))]


def types_of_form(db: sqlite3.Connection, form: str) -> list[int]:
    """Return the keys of all types with a form."""
    return [key for (key,) in db.execute("SELECT id FROM types WHERE form = ?", (form,))]


def lemmas_of_form(db: sqlite3.Connection, form: str) -> list[str]:
    """Return the lemmas of all types with a form, the most frequent one first.

    Deleted occurrences count until the collection is compacted. Equal counts are in alphabetical order.
    """
    sql = (
        "SELECT t.lemma FROM types t JOIN ranges r ON r.type = t.id WHERE t.form = ?"
        " GROUP BY t.lemma ORDER BY sum(r.count) DESC, t.lemma"
    )
    return [lemma for (lemma,) in db.execute(sql, (form,))]


def forms_of_types(db: sqlite3.Connection, after: int) -> list[tuple[int, str]]:
    """Return key and form of all types whose key is above a given one, in the order of the keys."""
    return db.execute("SELECT id, form FROM types WHERE id > ? ORDER BY id", (after,)).fetchall()


def ranges_of_types(db: sqlite3.Connection, types: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return the ranges of types in the token files: (segment, first row, number of rows), in this order."""
    return db.execute(
        f"SELECT segment, first, count FROM ranges WHERE type IN ({_marks(types)}) ORDER BY segment, first",
        list(types),
    ).fetchall()


def lemma_frequencies(db: sqlite3.Connection, lemmas: Sequence[str]) -> dict[str, int]:
    """Count the occurrences of each lemma. Deleted occurrences count until the collection is compacted.

    A damaged database may have sums below 0. They count as 0.
    """
    sql = (
        "SELECT lemma, max(sum(count), 0) FROM types JOIN ranges ON type = types.id WHERE lemma IN ({}) GROUP BY lemma"
    )
    return dict(in_batches(db, sql, lemmas))


def lemmas_by_frequency(db: sqlite3.Connection, fewest: int, most: int, limit: int) -> list[str]:
    """Return the most frequent lemmas among those with `fewest` to `most` occurrences.

    Deleted occurrences count until the collection is compacted. Equal counts are in alphabetical order.
    """
    sql = (
        "SELECT t.lemma, SUM(r.count) AS n FROM ranges r JOIN types t ON t.id = r.type GROUP BY t.lemma"
        " HAVING n BETWEEN ? AND ? ORDER BY n DESC, t.lemma LIMIT ?"
    )
    return [lemma for lemma, _ in db.execute(sql, (fewest, most, limit))]


# Occurrences and sentences


def occurrences_by_id(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[int, int, int, int, str, str]]:
    """Return (sentence, position, start, end, lemma, form) of occurrences, by occurrence id."""
    sql = (
        'SELECT o.id, o.sentence, o.position, o.start, o."end", t.lemma, t.form'
        " FROM occurrences o JOIN types t ON t.id = o.type WHERE o.id IN ({})"
    )
    return {row[0]: row[1:] for row in in_batches(db, sql, ids)}


def sentences_by_id(db: sqlite3.Connection, ids: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Return (id, document key, start, end) of sentences. Offsets are those in the document's text."""
    sql = 'SELECT id, document, start, "end" FROM sentences WHERE id IN ({})'
    return list(in_batches(db, sql, ids))


def count_sentences(db: sqlite3.Connection, document: int) -> int:
    """Count the committed sentences of a document, by its key."""
    (count,) = db.execute("SELECT count(*) FROM sentences WHERE document = ?", (document,)).fetchone()
    return int(count)


def documents_by_key(db: sqlite3.Connection, keys: Sequence[int]) -> list[tuple[int, str, str, str, str]]:
    """Return (key, document id, title, metadata as JSON, text) of documents."""
    sql = "SELECT id, document_id, title, metadata, text FROM documents WHERE id IN ({})"
    return list(in_batches(db, sql, keys))


def live_occurrences(db: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    """Return the occurrences whose documents are live."""
    sql = (
        "SELECT o.id FROM occurrences o JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document"
        f" WHERE d.state = {int(State.LIVE)} AND o.id IN ({{}})"
    )
    return {key for (key,) in in_batches(db, sql, ids)}


def live_sentences(db: sqlite3.Connection, ids: Sequence[int]) -> list[int]:
    """Return the sentences whose documents are live, in the order of their ids."""
    sql = (
        "SELECT s.id FROM sentences s JOIN documents d ON d.id = s.document"
        f" WHERE d.state = {int(State.LIVE)} AND s.id IN ({{}})"
    )
    return sorted(key for (key,) in in_batches(db, sql, ids))


def types_of_occurrences(db: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    """Return the distinct types of occurrences."""
    sql = "SELECT DISTINCT type FROM occurrences WHERE id IN ({})"
    return {key for (key,) in in_batches(db, sql, ids)}


def occurrences_between(db: sqlite3.Connection, sentence: int, start: int, end: int) -> list[tuple[int, int]]:
    """Return (id, type) of a sentence's occurrences inside [start, end), in the order of the text."""
    sql = 'SELECT id, type FROM occurrences WHERE sentence = ? AND start >= ? AND "end" <= ? ORDER BY position'
    return db.execute(sql, (sentence, start, end)).fetchall()


def first_occurrences(db: sqlite3.Connection, spans: Iterable[tuple[int, int, int]]) -> list[int]:
    """Return the first occurrence in each span of tokens, or 0 if none of them is one.

    Args:
        spans: Sentence, number of the first token in it, and number of tokens.
    """
    sql = "SELECT id FROM occurrences WHERE sentence = ? AND position >= ? AND position < ? ORDER BY position LIMIT 1"
    found = (db.execute(sql, (key, first, first + count)).fetchone() for key, first, count in spans)
    return [int(row[0]) if row else 0 for row in found]


def occurrences_of_sentences(db: sqlite3.Connection, sentences: Sequence[int]) -> Ids:
    """Return the occurrences of sentences: (id, sentence, start, end, type) in each row.  (n, 5)

    Args:
        sentences: Distinct ids, ascending. The rows are in their order, and in each sentence in that of the text.
    """
    sql = 'SELECT id, sentence, start, "end", type FROM occurrences WHERE sentence IN ({}) ORDER BY sentence, position'
    return np.fromiter(chain.from_iterable(in_batches(db, sql, sentences)), np.int64).reshape(-1, 5)


def sentences_of_occurrences(db: sqlite3.Connection, ids: Sequence[int]) -> list[int]:
    """Return the sentences of occurrences, each once, in the order of their ids."""
    sql = "SELECT DISTINCT sentence FROM occurrences WHERE id IN ({})"
    return sorted({key for (key,) in in_batches(db, sql, ids)})


def consecutive_occurrences(
    db: sqlite3.Connection, anchors: list[int], words: Sequence[tuple[int, Sequence[int]]]
) -> list[tuple[int, ...]]:
    """Find the places where given words occur at given distances from an anchor word.

    Args:
        anchors: Occurrence ids of the anchor word.
        words: For each word its distance from the anchor in tokens, and its types. SQLite joins at most 64 tables.

    Returns:
        (sentence, position of the anchor, id of each word's occurrence), in the order of sentences and positions.
    """
    columns = ", ".join(f"o{n}.id" for n in range(len(words)))
    joins = " ".join(
        f"JOIN occurrences o{n} ON o{n}.sentence = a.sentence AND o{n}.position = a.position + {int(distance)}"
        f" AND +o{n}.type IN ({','.join(str(int(kind)) for kind in types)})"
        for n, (distance, types) in enumerate(words)
    )
    with id_set(db, "anchors", anchors) as table:
        return db.execute(
            f"SELECT a.sentence, a.position, {columns} FROM {table} t JOIN occurrences a ON a.id = t.id {joins}"
            " ORDER BY a.sentence, a.position"
        ).fetchall()


# Keywords


def fill_keyword_index(db: sqlite3.Connection, texts: Iterable[str]) -> None:
    """Add texts to a keyword index that has no collection around it, with row ids from 0, in one transaction."""
    db.execute("BEGIN")
    db.executemany("INSERT INTO sentences_fts (rowid, text) VALUES (?, ?)", enumerate(texts))
    db.execute("COMMIT")


def best_keyword_rows(db: sqlite3.Connection, expression: str, limit: int) -> list[int]:
    """Rank the rows of a keyword index by BM25, best first, without regard to documents. Ties are in the order of ids.

    Args:
        expression: FTS5 expression.
    """
    sql = "SELECT rowid FROM sentences_fts WHERE sentences_fts MATCH ? ORDER BY bm25(sentences_fts), rowid LIMIT ?"
    return [key for (key,) in db.execute(sql, (expression, limit))]


# Metadata


def metadata_values(db: sqlite3.Connection, ids: Sequence[int], field: str) -> dict[int, str]:
    """Return a metadata field of occurrences' documents, by occurrence id. Documents without the field are left out.

    Of a list, the first item in the order of their texts counts.
    """
    sql = (
        "SELECT o.id, min(m.value) FROM occurrences o JOIN sentences s ON s.id = o.sentence"
        " JOIN metadata m ON m.document = s.document AND m.field = ? WHERE o.id IN ({}) GROUP BY o.id"
    )
    return dict(in_batches(db, sql, ids, field))


def documents_by_value(db: sqlite3.Connection, field: str) -> list[tuple[str, int]]:
    """Return (value, document key) for each value of a metadata field, live or not. Each item of a list is a value."""
    rows = db.execute("SELECT value, document FROM metadata WHERE field = ?", (field,)).fetchall()
    return [(item, document) for value, document in rows for item in stored_items(str(value))]


def document_keys(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return (document id, key) of all documents, live or not."""
    return db.execute("SELECT document_id, id FROM documents").fetchall()


def document_names(db: sqlite3.Connection, keys: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return (document id, title) of documents by key."""
    sql = "SELECT id, document_id, title FROM documents WHERE id IN ({})"
    return {key: (str(document), str(title)) for key, document, title in in_batches(db, sql, keys)}
