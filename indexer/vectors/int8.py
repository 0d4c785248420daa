"""Store vectors as int8: half the size of float16, and slightly less exact.

A row of d numbers becomes d + 2 bytes. The first d are signed integers, 127 for the largest absolute value. The last
two are the row's scale as float16. This is symmetric scalar quantisation with one scale per row. The scale restores
the length of the row, so that unit vectors stay unit vectors and their products are cosines.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np

from .arrays import Array, Bytes, Reals

_SCALE_BYTES = np.dtype(np.float16).itemsize
_MAX_INT8 = np.float32(127)


class Storage(StrEnum):
    """How a collection stores its token vectors: as float16 or as int8."""

    HALF = "half"
    BYTES = "bytes"


class ByteRows:
    """Rows stored as int8 that are indexed like a float array and give float32."""

    def __init__(self, stored: Bytes) -> None:
        """Read rows (n, d + 2) from `to_bytes`."""
        self.stored = stored

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (n, d) of the vectors."""
        return len(self.stored), self.stored.shape[1] - _SCALE_BYTES

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, rows: Any) -> Array:
        """Return the rows that any index of an array's first axis selects.  (..., d) float32"""
        block = self.stored[rows]  # (..., d + 2)
        scale = np.ascontiguousarray(block[..., -_SCALE_BYTES:]).view(np.float16).astype(np.float32)  # (..., 1)
        return np.asarray(block[..., :-_SCALE_BYTES] * scale, np.float32)


def to_bytes(vectors: Reals) -> Bytes:
    """Quantise rows. A zero row stays zero.  (n, d) -> (n, d + 2) int8"""
    rows = np.asarray(vectors, np.float32)
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)  # (n, 1)
    steps = np.divide(_MAX_INT8, largest, out=np.zeros_like(largest), where=largest > 0)  # (n, 1)
    numbers = np.rint(rows * steps)  # (n, d), -127 to 127
    before, after = (np.linalg.norm(each, axis=1, keepdims=True) for each in (rows, numbers))  # (n, 1)
    scale = np.divide(before, after, out=np.zeros_like(before), where=after > 0).astype(np.float16)  # (n, 1)
    return np.concatenate([numbers.astype(np.int8), scale.view(np.int8)], axis=1)
