"""What both back ends share: batches of texts of similar length, and the check of what a model returns."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..errors import ModelError
from ..vectors.arrays import Array

BATCH = 32
"""Maximum number of texts in a batch."""
BATCH_TOKENS = 4096
"""Maximum number of tokens in a batch, padding included."""
MAX_DIM = 1 << 14
"""Maximum length of a sentence vector."""


def batches_by_length(lengths: Sequence[int], most: int | None = None) -> Iterator[list[int]]:
    """Yield batches of rows in the order of length, so that little is padding.

    Args:
        lengths: Number of tokens of each text.
        most: Maximum number of texts in a batch.
    """
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) >= (most or BATCH) or (len(batch) + 1) * lengths[row] > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def check_vectors(found: Array, n: int, where: str) -> Array:
    """Return the n vectors that a model has returned (n, e), unchanged.

    Raises:
        ModelError: They have another shape, or are not finite.
    """
    if found.ndim != 2 or len(found) != n or not 0 < found.shape[1] <= MAX_DIM:
        raise ModelError(f"the sentence model {where} returns an array of shape {found.shape}; use another model")
    if not np.isfinite(found).all():
        raise ModelError(f"the sentence model {where} returns values that are not numbers; use another model")
    return found
