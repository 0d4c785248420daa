"""Every SQL query with which benchmarks read a collection.

They are independent of the product's queries, because exact answers must not depend on the code they check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.gold.judgements import Place


@dataclass(frozen=True, slots=True)
class TypeRow:
    """A type.

    Attributes:
        vector: Bytes of its identity vector in float16.
    """

    key: int
    form: str
    lemma: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class OccurrenceRow:
    """An occurrence: ids of itself, its sentence and its type, its position, and its offsets in the sentence."""

    sentence: int
    key: int
    position: int
    start: int
    end: int
    type: int


def type_rows(collection: Collection) -> list[TypeRow]:
    """Return all types in the order of their ids."""
    rows = collection.db.execute("SELECT id, form, lemma, vector FROM types ORDER BY id")
    return [TypeRow(*row) for row in rows]


def type_ranges(collection: Collection, segment: int) -> list[tuple[int, int, int]]:
    """Return (type id, first row, number of rows) for each range of a segment."""
    return collection.db.execute("SELECT type, first, count FROM ranges WHERE segment = ?", [segment]).fetchall()


def vector_bytes(collection: Collection) -> int:
    """Return the number of bytes of all identity vectors."""
    (size,) = collection.db.execute("SELECT sum(length(vector)) FROM types").fetchone()
    return int(size)


def word_bytes(collection: Collection) -> int:
    """Return the number of bytes of the table of words with its index, as SQLite stores them at the least.

    Numbers count three bytes, and each row and each value one more.
    """
    form, lemma = (f"length(CAST({name} AS BLOB))" for name in ("form", "lemma"))
    sql = f"SELECT sum(2 * {form} + {lemma} + length(pos) + length(tag) + 16) FROM words"
    (size,) = collection.db.execute(sql).fetchone()
    return int(size or 0)


def occurrence_positions(collection: Collection) -> dict[int, int]:
    """Return the position of each occurrence in its sentence, by its id."""
    return dict(collection.db.execute("SELECT id, position FROM occurrences").fetchall())


def occurrence_place(collection: Collection, occurrence: int) -> tuple[int, int]:
    """Return the sentence id of an occurrence and its position in that sentence."""
    sql = "SELECT sentence, position FROM occurrences WHERE id = ?"
    sentence, position = collection.db.execute(sql, [occurrence]).fetchone()
    return sentence, position


def stored_places(collection: Collection) -> dict[int, tuple[Place, str]]:
    """Return for each occurrence id its place in the document's text and the lemma that is stored for it."""
    rows = collection.db.execute(
        'SELECT o.id, d.document_id, s.start, o.start, o."end", t.lemma FROM occurrences o'
        " JOIN types t ON t.id = o.type JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document"
    )
    return {key: ((document, at + start, at + end), lemma) for key, document, at, start, end, lemma in rows}


def lemma_size(collection: Collection, occurrence: int) -> int:
    """Return the number of occurrences that have the same lemma as an occurrence."""
    sql = (
        "SELECT sum(r.count) FROM ranges r JOIN types t ON t.id = r.type WHERE t.lemma ="
        " (SELECT t.lemma FROM occurrences o JOIN types t ON t.id = o.type WHERE o.id = ?)"
    )
    return int(collection.db.execute(sql, [occurrence]).fetchone()[0])


def document_occurrences(collection: Collection, document: int) -> Iterator[OccurrenceRow]:
    """Yield the occurrences of a document by sentence and position."""
    sql = (
        'SELECT o.sentence, o.id, o.position, o.start, o."end", o.type FROM occurrences o'
        " JOIN sentences s ON s.id = o.sentence WHERE s.document = ? ORDER BY o.sentence, o.position"
    )
    for row in collection.db.execute(sql, [document]):
        yield OccurrenceRow(*row)
