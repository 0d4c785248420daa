"""Linear discriminant analysis from sums that grow row by row: how vectors vary within senses, and between them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...vectors.arrays import Doubles, Integers, Reals


@dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """Covariances of n labelled rows, each divided by n; `between`: of senses around the mean of their own lemma."""

    mean: Doubles  # (d,) of the lemmas' means: that of all rows is mostly the commonest words'
    total: Doubles  # (d, d)
    within: Doubles  # (d, d)
    between: Doubles  # (d, d)
    rows: int

    def mapped(self, map_: Doubles) -> "Scatter":
        """Of the same rows times a matrix (d, d')."""
        total, within, between = (map_.T @ each @ map_ for each in (self.total, self.within, self.between))
        return Scatter(self.mean @ map_, total, within, between, self.rows)

    def scaled(self, factors: Doubles) -> "Scatter":
        """Of the same rows, each column times its factor (d,)."""
        outer = np.outer(factors, factors)  # (d, d)
        return Scatter(self.mean * factors, self.total * outer, self.within * outer, self.between * outer, self.rows)


class ScatterSums:
    """Sums over rows of `dim` numbers, each of a sense; `lemma_of[sense]` numbers its lemma."""

    def __init__(self, dim: int, lemma_of: Sequence[int]) -> None:
        self._lemma_of = np.asarray(lemma_of, np.int64)  # (senses,)
        self._products = np.zeros((dim, dim))
        self._sums = np.zeros((len(self._lemma_of), dim), np.float32)
        self._counts = np.zeros(len(self._lemma_of), np.int64)

    def add(self, rows: Reals, senses: Integers) -> None:
        """Take in rows (n, dim) of these senses (n,)."""
        self._products += rows.T @ rows
        np.add.at(self._sums, senses, rows)
        self._counts += np.bincount(senses, minlength=len(self._counts))

    def result(self) -> Scatter:
        """The covariances so far; there must be rows."""
        n = int(self._counts.sum())
        total = self._sums.astype(np.float64).sum(axis=0)  # (dim,)
        lemma_counts = np.bincount(self._lemma_of, self._counts)  # (lemmas,)
        lemma_sums = np.zeros((len(lemma_counts), len(total)))  # (lemmas, dim)
        np.add.at(lemma_sums, self._lemma_of, self._sums)
        of_senses = _outer(self._sums, self._counts)  # (dim, dim)
        within = (self._products - of_senses) / n
        between = (of_senses - _outer(lemma_sums, lemma_counts)) / n  # (dim, dim)
        seen = lemma_counts > 0
        mean = (lemma_sums[seen] / lemma_counts[seen, None]).mean(axis=0)  # (dim,)
        return Scatter(mean, self._products / n - np.outer(total / n, total / n), within, between, n)


def discriminants(scatter: Scatter, dims: int, shrinkage: float, power: float) -> Doubles:
    """The map (d, dims) of a linear discriminant analysis (Fisher 1936; Rao 1948), best dimension first.

    Within-sense covariance is shrunk towards a multiple of the identity by `shrinkage` in [0, 1]; then it is the
    identity after the map, and between-sense covariance is diagonal, l. Each dimension is scaled by (l / (1 + l)) **
    power: 0 leaves them alike, more favours those that tell senses apart.
    """
    within = scatter.within
    d = len(within)
    shrunk = (1 - shrinkage) * within + shrinkage * np.eye(d) * np.trace(within) / d  # (d, d)
    whitening = np.linalg.inv(np.linalg.cholesky(shrunk))  # (d, d)
    ratios, axes = np.linalg.eigh(whitening @ scatter.between @ whitening.T)  # (d,), (d, d), ascending
    ratios, axes = np.maximum(ratios[::-1][:dims], 0.0), axes[:, ::-1][:, :dims]  # (dims,), (d, dims)
    return np.asarray(whitening.T @ axes * (ratios / (1 + ratios)) ** power, np.float64)


def _outer(sums: npt.NDArray[np.floating], counts: npt.NDArray[np.generic]) -> Doubles:
    """Sum over groups of n * mean * mean.T, from their sums (groups, d) and sizes (groups,): (d, d)."""
    scaled = sums / np.sqrt(np.maximum(np.asarray(counts, np.float64), 1))[:, None]  # (groups, d)
    return np.asarray(scaled.T @ scaled, np.float64)
