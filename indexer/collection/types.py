"""The types of a snapshot in memory: their vectors, where their occurrences are, and the search for similar types.

Type ids only grow and a segment never changes. So the table of a newer generation extends that of an older one.
A type's place is its index in the table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..vectors.arrays import Array, Ids, Places, row_products, top
from .segment import Segment

MAX_EXHAUSTIVE = 4_096
"""Maximum number of types that a query is compared with all at once."""
MIN_COSINES = (0.5, 0.3)
"""Minimum cosine of each stage of a search. The last stage compares all types. Most queries end at the first."""
MAX_CANDIDATE_SHARE = 0.25
"""Maximum share of the types that a stage compares. Above it the bounds do not pay, so all types are compared."""
_SLACK = np.float32(1e-4)
"""Tolerance for rounding in float32."""


@dataclass(frozen=True, slots=True)
class TypeRanges:
    """The R ranges of one segment, in the order of their rows.

    Attributes:
        first: First row of each range.  (R,)
        count: Number of its rows.  (R,)
        place: Place of its type.  (R,)
        by_place: Ranges in the order of the places of their types.  (R,)
    """

    first: Places
    count: Places
    place: Places
    by_place: Places

    def rows(self, places: Ids) -> tuple[Ids, Ids]:
        """Return all rows of some types in this segment, range by range, and the place of each row's type.

        (T',) -> (n,), (n,)
        """
        known = self.place[self.by_place]  # (R,), ascending
        found = np.minimum(np.searchsorted(known, places), max(len(known) - 1, 0))  # (T',)
        ranges = self.by_place[found[known[found] == places]] if len(known) else self.by_place  # (<= T',)
        counts = self.count[ranges].astype(np.int64)
        starts = np.cumsum(counts) - counts
        rows = np.arange(counts.sum()) + np.repeat(self.first[ranges] - starts, counts)  # (n,)
        return rows, np.repeat(self.place[ranges].astype(np.int64), counts)

    def places(self, rows: Ids) -> Ids:
        """Return the place of each row's type.  (n,) -> (n,)"""
        return self.place[np.searchsorted(self.first, rows, side="right") - 1].astype(np.int64)


class TypeTable:
    """The types of a collection, in the order of their ids.

    Attributes:
        ids: `types.id` of each type.  (T,)
        vectors: Unit type vectors.  (T, p) float32
        counts: Number of occurrences of each type.  (T,)
        ranges: Ranges of each segment, by `segments.id`.
    """

    def __init__(self) -> None:
        """Make an empty table, to be filled by `read`."""
        self.ids: Ids = np.zeros(0, np.int64)
        self.vectors: Array = np.zeros((0, 0), np.float32)
        self.counts: Ids = np.zeros(0, np.int64)
        self.ranges: dict[int, TypeRanges] = {}
        self._bounds = Bounds()

    def read(self, db: sqlite3.Connection, segments: Iterable[Segment]) -> None:
        """Add what is new since the last call. The caller owns the read transaction."""
        last = int(self.ids[-1]) if len(self.ids) else 0
        rows = db.execute("SELECT id, vector FROM types WHERE id > ? ORDER BY id", (last,)).fetchall()
        if rows:
            fresh = np.frombuffer(b"".join(row[1] for row in rows), np.float16).reshape(len(rows), -1)  # (new, p)
            before = self.vectors if len(self.ids) else np.zeros((0, fresh.shape[1]), np.float32)
            self.vectors = np.concatenate([before, fresh.astype(np.float32)])
            self.ids = np.concatenate([self.ids, np.array([row[0] for row in rows], np.int64)])
        self.ranges = {one.key: self.ranges.get(one.key) or self._ranges(db, one) for one in segments}
        self.counts = np.zeros(len(self.ids), np.int64)
        for ranges in self.ranges.values():
            self.counts[ranges.place] += ranges.count

    def nearest(self, word: Array, most: int) -> Iterator[NearTypes]:
        """Yield up to `most` types in the order of their cosine with a unit vector (p,), in stages."""
        return near_types(self.vectors, self._bounds, word, most)

    def _ranges(self, db: sqlite3.Connection, segment: Segment) -> TypeRanges:
        rows = db.execute("SELECT first, count, type FROM ranges WHERE segment = ? ORDER BY first", (segment.key,))
        table = np.array(rows.fetchall(), np.int64).reshape(-1, 3)  # (R, 3)
        for first, count in (table[[0, -1], :2] if len(table) else table[:, :2]).tolist():
            segment.check_range(first, count)
        place = np.searchsorted(self.ids, table[:, 2])
        first, count = table[:, 0].astype(np.int32), table[:, 1].astype(np.int32)
        return TypeRanges(first, count, place.astype(np.int32), np.argsort(place).astype(np.int32))


@dataclass(frozen=True, slots=True)
class NearTypes:
    """One stage of a search for similar types, nearest first.

    Attributes:
        places: Places of the types.  (n,)
        cosines: Their cosines.  (n,)
        rest: Upper bound on the cosine of all later types, or None if there are none.
    """

    places: Ids
    cosines: Array
    rest: float | None


class Bounds:
    """Upper bounds on the cosines of types with a vector, from m + 1 numbers per type instead of all p.

    The vectors are rotated so that the first m dimensions have the largest variance. The bound is the product over
    these m dimensions, plus the product of the norms of the remaining ones (Cauchy-Schwarz).
    """

    def __init__(self) -> None:
        """Make bounds for no types, to be filled by `extend`."""
        self._basis: Array | None = None  # (p, p), columns by descending variance
        self._heads: Array = np.zeros((0, 0), np.float32)  # (T, m + 1)

    def extend(self, vectors: Array) -> None:
        """Add the new ones of all type vectors (T, p). The first call fixes the rotation."""
        if len(vectors) == len(self._heads):
            return
        if self._basis is None:
            _, directions = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
            self._basis = np.ascontiguousarray(directions[:, ::-1], np.float32)
        fresh = self._head(vectors[len(self._heads) :])
        self._heads = np.concatenate([self._heads, fresh]) if len(self._heads) else fresh

    def __call__(self, word: Array) -> Array:
        """Return an upper bound on each type's cosine with a unit vector.  (p,) -> (T,)"""
        return np.asarray(self._heads @ self._head(word[None, :])[0] + _SLACK, np.float32)

    def _head(self, vectors: Array) -> Array:
        assert self._basis is not None
        rotated = vectors @ self._basis  # (n, p)
        m = 3 * rotated.shape[1] // 8
        rest = np.linalg.norm(rotated[:, m:], axis=1, keepdims=True)  # (n, 1)
        return np.concatenate([rotated[:, :m], rest], axis=1)


def near_types(vectors: Array, bounds: Bounds, word: Array, most: int) -> Iterator[NearTypes]:
    """Yield up to `most` types in the order of their cosine with a unit vector, in stages of rising cost.

    Args:
        vectors: Unit type vectors.  (T, p)
        word: Unit vector.  (p,)
    """
    n = len(vectors)
    done = np.zeros(n, bool)
    if n > MAX_EXHAUSTIVE:
        bounds.extend(vectors)  # only now, since most queries are for one word and small tables need no bounds
        highest = bounds(word)  # (T,)
        for min_cosine in MIN_COSINES:
            chosen = np.flatnonzero((highest >= min_cosine) & ~done)
            if len(chosen) > MAX_CANDIDATE_SHARE * n:
                break
            cosines = row_products(vectors[chosen], word)
            near = cosines >= min_cosine
            places, cosines = chosen[near], cosines[near]
            order = top(cosines, len(cosines), places)
            yield NearTypes(places[order], cosines[order], min_cosine)
            done[places] = True
            if done.sum() >= most:
                return
    left = np.flatnonzero(~done)
    cosines = (vectors @ word)[left] if n else np.zeros(0, np.float32)
    order = top(cosines, most - int(done.sum()), left)
    is_all = len(order) == len(left)
    yield NearTypes(left[order], cosines[order], None if is_all else float(np.delete(cosines, order).max()))
