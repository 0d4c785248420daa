"""Senses of a dictionary: give each line of a word its most probable sense, and count, filter and list by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...indexer.collection import queries
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
from .inventory import Sense, SenseInventory, central_hits

METHOD = "centroids of the dictionary {!r}"
"""Name of the method by which lines get senses of a dictionary."""
SEPARATOR = "/"
"""What is between the name of a dictionary and a sense in a filter."""
NONE = -1
"""Place of the sense of a line whose lemma the dictionary does not have."""
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
        entries: The senses, in the order of the dictionary. With match `form`, those of the most frequent lemma first.
        places: Lemma of each sense, and its number among the senses of that lemma, from 1.
        inventory: The same senses with their lines, numbered from 1. A timeline or a map can be made of it.
        probabilities: Occurrence id -> probability of its most probable sense. 0 for a line whose lemma the dictionary
            does not have.
        expected: Expected share of each sense in the lines, from the probabilities of all senses (s,).
    """

    dictionary: str
    entries: tuple[StoredSense, ...]
    places: tuple[tuple[str, int], ...]
    inventory: SenseInventory
    probabilities: Mapping[int, float] = field(repr=False)
    expected: tuple[float, ...]

    def filter_name(self, number: int) -> str:
        """Return the name of a sense in a filter, such as `wordnet/bank/2`.

        Args:
            number: Its number in the inventory, from 1.
        """
        lemma, own = self.places[number - 1]
        return SEPARATOR.join([self.dictionary, lemma, str(own)])


