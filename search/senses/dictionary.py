"""Senses of a dictionary: give each line of a word its most probable sense, and count, filter and list by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...indexer.collection.dictionaries import (
    StoredDictionary,
    StoredSense,
    lemma_of_sense,
    read_dictionaries,
    senses_of_word,
)
from ...indexer.errors import QueryError
from ...indexer.vectorise import space_of
from ...indexer.vectors.arrays import Array, Doubles, Ids
from ..context import SAME_WORD, View, parse_option
from ..hits import Match, OccurrenceHit
from ..query.parts_of_speech import parts_of_rows
from ..retrieval.exact import Rows, rows_vectors
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked
from .disambiguation import shares_by_pos
from .inventory import CENTRAL_LINES, Sense, SenseInventory

METHOD = "centroids of the dictionary {!r}"
"""Name of the method by which lines get senses of a dictionary."""
SEPARATOR = "/"
"""What is between the name of a dictionary and a sense in a filter."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class DictionaryLine:
    """A line with its most probable sense.

    Attributes:
        number: Number of the sense among those of the word, from 1, in the order of the dictionary.
        sense: Id of the sense in the dictionary.
        probability: Probability of that sense.
    """

    hit: OccurrenceHit
    number: int
    sense: str
    probability: float


@dataclass(frozen=True, slots=True)
class DictionarySenses:
    """The senses that a dictionary has for a word, with the lines of a collection.

    Attributes:
        entries: The senses, in the order of the dictionary.
        inventory: The same senses with their lines, numbered from 1. A timeline or a map can be made of it.
        probabilities: Occurrence id -> probability of its most probable sense.
        expected: Expected share of each sense in the lines, from the probabilities of all senses (s,).
    """

    dictionary: str
    entries: tuple[StoredSense, ...]
    inventory: SenseInventory
    probabilities: Mapping[int, float] = field(repr=False)
    expected: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WordReading:
    """All lines of a word in a collection, and the probability of each sense.

    Attributes:
        rows: The lines, by segment.
        ids: Their occurrence ids, ascending (n,).
        vectors: Their unit vectors (n, d).
        shares: Probability of each sense of each line (n, s).
        parts: Part of speech of each line, or empty (n).
    """

    senses: tuple[StoredSense, ...]
    rows: tuple[Rows, ...]
    ids: Ids
    vectors: Array
    shares: Doubles
    parts: tuple[str, ...]


def read_dictionary_of(view: View, name: str) -> StoredDictionary:
    """Return a dictionary of a collection whose centroids can be compared with its lines.

    Raises:
        QueryError: There is none of that name, or its centroids are of another space.
    """
    stored = {found.name: found for found in read_dictionaries(view.collection.db)}
    path = view.collection.path
    if name not in stored:
        known = ", ".join([*stored][:10]) or "none yet; import one with `polyseme dictionary import`"
        raise QueryError(f"{path} has no dictionary {name[:_SHOWN]!r}; there are: {known}")
    found = stored[name]
    space = space_of(view.settings.layer, view.snapshot.transforms)
    if (found.model_id, found.space) != (view.settings.model_id, space):
        raise QueryError(f"the dictionary {name!r} of {path} was made for other vectors; import it again")
    return found


def read_word(view: View, dictionary: StoredDictionary, word: str, match: Match) -> tuple[str, WordReading]:
    """Return a word as stored, and all its lines with the probability of each sense, inside the filters or not.

    Only senses of a line's part of speech compete, if the collection has it (`disambiguation.competing`).

    Raises:
        QueryError: The dictionary has no sense of the word, or the collection has no line.
    """
    value, rows = view.unfiltered().require_word(word, match)
    db = view.collection.db
    lemmas = dict.fromkeys([value, view.analyser.lemma(word.strip()), view.analyser.folding.lemma(word.strip())])
    senses = next(filter(None, (senses_of_word(db, dictionary.key, lemma) for lemma in lemmas)), None)
    if not senses:
        later = ", or import it again if the word came later" if dictionary.absent else ""
        raise QueryError(
            f"the dictionary {dictionary.name!r} has no sense of {value[:_SHOWN]!r};"
            f" `polyseme senses` without --dictionary groups its lines{later}"
        )
    ids, vectors = rows_vectors(rows)
    if len(senses[0].vector) != vectors.shape[1] or len({len(sense.vector) for sense in senses}) > 1:
        raise QueryError(f"the dictionary {dictionary.name!r} has centroids of another length; import it again")
    parts = tuple(parts_of_rows(view.collection, {item.segment: item.rows for item in rows}))
    return value, WordReading(tuple(senses), tuple(rows), ids, vectors, shares_by_pos(vectors, senses, parts), parts)


