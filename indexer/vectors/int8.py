"""Vectors with a byte for each number: half the room of half precision, and a little less exact.

A row of d numbers is d signed bytes, 127 for the largest of them, and their scale in half precision: d + 2 bytes
(symmetric scalar quantisation with a scale for each row). The scale is such that a row keeps its length: what were unit
vectors are so again, and their products are cosines.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from .arrays import Array, Bytes

_SCALE = np.dtype(np.float16).itemsize
_LARGEST = np.float32(127)


class Storage(StrEnum):
    """How a collection's token vectors lie on disk."""

    HALF = "half"
    BYTES = "bytes"


class ByteRows:
    """Reads rows as they are indexed, in float32: what an array in half precision would give, nearly."""

    def __init__(self, stored: Bytes) -> None:
        """stored: (n, d + 2), as ``to_bytes`` makes it."""
        self.stored = stored

    @property
    def shape(self) -> tuple[int, int]:
        """Of the vectors: (n, d)."""
        return len(self.stored), self.stored.shape[1] - _SCALE

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, rows: Any) -> Array:
        """Whatever indexes an array's first axis -> (..., d) float32."""
        block = self.stored[rows]  # (..., d + 2)
        scale = np.ascontiguousarray(block[..., -_SCALE:]).view(np.float16).astype(np.float32)  # (..., 1)
        return np.asarray(block[..., :-_SCALE] * scale, np.float32)


def to_bytes(vectors: npt.NDArray[np.floating[Any]]) -> Bytes:
    """(n, d) -> (n, d + 2); a zero row stays zero."""
    rows = np.asarray(vectors, np.float32)
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)  # (n, 1)
    steps = np.divide(_LARGEST, largest, out=np.zeros_like(largest), where=largest > 0)  # (n, 1)
    numbers = np.rint(rows * steps)  # (n, d), -127 to 127
    before, after = (np.linalg.norm(each, axis=1, keepdims=True) for each in (rows, numbers))  # (n, 1)
    scale = np.divide(before, after, out=np.zeros_like(before), where=after > 0).astype(np.float16)  # (n, 1)
    return np.concatenate([numbers.astype(np.int8), scale.view(np.int8)], axis=1)
