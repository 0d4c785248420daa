"""Cluster the unit vectors of a word's occurrences into senses, and measure how stable the clusters are.

The method was chosen by measurement among the methods in docs/results/senses.md:

1. Does the word have more than one sense? The best split into two is compared with the best splits of Gaussian clouds
   of the same shape, which have one centre (SigClust: Liu, Hayes, Nobel and Marron 2008). The split must be better by
   a number of standard deviations that grows with the mean cosine of the occurrences. Otherwise there is one sense.
2. Which senses are there? The clusters maximise the sum of (cosine - resolution) over their pairs, in the space of the
   word's mean and first principal components. This is the constant Potts model (Traag, Van Dooren and Nesterov 2011).
   The resolution is the cosine that two occurrences of one sense must exceed on average. It determines the number of
   senses.
3. Clusters that are too small or too loose join the nearest other cluster. Occurrences far from every centre fit none.

Results are deterministic: seeds are fixed and ties are broken by place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...indexer.vectors.arrays import Array, Doubles, Ids, Mask, row_products, unit

SAMPLE = 1500
"""Maximum number of occurrences that are clustered. The rest join the nearest centre."""
NONE = -1
"""Cluster number of occurrences that fit no sense. Clusters are numbered from 0."""
FENCE = 2.5
"""An occurrence this many interquartile ranges below the lower quartile of the scores may be an outlier."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of the clustering, chosen on CoarseWSD-20's train split and half of SemCor.

    The command that evaluates a choice is `python -m benchmarks.quality.senses --choose`.

    Attributes:
        gate_dim: Number of principal components in which a split is judged.
        bar: Mean cosine of a word at which its split need only be as good as those of the clouds.
        slope: Standard deviations by which the split must be better than those of the clouds, for each 1 of mean
            cosine above the bar.
        dim: Number of principal components of the Potts model.
        resolution: Resolution of the Potts model, a cosine.
        smallest: Minimum share of the occurrences in a sense.
        fewest: Minimum number of occurrences in a sense.
        least_cosine: Minimum mean cosine in a sense. In clouds without senses it stays below 0.13.
        clouds: Number of Gaussian clouds drawn.
        rounds: Number of bootstrap samples.
        draws: Size of a bootstrap sample.
    """

    gate_dim: int = 5
    bar: float = 0.40
    slope: float = 20.0
    dim: int = 6
    resolution: float = 0.3
    smallest: float = 0.08
    fewest: int = 4
    least_cosine: float = 0.15
    clouds: int = 30
    rounds: int = 20
    draws: int = 300


CHOSEN = Settings()
"""Parameters in use."""


def cluster(vectors: Array, settings: Settings = CHOSEN) -> Ids:
    """Cluster unit vectors (n, d), n at least 1. Clusters are numbered from 0, the largest first.  -> (n,)

    Occurrences that fit no cluster get `NONE`.
    """
    n = len(vectors)
    chosen = np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64))
    sample = vectors[chosen]
    labels = partition(sample, settings)  # (sample,)
    return by_size(settled(vectors, centres_of(sample, labels), settings.resolution))


def settled(vectors: Array, centres: Array, resolution: float, rounds: int = 20) -> Ids:
    """Assign rows to their nearest centre or `NONE`, and move the centres, until nothing changes.

    A named sense, which keeps only centres, therefore contains the same occurrences.  (n, d), (s, d) -> (n,)
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
    """Cluster unit vectors (n, d) into clusters of at least the minimum size, numbered from 0.  -> (n,)"""
    if len(vectors) < 2 * settings.fewest or not splits(vectors, settings):
        return np.zeros(len(vectors), np.int64)
    least = max(settings.fewest, int(np.ceil(settings.smallest * len(vectors))))
    return absorbed(vectors, potts(reduced(vectors, settings.dim), settings.resolution), least, settings.least_cosine)


def splits(vectors: Array, settings: Settings = CHOSEN) -> bool:
    """Return whether vectors (n, d) split better than one-centred clouds by as much as their mean cosine requires."""
    cosine = float((vectors.mean(axis=0).astype(np.float64) ** 2).sum())  # mean of all pairs
    return split_strength(vectors, settings) >= settings.slope * (cosine - settings.bar)


