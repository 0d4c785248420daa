"""The dictionaries of a collection: their senses, each with a centroid vector. All reading and checking of their rows.

A collection of an earlier version has no such tables until it is next opened for writing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..errors import QueryError
from ..vectors.arrays import Array
from .findings import Findings

LONGEST_DICTIONARY_NAME = 100
"""Maximum length of the name of a dictionary, in characters."""
MOST_SENSES_OF_WORD = 300
"""Maximum number of senses of a word that are read. A stranger's collection may have any number."""
LENGTH_TOLERANCE = 0.01
"""Largest difference from 1 of the length of a stored centroid."""
IMPORT_AGAIN = "import the dictionary again"
"""Next step for damaged rows."""
_COLUMNS = "sense, word, pos, definition, examples, frequency, concept, source, size, vector"
_ROWS = 20_000


class CentroidSource(StrEnum):
    """What the centroid of a sense was made from."""

    TAGGED = "tagged"  # lines that people have tagged with the sense
    EXAMPLES = "examples"  # the examples of the dictionary
    DEFINITION = "definition"


@dataclass(frozen=True, slots=True)
class StoredSense:
    """A sense of a dictionary in a collection.

    Attributes:
        id: Its id in the dictionary.
        word: The headword as the dictionary writes it.
        pos: Part of speech, or empty.
        examples: Sentences of the dictionary. The headword may be in brackets.
        frequency: Number of tagged occurrences, of tagged lines or as the dictionary says.
        concept: Name of the concept that it shares with synonyms, or empty.
        source: What the centroid was made from.
        size: Number of lines or texts that the centroid was made from.
        vector: Unit vector of the centroid, in the space of the collection's token vectors.  (d,)
    """

    id: str
    word: str
    pos: str
    definition: str
    examples: tuple[str, ...]
    frequency: int
    concept: str
    source: CentroidSource
    size: int
    vector: Array


@dataclass(frozen=True, slots=True)
class StoredDictionary:
    """A dictionary of a collection.

    Attributes:
        key: `dictionaries.id`.
        senses: Number of its senses.
        words: Number of its headwords.
        tagged, examples, definitions: Number of senses by the source of their centroids.
        left_out: Number of senses of expressions of several words, which are not stored.
        absent: Number of senses of words that the collection did not have at the import, which are not stored.
        model_id: Digest of the model that made the centroids.
        space: Digest of the collection's layer and transform. The vectors of equal spaces can be compared.
    """

    key: int
    name: str
    senses: int
    words: int
    tagged: int
    examples: int
    definitions: int
    left_out: int
    absent: int
    model_id: str
    space: str


_COUNTS = ("senses", "words", "tagged", "examples", "definitions", "left_out", "absent")


def about_json(found: StoredDictionary) -> str:
    """Return the column `about` of a dictionary. `_dictionary` reads it back."""
    counts = {name: getattr(found, name) for name in _COUNTS}
    return json.dumps(counts | {"model_id": found.model_id, "space": found.space})


def check_dictionary_name(name: str) -> str:
    """Return a name without surrounding white space.

    Raises:
        QueryError: No filter could be written with this name.
    """
    stripped = name.strip()
    if not stripped or len(stripped) > LONGEST_DICTIONARY_NAME or not stripped.isprintable():
        raise QueryError(
            f"{name[:40]!r} cannot name a dictionary;"
            f" give a name of 1 to {LONGEST_DICTIONARY_NAME} printable characters"
        )
    if stripped.startswith("!") or ".." in stripped or any(sign in stripped for sign in "|=,;[]/"):
        raise QueryError(f"{stripped!r} cannot be written in a filter; leave out ! | = , ; [ ] / and ..")
    return stripped


def has_dictionaries(db: sqlite3.Connection) -> bool:
    """Return whether a collection has the tables of dictionaries."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'dictionary_senses'").fetchone() is not None


def read_dictionaries(db: sqlite3.Connection) -> list[StoredDictionary]:
    """Return the dictionaries of a collection, in the order of their names.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_dictionaries(db):
        return []
    return [_dictionary(*row) for row in db.execute("SELECT id, name, about FROM dictionaries ORDER BY name")]


