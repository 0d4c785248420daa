"""Ways to tell senses apart that were tried: unit vectors (n, d) -> group of each occurrence (n,), -1 for noise.

Those with a parameter take it by name, so that it can be chosen on one half of the data. The product's own way is
`search.senses.clustering.cluster`; the others stay here for comparison.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from polyseme.indexer.vectors.arrays import Array, Doubles, Ids, unit
from polyseme.search.senses.clustering import split_strength

MOST = 6
SEED = 0
Method = Callable[[Array], Ids]


def reduced(vectors: Array, dim: int) -> Array:
    """The first principal components of one word's vectors.  (n, d) -> (n, dim)"""
    rows = vectors - vectors.mean(axis=0)  # (n, d)
    _, _, axes = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(rows @ axes[:dim].T, np.float32)


def one_sense(vectors: Array) -> Ids:
    """The first trivial answer."""
    return np.zeros(len(vectors), np.int64)


def each_its_own(vectors: Array) -> Ids:
    """The second."""
    return np.arange(len(vectors))


def at_random(vectors: Array) -> Ids:
    """The third: two groups drawn by lot."""
    return np.random.default_rng(SEED).integers(0, 2, len(vectors)).astype(np.int64)


def distances(vectors: Array) -> Doubles:
    """Cosine distances.  (n, d) -> (n, n)"""
    found: Doubles = np.clip(1 - vectors @ vectors.T, 0, 2).astype(np.float64)
    np.fill_diagonal(found, 0)
    return found


def linked(vectors: Array, linkage: str = "average", k: int | None = None, threshold: float | None = None) -> Ids:
    """Agglomerative clustering, cut at a number of groups or at a distance."""
    from sklearn.cluster import AgglomerativeClustering

    if linkage == "ward":
        model = AgglomerativeClustering(n_clusters=k, distance_threshold=threshold, linkage="ward")
        return np.asarray(model.fit_predict(vectors), np.int64)
    model = AgglomerativeClustering(n_clusters=k, distance_threshold=threshold, metric="precomputed", linkage=linkage)
    return np.asarray(model.fit_predict(distances(vectors)), np.int64)


def by_silhouette(split: Callable[[Array, int], Ids], vectors: Array, least: float) -> Ids:
    """The number of groups with the best mean silhouette (Rousseeuw 1987); one where even that is low."""
    from sklearn.metrics import silhouette_score

    matrix = distances(vectors)  # (n, n)
    best, best_score = one_sense(vectors), least
    for k in range(2, min(MOST, len(vectors) - 1) + 1):
        labels = split(vectors, k)
        if 1 < len(np.unique(labels)) < len(vectors):
            score = float(silhouette_score(matrix, labels, metric="precomputed"))
            if score > best_score:
                best, best_score = labels, score
    return best


def k_means(vectors: Array, k: int) -> Ids:
    """k-means of unit vectors, which is spherical k-means but for the length of the centres."""
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(k, n_init=5, random_state=SEED).fit_predict(vectors), np.int64)


def by_gap(vectors: Array, rounds: int = 10) -> Ids:
    """k-means with the number of groups by the gap statistic (Tibshirani, Walther and Hastie 2001)."""
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(SEED)
    _, _, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    turned = (vectors - vectors.mean(axis=0)) @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    before: tuple[float, float] | None = None
    for k in range(1, MOST + 1):
        own = np.log(max(KMeans(k, n_init=3, random_state=SEED).fit(vectors).inertia_, 1e-9))
        null = [
            np.log(KMeans(k, n_init=1, random_state=SEED).fit(rng.uniform(low, high, turned.shape)).inertia_)
            for _ in range(rounds)
        ]
        gap, spread = float(np.mean(null) - own), float(np.std(null) * np.sqrt(1 + 1 / rounds))
        if before is not None and before[0] >= gap - spread:
            return k_means(vectors, k - 1)
        before = gap, spread
    return k_means(vectors, MOST)


def by_mixture(vectors: Array, covariance: str, dim: int, weight: float = 1.0) -> Ids:
    """A Gaussian mixture on the first principal components, its number by BIC (its penalty weighted)."""
    from sklearn.mixture import GaussianMixture

    rows = reduced(vectors, dim).astype(np.float64)
    best, best_score = one_sense(vectors), np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of mixtures that do not converge: they lose
        for k in range(1, MOST + 1):
            model = GaussianMixture(k, covariance_type=covariance, n_init=3, random_state=SEED, reg_covar=1e-4)
            labels = model.fit_predict(rows)
            bic = model.bic(rows)
            likelihood = -2 * model.score(rows) * len(rows)
            score = likelihood + weight * (bic - likelihood)
            if score < best_score:
                best, best_score = np.asarray(labels, np.int64), score
    return best


def by_eigengap(vectors: Array, sharpness: float = 5.0) -> Ids:
    """Spectral clustering, its number where the normalised Laplacian's eigenvalues leave the largest gap."""
    affinity = np.exp(-sharpness * distances(vectors))  # (n, n)
    np.fill_diagonal(affinity, 0)
    degrees = affinity.sum(axis=1)
    laplacian = np.eye(len(vectors)) - affinity / np.sqrt(degrees[:, None] * degrees)
    values, axes = np.linalg.eigh(laplacian)
    k = int(np.argmax(np.diff(values[: MOST + 1]))) + 1
    return k_means(unit(axes[:, :k]), k) if k > 1 else one_sense(vectors)


def hdbscan(vectors: Array, share: float = 0.1, single: bool = True) -> Ids:
    """HDBSCAN (Campello, Moulavi and Sander 2013) as scikit-learn has it, on ten principal components."""
    from sklearn.cluster import HDBSCAN

    size = max(3, int(share * len(vectors)))
    model = HDBSCAN(min_cluster_size=size, allow_single_cluster=single, copy=True)
    return np.asarray(model.fit_predict(reduced(vectors, 10)), np.int64)


def affinity(vectors: Array, quantile: float = 0.0) -> Ids:
    """Affinity propagation (Frey and Dueck 2007) with a quantile of the cosines as preference."""
    from sklearn.cluster import AffinityPropagation
    from sklearn.exceptions import ConvergenceWarning

    cosines = (vectors @ vectors.T).astype(np.float64)
    off = cosines[~np.eye(len(vectors), dtype=bool)]
    preference = float(np.quantile(off, quantile)) if quantile > 0 else float(off.min() - quantile * np.ptp(off) * -10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = AffinityPropagation(
            affinity="precomputed", preference=preference, damping=0.9, random_state=SEED, max_iter=400
        )
        return np.asarray(model.fit_predict(cosines), np.int64)


def split_while(vectors: Array, least: float, depth: int = 4) -> Ids:
    """Two means again and again, while a split is better than that of clouds by so many standard deviations."""
    labels = np.zeros(len(vectors), np.int64)

    def split(rows: Ids, left: int) -> None:
        if len(rows) < 10 or not left or split_strength(vectors[rows]) < least:
            return
        inside = k_means(vectors[rows], 2) == 1
        if min(inside.sum(), (~inside).sum()) < max(3, 0.05 * len(vectors)):
            return
        labels[rows[inside]] = labels.max() + 1
        split(rows[inside], left - 1)
        split(rows[~inside], left - 1)

    split(np.arange(len(vectors)), depth)
    return labels
