"""Filters and queries by part of speech: which tokens of a collection have one of some parts of speech."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.segment import Segment
from ...indexer.collection.snapshot import Snapshot
from ...indexer.collection.stream import TokenStream
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Ids, Mask, as_slice
from .filters import Condition, Operator

POS = "pos"
"""Filter field for the part of speech. A metadata field of that name is stored as `meta.pos`."""
_SAME = ({"NOUN", "PROPN"}, {"VERB", "AUX"})


@dataclass(frozen=True, slots=True)
class TaggedTokens:
    """Tokens of some parts of speech, which a filter requires of occurrences. It works as `scope.Members` does.

    A filter on sentences lets in those with such a token, or with `excluding` those without.

    Attributes:
        words: Which words of each segment have one of the parts of speech, by segment key.  (W,)
        excluding: Whether occurrences of these parts of speech are left out.
    """

    words: Mapping[int, Mask]
    excluding: bool = False

    def row_mask(self, segment: Segment, rows: Ids) -> Mask:
        """Return which of some token rows the filter lets in.  (n,) -> (n,)"""
        stream = _stream(segment)
        inside: Mask = self.words[segment.key][stream.words[stream.token_places[as_slice(rows)]]]
        return ~inside if self.excluding else inside

    def sentence_mask(self, segment: Segment) -> Mask:
        """Return which sentences of a segment the filter lets in.  (m,)"""
        stream = _stream(segment)
        holds = np.zeros(len(segment.sentences), bool)
        holds[stream.sentences_of(self.tokens(segment))] = True
        return ~holds if self.excluding else holds

    def tokens(self, segment: Segment) -> Ids:
        """Return the tokens of a segment that have one of the parts of speech, in the order of the text."""
        return _stream(segment).tokens_of(self.words[segment.key])


@dataclass(frozen=True, slots=True)
class PosCounts:
    """Parts of speech of a word.

    Attributes:
        target: Part of speech that the query names, else that of the target in its sentence. "" if it is unknown.
        counts: Number of occurrences by part of speech, the most frequent first. Empty if none is known.
    """

    target: str
    counts: Mapping[str, int]


def _stream(segment: Segment) -> TokenStream:
    assert segment.stream is not None  # `tokens_with` has refused collections without streams
    return segment.stream


def tokens_with(
    collection: Collection, snapshot: Snapshot, fits: Callable[[str], bool], excluding: bool = False
) -> TaggedTokens:
    """Return the tokens whose part of speech fits.

    Raises:
        QueryError: The collection stores no parts of speech.
    """
    if not collection.settings.has_stream:
        path = collection.path
        raise QueryError(f"{path} does not store parts of speech; `polyseme reencode {path}` adds them")
    words = collection.words()
    column = words.column(POS)
    values = np.array([fits(value) for value in column.values] + [False], bool)
    of_word = np.append(values[column.codes], False)  # (V + 1,), the last one for unknown words
    found = {
        key: of_word[words.rows(segment.stream.word_ids)]
        for key, segment in snapshot.segments.items()
        if segment.stream is not None
    }
    return TaggedTokens(found, excluding)


def pos_counts(collection: Collection, rows: Mapping[Segment, Ids]) -> dict[str, int]:
    """Count occurrences by part of speech, the most frequent first. Those without one are left out.

    Args:
        rows: Token rows of each segment.
    """
    words = collection.words()
    column = words.column(POS)
    values, codes = (*column.values, ""), np.append(column.codes, len(column.values))  # the last one for unknown words
    totals = np.zeros(len(values), np.int64)
    for segment, inside in rows.items():
        if segment.stream is None:
            continue
        stream = segment.stream
        of_word = codes[words.rows(stream.word_ids)]  # (W,)
        numbers = of_word[stream.words[stream.token_places[as_slice(inside)]]]
        totals += np.bincount(numbers, minlength=len(values))
    best = sorted(range(len(values)), key=lambda number: (-int(totals[number]), values[number]))
    return {values[number]: int(totals[number]) for number in best if totals[number] and values[number]}


def filtered_tokens(collection: Collection, snapshot: Snapshot, condition: Condition) -> TaggedTokens:
    """Return the tokens that a filter on the part of speech requires or excludes.

    Raises:
        QueryError: The collection has no parts of speech, or not this one, or the filter is a range.
    """
    if condition.operator is Operator.RANGE:
        raise QueryError("parts of speech have no order; write pos=NOUN, pos=NOUN|PROPN or pos!=NOUN, not pos=A..B")
    wanted = {value.strip() for value in condition.values}
    found = tokens_with(collection, snapshot, wanted.__contains__, condition.operator is Operator.NONE_OF)
    known = sorted({value for value in collection.words().column(POS).values if value})
    if unknown := sorted(wanted - set(known)):
        shown = f"the collection has {', '.join(known[:20])}" if known else "its model has no tagger"
        raise QueryError(f"no word has the part of speech {unknown[0][:20]!r}; {shown}")
    return found


def parts_of_rows(collection: Collection, rows: Mapping[Segment, Ids]) -> list[str]:
    """Return the part of speech of each occurrence, in the order of their ids. Empty where none is stored.

    Args:
        rows: Token rows of each segment.
    """
    words = collection.words()
    column = words.column(POS)
    codes = np.append(column.codes, -1)  # (V + 1,), the last one for unknown words
    found, ids = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for segment, inside in rows.items():
        ids.append(np.asarray(segment.token_ids[as_slice(inside)]))
        if segment.stream is None:
            found.append(np.full(len(inside), -1, np.int64))
        else:
            stream = segment.stream
            tokens = stream.token_places[as_slice(inside)]
            found.append(codes[words.rows(stream.word_ids[stream.words[tokens]])])
    order = np.argsort(np.concatenate(ids))
    values = [*column.values, ""]
    return [values[code] for code in np.concatenate(found)[order].tolist()]


@functools.lru_cache(1024)
def alike(pos: str) -> frozenset[str]:
    """Return the parts of speech that count as one: nouns and names, and verbs and auxiliary verbs."""
    return next((frozenset(group) for group in _SAME if pos in group), frozenset([pos]))
