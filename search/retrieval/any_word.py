"""Find the occurrences of any word nearest in sense: exactly where word identity allows it, else proposed by FAISS.

The score of an occurrence is (sense + w * identity) / (1 + w). Identity is a property of the type, and sense is a
cosine, so a type's identity bounds the score of its occurrences. Types are therefore scored in the order of identity
until no further type can reach the k best. If that takes too many occurrences, the segments' indexes propose the rest.
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
"""Number of occurrences in the first portion. The bound is checked after each portion."""
GROWTH = 4
"""Growth of the portions: each is this many times as large as what came before."""
MOST_SCORED = 50_000
"""Maximum number of occurrences scored before the indexes are used. Searching the indexes takes about as long."""
MOST_SEEN = 400_000
"""Maximum number of occurrences visited, including those that a filter leaves out."""
MOST_TYPES = 16_384
"""Maximum number of types visited."""
HIGHEST_COSINE = 1.001
"""Upper bound of the cosine of two unit vectors, one of them stored in half precision."""


def nearest_any(collection: Collection, scope: Scope, sense: Array, word: Array, k: int) -> Ranked:
    """Find the k occurrences in scope nearest to a sense (d,) and, weighted by the collection, an identity (p,)."""
    search = AnyWord(collection.types(), scope, sense, word, collection.settings.word_weight, k)
    return search.best() if search.scan_types() else search.proposed()


class AnyWord:
    """One search for any word: the k best of the occurrences scored so far."""

    def __init__(self, types: TypeTable, scope: Scope, sense: Array, word: Array, weight: float, k: int) -> None:
        self.types, self.scope, self.sense, self.word, self.weight, self.k = types, scope, sense, word, weight, k
        self.segments = list(scope.snapshot.segments.values())
        self.ids, self.scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        self.scored = 0

    def best(self) -> Ranked:
        """Return the k best occurrences scored so far."""
        return ranked(self.ids, self.scores, self.k)

    def scan_types(self) -> bool:
        """Score types in the order of their identity. Return whether no other occurrence can be among the k best."""
        for places, bound in portions(self.types.nearest(self.word, MOST_TYPES), self.types.counts):
            for segment in self.segments:
                rows, type_places = self.types.ranges[segment.key].rows(np.sort(places))
                allowed = self.scope.row_mask(segment, rows)
                if allowed is not None:
                    rows, type_places = rows[allowed], type_places[allowed]
                self._score(segment, rows, type_places)
            if bound is None:
                return True
            reach = (HIGHEST_COSINE + self.weight * bound) / (1 + self.weight)
            if len(self.scores) >= self.k and reach < self.scores.min():
                return True
            if self.scored > MOST_SCORED:
                return False
        return False

    def _score(self, segment: Segment, rows: Ids, type_places: Ids) -> None:
        """Score rows (n,) and keep the k best.

        Args:
            type_places: Place of each row's type in the type table (n,).
        """
        if not len(rows):
            return
        distinct, place = np.unique(type_places, return_inverse=True)
        identity = row_products(self.types.vectors[distinct], self.word)[place]  # (n,)
        scores = (scan(segment.tokens, self.sense, rows) + self.weight * identity) / (1 + self.weight)
        ids = np.concatenate([self.ids, segment.token_ids[rows]])
        every = np.concatenate([self.scores, scores.astype(np.float32)])
        best = top(every, self.k, ids)
        self.ids, self.scores = ids[best], every[best]
        self.scored += len(rows)

    def proposed(self) -> Ranked:
        """Return the k best of what was scored and what the segments' indexes propose."""
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
    """Yield places of types, nearest first, in portions of growing numbers of occurrences, each with a bound.

    Args:
        stages: Types by identity, nearest first.
        counts: Number of occurrences of each type (T,).

    Yields:
        Places of types (n,), and an upper bound of the identity of all later types. After the last type
        there is no bound (None). The portions end early after `MOST_SEEN` occurrences, or where the stages end.
    """
    before, wanted = 0, FIRST_ROWS
    for near in stages:
        seen = before + np.cumsum(counts[near.places])  # (n,)
        end = 0
        while end < len(seen) or not end:  # a stage without types still has a bound
            first, end = end, min(int(np.searchsorted(seen, wanted)) + 1, len(seen))
            bound = float(near.cosines[end]) if end < len(seen) else near.rest
            yield near.places[first:end], bound
            if bound is None or wanted >= MOST_SEEN:
                return
            if not end:
                break
            before = int(seen[end - 1])
            wanted = GROWTH * max(wanted, before)
