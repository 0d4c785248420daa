"""The types of a snapshot in memory: identity vectors, and where the occurrences of each lie in each segment.

Ids of types only grow and a segment never changes, so a newer generation adds to what an older one read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..vectors.arrays import Array, Ids, Places, row_products, top
from .segment import Segment


@dataclass(frozen=True, slots=True)
class TypeRanges:
    """Ranges of one segment in the order of their rows: first row, count and type's place of each (R,).

    by_place: the ranges in the order of their types' places (R,).
    """

    first: Places
    count: Places
    place: Places
    by_place: Places

    def rows(self, places: Ids) -> tuple[Ids, Ids]:
        """All rows of some types in this segment, range by range, and the type's place of each row.  (T',) -> (n,)"""
        known = self.place[self.by_place]  # (R,), ascending
        found = np.minimum(np.searchsorted(known, places), max(len(known) - 1, 0))  # (T',)
        ranges = self.by_place[found[known[found] == places]] if len(known) else self.by_place  # (<= T',)
        counts = self.count[ranges].astype(np.int64)
        starts = np.cumsum(counts) - counts
        rows = np.arange(counts.sum()) + np.repeat(self.first[ranges] - starts, counts)  # (n,)
        return rows, np.repeat(self.place[ranges].astype(np.int64), counts)

    def places(self, rows: Ids) -> Ids:
        """The type's place of each row.  (n,) -> (n,)"""
        return self.place[np.searchsorted(self.first, rows, side="right") - 1].astype(np.int64)


class TypeTable:
    """Types by place, in the order of their ids: ids (T,), unit identity vectors (T, p), occurrences of each (T,)."""

    def __init__(self) -> None:
        """Empty; ``read`` brings it to a generation."""
        self.ids: Ids = np.zeros(0, np.int64)
        self.vectors: Array = np.zeros((0, 0), np.float32)
        self.counts: Ids = np.zeros(0, np.int64)
        self.ranges: dict[int, TypeRanges] = {}
        self._bounds = Bounds()

    def read(self, db: sqlite3.Connection, segments: Iterable[Segment]) -> None:
        """Add what is new since the last call; part of the caller's read transaction."""
        last = int(self.ids[-1]) if len(self.ids) else 0
        rows = db.execute("SELECT id, vector FROM types WHERE id > ? ORDER BY id", (last,)).fetchall()
        if rows:
            fresh = np.frombuffer(b"".join(row[1] for row in rows), np.float16).reshape(len(rows), -1)  # (new, p)
            before = self.vectors if len(self.ids) else np.zeros((0, fresh.shape[1]), np.float32)
            self.vectors = np.concatenate([before, fresh.astype(np.float32)])
            self.ids = np.concatenate([self.ids, np.array([row[0] for row in rows], np.int64)])
        keys = [segment.key for segment in segments]
        self.ranges = {key: self.ranges[key] if key in self.ranges else self._ranges(db, key) for key in keys}
        self.counts = np.zeros(len(self.ids), np.int64)
        for ranges in self.ranges.values():
            self.counts[ranges.place] += ranges.count

    def nearest(self, word: Array, most: int) -> Iterator[NearTypes]:
        """Types in the order of their cosine with a unit vector (p,), at most so many, in stages."""
        return near_types(self.vectors, self._bounds, word, most)

    def _ranges(self, db: sqlite3.Connection, segment: int) -> TypeRanges:
        rows = db.execute("SELECT first, count, type FROM ranges WHERE segment = ? ORDER BY first", (segment,))
        table = np.array(rows.fetchall(), np.int64).reshape(-1, 3)  # (R, 3)
        place = np.searchsorted(self.ids, table[:, 2])
        first, count = table[:, 0].astype(np.int32), table[:, 1].astype(np.int32)
        return TypeRanges(first, count, place.astype(np.int32), np.argsort(place).astype(np.int32))


FEW = 4_096
"""Types up to which all are compared at once."""


LEAST = (0.5, 0.3)
"""Cosines down to which types are looked for before all are compared. Most questions end above the first."""


MOST_PART = 0.25
"""Of the types; where the bound lets more through, all are compared."""


_SLACK = np.float32(1e-4)  # what single precision may lose


@dataclass(frozen=True, slots=True)
class NearTypes:
    """Types by place, nearest first, with their cosines (n,); rest: no other type has more, None: there is no other."""

    places: Ids
    cosines: Array
    rest: float | None


class Bounds:
    """What bounds the identity of types: (T, m + 1) numbers for vectors (T, p), which may become more."""

    def __init__(self) -> None:
        """For no type."""
        self._basis: Array | None = None  # (p, p), the first m columns vary most
        self._heads: Array = np.zeros((0, 0), np.float32)  # (T, m + 1)

    def extend(self, vectors: Array) -> None:
        """Take in those of all types (T, p) that are new, if there are any."""
        if len(vectors) == len(self._heads):
            return
        if self._basis is None:
            _, directions = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
            self._basis = np.ascontiguousarray(directions[:, ::-1], np.float32)
        fresh = self._head(vectors[len(self._heads) :])
        self._heads = np.concatenate([self._heads, fresh]) if len(self._heads) else fresh

    def __call__(self, word: Array) -> Array:
        """No type's cosine with a unit vector (p,) is larger: (T,)."""
        return np.asarray(self._heads @ self._head(word[None, :])[0] + _SLACK, np.float32)

    def _head(self, vectors: Array) -> Array:
        assert self._basis is not None
        turned = vectors @ self._basis  # (n, p)
        m = 3 * turned.shape[1] // 8
        rest = np.linalg.norm(turned[:, m:], axis=1, keepdims=True)  # (n, 1)
        return np.concatenate([turned[:, :m], rest], axis=1)


def near_types(vectors: Array, bounds: Bounds, word: Array, most: int) -> Iterator[NearTypes]:
    """Types (T, p) by their cosine with a unit vector (p,), in stages that become dearer, until there are ``most``."""
    n = len(vectors)
    done = np.zeros(n, bool)
    if n > FEW:
        bounds.extend(vectors)  # not before: few questions are for any word, and few types need no bounds
        highest = bounds(word)  # (T,)
        for least in LEAST:
            chosen = np.flatnonzero((highest >= least) & ~done)
            if len(chosen) > MOST_PART * n:
                break
            cosines = row_products(vectors[chosen], word)
            near = cosines >= least
            places, cosines = chosen[near], cosines[near]
            order = top(cosines, len(cosines), places)
            yield NearTypes(places[order], cosines[order], least)
            done[places] = True
            if done.sum() >= most:
                return
    left = np.flatnonzero(~done)
    cosines = (vectors @ word)[left] if n else np.zeros(0, np.float32)
    order = top(cosines, most - int(done.sum()), left)
    whole = len(order) == len(left)
    yield NearTypes(left[order], cosines[order], None if whole else float(np.delete(cosines, order).max()))
