"""Project vectors to two dimensions, for a map."""

from __future__ import annotations

import importlib
import importlib.util

import numpy as np

from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Array

METHODS = ("pca", "umap")


def project(vectors: Array, method: str = "pca") -> Array:
    """Return two coordinates for each unit row, the same in every run.  (n, d) -> (n, 2)

    Args:
        method: `pca`: the first two principal components, each with the sign that makes its largest weight positive.
            `umap`: UMAP (McInnes et al. 2018) with a fixed seed, which needs umap-learn.

    Raises:
        QueryError: The method is unknown, or umap-learn is not installed.
    """
    if method not in METHODS:
        raise QueryError(f"method is {method!r}; choose one of {', '.join(METHODS)}")
    if method == "umap":
        return _umap(vectors)
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64) if len(vectors) else vectors  # (n, d)
    _, axes = np.linalg.eigh(centred.T @ centred)  # ascending
    axes = axes[:, ::-1][:, :2]  # (d, 2)
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    out = np.zeros((len(vectors), 2), np.float32)
    out[:, : axes.shape[1]] = centred @ (axes * signs)
    return out


def _umap(vectors: Array) -> Array:
    if importlib.util.find_spec("umap") is None:
        raise QueryError("umap-learn is not installed; `pip install umap-learn`, or choose pca")
    if len(vectors) < 4:
        return project(vectors)
    neighbours = min(15, len(vectors) - 1)
    model = importlib.import_module("umap").UMAP(n_neighbors=neighbours, metric="cosine", random_state=0, n_jobs=1)
    return np.asarray(model.fit_transform(vectors), np.float32)
