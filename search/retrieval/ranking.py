"""Rankings: one total order, fusion with keyword ranks, and relevance feedback. All functions are pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.vectors.arrays import Array, Ids, top, unit

RRF_K = 60
"""Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
NEGATIVE_WEIGHT = 0.5
"""Weight of negative examples relative to positive ones (Rocchio 1971 as in Manning et al. 2008, section 9.1.1)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Ids (n,) and their scores (n,), best first. Equal scores are in the order of ids, so that any two runs agree."""

    ids: Ids
    scores: Array


def ranked(ids: Ids, scores: Array, k: int | None = None) -> Ranked:
    """Sort by score, then by id, and keep the first k.  (n,), (n,) -> (<= k,)"""
    order = top(scores, len(scores) if k is None else k, ids)
    return Ranked(ids[order], scores[order])


def fuse(rankings: Sequence[Ids], k: int | None = None) -> Ids:
    """Fuse rankings by reciprocal rank: the sum of 1 / (60 + rank). Ties are in the order of ids."""
    fused: dict[int, float] = {}
    for ids in rankings:
        for rank, key in enumerate(ids.tolist(), start=1):
            fused[key] = fused.get(key, 0.0) + 1.0 / (RRF_K + rank)
    keys = np.array(list(fused), dtype=np.int64)
    return ranked(keys, np.array(list(fused.values()), dtype=np.float32), k).ids


def more_like_vector(positive: Array, negative: Array) -> Array:
    """Return the unit vector near the positive rows and away from the negative ones.  (n, d), (m, d) -> (d,)"""
    centre = unit(positive).mean(axis=0)
    if len(negative):
        centre = centre - NEGATIVE_WEIGHT * unit(negative).mean(axis=0)
    return unit(centre)
