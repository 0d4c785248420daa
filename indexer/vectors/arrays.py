"""Array types, and arithmetic on rows of vectors. Scores are cosines: higher is more similar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DamageError

Array = npt.NDArray[np.float32]
Half = npt.NDArray[np.float16]
Doubles = npt.NDArray[np.float64]
Reals = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.int8]
Tagged = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Ids = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Integers = npt.NDArray[np.integer]
Checksums = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[Any]


def unit(vectors: npt.ArrayLike) -> Array:
    """Scale rows to length 1. A zero row stays zero.  (n, d) -> (n, d) float32"""
    rows = np.asarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)  # (n, 1)
    scaled: Array = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return scaled


def unit_parts(parts: Sequence[Array]) -> list[Array]:
    """Apply `unit` to several arrays in one call. The length of a row does not depend on other rows."""
    return parts_of(unit(np.concatenate(parts)), parts)


def parts_of(rows: Array, like: Sequence[Array]) -> list[Array]:
    """Split rows into arrays with as many rows as those in `like`."""
    return np.split(rows, np.cumsum([len(part) for part in like])[:-1])


def sense_word_vector(sense: Array, word: Array, weight: float) -> Array:
    """Join sense vectors and type vectors into unit vectors with cosine (sense + weight * word) / (1 + weight).

    Here "sense" and "word" are the cosines of the two parts.

    Args:
        sense: Unit rows.  (n, d)
        word: Unit rows.  (n, p)

    Returns:
        (n, d + p) float32
    """
    return np.concatenate([sense, np.sqrt(weight) * word], axis=1, dtype=np.float32) / np.float32(np.sqrt(1 + weight))


def row_products(rows: Array, query: Array) -> Array:
    """Return the inner product of each row with a vector.  (n, d), (d,) -> (n,)

    Equal rows get equal scores to the last bit, so that ties are decided by their ids. `rows @ query` does not
    guarantee that: BLAS sums a row in an order that depends on its place in the block.

    Raises:
        DamageError: The rows have another length. So stored vectors are not those of the collection's model.
    """
    if rows.shape[1] != len(query):
        raise DamageError(f"stored vectors have {rows.shape[1]} numbers, not {len(query)}; run `polyseme verify`")
    products: Array = np.einsum("nd,d->n", rows, query)
    return products


def products(rows: Array, queries: Array) -> Array:
    """Return the inner products of each row with each of q vectors. See `row_products`.  (n, d), (q, d) -> (n, q)

    Raises:
        DamageError: The rows have another length.
    """
    if rows.shape[1] != queries.shape[1]:
        raise DamageError(f"stored vectors have {rows.shape[1]} numbers, not {queries.shape[1]}; run `polyseme verify`")
    found: Array = np.einsum("nd,qd->nq", rows, queries)
    return found


def as_slice(rows: Ids) -> slice | Ids:
    """Return consecutive rows as a slice, and other rows unchanged. A mapped file is read in place through a slice."""
    n = len(rows)
    if n and rows[-1] - rows[0] == n - 1 and bool((rows[1:] > rows[:-1]).all()):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def top(scores: Array, k: int, ids: Ids | None = None) -> Ids:
    """Return the indices of the k highest scores, in descending order. Ties are in the order of their ids.

    Args:
        scores: (n,)
        ids: Id of each score, or None for its index.  (n,)

    Returns:
        (<= k,)
    """
    if 0 < k < len(scores):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        places = np.flatnonzero(~(scores < edge))  # NaNs from a damaged file must not hide valid scores
    else:
        places = np.arange(len(scores))
    tie = places if ids is None else ids[places]
    return places[np.lexsort((tie, -scores[places]))][:k]
