"""Measure how far a word's meaning changed between two sets of its occurrences."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ...indexer.vectors.arrays import Array, Ids, unit
from ..tables import Records

SAMPLE = 1000
"""Maximum number of occurrences of each side, evenly spread, that are compared."""
ROUNDS = 1000
"""Number of rounds of the bootstrap and of the permutation test."""


@dataclass(frozen=True, slots=True)
class Change(Records):
    """A word's change of meaning between two sets of documents (Kutuzov & Giulianelli 2020, "UiO-UvA at SemEval-2020").

    Attributes:
        n_before: Number of occurrences of the first side.
        n_after: Number of occurrences of the second side.
        apd: Average pairwise cosine distance between the two sides.
        apd_low: Lower bound of its 95 % bootstrap interval.
        apd_high: Upper bound.
        apd_within: Average pairwise distance inside a side, mean of both sides.
        prt: Inverse of the cosine of the two sides' mean vectors. 1 is no change.
        p_value: Share of random splits of the same occurrences that are at least as far apart, by apd - apd_within.
    """

    word: str
    n_before: int
    n_after: int
    apd: float
    apd_low: float
    apd_high: float
    apd_within: float
    prt: float
    p_value: float

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row with all measures."""
        return [asdict(self)]


def measure_change(word: str, before: Array, after: Array) -> Change:
    """Compare the unit vectors of the occurrences of two sides.  (n, d), (m, d), n and m at least 1"""
    rng = np.random.default_rng(0)
    first, second = _sampled(before), _sampled(after)
    apds = []
    for _ in range(ROUNDS):
        a = first[rng.integers(0, len(first), len(first))].mean(axis=0)
        b = second[rng.integers(0, len(second), len(second))].mean(axis=0)
        apds.append(1 - float(a @ b))
    low, high = np.percentile(apds, [2.5, 97.5])
    both = np.concatenate([first, second])  # (n + m, d)
    found = _excess(both, np.arange(len(both)), len(first))
    reached = sum(_excess(both, rng.permutation(len(both)), len(first)) >= found - 1e-9 for _ in range(ROUNDS))
    cosine = float(unit(before.mean(axis=0)) @ unit(after.mean(axis=0)))
    within = (_within(first) + _within(second)) / 2
    return Change(
        word,
        len(before),
        len(after),
        1 - float(first.mean(axis=0) @ second.mean(axis=0)),
        float(low),
        float(high),
        within,
        1 / cosine if cosine > 0 else float("inf"),
        (reached + 1) / (ROUNDS + 1),
    )


def _sampled(vectors: Array) -> Array:
    """Return at most `SAMPLE` rows, evenly spread."""
    n = len(vectors)
    return vectors[np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64))]


def _within(vectors: Array) -> float:
    """Return the mean cosine distance of pairs of different rows, or 0 for a single row."""
    n = len(vectors)
    total = float(vectors.sum(axis=0) @ vectors.sum(axis=0))
    return 1 - (total - n) / (n * (n - 1)) if n > 1 else 0.0


def _excess(vectors: Array, order: Ids, n: int) -> float:
    """Return the distance between the first n rows of an order and the rest, less the distance inside them."""
    a, b = vectors[order[:n]], vectors[order[n:]]
    return 1 - float(a.mean(axis=0) @ b.mean(axis=0)) - (_within(a) + _within(b)) / 2
