"""Rank stored vectors by a query: occurrences of a word by an exact scan, sentences from candidates of FAISS.

The rows of one type are a range in a segment's memory-mapped file, so a search for the same word scans a few ranges.
Where FAISS proposes candidates, exact scores from the stored vectors order them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.faiss_index import search_index
from ...indexer.collection.queries import ranges_of_types
from ...indexer.collection.segment import Segment
from ...indexer.errors import DamageError
from ...indexer.vectors.arrays import Array, Ids, Mask, as_slice
from ...indexer.vectors.rows import scan
from ..hits import By
from ..query.scope import Scope
from .ranking import Ranked, ranked

CANDIDATES = 500
"""Minimum number of rows that an approximate index proposes for exact ranking."""
SENTENCE_EFFORT = 2.0
"""Share of an index's lists that sentence search reads, in twelfths. Vectors of sentences are less clustered."""
SCAN_LIMIT = 50_000
"""Maximum number of filtered rows that are all scored, without the index."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Token rows of one segment."""

    segment: Segment
    rows: Ids

    @property
    def ids(self) -> Ids:
        """Occurrence ids of the rows.  (n,)"""
        return np.asarray(self.segment.token_ids[as_slice(self.rows)])


def sentence_rows(segment: Segment, by: By) -> Any:
    """Return the stored sentence vectors that a question compares.  (m, e)"""
    return segment.defaults if by is By.DEFAULT else segment.sentences


def nearest_sentences(scope: Scope, query: Array, k: int, by: By = By.SENTENCE) -> Ranked:
    """Find the k sentences in scope nearest to a unit vector (e,).

    Product vectors have an index. Where default vectors are compared, all in scope are scored, block by block.

    Args:
        by: Vectors to compare. `default` compares ELMo's default vectors with a query (dim,).
    """
    ids, scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for segment in scope.snapshot.segments.values():
        allowed = scope.sentence_mask(segment)
        stored = sentence_rows(segment, by)
        if stored is segment.products:
            index, wanted = partial(getattr, segment, "sentence_index"), max(CANDIDATES, 4 * k)
            rows = candidates(index, len(stored), query, wanted, allowed, SENTENCE_EFFORT)
        else:
            rows = np.arange(len(stored)) if allowed is None else np.flatnonzero(allowed)
        ids.append(np.asarray(segment.sentence_ids[rows]))
        scores.append(scan(stored, query, rows))
    return ranked(np.concatenate(ids), np.concatenate(scores), k)


def sentence_cosines(scope: Scope, ids: Ids, query: Array, by: By = By.SENTENCE) -> Array:
    """Return the exact cosines of stored sentences, by id, with a unit vector (e,).  (n,) -> (n,)"""
    scores = np.zeros(len(ids), np.float32)
    for segment, places, rows in scope.sentence_rows(ids):
        scores[places] = scan(sentence_rows(segment, by), query, rows)
    return scores


def sentence_vectors(scope: Scope, ids: Ids) -> Array:
    """Read the stored vectors of sentences by id. All must be in the snapshot.  (n,) -> (n, e) float32"""
    parts = [
        (places, np.asarray(sentence_rows(segment, By.SENTENCE)[rows], np.float32))
        for segment, places, rows in scope.sentence_rows(ids)
    ]
    found = np.zeros((len(ids), parts[0][1].shape[1] if parts else 0), np.float32)
    for places, rows in parts:
        found[places] = rows
    return found


def candidates(
    index: Callable[[], Any], n: int, query: Array, wanted: int, allowed: Mask | None, effort: float = 1.0
) -> Ids:
    """Choose the rows to score: those that the index of n rows proposes, or all allowed rows if they are few.

    Args:
        wanted: Number of rows to propose.
        allowed: Rows that may be chosen (n,), or None for all.
        effort: Share of the index's lists to read, in twelfths.

    Returns:
        Row numbers (m,).
    """
    count = n if allowed is None else int(allowed.sum())
    if count > wanted and (allowed is None or count > SCAN_LIMIT):
        try:
            rows = search_index(index(), query, wanted, allowed, effort)
        except DamageError:  # without an intact index file all rows are scanned: slower, with the same hits
            rows = np.zeros(0, np.int64)
        if len(rows) >= wanted:
            return rows
    return np.arange(count) if allowed is None else np.flatnonzero(allowed)


def index_notice(scope: Scope, name: str) -> str | None:
    """Return a notice if an index file of this name is damaged, so that a search compared all vectors instead."""
    damaged = [segment for segment in scope.snapshot.segments.values() if name in segment.index_damage]
    if not damaged:
        return None
    return f"{damaged[0].folder / name} is damaged, so all vectors were compared; run `polyseme verify --repair`"


def type_rows(collection: Collection, scope: Scope, types: Sequence[int]) -> list[Rows]:
    """Return the rows of some types in scope, by segment."""
    found: dict[int, list[Ids]] = {}
    for key, first, count in ranges_of_types(collection.db, types):
        scope.snapshot.segments[key].check_range(first, count)
        found.setdefault(key, []).append(np.arange(first, first + count))
    out = []
    for key, ranges in found.items():
        segment = scope.snapshot.segments[key]
        out.append(Rows(segment, scope.rows(segment, np.concatenate(ranges))))
    return out


def nearest_rows(rows: Sequence[Rows], query: Array, k: int | None) -> Ranked:
    """Rank rows by their cosine with a unit vector (d,), exactly, and keep the best k (None: all)."""
    ids = [np.zeros(0, np.int64), *(item.ids for item in rows)]
    scores = [np.zeros(0, np.float32), *(scan(item.segment.tokens, query, item.rows) for item in rows)]
    return ranked(np.concatenate(ids), np.concatenate(scores), k)


def vectors_of(rows: Sequence[Rows], ids: Ids) -> Array:
    """Read the stored vectors of occurrences, all of which must be among the rows.  (n,) -> (n, d) float32"""
    all_ids = np.concatenate([item.ids for item in rows])
    sources = np.concatenate([np.full(len(item.rows), n) for n, item in enumerate(rows)])
    places = np.concatenate([item.rows for item in rows])
    order = np.argsort(all_ids)
    found = order[np.searchsorted(all_ids, ids, sorter=order)]  # (n,)
    out = np.empty((len(ids), rows[0].segment.tokens.shape[1]), np.float32)
    for n, item in enumerate(rows):
        here = sources[found] == n
        out[here] = item.segment.tokens[places[found[here]]]
    return out


def rows_vectors(rows: Sequence[Rows]) -> tuple[Ids, Array]:
    """Read the ids and vectors of rows, in the order of the ids.  (n,), (n, d)"""
    ids = np.concatenate([item.ids for item in rows])
    vectors = np.concatenate([np.asarray(item.segment.tokens[item.rows], np.float32) for item in rows])
    order = np.argsort(ids)
    return ids[order], vectors[order]
