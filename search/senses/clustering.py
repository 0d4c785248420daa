"""Unit vectors of a word's occurrences -> its senses: is there more than one, which, how stable. Pure.

Chosen by measurement among the methods of `benchmarks/sense_methods.py` (docs/senses.md):

1. Is there more than one? The best split into two is compared with the best split of Gaussian clouds of the same shape,
   which have one centre (SigClust: Liu, Hayes, Nobel and Marron 2008); how many standard deviations better it must be
   depends on how alike the occurrences are altogether. A word that falls short has one sense.
2. Which? In the space of the word's mean and its first principal components, groups that maximise the sum of
   (cosine - resolution) over their pairs: the constant Potts model (Traag, Van Dooren and Nesterov 2011). The
   resolution is the cosine that two occurrences of one sense must exceed on average, so the number of senses follows.
3. Groups too small or too loose to be a sense join the nearest; what is far from every centre belongs to none.

All is deterministic: fixed seeds, ties by place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...indexer.vectors.arrays import Array, Doubles, Ids, Mask, row_products, unit

SAMPLE = 1500
"""Occurrences that are clustered; the others join the nearest centre."""
NONE = -1
"""The number of occurrences that belong to no sense."""
FENCE = 2.5
"""Interquartile ranges below the lower quartile where an occurrence is too far from its centre to belong to it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What was chosen on CoarseWSD-20's train split and half of SemCor (`benchmarks/senses.py --choose`).

    gate_dim: principal components in which a split is judged; bar, slope: a word whose mean cosine is the bar must
    split as well as clouds do, and for each 1 / slope that the mean is higher by one standard deviation better; dim,
    resolution: of the Potts model; smallest, fewest, least_alike: share and number of occurrences that a sense has at
    least, and their mean cosine (of clouds without any sense it stays below 0.13); clouds: how many are drawn; rounds,
    draws: bootstrap samples and their size.
    """

    gate_dim: int = 5
    bar: float = 0.40
    slope: float = 20.0
    dim: int = 6
    resolution: float = 0.3
    smallest: float = 0.08
    fewest: int = 4
    least_alike: float = 0.15
    clouds: int = 30
    rounds: int = 20
    draws: int = 300


CHOSEN = Settings()


def cluster(vectors: Array, settings: Settings = CHOSEN) -> Ids:
    """Sense numbers of unit vectors (n, d), n >= 1: 0 for the largest sense, and so on; -1 for none.  -> (n,)"""
    n = len(vectors)
    chosen = np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64))
    sample = vectors[chosen]
    labels = partition(sample, settings)  # (sample,)
    return by_size(settled(vectors, centres_of(sample, labels), settings.resolution))


def settled(vectors: Array, centres: Array, resolution: float, rounds: int = 20) -> Ids:
    """Nearest centre of each row, or none, with the centres moved to their members until all agree.

    So a sense that is saved by its centre holds what it held when it was told apart.  (n, d), (s, d) -> (n,)
    """
    numbers = np.full(len(vectors), NONE, np.int64)
    for _ in range(rounds):
        nearest = nearest_centre(vectors, centres)
        moved = np.where(outlying(row_products_by(vectors, centres, nearest), resolution), NONE, nearest)
        if np.array_equal(moved, numbers):
            break
        numbers = numbered(moved)
        centres = centres_of(vectors, numbers)
    return numbers


def partition(vectors: Array, settings: Settings = CHOSEN) -> Ids:
    """Groups of unit vectors (n, d), numbered from 0, none smaller than a sense may be.  -> (n,)"""
    if len(vectors) < 2 * settings.fewest or not splits(vectors, settings):
        return np.zeros(len(vectors), np.int64)
    least = max(settings.fewest, int(np.ceil(settings.smallest * len(vectors))))
    return absorbed(vectors, potts(reduced(vectors, settings.dim), settings.resolution), least, settings.least_alike)


def splits(vectors: Array, settings: Settings = CHOSEN) -> bool:
    """Whether the best split into two is better than in clouds of one centre by as much as the mean cosine demands."""
    alike = float((vectors.mean(axis=0).astype(np.float64) ** 2).sum())  # mean cosine of all pairs
    return split_strength(vectors, settings) >= settings.slope * (alike - settings.bar)


def split_strength(vectors: Array, settings: Settings = CHOSEN) -> float:
    """By how many standard deviations the best split into two is better than in clouds of one centre.  (n, d)"""
    rows = (vectors - vectors.mean(axis=0)).astype(np.float64)  # (n, d)
    values, axes = np.linalg.eigh(rows.T @ rows / len(rows))  # ascending
    dim = min(settings.gate_dim, len(values))
    values, axes = np.maximum(values[::-1][:dim], 0), axes[:, ::-1][:, :dim]  # (dim,), (d, dim)
    if values[0] < 1e-9:
        return -np.inf
    found = split_ratio(rows @ axes)
    rng = np.random.default_rng(0)
    null = [split_ratio(rng.standard_normal((len(rows), dim)) * np.sqrt(values)) for _ in range(settings.clouds)]
    return float((np.mean(null) - found) / max(float(np.std(null)), 1e-9))


def split_ratio(rows: Doubles, rounds: int = 30) -> float:
    """Share of the squared distances that two means leave, begun at the sign of the first component.  (n, dim)"""
    rows = rows - rows.mean(axis=0)
    _, axes = np.linalg.eigh(rows.T @ rows)
    inside: Mask = rows @ axes[:, -1] > 0
    for _ in range(rounds):
        if inside.all() or not inside.any():
            return 1.0
        gap = rows[inside].mean(axis=0) - rows[~inside].mean(axis=0)  # (dim,)
        middle = (rows[inside].mean(axis=0) + rows[~inside].mean(axis=0)) / 2
        moved = (rows - middle) @ gap > 0
        if np.array_equal(moved, inside):
            break
        inside = moved
    if inside.all() or not inside.any():
        return 1.0
    left = sum(float(((part - part.mean(axis=0)) ** 2).sum()) for part in (rows[inside], rows[~inside]))
    return left / float((rows**2).sum())


def reduced(vectors: Array, dim: int) -> Array:
    """Unit vectors without what lies outside the word's mean and first components.  (n, d) -> (n, d)"""
    mean = vectors.mean(axis=0)
    rows = vectors - mean  # (n, d)
    _, axes = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    kept = axes[:, ::-1][:, :dim].astype(np.float32)  # (d, dim)
    return unit(mean + rows @ kept @ kept.T)


