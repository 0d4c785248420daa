"""Array types, and arithmetic on rows of vectors. Scores are cosines: higher is nearer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Half = npt.NDArray[np.float16]
Doubles = npt.NDArray[np.float64]
Reals = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Ids = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Integers = npt.NDArray[np.integer]
Mask = npt.NDArray[np.bool_]


def unit(vectors: npt.ArrayLike) -> Array:
    """Rows scaled to length 1; a zero row stays zero.  (n, d) -> (n, d) float32"""
    rows = np.asarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)  # (n, 1)
    scaled: Array = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return scaled


def unit_parts(parts: Sequence[Array]) -> list[Array]:
    """``unit`` of each part, done at once: a row's length does not depend on the rows beside it."""
    return parts_of(unit(np.concatenate(parts)), parts)


def parts_of(rows: Array, like: Sequence[Array]) -> list[Array]:
    """Rows cut into as many parts, and of as many rows, as others have."""
    return np.split(rows, np.cumsum([len(part) for part in like])[:-1])


def sense_word_vector(sense: Array, word: Array, weight: float) -> Array:
    """Sense and identity of the word in one unit vector, so that its cosine is (sense + weight * word) / (1 + weight).

    sense: (n, d) unit rows; word: (n, p) unit rows -> (n, d + p) float32
    """
    return np.concatenate([sense, np.sqrt(weight) * word], axis=1, dtype=np.float32) / np.float32(np.sqrt(1 + weight))


def row_products(rows: Array, query: Array) -> Array:
    """Inner product of each row with a vector: (n, d), (d,) -> (n,).

    Not ``rows @ query``: BLAS sums a row in another order by its place in the block, so that equal rows would score
    unequally in the last bit, and ties would not be settled by ids.
    """
    products: Array = np.einsum("nd,d->n", rows, query)
    return products


def as_slice(rows: Ids) -> slice | Ids:
    """Rows as a slice where they follow one another, as those of one word do: a mapped file is then read in place."""
    n = len(rows)
    if n and rows[-1] - rows[0] == n - 1 and bool((rows[1:] > rows[:-1]).all()):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def top(scores: Array, k: int, ids: Ids | None = None) -> Ids:
    """Places of the k best scores, best first, equal scores in the order of ids (or places).  (n,) -> (<= k,)"""
    if 0 < k < len(scores):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        places = np.flatnonzero(~(scores < edge))  # what is no number, in a damaged file, hides nothing
    else:
        places = np.arange(len(scores))
    tie = places if ids is None else ids[places]
    return places[np.lexsort((tie, -scores[places]))][:k]
