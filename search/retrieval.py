"""Vectors of a snapshot -> the ids that score best. Exact wherever a word is given; FAISS proposes, exact scores order.

A segment's rows of one type are a range of a memory-mapped file, so "the same word" is a scan of a few ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from indexer.collection.collection import Collection
from indexer.collection.segment import Segment
from indexer.collection.vectors import Array, Ids, Mask, scan, search_index
from indexer.errors import CollectionError
from search.ranking import Ranked, ranked
from search.scope import Scope

CANDIDATES = 500
"""Rows that an approximate index proposes to the exact ranking, at least."""
SCAN_LIMIT = 50_000
"""Up to this many rows that a filter leaves, all are scored."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one segment."""

    segment: Segment
    rows: Ids

    @property
    def ids(self) -> Ids:
        """Occurrence ids of the rows (n,)."""
        return np.asarray(self.segment.token_ids[self.rows])


def nearest_sentences(scope: Scope, query: Array, k: int) -> Ranked:
    """The k sentences nearest to a unit vector (e,), of those that may answer."""
    ids, scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for segment in scope.snapshot.segments.values():
        allowed = scope.sentence_mask(segment)
        wanted = max(CANDIDATES, 4 * k)
        rows = _candidates(partial(getattr, segment, "sentence_index"), len(segment.sentences), query, wanted, allowed)
        ids.append(np.asarray(segment.sentence_ids[rows]))
        scores.append(scan(segment.sentences, query, rows))
    return ranked(np.concatenate(ids), np.concatenate(scores), k)


def _candidates(index: Callable[[], Any], n: int, query: Array, wanted: int, allowed: Mask | None) -> Ids:
    """Rows worth scoring: what the index of n rows proposes, or all allowed ones where those are few."""
    count = n if allowed is None else int(allowed.sum())
    if count > wanted and (allowed is None or count > SCAN_LIMIT):
        try:
            rows = search_index(index(), query, wanted, allowed)
        except CollectionError:  # a damaged index file costs time, not answers
            rows = np.zeros(0, np.int64)
        if len(rows) >= wanted:
            return rows
    return np.arange(count) if allowed is None else np.flatnonzero(allowed)


def type_rows(collection: Collection, scope: Scope, types: Sequence[int]) -> list[Rows]:
    """All rows of some types that may answer, segment by segment."""
    marks = ",".join("?" * len(types))
    found: dict[int, list[Ids]] = {}
    for segment, first, count in collection.db.execute(
        f"SELECT segment, first, count FROM ranges WHERE type IN ({marks}) ORDER BY segment, first", list(types)
    ):
        found.setdefault(segment, []).append(np.arange(first, first + count))
    out = []
    for key, ranges in found.items():
        segment = scope.snapshot.segments[key]
        out.append(Rows(segment, scope.rows(segment, np.concatenate(ranges))))
    return out


def nearest_rows(found: Sequence[Rows], query: Array, k: int | None) -> Ranked:
    """Exact order of given rows by cosine with a unit vector (d,)."""
    ids = [np.zeros(0, np.int64), *(item.ids for item in found)]
    scores = [np.zeros(0, np.float32), *(scan(item.segment.tokens, query, item.rows) for item in found)]
    return ranked(np.concatenate(ids), np.concatenate(scores), k)


def nearest_any(collection: Collection, scope: Scope, sense: Array, word: Array, k: int) -> Ranked:
    """The k occurrences of any word nearest in sense (d,) and, with the collection's weight, in identity (p,)."""
    weight = collection.settings.word_weight
    both = np.concatenate([sense, np.sqrt(weight) * word]).astype(np.float32) / np.float32(np.sqrt(1 + weight))
    ids, scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for segment in scope.snapshot.segments.values():
        allowed = scope.token_mask(segment)
        wanted = max(CANDIDATES, 4 * k)
        rows = _candidates(partial(getattr, segment, "token_index"), len(segment.tokens), both, wanted, allowed)
        found = Rows(segment, rows)
        identity = _word_scores(collection, segment, rows, word)
        ids.append(found.ids)
        scores.append(((scan(segment.tokens, sense, rows) + weight * identity) / (1 + weight)).astype(np.float32))
    return ranked(np.concatenate(ids), np.concatenate(scores), k)


def _word_scores(collection: Collection, segment: Segment, rows: Ids, word: Array) -> Array:
    """Cosine of each row's word with a word's unit vector (p,).  -> (len(rows),)

    Vectors are stored once a type; the types of a few rows are looked up by binary search over the segment's ranges.
    """
    ranges = collection.ranges(segment)
    kinds = ranges[np.searchsorted(ranges[:, 0], rows, side="right") - 1, 1]  # (n,)
    distinct, place = np.unique(kinds, return_inverse=True)
    scores = np.empty(len(distinct), np.float32)
    for first in range(0, len(distinct), 500):
        part = distinct[first : first + 500].tolist()
        marks = ",".join("?" * len(part))
        vectors = dict(collection.db.execute(f"SELECT id, vector FROM types WHERE id IN ({marks})", part).fetchall())
        for n, key in enumerate(part):
            scores[first + n] = np.frombuffer(vectors[key], np.float16).astype(np.float32) @ word
    return np.asarray(scores[place], np.float32)
