"""Scan stored rows of unit vectors, float16 or int8, block by block."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .arrays import Array, Half, Ids, Places, as_slice, row_products, sense_word_vector
from .int8 import ByteRows

TokenRows = Half | ByteRows

SCAN_ROWS = 65_536
"""Maximum number of rows that a scan converts to float32 at a time."""


def scan(vectors: TokenRows, query: Array, rows: Ids | None = None) -> Array:
    """Return the exact cosines of stored unit rows with a unit query.

    Args:
        vectors: Memory-mapped rows.  (n, d)
        query: (d,)
        rows: Rows to score, or None for all.  (m,)

    Returns:
        (m,) or (n,) float32
    """
    n = len(vectors) if rows is None else len(rows)
    scores = np.empty(n, np.float32)
    for first in range(0, n, SCAN_ROWS):
        part = slice(first, first + SCAN_ROWS)
        block = vectors[part if rows is None else as_slice(rows[part])]  # (<= SCAN_ROWS, d)
        scores[part] = row_products(np.asarray(block, np.float32), query)
    return scores


def sense_word_rows(tokens: TokenRows, words: Half, type_of: Ids | Places, weight: float) -> Callable[[Ids], Array]:
    """Return a function that reads sense-word vectors (`sense_word_vector`) by row, to build an index in pieces.

    Args:
        tokens: Unit token vectors.  (n, d)
        words: Unit type vectors.  (T, p)
        type_of: Row of each token's type in `words`.  (n,)

    Returns:
        Function from rows (m,) to vectors (m, d + p).
    """

    def read(rows: Ids) -> Array:
        return sense_word_vector(tokens[rows].astype(np.float32), words[type_of[rows]].astype(np.float32), weight)

    return read
