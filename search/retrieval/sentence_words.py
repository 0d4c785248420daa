"""Read the stored words of some hundred sentences: their types, and the sense vectors of some of them.

A segment has its rows by sentence, which is fast. The database has the places of words in the text, which hits need. It
has the occurrences of a sentence side by side, with their types. A type's occurrences are one range of a segment's
rows, in the order of their ids. So a bisection in all ranges at once finds the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...indexer.collection.queries import occurrences_of_sentences
from ...indexer.collection.schema import DATABASE_NAME
from ...indexer.collection.types import TypeRanges, TypeTable
from ...indexer.errors import DamageError
from ...indexer.vectors.arrays import Array, Ids
from ..context import View


@dataclass(frozen=True, slots=True)
class SentenceWords:
    """The n stored words of s sentences, sentence by sentence.

    Attributes:
        sentences: Ids of those of the sentences that have stored words (s,).
        firsts: Place of each sentence's first word (s,).
        types: Place of each word's type in the type table (n,).
        senses: Reads the unit sense vectors of some of the words, by their places: (m,) -> (m, d).
    """

    sentences: Ids
    firsts: Ids
    types: Ids
    senses: Callable[[Ids], Array]

    @property
    def lengths(self) -> Ids:
        """Number of stored words of each sentence (s,)."""
        return np.diff(self.firsts, append=len(self.types))


@dataclass(frozen=True, slots=True)
class PlacedWords:
    """Stored words with their places in the text, in the order of the text.

    Attributes:
        starts: Offset of each word in its sentence, in characters (n,).
        ends: Offset after its last character (n,).
    """

    words: SentenceWords
    starts: Ids
    ends: Ids


def words_of_sentences(view: View, sentences: Ids) -> SentenceWords:
    """Return the stored words of sentences from their segments. In a sentence they are in the order of their types."""
    table, nothing = view.collection.types(), np.zeros(0, np.int64)
    kept, counts, types, sources, rows = [nothing], [nothing], [nothing], [nothing], [nothing]
    segments = list(view.snapshot.segments.values())
    for segment, places, found in view.scope.sentence_rows(np.unique(sentences)):
        here, number = segment.rows_of_sentences(found)
        kept.append(np.unique(sentences)[places[number > 0]])
        counts.append(number[number > 0])
        types.append(table.ranges[segment.key].places(here))
        sources.append(np.full(len(here), segments.index(segment)))
        rows.append(here)
    source, row = np.concatenate(sources), np.concatenate(rows)  # (n,), (n,)

    def senses(chosen: Ids) -> Array:
        vectors = np.zeros((len(chosen), segments[0].tokens.shape[1] if segments else 1), np.float32)
        for number in np.unique(source[chosen]).tolist():
            inside = source[chosen] == number
            vectors[inside] = segments[number].tokens[row[chosen][inside]]
        return np.nan_to_num(vectors)

    every = np.concatenate(counts)
    return SentenceWords(np.concatenate(kept), np.cumsum(every) - every, np.concatenate(types), senses)


def read_sentence_words(view: View, sentences: Ids) -> PlacedWords:
    """Read the stored words of sentences from the database, sentence by sentence, by their ids.

    Raises:
        DamageError: A word has an unknown type.
    """
    found = occurrences_of_sentences(view.collection.db, np.unique(sentences).tolist())  # (n, 5)
    table = view.collection.types()
    ids, owners, starts, ends, keys = found.T
    types = np.minimum(np.searchsorted(table.ids, keys), max(len(table.ids) - 1, 0))  # (n,)
    if len(keys) and (not len(table.ids) or bool((table.ids[types] != keys).any())):
        raise _damaged(view, "an occurrence has a type that is not in it")
    kept, firsts = np.unique(owners, return_index=True)
    words = SentenceWords(kept, firsts, types, lambda m: _senses(view, ids[m], owners[m], types[m]))
    return PlacedWords(words, starts, ends)


def _senses(view: View, ids: Ids, owners: Ids, types: Ids) -> Array:
    """Read the sense vectors of occurrences, given their sentences and types.  (n,), (n,), (n,) -> (n, d)

    Raises:
        DamageError: The database and the segments do not fit each other.
    """
    segments = list(view.snapshot.segments.values())
    senses = np.zeros((len(ids), segments[0].tokens.shape[1] if segments else 1), np.float32)
    missing = np.ones(len(ids), bool)
    for segment in segments:
        stored = segment.sentence_ids  # (m,)
        if not len(stored) or not len(ids):
            continue
        row = np.minimum(np.searchsorted(stored, owners), len(stored) - 1)
        here = np.flatnonzero(stored[row] == owners)
        rows = occurrence_rows(view.collection.types().ranges[segment.key], segment.token_ids, ids[here], types[here])
        here, rows = here[rows >= 0], rows[rows >= 0]
        senses[here] = segment.tokens[rows]
        missing[here] = False
    if missing.any():
        raise _damaged(view, f"occurrence {int(ids[missing][0])} is in no segment")
    return np.nan_to_num(senses)


def occurrence_rows(ranges: TypeRanges, token_ids: Any, ids: Ids, types: Ids) -> Ids:
    """Return the rows of occurrences in one segment, -1 for those that it does not have.  (n,), (n,) -> (n,)

    Args:
        token_ids: Occurrence ids of the segment's rows, ascending inside the range of one type.
        types: Place of each occurrence's type in the type table.
    """
    rows = np.full(len(ids), -1, np.int64)
    known = ranges.place[ranges.by_place]  # (R,), ascending
    if not len(known) or not len(ids):
        return rows
    at = np.minimum(np.searchsorted(known, types), len(known) - 1)  # (n,)
    inside = np.flatnonzero(known[at] == types)
    one = ranges.by_place[at[inside]]
    low = ranges.first[one].astype(np.int64)
    end = low + ranges.count[one]
    high, wanted = end.copy(), ids[inside]
    while bool((low < high).any()):
        middle = (low + high) // 2
        before = (token_ids[np.minimum(middle, len(token_ids) - 1)] < wanted) & (low < high)
        low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
    low = np.minimum(low, end - 1)
    rows[inside] = np.where(token_ids[low] == wanted, low, -1)
    return rows


def places_of_types(table: TypeTable, keys: Sequence[int]) -> Ids:
    """Return the places of types in the table, ascending. Unknown keys are left out.  (<= k,)"""
    wanted = np.unique(np.array(keys, np.int64))
    if not len(table.ids):
        return wanted[:0]
    places = np.minimum(np.searchsorted(table.ids, wanted), len(table.ids) - 1)
    return np.asarray(places[table.ids[places] == wanted], np.int64)


def _damaged(view: View, what: str) -> DamageError:
    return DamageError(f"{view.collection.path / DATABASE_NAME} is damaged: {what}; run `polyseme verify`")
