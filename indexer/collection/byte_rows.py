"""Unit vectors with a byte for each number: half the room of half precision, at a loss that docs/performance.md tells.

A row of d numbers is d signed bytes, 127 for the largest of them, and that largest number in half precision: d + 2
bytes. (Symmetric scalar quantisation with a scale for each row.)
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]

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
        largest = np.ascontiguousarray(block[..., -_SCALE:]).view(np.float16).astype(np.float32)  # (..., 1)
        return np.asarray(block[..., :-_SCALE] * (largest / _LARGEST), np.float32)


def to_bytes(vectors: npt.NDArray[np.floating[Any]]) -> Bytes:
    """(n, d) -> (n, d + 2); a zero row stays zero."""
    rows = np.asarray(vectors, np.float32)
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0).astype(np.float16)  # (n, 1)
    scale = np.divide(_LARGEST, largest, out=np.zeros(largest.shape, np.float32), where=largest > 0)  # (n, 1)
    numbers = np.clip(np.rint(rows * scale), -_LARGEST, _LARGEST).astype(np.int8)  # (n, d)
    return np.concatenate([numbers, largest.view(np.int8)], axis=1)
