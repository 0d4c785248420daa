"""Scores -> confidences: where a score stands among those of random pairs of the same word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.collection.collection import Collection, Snapshot
from indexer.collection.vectors import Array

WORDS = 400
"""Lemmas that are sampled."""
PAIRS = 40
"""Pairs of each."""
QUANTILES = 201
UNLIKELY = 0.2
"""A best hit below this confidence says that nothing means what was asked for."""
VERDICT = "nothing here means that"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cosines of random same-word pairs of a collection, as quantiles (q,) from the lowest to the highest."""

    quantiles: tuple[float, ...]

    def confidence(self, scores: Array) -> Array:
        """Share of random same-word pairs that score lower.  (n,) -> (n,)"""
        levels = np.linspace(0, 1, len(self.quantiles))  # (q,)
        return np.interp(scores, self.quantiles, levels).astype(np.float32)

    def verdict(self, confidences: Sequence[float]) -> str | None:
        """What the hits say together: VERDICT when even the best is unlikely."""
        return VERDICT if len(confidences) and max(confidences) < UNLIKELY else None


def measure(collection: Collection, snapshot: Snapshot) -> Calibration | None:
    """Draw pairs of occurrences of one form, of forms spread over the collection; None where there are none."""
    rng = np.random.default_rng(0)
    scores = []
    for segment in snapshot.segments.values():
        ranges = collection.ranges(segment)  # (T, 2)
        ends = np.append(ranges[1:, 0], len(segment.tokens))  # (T,)
        frequent = np.flatnonzero(ends - ranges[:, 0] >= 2)
        if not len(frequent):
            continue
        for place in frequent[np.unique(np.linspace(0, len(frequent) - 1, WORDS).astype(int))].tolist():
            first = rng.integers(ranges[place, 0], ends[place], PAIRS)
            second = rng.integers(ranges[place, 0], ends[place], PAIRS)
            kept = first != second
            left = np.asarray(segment.tokens[first[kept]], np.float32)
            right = np.asarray(segment.tokens[second[kept]], np.float32)
            scores.append(np.einsum("nd,nd->n", left, right))
    if not scores or not sum(map(len, scores)):
        return None
    return Calibration(tuple(np.quantile(np.concatenate(scores), np.linspace(0, 1, QUANTILES)).tolist()))