def _dictionary(key: int, name: str, about: str) -> StoredDictionary:
    found = json.loads(about)
    counts = {field: found[field] for field in _COUNTS}
    texts = name, found["model_id"], found["space"]
    if not all(isinstance(text, str) and 0 < len(text) <= 1000 for text in texts):
        raise ValueError("a dictionary has a name that it cannot have")
    if not all(isinstance(count, int) and 0 <= count < 2**40 for count in counts.values()):
        raise ValueError("a dictionary has a count that it cannot have")
    return StoredDictionary(key, name, model_id=found["model_id"], space=found["space"], **counts)


def senses_of_word(db: sqlite3.Connection, dictionary: int, lemma: str) -> list[StoredSense]:
    """Return the senses of a lemma, in the order of the dictionary.

    Raises:
        ValueError: A row is damaged.
    """
    sql = f"SELECT {_COLUMNS} FROM dictionary_senses WHERE dictionary = ? AND lemma = ? ORDER BY position LIMIT ?"
    return [_sense(row) for row in db.execute(sql, (dictionary, lemma, MOST_SENSES_OF_WORD))]


def lemma_of_sense(db: sqlite3.Connection, dictionary: int, sense: str) -> str | None:
    """Return the lemma of the sense with an id, or None if the dictionary has no such sense."""
    sql = "SELECT lemma FROM dictionary_senses WHERE dictionary = ? AND sense = ?"
    row = db.execute(sql, (dictionary, sense)).fetchone()
    return None if row is None else str(row[0])


def lemmas_of_dictionary(db: sqlite3.Connection, dictionary: int) -> list[tuple[str, int]]:
    """Return each lemma of a dictionary that occurs in the collection, and its number of occurrences.

    The most frequent lemma is first. Deleted occurrences count until the collection is compacted.
    """
    sql = (
        "SELECT t.lemma, sum(r.count) AS n FROM types t JOIN ranges r ON r.type = t.id WHERE t.lemma IN"
        " (SELECT DISTINCT lemma FROM dictionary_senses WHERE dictionary = ?) GROUP BY t.lemma ORDER BY n DESC, t.lemma"
    )
    return [(str(lemma), int(count)) for lemma, count in db.execute(sql, (dictionary,))]


def lemmas_and_forms(db: sqlite3.Connection) -> set[str]:
    """Return every lemma and every form of a collection. A sense of a dictionary is looked up by one of them."""
    return {str(value) for (value,) in db.execute("SELECT lemma FROM types UNION SELECT form FROM types")}


def all_senses(db: sqlite3.Connection, dictionary: int) -> Iterable[tuple[str, StoredSense]]:
    """Yield the lemma and each sense of a dictionary, in its order.

    Raises:
        ValueError: A row is damaged.
    """
    sql = f"SELECT {_COLUMNS}, lemma FROM dictionary_senses WHERE dictionary = ? ORDER BY lemma, position"
    for row in db.execute(sql, (dictionary,)):
        yield str(row[-1]), _sense(row[:-1])


def _sense(row: Sequence[object]) -> StoredSense:
    """Decode a row, which is as little trusted as a file.

    Raises:
        ValueError: It is damaged.
    """
    sense, word, pos, definition, examples, frequency, concept, source, size, data = row
    texts = (sense, word, pos, definition, concept)
    if not all(isinstance(text, str) for text in texts) or not sense or not word:
        raise ValueError("a sense of a dictionary has no text where one must be")
    if not isinstance(frequency, int) or not isinstance(size, int) or frequency < 0 or size < 0:
        raise ValueError(f"the sense {sense!r:.60} has a count that it cannot have")
    try:
        lines = json.loads(str(examples))
    except RecursionError as error:
        raise ValueError(f"the sense {sense!r:.60} has examples that nest too deeply") from error
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ValueError(f"the sense {sense!r:.60} has damaged examples")
    if not isinstance(data, bytes) or not data or len(data) % 2:
        raise ValueError(f"the sense {sense!r:.60} has a damaged centroid")
    vector = np.frombuffer(data, np.float16).astype(np.float32)
    if not abs(float(np.linalg.norm(np.nan_to_num(vector, nan=9, posinf=9, neginf=9))) - 1) <= LENGTH_TOLERANCE:
        raise ValueError(f"the centroid of the sense {sense!r:.60} is not of unit length")
    return StoredSense(
        str(sense),
        str(word),
        str(pos),
        str(definition),
        tuple(lines),
        frequency,
        str(concept),
        CentroidSource(str(source)),
        size,
        vector,
    )


