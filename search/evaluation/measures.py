"""How good an order or a score is: pure measures, and how sure one can be of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ...indexer.vectors.arrays import Doubles, Ids, Mask, unit

ROUNDS = 1000
"""Of a bootstrap, unless told otherwise."""
SEED = 1


def accuracy(scores: npt.ArrayLike, gold: npt.ArrayLike, threshold: float) -> float:
    """Share of the pairs for which `score >= threshold` is what `gold` (true or false) says."""
    return float(np.mean((np.asarray(scores) >= threshold) == np.asarray(gold, bool)))


def best_threshold(scores: npt.ArrayLike, gold: npt.ArrayLike) -> float:
    """The threshold of the highest accuracy on these pairs; of several the middle one of the lowest run."""
    score = np.asarray(scores, np.float64)  # (n,)
    order = np.argsort(score, kind="stable")
    true = np.asarray(gold, bool)[order]  # (n,), lowest score first
    # Cutting before the i-th: right are the false ones below the cut and the true ones above it.
    right = np.concatenate([[0], np.cumsum(~true)]) + true.sum() - np.concatenate([[0], np.cumsum(true)])  # (n + 1,)
    ends = np.concatenate([[-np.inf], score[order], [np.inf]])  # (n + 2,)
    right[ends[:-1] == ends[1:]] = -1  # no cut between equal scores
    cut = int(np.argmax(right))
    low, high = ends[cut], ends[cut + 1]
    if np.isinf(low) or np.isinf(high):
        return float(high if np.isinf(low) else np.nextafter(low, np.inf))
    return float((low + high) / 2) if low < (low + high) / 2 else float(high)


def ranks(values: npt.ArrayLike) -> Doubles:
    """Rank of each value from 1, equal values sharing their mean rank: (n,)."""
    _, inverse, counts = np.unique(np.asarray(values, np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)  # rank of the last of each run of equal values
    return np.asarray((last - (counts - 1) / 2)[inverse.reshape(-1)], np.float64)


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Spearman's rank correlation in [-1, 1]; 0 if either side has but one value."""
    x, y = ranks(a), ranks(b)
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm else 0.0


def average_precision(relevant: npt.ArrayLike) -> float:
    """Mean of the precision at each relevant place of an order, best first; 0 if nothing is relevant.

    The mean is over the relevant ones in the order given: give the whole order, not its head.
    """
    hits = np.asarray(relevant, bool)  # (n,)
    places = np.flatnonzero(hits) + 1.0  # (relevant,)
    return float(np.mean(np.arange(1, len(places) + 1) / places)) if len(places) else 0.0


def precision_at(relevant: npt.ArrayLike, k: int) -> float:
    """Share of the first `k` places that are relevant; places that are missing are not."""
    return float(np.asarray(relevant, bool)[:k].sum() / k)


def mean_average_precision(vectors: npt.NDArray[np.floating], labels: Sequence[str]) -> float:
    """Each occurrence asks for those of its own label, the others ordered by cosine: mean of the average precision.

    `vectors` (n, dim). Occurrences that are alone with their label do not ask.
    """
    label = np.asarray(labels)  # (n,)
    found, _ = same_sense_precisions(vectors, label[:, None] == label)
    return float(found.mean()) if len(found) else 0.0


def chance_precision(relevant: int, total: int) -> float:
    """Expected average precision of a random order of `total` items, `relevant` (at least 1) of them relevant.

    The item at place i is relevant like any other, and then (i - 1) (relevant - 1) / (total - 1) before it are:
    Bestgen 2015, "Exact expected average precision of the random baseline for system evaluation".
    """
    if total == 1:
        return 1.0
    places = np.arange(1, total + 1)  # (total,)
    return float(np.mean((1 + (places - 1) * (relevant - 1) / (total - 1)) / places))


def same_sense_precisions(vectors: npt.NDArray[np.floating], same: Mask) -> tuple[Doubles, Doubles]:
    """Average precision of each occurrence that asks for those of its sense, and what a random order would get.

    `vectors` (n, dim), ordered by cosine, the asking one left out; `same` (n, n): who shares a sense with whom. Those
    that share theirs with no other do not ask: (asking,), (asking,). Equal cosines come in a random order, the same at
    every run: in the order given, often that of the senses, a layer that knows nothing would look as if it did.
    """
    rows = unit(vectors)  # (n, dim)
    mixed = np.random.default_rng(SEED).permutation(len(rows))  # (n,)
    found, by_chance = [], []
    for i, near in enumerate(np.round(rows @ rows[mixed].T, 5)):  # (n,)
        order = mixed[np.argsort(-near, kind="stable")]  # (n,)
        relevant = same[i, order[order != i]]  # (n - 1,)
        if relevant.any():
            found.append(average_precision(relevant))
            by_chance.append(chance_precision(int(relevant.sum()), len(relevant)))
    return np.asarray(found, np.float64), np.asarray(by_chance, np.float64)


def ndcg(gains: npt.ArrayLike, judged: npt.ArrayLike, k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first k places: gain / log2(place + 1), over the best possible.

    `gains` (n,): the judgement of each item in the order found; `judged` (m,): all positive judgements there are.
    Linear gains, as trec_eval's `ndcg_cut`; Järvelin & Kekäläinen 2002.
    """
    got = np.maximum(np.asarray(gains, np.float64)[:k], 0)  # (<= k,)
    best = np.sort(np.maximum(np.asarray(judged, np.float64), 0))[::-1][:k]  # (<= k,)
    discounts = 1 / np.log2(np.arange(2, k + 2))  # (k,)
    ideal = float(best @ discounts[: len(best)])
    return float(got @ discounts[: len(got)]) / ideal if ideal else 0.0


def cosines(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> Doubles:
    """Row by row: (n, dim), (n, dim) -> (n,), rounded, so that equal pairs tie whatever batch they were encoded in."""
    first, second = a.astype(np.float64), b.astype(np.float64)  # (n, dim), (n, dim)
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)  # (n,)
    return np.asarray(np.round((first * second).sum(axis=1) / np.maximum(norms, 1e-12), 5), np.float64)


def interval(statistic: Callable[[Ids], float], n: int, rounds: int | None = None) -> tuple[float, float]:
    """Bounds of the 95 % percentile bootstrap interval of a statistic of n units (Efron 1979), the same at every run.

    `statistic` gets the drawn units: n indices, some of them several times.
    """
    generator = np.random.default_rng(SEED)
    drawn = [statistic(generator.integers(0, n, n)) for _ in range(rounds or ROUNDS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def mean_interval(values: npt.ArrayLike, rounds: int | None = None) -> tuple[float, float]:
    """`interval` of a mean of n values."""
    sample = np.asarray(values, np.float64)  # (n,)
    return interval(lambda drawn: float(sample[drawn].mean()), len(sample), rounds)


def ratio_interval(parts: npt.ArrayLike, wholes: npt.ArrayLike, rounds: int | None = None) -> tuple[float, float]:
    """`interval` of sum(parts) / sum(wholes) over n units that were drawn together, such as sentences of words."""
    part, total = np.asarray(parts, np.float64), np.asarray(wholes, np.float64)  # (n,), (n,)
    return interval(lambda drawn: float(part[drawn].sum() / max(total[drawn].sum(), 1e-12)), len(part), rounds)


def grouped(groups: Sequence[str]) -> list[Ids]:
    """The places of each group's members, groups in the order in which they begin."""
    _, first, inverse = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
    return [members[group].astype(np.int64) for group in np.argsort(first)]
