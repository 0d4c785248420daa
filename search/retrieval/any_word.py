"""The nearest occurrences of any word: exact where the words' identity allows it, else proposed by FAISS.

The score of an occurrence is (sense + w * identity) / (1 + w). Identity belongs to the type and sense is a cosine, so a
type's identity bounds what its occurrences can reach: types are read in the order of their identity until no further
one can matter. Where that would mean to read too much, the segments' indexes propose the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.segment import Segment
from ...indexer.collection.types import NearTypes, TypeTable
from ...indexer.vectors.arrays import Array, Ids, Mask, row_products, top
from ...indexer.vectors.rows import scan
from ..query.scope import Scope
from .exact import CANDIDATES, candidates
from .ranking import Ranked, ranked

FIRST_ROWS = 1_000
"""Occurrences looked at before the bound is first tried; each further portion is four times as large."""
GROWTH = 4
MOST_SCORED = 50_000
"""Occurrences scored before the indexes are asked: about what they cost."""
MOST_SEEN = 400_000
"""Occurrences looked at, those that a filter leaves out included."""
MOST_TYPES = 16_384
HIGHEST_COSINE = 1.001
"""Of two unit vectors, one of them stored in half precision."""


def nearest_any(collection: Collection, scope: Scope, sense: Array, word: Array, k: int) -> Ranked:
    """The k occurrences of any word nearest in sense (d,) and, with the collection's weight, in identity (p,)."""
    search = AnyWord(collection.types(), scope, sense, word, collection.settings.word_weight, k)
    return search.best() if search.scan_types() else search.proposed()


class AnyWord:
    """One search: what was scored so far, at most the k best of it."""

    def __init__(self, types: TypeTable, scope: Scope, sense: Array, word: Array, weight: float, k: int) -> None:
        self.types, self.scope, self.sense, self.word, self.weight, self.k = types, scope, sense, word, weight, k
        self.segments = list(scope.snapshot.segments.values())
        self.ids, self.scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        self.scored = 0

    def best(self) -> Ranked:
        """The k best of what was scored."""
        return ranked(self.ids, self.scores, self.k)

    def scan_types(self) -> bool:
        """Score type after type, the nearest in identity first; True: nothing else can be among the k best."""
        for places, bound in portions(self.types.nearest(self.word, MOST_TYPES), self.types.counts):
            for segment in self.segments:
                rows, kinds = self.types.ranges[segment.key].rows(np.sort(places))
                allowed = self.scope.among(segment, rows)
                if allowed is not None:
                    rows, kinds = rows[allowed], kinds[allowed]
                self._score(segment, rows, kinds)
            if bound is None:
                return True
            reach = (HIGHEST_COSINE + self.weight * bound) / (1 + self.weight)
            if len(self.scores) >= self.k and reach < self.scores.min():
                return True
            if self.scored > MOST_SCORED:
                return False
        return False

    def _score(self, segment: Segment, rows: Ids, kinds: Ids) -> None:
        """Score rows, whose types' places are `kinds`, and keep the best.  (n,), (n,)"""
        if not len(rows):
            return
        distinct, place = np.unique(kinds, return_inverse=True)
        identity = row_products(self.types.vectors[distinct], self.word)[place]  # (n,)
        scores = (scan(segment.tokens, self.sense, rows) + self.weight * identity) / (1 + self.weight)
        ids = np.concatenate([self.ids, segment.token_ids[rows]])
        every = np.concatenate([self.scores, scores.astype(np.float32)])
        best = top(every, self.k, ids)
        self.ids, self.scores = ids[best], every[best]
        self.scored += len(rows)

    def proposed(self) -> Ranked:
        """The best of what the types gave and what the segments' indexes propose."""
        both = np.concatenate([self.sense, np.sqrt(self.weight) * self.word]) / np.sqrt(1 + self.weight)  # (d + p,)
        wanted = max(CANDIDATES, 4 * self.k)
        for segment in self.segments:
            allowed: Mask | None = self.scope.token_mask(segment)
            index = partial(getattr, segment, "token_index")
            rows = candidates(index, len(segment.tokens), both.astype(np.float32), wanted, allowed)
            rows = rows[~np.isin(segment.token_ids[rows], self.ids)]
            self._score(segment, rows, self.types.ranges[segment.key].places(rows))
        return self.best()


def portions(stages: Iterable[NearTypes], counts: Ids) -> Iterator[tuple[Ids, float | None]]:
    """Places of types, nearest first, in portions of growing numbers of occurrences, and what no later type exceeds.

    counts: occurrences of each type (T,). The bound is None after the last of all types; the portions end early after
    MOST_SEEN occurrences, or where the stages end.
    """
    before, wanted = 0, FIRST_ROWS
    for near in stages:
        seen = before + np.cumsum(counts[near.places])  # (n,)
        end = 0
        while end < len(seen) or not end:  # a stage without types has a bound to tell
            first, end = end, min(int(np.searchsorted(seen, wanted)) + 1, len(seen))
            bound = float(near.cosines[end]) if end < len(seen) else near.rest
            yield near.places[first:end], bound
            if bound is None or wanted >= MOST_SEEN:
                return
            if not end:
                break
            before = int(seen[end - 1])
            wanted = GROWTH * max(wanted, before)