def potts(vectors: Array, resolution: float, rounds: int = 20) -> Ids:
    """Groups that maximise the sum of (cosine - resolution) over their pairs, by local moves.  (n, d) -> (n,)

    Begun at average-link clusters cut at the same cosine; then each occurrence in turn goes to the group that it adds
    most to, or stands alone, until none moves.
    """
    from sklearn.cluster import AgglomerativeClustering

    n = len(vectors)
    gains = (vectors @ vectors.T).astype(np.float64) - resolution  # (n, n)
    distances = np.clip(1 - resolution - gains, 0, 2)
    np.fill_diagonal(distances, 0)
    np.fill_diagonal(gains, 0)
    model = AgglomerativeClustering(
        n_clusters=None, distance_threshold=1 - resolution, metric="precomputed", linkage="average"
    )
    labels = np.asarray(model.fit_predict(distances), np.int64)
    for _ in range(rounds):
        moved = 0
        for place in range(n):
            own = labels[place]
            sums = np.bincount(labels, gains[place], n + 1)  # (n + 1,); the last group is empty
            best = int(sums.argmax())
            if sums[best] <= 0:
                best = int(np.flatnonzero(np.bincount(labels, minlength=n + 1) == 0)[0])
            if sums[best] > sums[own] + 1e-9:
                labels[place], moved = best, moved + 1
        if not moved:
            break
    return numbered(labels)