@dataclass(frozen=True, slots=True)
class WordReading:
    """All lines of a word in a collection, and the probability of each sense.

    Attributes:
        places: Lemma of each sense, and its number among the senses of that lemma, from 1 (s).
        rows: The lines, by segment.
        ids: Their occurrence ids, ascending (n,).
        vectors: Their unit vectors (n, d).
        shares: Probability of each sense of each line. 0 for senses of another lemma (n, s).
        parts: Part of speech of each line, or empty (n).
    """

    senses: tuple[StoredSense, ...]
    places: tuple[tuple[str, int], ...]
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

    A line's part of speech counts, if the collection has it (`disambiguation.shares_by_pos`). With match `form`, each
    line is asked for the senses of its own lemma, and all lines of that lemma move the frequencies. So a line has the
    same sense with both matches.

    Raises:
        QueryError: The dictionary has no sense of the word, or the collection has no line.
    """
    whole = view.unfiltered()
    value, rows = whole.require_word(word, match)
    if match is Match.LEMMA:
        return value, _read_lemma(view, dictionary, value, word, rows)
    forms = set(view.types(value, Match.FORM))
    parts = []
    for lemma in queries.lemmas_of_form(view.collection.db, value):
        types = view.types(lemma, Match.LEMMA)
        if _senses(view, dictionary, [lemma]) and (inside := whole.rows(sorted(forms.intersection(types)))):
            ids = np.concatenate([item.ids for item in inside])
            parts.append((_read_lemma(view, dictionary, lemma, lemma, whole.rows(types)), ids))
    if not parts:  # the dictionary may have a word that the analyser knows, such as the lemma of a tagless collection
        return value, _read_lemma(view, dictionary, value, word, rows)
    return value, _joined(view, rows, parts)


def _senses(view: View, dictionary: StoredDictionary, lemmas: Iterable[str]) -> list[StoredSense]:
    """Return the senses of the first lemma that the dictionary has."""
    db = view.collection.db
    found = (senses_of_word(db, dictionary.key, lemma) for lemma in dict.fromkeys(lemmas))
    return next(filter(None, found), [])


def _read_lemma(view: View, dictionary: StoredDictionary, lemma: str, word: str, rows: Sequence[Rows]) -> WordReading:
    """Return the given lines of a lemma with the probability of each sense.

    Args:
        word: The word as asked for. The dictionary may have its lemma by other rules, if it lacks `lemma`.
    """
    asked = word.strip()
    senses = _senses(view, dictionary, [lemma, view.analyser.lemma(asked), view.analyser.folding.lemma(asked)])
    if not senses:
        later = ", or import it again if the word came later" if dictionary.absent else ""
        raise QueryError(
            f"the dictionary {dictionary.name!r} has no sense of {lemma[:_SHOWN]!r};"
            f" `polyseme senses` without --dictionary groups its lines{later}"
        )
    ids, vectors = rows_vectors(rows)
    if len(senses[0].vector) != vectors.shape[1] or len({len(sense.vector) for sense in senses}) > 1:
        raise QueryError(f"the dictionary {dictionary.name!r} has centroids of another length; import it again")
    parts = tuple(parts_of_rows(view.collection, {item.segment: item.rows for item in rows}))
    places = tuple((lemma, number) for number in range(1, len(senses) + 1))
    shares = shares_by_pos(vectors, senses, parts)
    return WordReading(tuple(senses), places, tuple(rows), ids, vectors, shares, parts)


def _joined(view: View, rows: Sequence[Rows], parts: Sequence[tuple[WordReading, Ids]]) -> WordReading:
    """Return the lines of a form with the senses of all its lemmas.

    Args:
        rows: All lines of the form.
        parts: All lines of each lemma, and the occurrence ids of those that have the form.
    """
    ids, vectors = rows_vectors(rows)
    shares = np.zeros((len(ids), sum(len(reading.senses) for reading, _ in parts)))
    first = 0
    for reading, inside in parts:
        kept = np.isin(reading.ids, inside)
        width = len(reading.senses)
        shares[np.searchsorted(ids, reading.ids[kept]), first : first + width] = reading.shares[kept]
        first += width
    senses = tuple(sense for reading, _ in parts for sense in reading.senses)
    places = tuple(place for reading, _ in parts for place in reading.places)
    tags = tuple(parts_of_rows(view.collection, {item.segment: item.rows for item in rows}))
    return WordReading(senses, places, tuple(rows), ids, vectors, shares, tags)


def find_dictionary_senses(view: View, word: str, dictionary: str, match: str) -> DictionarySenses:
    """Give the lines of a word inside the filters their senses. See `Searcher.dictionary_senses`."""
    wanted = parse_option(Match, match, "match", SAME_WORD)
    found = read_dictionary_of(view, dictionary)
    value, reading = read_word(view, found, word, wanted)
    inside, _ = rows_vectors(view.require_word(word, wanted)[1])
    kept = np.isin(reading.ids, inside)
    ids, shares = reading.ids[kept], reading.shares[kept]
    known = shares.any(axis=1)  # (n,)
    best = np.where(known, shares.argmax(axis=1), NONE)  # (n,)
    centroids = np.stack([sense.vector for sense in reading.senses])  # (s, d)
    cosines = np.einsum("nd,nd->n", reading.vectors[kept], centroids[best]) * known  # (n,)
    senses = []
    for place in range(len(reading.senses)):
        group = np.flatnonzero(best == place)
        order = group[np.lexsort((ids[group], -cosines[group]))]
        central = central_hits(view, ids[order], cosines[order].astype(np.float32))
        senses.append(Sense(place + 1, len(group), len(group) / len(ids), (), central))
    inventory = SenseInventory(
        value,
        wanted,
        tuple(senses),
        {key: None if place == NONE else place + 1 for key, place in zip(ids.tolist(), best.tolist(), strict=True)},
        dict(zip(ids.tolist(), cosines.tolist(), strict=True)),
        None,
        METHOD.format(dictionary),
    )
    chosen = dict(zip(ids.tolist(), shares.max(axis=1).tolist(), strict=True))
    expected = tuple(shares.mean(axis=0).tolist())
    return DictionarySenses(dictionary, reading.senses, reading.places, inventory, chosen, expected)


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
