"""Fit and apply transforms of vectors: centring, whitening and PCA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from .arrays import Array, parts_of, unit, unit_parts

SENTENCE, DEFAULT, TOKEN, WORD = "sentence", "default", "token", "word"
"""Names of the fitted transforms: of product vectors, default vectors, token vectors and type vectors.

A type vector is layer 0 of a form. In format version 1 the transform of default vectors is stored as `sentence`.
"""
CENTRING_ROWS = 32.0
"""The mean of n rows is weighted n / (n + CENTRING_ROWS). Unweighted, it would turn a sample of one row into zeros."""
MIN_SHRINKAGE = 0.5
"""Minimum shrinkage of the covariance. Full whitening hurts retrieval, since small components are mostly noise.

Measured in docs/results/quality.md.
"""


class Normalisation(StrEnum):
    """How raw vectors are normalised before cosines are computed."""

    NONE = "none"
    CENTRED = "centred"
    WHITENED = "whitened"


@dataclass(frozen=True, slots=True)
class Transform:
    """Affine map followed by scaling to unit length: `unit((x - mean) @ matrix)`.

    Attributes:
        mean: (d,) float32
        matrix: None means the identity.  (d, d') float32
    """

    mean: Array
    matrix: Array | None = None

    def __call__(self, vectors: npt.ArrayLike) -> Array:
        """Return unit rows.  (n, d) -> (n, d') float32"""
        rows = np.asarray(vectors, dtype=np.float32) - self.mean  # (n, d)
        return unit(rows if self.matrix is None else rows @ self.matrix)

    def of_each(self, parts: Sequence[Array]) -> list[Array]:
        """Transform several arrays in less time, with the same bits as one call for each.  (n_i, d) -> (n_i, d')

        Only the matrix product is done for each array, since BLAS rounds a row differently if others are beside it.
        """
        rows = np.concatenate(parts) - self.mean  # (sum n_i, d)
        if self.matrix is None:
            return unit_parts(parts_of(rows, parts))
        return unit_parts([part @ self.matrix for part in parts_of(rows, parts)])

    @property
    def dim(self) -> int:
        """Dimension of the transformed vectors."""
        return int(self.mean.shape[0] if self.matrix is None else self.matrix.shape[1])


def fit_centring(sample: Array) -> Transform:
    """Fit a transform that subtracts the mean of a sample (n, d), weighted as `CENTRING_ROWS` says."""
    n = len(sample)
    mean = sample.mean(axis=0) * (n / (n + CENTRING_ROWS)) if n else np.zeros(sample.shape[1])  # (d,)
    return Transform(mean.astype(np.float32))


def fit_whitening(sample: Array) -> Transform:
    """Fit a transform that centres and partly decorrelates a sample (n, d).

    Whitening of sentence vectors is from Su et al. 2021, "Whitening Sentence Representations for Better Semantics and
    Faster Retrieval". Here the covariance is first shrunk by max(1/2, d / (d + n)) towards a multiple of the identity.
    For samples smaller than the dimension, the result approaches centring.
    """
    n, d = sample.shape
    mean = fit_centring(sample).mean
    centred = (sample - mean).astype(np.float64)  # (n, d)
    covariance = centred.T @ centred / max(n, 1)  # (d, d)
    shrinkage = max(MIN_SHRINKAGE, d / (d + n))
    level = np.trace(covariance) / d or 1.0
    covariance = (1 - shrinkage) * covariance + shrinkage * level * np.eye(d)
    values, vectors = np.linalg.eigh(covariance)  # (d,), (d, d)
    matrix = (vectors / np.sqrt(values)) @ vectors.T * np.sqrt(level)  # (d, d), symmetric: keeps the axes
    return Transform(mean, matrix.astype(np.float32))


def fit_pca(blocks: list[Array], dim: int) -> Transform:
    """Fit a transform that centres each block, scales it to mean length 1, and keeps the first principal components.

    Args:
        blocks: Parts of the vectors, side by side.  list of (n, d_i)
        dim: Maximum number of components.

    Returns:
        Transform (sum d_i,) -> (min(dim, sum d_i, n),)
    """
    means = [fit_centring(block).mean for block in blocks]
    centred = [block - mean for block, mean in zip(blocks, means, strict=True)]
    scales = [float(np.linalg.norm(block, axis=1).mean()) or 1.0 for block in centred]
    scale = np.concatenate([np.full(b.shape[1], 1 / s, np.float32) for b, s in zip(centred, scales, strict=True)])
    rows = (np.concatenate(centred, axis=1) * scale).astype(np.float64)  # (n, d)
    values, vectors = np.linalg.eigh(rows.T @ rows)  # (d,), (d, d), ascending
    keep = np.argsort(values)[::-1][: min(dim, rows.shape[1], max(len(rows), 1))]
    components = vectors[:, keep]  # (d, dim)
    signs = np.sign(components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])])
    matrix = scale[:, None] * components * np.where(signs == 0, 1, signs)
    return Transform(np.concatenate(means), matrix.astype(np.float32))


def fit_whitened_components(sample: Array, dim: int) -> Transform:
    """Fit a transform that whitens a sample (n, d), and keeps the first `dim` principal components of the result."""
    whitened = fit_whitening(sample)
    if sample.shape[1] <= dim or whitened.matrix is None:
        return whitened
    rows = (sample - whitened.mean).astype(np.float64) @ whitened.matrix  # (n, d)
    _, vectors = np.linalg.eigh(rows.T @ rows)  # (d, d), in ascending order of the variance
    components = vectors[:, ::-1][:, :dim]  # (d, dim)
    return Transform(whitened.mean, (whitened.matrix @ components).astype(np.float32))


def fit(normalisation: Normalisation, sample: Array) -> Transform | None:
    """Fit the transform of a normalisation on a sample (n, d). `Normalisation.NONE` gives None."""
    if normalisation is Normalisation.NONE:
        return None
    return fit_centring(sample) if normalisation is Normalisation.CENTRED else fit_whitening(sample)
