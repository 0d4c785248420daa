"""Linear discriminant analysis from running sums: covariances within senses, and between the senses of a lemma."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...vectors.arrays import Doubles, Integers, Reals


@dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """Mean and covariances of labelled rows. Each covariance is divided by the number of rows."""

    mean: Doubles  # (d,) mean of the lemmas' means, because the mean of all rows mostly reflects frequent words
    total: Doubles  # (d, d)
    within: Doubles  # (d, d) of the rows around the mean of their sense
    between: Doubles  # (d, d) of the means of the senses around the mean of their lemma
    rows: int  # number of rows

    def mapped(self, map_: Doubles) -> "Scatter":
        """Return the scatter of the same rows multiplied by a matrix (d, d')."""
        total, within, between = (map_.T @ each @ map_ for each in (self.total, self.within, self.between))
        return Scatter(self.mean @ map_, total, within, between, self.rows)

    def scaled(self, factors: Doubles) -> "Scatter":
        """Return the scatter of the same rows with each column multiplied by its factor (d,)."""
        outer = np.outer(factors, factors)  # (d, d)
        return Scatter(self.mean * factors, self.total * outer, self.within * outer, self.between * outer, self.rows)


class ScatterSums:
    """Running sums over labelled rows.

    Args:
        dim: Length of a row.
        lemma_of: Number of the lemma of each sense.
    """

    def __init__(self, dim: int, lemma_of: Sequence[int]) -> None:
        self._lemma_of = np.asarray(lemma_of, np.int64)  # (senses,)
        self._products = np.zeros((dim, dim))
        self._sums = np.zeros((len(self._lemma_of), dim), np.float32)
        self._counts = np.zeros(len(self._lemma_of), np.int64)

    def add(self, rows: Reals, senses: Integers) -> None:
        """Add rows (n, dim) with their sense numbers (n,)."""
        self._products += rows.T @ rows
        np.add.at(self._sums, senses, rows)
        self._counts += np.bincount(senses, minlength=len(self._counts))

    def result(self) -> Scatter:
        """Return the covariances of all rows so far. At least one row is required."""
        n = int(self._counts.sum())
        total = self._sums.astype(np.float64).sum(axis=0)  # (dim,)
        lemma_counts = np.bincount(self._lemma_of, self._counts)  # (lemmas,)
        lemma_sums = np.zeros((len(lemma_counts), len(total)))  # (lemmas, dim)
        np.add.at(lemma_sums, self._lemma_of, self._sums)
        of_senses = _outer_products(self._sums, self._counts)  # (dim, dim)
        within = (self._products - of_senses) / n
        between = (of_senses - _outer_products(lemma_sums, lemma_counts)) / n  # (dim, dim)
        seen = lemma_counts > 0
        mean = (lemma_sums[seen] / lemma_counts[seen, None]).mean(axis=0)  # (dim,)
        return Scatter(mean, self._products / n - np.outer(total / n, total / n), within, between, n)


def discriminants(scatter: Scatter, dims: int, shrinkage: float, power: float) -> Doubles:
    """Return the map (d, dims) of a linear discriminant analysis, best dimension first (Fisher 1936, Rao 1948).

    After the map the shrunk within-sense covariance is the identity, and the between-sense covariance is diagonal. Each
    dimension is then scaled by (l / (1 + l)) ** power, where l is its diagonal element.

    Args:
        dims: Number of dimensions to keep.
        shrinkage: Weight in [0, 1] of a multiple of the identity in the within-sense covariance.
        power: 0 weights all dimensions equally. A larger power favours dimensions that separate senses better.
    """
    within = scatter.within
    d = len(within)
    shrunk = (1 - shrinkage) * within + shrinkage * np.eye(d) * np.trace(within) / d  # (d, d)
    whitening = np.linalg.inv(np.linalg.cholesky(shrunk))  # (d, d)
    ratios, axes = np.linalg.eigh(whitening @ scatter.between @ whitening.T)  # (d,), (d, d), ascending
    ratios, axes = np.maximum(ratios[::-1][:dims], 0.0), axes[:, ::-1][:, :dims]  # (dims,), (d, dims)
    return np.asarray(whitening.T @ axes * (ratios / (1 + ratios)) ** power, np.float64)


def _outer_products(sums: Reals, counts: npt.NDArray[np.generic]) -> Doubles:
    """Return the sum over groups of n * mean * mean.T, from their sums (groups, d) and sizes (groups,): (d, d)."""
    scaled = sums / np.sqrt(np.maximum(np.asarray(counts, np.float64), 1))[:, None]  # (groups, d)
    return np.asarray(scaled.T @ scaled, np.float64)