def split_strength(vectors: Array, settings: Settings = CHOSEN) -> float:
    """Return by how many standard deviations vectors (n, d) split better than one-centred Gaussian clouds."""
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
    """Return the share of the squared distances that remains after a split into two by k-means.  (n, dim)

    The split starts at the sign of the first principal component.
    """
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
    """Project unit vectors to their mean and first principal components, as unit vectors again.  (n, d) -> (n, d)"""
    mean = vectors.mean(axis=0)
    rows = vectors - mean  # (n, d)
    _, axes = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    kept = axes[:, ::-1][:, :dim].astype(np.float32)  # (d, dim)
    return unit(mean + rows @ kept @ kept.T)


def potts(vectors: Array, resolution: float, rounds: int = 20) -> Ids:
    """Find clusters that maximise the sum of (cosine - resolution) over their pairs, by local moves.  (n, d) -> (n,)

    Average-link clusters cut at the same cosine are the start. Then each occurrence in turn moves to the cluster to
    which it adds most, or becomes a cluster by itself, until none moves.
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
            sums = np.bincount(labels, gains[place], n + 1)  # (n + 1,), the last cluster is empty
            best = int(sums.argmax())
            if sums[best] <= 0:
                best = int(np.flatnonzero(np.bincount(labels, minlength=n + 1) == 0)[0])
            if sums[best] > sums[own] + 1e-9:
                labels[place], moved = best, moved + 1
        if not moved:
            break
    return numbered(labels)


def absorbed(vectors: Array, labels: Ids, least: int, least_cosine: float = -1.0) -> Ids:
    """Merge clusters that are too small or too loose into the nearest of the others.  (n, d), (n,) -> (n,)

    Args:
        least: Minimum number of members.
        least_cosine: Minimum mean cosine of the members.

    Returns:
        Cluster numbers from 0.
    """
    while True:
        groups = [labels == name for name in np.unique(labels)]
        large = [inside for inside in groups if inside.sum() >= least and mean_cosine(vectors[inside]) >= least_cosine]
        if len(large) == len(groups) or not large:
            return numbered(labels) if large else np.zeros(len(vectors), np.int64)
        nearest = nearest_centre(vectors, np.stack([unit(vectors[inside].mean(axis=0)) for inside in large]))
        for number, inside in enumerate(large):
            nearest[inside] = number
        labels = nearest


def mean_cosine(vectors: Array) -> float:
    """Return the mean cosine of different rows, n at least 2.  (n, d)"""
    n = len(vectors)
    total = float((vectors.sum(axis=0).astype(np.float64) ** 2).sum())
    return (total - n) / (n * (n - 1))


def numbered(labels: Ids) -> Ids:
    """Renumber clusters from 0 without gaps. `NONE` stays.  (n,) -> (n,)"""
    names = np.unique(labels[labels != NONE])
    return np.where(labels == NONE, NONE, np.searchsorted(names, labels)).astype(np.int64)


def centres_of(vectors: Array, numbers: Ids) -> Array:
    """Return the unit centres of the clusters 0 to s - 1, none empty.  (n, d), (n,) -> (s, d)"""
    return np.stack([unit(vectors[numbers == number].mean(axis=0)) for number in range(int(numbers.max()) + 1)])


def nearest_centre(vectors: Array, centres: Array) -> Ids:
    """Return the nearest centre of each row, the first of equals.  (n, d), (s, d) -> (n,)"""
    products = np.stack([row_products(vectors, centre) for centre in centres], axis=1)  # (n, s)
    return np.asarray(products.argmax(axis=1), np.int64)


def row_products_by(vectors: Array, centres: Array, numbers: Ids) -> Array:
    """Return the inner product of each row with its cluster's centre, 0 for `NONE`.  (n, d), (s, d), (n,) -> (n,)"""
    out = np.zeros(len(vectors), np.float32)
    for number, centre in enumerate(centres):
        inside = numbers == number
        out[inside] = row_products(vectors[inside], centre)
    return out


def outlying(scores: Array, resolution: float) -> Mask:
    """Return which scores are too low to belong to a centre: below the resolution, and outliers.  (n,) -> (n,)"""
    low, high = np.quantile(scores, [0.25, 0.75])
    return np.asarray(scores < min(resolution, low - FENCE * (high - low)))


def by_size(numbers: Ids) -> Ids:
    """Renumber clusters by size, largest first, equal sizes by their first member. `NONE` stays.  (n,) -> (n,)"""
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
    """Measure how well bootstrap samples reproduce each cluster: mean of the best Jaccard overlap (Hennig 2007).

    Args:
        vectors: Unit rows (n, d).
        numbers: Clusters from 0 (n,).

    Returns:
        Stability of each cluster, in [0, 1].
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
