"""Measures of scores and rankings, and bootstrap intervals. All are pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ...indexer.vectors.arrays import Doubles, Ids, Mask, Reals, unit

ROUNDS = 1000
"""Default number of bootstrap rounds."""
SEED = 1
"""Seed of all random draws, so that every run returns the same numbers."""


def accuracy(scores: npt.ArrayLike, gold: npt.ArrayLike, threshold: float) -> float:
    """Return the share of pairs for which `score >= threshold` agrees with `gold` (true or false)."""
    return float(np.mean((np.asarray(scores) >= threshold) == np.asarray(gold, bool)))


def best_threshold(scores: npt.ArrayLike, gold: npt.ArrayLike) -> float:
    """Return the threshold with the highest accuracy on these pairs.

    The threshold is midway between two neighbouring scores. If several are equally good, the lowest is returned.
    """
    score = np.asarray(scores, np.float64)  # (n,)
    order = np.argsort(score, kind="stable")
    true = np.asarray(gold, bool)[order]  # (n,), lowest score first
    # A cut before the i-th score is right for false pairs below it and for true pairs above it.
    right = np.concatenate([[0], np.cumsum(~true)]) + true.sum() - np.concatenate([[0], np.cumsum(true)])  # (n + 1,)
    ends = np.concatenate([[-np.inf], score[order], [np.inf]])  # (n + 2,)
    right[ends[:-1] == ends[1:]] = -1  # no cut between equal scores
    cut = int(np.argmax(right))
    low, high = ends[cut], ends[cut + 1]
    if np.isinf(low) or np.isinf(high):
        return float(high if np.isinf(low) else np.nextafter(low, np.inf))
    return float((low + high) / 2) if low < (low + high) / 2 else float(high)


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return Spearman's rank correlation in [-1, 1], or 0 if all values of one side are equal."""
    from scipy.stats import spearmanr

    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)  # (n,), (n,)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(spearmanr(x, y).statistic)


def average_precision(relevant: npt.ArrayLike) -> float:
    """Return the mean of the precisions at the ranks of the relevant items, or 0 if there are none.

    Args:
        relevant: Whether the item at each rank is relevant, for the complete ranking, best first.  (n,)
    """
    hits = np.asarray(relevant, bool)  # (n,)
    places = np.flatnonzero(hits) + 1.0  # (relevant,)
    return float(np.mean(np.arange(1, len(places) + 1) / places)) if len(places) else 0.0


def precision_at(relevant: npt.ArrayLike, k: int) -> float:
    """Return the share of relevant items among the first k ranks. Ranks after the last item are irrelevant."""
    return float(np.asarray(relevant, bool)[:k].sum() / k)


def reciprocal_rank(relevant: npt.ArrayLike) -> float:
    """Return 1 over the rank of the first relevant item, or 0 if there is none.

    Args:
        relevant: Whether the item at each rank is relevant, best first.  (n,)
    """
    places = np.flatnonzero(np.asarray(relevant, bool))
    return 1 / (int(places[0]) + 1) if len(places) else 0.0


def recall_at(relevant: npt.ArrayLike, total: int, k: int) -> float:
    """Return the share of relevant items that are among the first k, of those that can be.

    With more than k relevant items, k of them give 1.

    Args:
        relevant: Whether the item at each rank is relevant, best first.  (n,)
        total: Number of relevant items, at least 1.
    """
    return float(np.asarray(relevant, bool)[:k].sum() / min(total, k))


def mean_average_precision(vectors: Reals, labels: Sequence[str]) -> float:
    """Return the mean average precision when each occurrence ranks the others by cosine to find its own label.

    Occurrences whose label is unique are not queries.

    Args:
        vectors: Vectors of n occurrences.  (n, dim)
    """
    label = np.asarray(labels)  # (n,)
    found, _ = same_sense_precisions(vectors, label[:, None] == label)
    return float(found.mean()) if len(found) else 0.0


def chance_precision(relevant: int, total: int) -> float:
    """Return the expected average precision of a random order.

    If the item at rank i is relevant, (i - 1) (relevant - 1) / (total - 1) relevant items come before it on average.
    Source: Bestgen 2015, "Exact expected average precision of the random baseline for system evaluation".

    Args:
        relevant: Number of relevant items, at least 1.
        total: Number of all items.
    """
    if total == 1:
        return 1.0
    places = np.arange(1, total + 1)  # (total,)
    return float(np.mean((1 + (places - 1) * (relevant - 1) / (total - 1)) / places))


