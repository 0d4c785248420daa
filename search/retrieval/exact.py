"""Vectors of a snapshot -> the ids that score best. Exact wherever a word is given; FAISS proposes, exact scores order.

A segment's rows of one type are a range of a memory-mapped file, so "the same word" is a scan of a few ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.faiss_index import search_index
from ...indexer.collection.segment import Segment
from ...indexer.errors import CollectionError
from ...indexer.vectors.arrays import Array, Ids, Mask, as_slice
from ...indexer.vectors.rows import scan
from ..query.scope import Scope
from .ranking import Ranked, ranked

CANDIDATES = 500
"""Rows that an approximate index proposes to the exact ranking, at least."""
SENTENCE_EFFORT = 2.0
"""Share of an index's lists that a search by sentence reads, in twelfths: sentence vectors cluster less than words."""
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
        return np.asarray(self.segment.token_ids[as_slice(self.rows)])


def nearest_sentences(scope: Scope, query: Array, k: int) -> Ranked:
    """The k sentences nearest to a unit vector (e,), of those that may answer."""
    ids, scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for segment in scope.snapshot.segments.values():
        allowed = scope.sentence_mask(segment)
        wanted = max(CANDIDATES, 4 * k)
        index = partial(getattr, segment, "sentence_index")
        rows = candidates(index, len(segment.sentences), query, wanted, allowed, SENTENCE_EFFORT)
        ids.append(np.asarray(segment.sentence_ids[rows]))
        scores.append(scan(segment.sentences, query, rows))
    return ranked(np.concatenate(ids), np.concatenate(scores), k)


def candidates(
    index: Callable[[], Any], n: int, query: Array, wanted: int, allowed: Mask | None, effort: float = 1.0
) -> Ids:
    """Rows worth scoring: what the index of n rows proposes, or all allowed ones where those are few.

    allowed: (n,) or None for all -> (m,)
    """
    count = n if allowed is None else int(allowed.sum())
    if count > wanted and (allowed is None or count > SCAN_LIMIT):
        try:
            rows = search_index(index(), query, wanted, allowed, effort)
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


def narrowed(scope: Scope, found: Sequence[Rows]) -> list[Rows]:
    """Those of some live rows that a scope lets answer, segment by segment."""
    if scope.is_whole:
        return list(found)
    return [Rows(item.segment, scope.rows(item.segment, item.rows)) for item in found]


def nearest_rows(found: Sequence[Rows], query: Array, k: int | None) -> Ranked:
    """Exact order of given rows by cosine with a unit vector (d,)."""
    ids = [np.zeros(0, np.int64), *(item.ids for item in found)]
    scores = [np.zeros(0, np.float32), *(scan(item.segment.tokens, query, item.rows) for item in found)]
    return ranked(np.concatenate(ids), np.concatenate(scores), k)
