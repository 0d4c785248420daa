"""The types of a snapshot in memory: identity vectors, and where the occurrences of each lie in each segment.

Ids of types only grow and a segment never changes, so a newer generation adds to what an older one read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from indexer.collection.near_types import Bounds, NearTypes, near_types
from indexer.collection.segment import Segment
from indexer.vectors.arrays import Array, Ids, Places


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