def same_sense_precisions(vectors: Reals, same: Mask) -> tuple[Doubles, Doubles]:
    """Return the average precision of each query, and that of a random order.

    Each occurrence ranks the others by cosine to find those of its sense. Occurrences that share their sense with no
    other are not queries. Ties are in a random order, the same in every run. Rows are often sorted by sense, so in the
    given order a layer without information would look good.

    Args:
        vectors: Vectors of n occurrences.  (n, dim)
        same: Whether two occurrences share a sense.  (n, n)

    Returns:
        Average precision, and its expectation for a random order.  (queries,), (queries,)
    """
    rows = unit(vectors)  # (n, dim)
    shuffled = np.random.default_rng(SEED).permutation(len(rows))  # (n,)
    found, by_chance = [], []
    for i, cosine in enumerate(np.round(rows @ rows[shuffled].T, 5)):  # (n,)
        order = shuffled[np.argsort(-cosine, kind="stable")]  # (n,)
        relevant = same[i, order[order != i]]  # (n - 1,)
        if relevant.any():
            found.append(average_precision(relevant))
            by_chance.append(chance_precision(int(relevant.sum()), len(relevant)))
    return np.asarray(found, np.float64), np.asarray(by_chance, np.float64)


def ndcg(gains: npt.ArrayLike, judged: npt.ArrayLike, k: int = 10) -> float:
    """Return the normalised discounted cumulative gain of the first k ranks.

    The gain at a rank is the grade over log2(rank + 1). Grades are linear, as in trec_eval's `ndcg_cut`. Source:
    Järvelin & Kekäläinen 2002.

    Args:
        gains: Grade of each item of the ranking, best first.  (n,)
        judged: Grades of all judged items.  (m,)
        k: Number of ranks.
    """
    got = np.maximum(np.asarray(gains, np.float64)[:k], 0)  # (<= k,)
    best = np.sort(np.maximum(np.asarray(judged, np.float64), 0))[::-1][:k]  # (<= k,)
    discounts = 1 / np.log2(np.arange(2, k + 2))  # (k,)
    ideal = float(best @ discounts[: len(best)])
    return float(got @ discounts[: len(got)]) / ideal if ideal else 0.0


def cosines(a: Reals, b: Reals) -> Doubles:
    """Return the cosine of each row of `a` with the same row of `b`.  (n, dim), (n, dim) -> (n,)

    They are rounded, so that equal pairs tie even if they were encoded in different batches.
    """
    first, second = a.astype(np.float64), b.astype(np.float64)  # (n, dim), (n, dim)
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)  # (n,)
    return np.asarray(np.round((first * second).sum(axis=1) / np.maximum(norms, 1e-12), 5), np.float64)


def interval(statistic: Callable[[Ids], float], n: int, rounds: int | None = None) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a statistic (Efron 1979). It is the same in every run.

    Args:
        statistic: Function of the drawn units, which are n indices with repetitions.
        n: Number of units to draw from.
        rounds: Number of bootstrap rounds. None for `ROUNDS`.
    """
    generator = np.random.default_rng(SEED)
    drawn = [statistic(generator.integers(0, n, n)) for _ in range(rounds or ROUNDS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def mean_interval(values: npt.ArrayLike, rounds: int | None = None) -> tuple[float, float]:
    """Return the `interval` of the mean of n values."""
    sample = np.asarray(values, np.float64)  # (n,)
    return interval(lambda drawn: float(sample[drawn].mean()), len(sample), rounds)


def ratio_interval(parts: npt.ArrayLike, wholes: npt.ArrayLike, rounds: int | None = None) -> tuple[float, float]:
    """Return the `interval` of sum(parts) / sum(wholes). The bootstrap draws the n units, such as sentences."""
    part, total = np.asarray(parts, np.float64), np.asarray(wholes, np.float64)  # (n,), (n,)
    return interval(lambda drawn: float(part[drawn].sum() / max(total[drawn].sum(), 1e-12)), len(part), rounds)


def grouped(groups: Sequence[str]) -> list[Ids]:
    """Return the indices of each group's members. Groups are in the order of their first member."""
    _, first, inverse = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
    return [members[group].astype(np.int64) for group in np.argsort(first)]
