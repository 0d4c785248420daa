"""Which types are nearest in identity to a word, without comparing it with all of them in full.

Identity vectors are turned so that their first numbers vary most (PCA; a rotation changes no cosine). Those numbers and
the length of the rest bound a cosine from above (Cauchy and Schwarz): x . y <= x1 . y1 + |x2| |y2|. Only types that the
bound lets through are compared in full, and most questions end among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from indexer.vectors.arrays import Array, Ids, row_products, top

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