def find_dictionary_senses(view: View, word: str, dictionary: str, match: str) -> DictionarySenses:
    """Give the lines of a word inside the filters their senses. See `Searcher.dictionary_senses`."""
    wanted = parse_option(Match, match, "match", SAME_WORD)
    found = read_dictionary_of(view, dictionary)
    value, reading = read_word(view, found, word, wanted)
    inside, _ = rows_vectors(view.require_word(word, wanted)[1])
    kept = np.isin(reading.ids, inside)
    ids, shares = reading.ids[kept], reading.shares[kept]
    best = shares.argmax(axis=1)  # (n,)
    centroids = np.stack([sense.vector for sense in reading.senses])  # (s, d)
    cosines = np.einsum("nd,nd->n", reading.vectors[kept], centroids[best])  # (n,)
    senses = []
    for place in range(len(reading.senses)):
        group = np.flatnonzero(best == place)
        order = group[np.lexsort((ids[group], -cosines[group]))][:CENTRAL_LINES]
        central = tuple(occurrence_hits(view.collection, Ranked(ids[order], cosines[order].astype(np.float32))))
        senses.append(Sense(place + 1, len(group), len(group) / len(ids), (), central))
    inventory = SenseInventory(
        value,
        wanted,
        tuple(senses),
        dict(zip(ids.tolist(), (best + 1).tolist(), strict=True)),
        dict(zip(ids.tolist(), cosines.tolist(), strict=True)),
        None,
        METHOD.format(dictionary),
    )
    chosen = dict(zip(ids.tolist(), shares.max(axis=1).tolist(), strict=True))
    return DictionarySenses(dictionary, reading.senses, inventory, chosen, tuple(shares.mean(axis=0).tolist()))


def dictionary_lines(view: View, found: DictionarySenses, number: int | None) -> list[DictionaryLine]:
    """List lines with their senses. See `Searcher.dictionary_lines`."""
    if number is not None and not 1 <= number <= len(found.entries):
        word, most = found.inventory.word, len(found.entries)
        raise QueryError(f"{word!r} has senses 1 to {most} in {found.dictionary!r}, not {number}; choose one")
    numbers = found.inventory.assignments
    keys = [key for key, given in numbers.items() if number is None or given == number]
    keys.sort(key=lambda key: (numbers[key] or 0, -found.probabilities[key], key))
    scores = np.array([found.inventory.scores[key] for key in keys], np.float32)
    hits = occurrence_hits(view.collection, Ranked(np.array(keys, np.int64), scores))
    return [
        DictionaryLine(hit, given, found.entries[given - 1].id, found.probabilities[hit.occurrence_id])
        for hit in hits
        if (given := numbers[hit.occurrence_id]) is not None
    ]


def sense_rows(view: View, name: str) -> dict[int, Ids]:
    """Return the rows of a dictionary sense in a filter, by segment key, inside the view's filters or not.

    Args:
        name: `DICTIONARY/ID`, or `DICTIONARY/WORD/NUMBER`.

    Raises:
        QueryError: There is no such dictionary or sense.
    """
    dictionary, _, rest = name.partition(SEPARATOR)
    found = read_dictionary_of(view, dictionary)
    lemma = lemma_of_sense(view.collection.db, found.key, rest)
    word, _, number = rest.rpartition(SEPARATOR)
    if lemma is None and not (word and number.isdecimal() and len(number) < 6):
        raise QueryError(
            f"the dictionary {dictionary!r} has no sense {rest[:_SHOWN]!r};"
            " write DICTIONARY/ID or DICTIONARY/WORD/NUMBER, as `polyseme senses --dictionary` prints them"
        )
    _, reading = read_word(view, found, word if lemma is None else lemma, Match.LEMMA)
    ids = [sense.id for sense in reading.senses]
    place = int(number) - 1 if lemma is None else ids.index(rest)
    if not 0 <= place < len(ids):
        raise QueryError(f"{word[:_SHOWN]!r} has senses 1 to {len(ids)} in {dictionary!r}, not {number}; choose one")
    return _rows_of(reading.rows, reading.ids[reading.shares.argmax(axis=1) == place])


def _rows_of(rows: Sequence[Rows], ids: Ids) -> dict[int, Ids]:
    return {item.segment.key: item.rows[np.isin(item.ids, ids)] for item in rows}