def insert_dictionary(
    db: sqlite3.Connection, found: StoredDictionary, senses: Iterable[tuple[str, StoredSense]]
) -> None:
    """Insert a dictionary and its senses, each with its lemma. The caller owns the transaction.

    Args:
        found: Its key does not count.
        senses: Lemma, folded as the collection's lemmas are, and sense, in the order of the dictionary.
    """
    (key,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM dictionaries").fetchone()
    db.execute("INSERT INTO dictionaries (id, name, about) VALUES (?, ?, ?)", (key, found.name, about_json(found)))
    db.executemany(
        f"INSERT INTO dictionary_senses (dictionary, lemma, position, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                key,
                lemma,
                position,
                one.id,
                one.word,
                one.pos,
                one.definition,
                json.dumps(list(one.examples), ensure_ascii=False),
                one.frequency,
                one.concept,
                str(one.source),
                one.size,
                one.vector.astype(np.float16).tobytes(),
            )
            for position, (lemma, one) in enumerate(senses)
        ),
    )


def delete_dictionary(db: sqlite3.Connection, name: str) -> bool:
    """Delete a dictionary and its senses, and return whether it existed. The caller owns the transaction."""
    row = db.execute("SELECT id FROM dictionaries WHERE name = ?", (name,)).fetchone()
    if row is None:
        return False
    db.execute("DELETE FROM dictionary_senses WHERE dictionary = ?", row)
    db.execute("DELETE FROM dictionaries WHERE id = ?", row)
    return True


def check_dictionaries(db: sqlite3.Connection, dim: int, findings: Findings) -> None:
    """Check every row of every dictionary.

    Args:
        dim: Length of the collection's token vectors, or 0 if it has none.
    """
    if not has_dictionaries(db):
        return
    for key, name, about in db.execute("SELECT id, name, about FROM dictionaries ORDER BY id").fetchall():
        with findings.reading(f"the dictionary {name!r:.60}"):
            recorded = _dictionary(key, name, about)
            counts = _check_senses(db, key, name, dim, findings)
            if counts != recorded.senses:
                detail = f"the dictionary {name!r:.60} has {counts} senses, and {recorded.senses} were imported"
                findings.add("dictionaries", detail, IMPORT_AGAIN)
    (stray,) = db.execute(
        "SELECT count(*) FROM dictionary_senses WHERE dictionary NOT IN (SELECT id FROM dictionaries)"
    ).fetchone()
    if stray:
        findings.add("dictionaries", f"{stray} senses of no dictionary", IMPORT_AGAIN)


def _check_senses(db: sqlite3.Connection, key: int, name: str, dim: int, findings: Findings) -> int:
    """Check the senses of a dictionary, and return their number."""
    count = 0
    rows = db.execute(f"SELECT {_COLUMNS} FROM dictionary_senses WHERE dictionary = ?", (key,))
    while batch := rows.fetchmany(_ROWS):
        for row in batch:
            count += 1
            try:
                found = _sense(row)
                if dim and len(found.vector) != dim:
                    raise ValueError(f"the centroid of {found.id!r:.60} has {len(found.vector)} numbers, not {dim}")
            except ValueError as error:
                findings.add("senses of dictionaries", f"in the dictionary {name!r:.60}, {error}", IMPORT_AGAIN)
    return count
