"""Fit and apply transforms of vectors: centring, whitening, PCA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from .arrays import Array, parts_of, unit, unit_parts


class Normalisation(StrEnum):
    """What is done to raw vectors before cosines are taken."""

    NONE = "none"
    CENTRED = "centred"
    WHITENED = "whitened"


@dataclass(frozen=True, slots=True)
class Transform:
    """Affine map followed by scaling to unit length: ``unit((x - mean) @ matrix)``.

    mean: (d,) float32; matrix: (d, d') float32, or None for the identity.
    """

    mean: Array
    matrix: Array | None = None

    def __call__(self, vectors: npt.ArrayLike) -> Array:
        """(n, d) -> (n, d') float32 unit rows."""
        rows = np.asarray(vectors, dtype=np.float32) - self.mean  # (n, d)
        return unit(rows if self.matrix is None else rows @ self.matrix)

    def of_each(self, parts: Sequence[Array]) -> list[Array]:
        """What each of the parts gives by itself, to the last bit, in less time.  list of (n_i, d) -> list of (n_i, d')

        Only the product is done part by part: BLAS rounds a row by how many stand beside it.
        """
        rows = np.concatenate(parts) - self.mean  # (sum n_i, d)
        if self.matrix is None:
            return unit_parts(parts_of(rows, parts))
        return unit_parts([part @ self.matrix for part in parts_of(rows, parts)])

    @property
    def dim(self) -> int:
        """Length of the vectors that come out."""
        return int(self.mean.shape[0] if self.matrix is None else self.matrix.shape[1])


def fit_centring(sample: Array) -> Transform:
    """Subtract the sample's mean, weighted n / (n + 32) so that a handful of rows does not erase itself.  (n, d)"""
    n = len(sample)
    mean = sample.mean(axis=0) * (n / (n + 32.0)) if n else np.zeros(sample.shape[1])  # (d,)
    return Transform(mean.astype(np.float32))


LEAST_SHRINKAGE = 0.5
"""Full whitening serves retrieval badly (docs/quality.md): the small components are mostly noise."""


def fit_whitening(sample: Array) -> Transform:
    """Centre and half decorrelate: the covariance is shrunk by max(1/2, d / (d + n)) towards a multiple of identity.

    Whitening of sentence vectors: Su et al. 2021, "Whitening Sentence Representations for Better Semantics and Faster
    Retrieval". The shrinkage makes it fade into centring for samples smaller than the dimension.  (n, d)
    """
    n, d = sample.shape
    mean = fit_centring(sample).mean
    centred = (sample - mean).astype(np.float64)  # (n, d)
    covariance = centred.T @ centred / max(n, 1)  # (d, d)
    shrinkage = max(LEAST_SHRINKAGE, d / (d + n))
    level = np.trace(covariance) / d or 1.0
    covariance = (1 - shrinkage) * covariance + shrinkage * level * np.eye(d)
    values, vectors = np.linalg.eigh(covariance)  # (d,), (d, d)
    matrix = (vectors / np.sqrt(values)) @ vectors.T * np.sqrt(level)  # (d, d), symmetric: keeps the axes
    return Transform(mean, matrix.astype(np.float32))


def fit_pca(blocks: list[Array], dim: int) -> Transform:
    """Centre each block, scale it to mean length 1, put them side by side and keep the first ``dim`` components.

    blocks: list of (n, d_i); Transform: (sum d_i, min(dim, sum d_i, n)).
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


def fit(normalisation: Normalisation, sample: Array) -> Transform | None:
    """The transform that a normalisation asks for, fitted on a sample (n, d); None where nothing is done."""
    if normalisation is Normalisation.NONE:
        return None
    return fit_centring(sample) if normalisation is Normalisation.CENTRED else fit_whitening(sample)