def absorbed(vectors: Array, labels: Ids, least: int, least_alike: float = -1.0) -> Ids:
    """Let groups that are too small or too loose join the nearest of the others, numbered from 0.  (n, d), (n,) -> (n,)

    least: number of members; least_alike: their mean cosine.
    """
    while True:
        groups = [labels == name for name in np.unique(labels)]
        large = [inside for inside in groups if inside.sum() >= least and mean_cosine(vectors[inside]) >= least_alike]
        if len(large) == len(groups) or not large:
            return numbered(labels) if large else np.zeros(len(vectors), np.int64)
        nearest = nearest_centre(vectors, np.stack([unit(vectors[inside].mean(axis=0)) for inside in large]))
        for number, inside in enumerate(large):
            nearest[inside] = number
        labels = nearest


def mean_cosine(vectors: Array) -> float:
    """Mean cosine of different rows, n >= 2.  (n, d)"""
    n = len(vectors)
    total = float((vectors.sum(axis=0).astype(np.float64) ** 2).sum())
    return (total - n) / (n * (n - 1))


def numbered(labels: Ids) -> Ids:
    """The same groups, numbered from 0 without gaps; -1 stays.  (n,) -> (n,)"""
    names = np.unique(labels[labels != NONE])
    return np.where(labels == NONE, NONE, np.searchsorted(names, labels)).astype(np.int64)


def centres_of(vectors: Array, numbers: Ids) -> Array:
    """Unit centres of the groups from 0 on, none empty.  (n, d), (n,) -> (s, d)"""
    return np.stack([unit(vectors[numbers == number].mean(axis=0)) for number in range(int(numbers.max()) + 1)])


def nearest_centre(vectors: Array, centres: Array) -> Ids:
    """The nearest centre of each row, the first of equals.  (n, d), (s, d) -> (n,)"""
    products = np.stack([row_products(vectors, centre) for centre in centres], axis=1)  # (n, s)
    return np.asarray(products.argmax(axis=1), np.int64)


def row_products_by(vectors: Array, centres: Array, numbers: Ids) -> Array:
    """Product of each row with its group's centre.  (n, d), (s, d), (n,) -> (n,)"""
    out = np.zeros(len(vectors), np.float32)
    for number, centre in enumerate(centres):
        inside = numbers == number
        out[inside] = row_products(vectors[inside], centre)
    return out


def outlying(scores: Array, resolution: float) -> Mask:
    """Which occurrences are too far from their centre to belong to it: unusually, and by themselves.  (n,) -> (n,)"""
    low, high = np.quantile(scores, [0.25, 0.75])
    return np.asarray(scores < min(resolution, low - FENCE * (high - low)))


def by_size(numbers: Ids) -> Ids:
    """Number groups from 0, largest first; equal sizes in the order of their first member; -1 stays."""
    inside = numbers != NONE
    names, firsts, places, counts = np.unique(
        numbers[inside], return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(names), np.int64)
    rank[np.lexsort((firsts, -counts))] = np.arange(len(names))
    out = np.full(len(numbers), NONE, np.int64)
    out[inside] = rank[places]
    return out


def stability(vectors: Array, numbers: Ids, settings: Settings = CHOSEN) -> tuple[float, ...]:
    """How well each sense is found again in bootstrap samples: mean of the best Jaccard overlap (Hennig 2007).

    vectors: (n, d); numbers: (n,), senses from 0. A sample holds at most ``draws`` distinct occurrences.
    """
    count = int(numbers.max()) + 1
    rng = np.random.default_rng(0)
    found: list[list[float]] = [[] for _ in range(count)]
    for _ in range(settings.rounds):
        drawn = np.unique(rng.integers(0, len(vectors), min(len(vectors), settings.draws)))
        again = partition(vectors[drawn], settings)
        for number in range(count):
            inside = numbers[drawn] == number
            if inside.any():
                found[number].append(max(_jaccard(inside, again == other) for other in np.unique(again)))
    return tuple(float(np.mean(values)) if values else 0.0 for values in found)


def _jaccard(a: Mask, b: Mask) -> float:
    return float((a & b).sum() / max((a | b).sum(), 1))
