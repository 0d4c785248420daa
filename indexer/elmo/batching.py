"""Which sentences go through the network together, and how long ones are cut and joined. Pure."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import ModelError

MAX_TOKENS = 512  # of one window
OVERLAP = 128  # tokens that two neighbouring windows share
_STEP = MAX_TOKENS - OVERLAP


def windows_of(n: int) -> list[tuple[int, int]]:
    """Start and end of the windows that `n` tokens are read in: one if they fit, else overlapping ones."""
    if n <= MAX_TOKENS:
        return [(0, n)]
    return [(start, min(start + MAX_TOKENS, n)) for start in range(0, n - OVERLAP, _STEP)]


def joined(parts: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """States of a sentence's windows, (n_layers, w + 2, dim) each, as those of one sentence (n_layers, t + 2, dim).

    Each window was read as a sentence of its own, between `<S>` and `</S>`. The seam lies in the middle of the overlap:
    every token is taken from the window in which it stands farther from a cut, and has at least 64 tokens on both
    sides there. The marks' states are the first window's `<S>` and the last window's `</S>`.
    """
    if len(parts) == 1:
        return parts[0]
    seam = 1 + OVERLAP // 2
    first, middle, last = parts[0][:, : seam + _STEP], parts[1:-1], parts[-1][:, seam:]
    return np.concatenate([first, *(part[:, seam : seam + _STEP] for part in middle), last], axis=1)


def batches_of(lengths: Sequence[int], places: int) -> list[list[int]]:
    """Group the items 0..n-1 so that each group, padded to its longest, takes at most `places` places.

    Neighbours in length go together, the order of equal lengths is kept: the same lengths give the same groups. An
    item longer than `places` is a group by itself.
    """
    batches: list[list[int]] = []
    for item in sorted(range(len(lengths)), key=lambda item: lengths[item]):
        if batches and (len(batches[-1]) + 1) * lengths[item] <= places:
            batches[-1].append(item)
        else:
            batches.append([item])
    return batches


def packed_batches(lengths: Sequence[int], rows: int, places: int) -> list[list[int]]:
    """Group the items 0..n-1, longest first, into batches of at most `rows` items and `places` places, or one item.

    Nothing is padded (see `packing.py`); items of like length go together so that no batch ends in one long one.
    """
    batches: list[list[int]] = []
    taken = 0
    for item in sorted(range(len(lengths)), key=lambda item: -lengths[item]):
        taken += lengths[item]
        if not batches or len(batches[-1]) == rows or taken > places:
            batches.append([])
            taken = lengths[item]
        batches[-1].append(item)
    return batches


def real_tokens(tokens: Sequence[Sequence[str]], sequence_len: Sequence[int]) -> list[list[str]]:
    """Each row without its padding; `ModelError` if rows and lengths do not fit each other."""
    if len(tokens) != len(sequence_len):
        raise ModelError(f"{len(tokens)} rows of tokens but {len(sequence_len)} lengths; give one for each row")
    for number, (row, length) in enumerate(zip(tokens, sequence_len, strict=True)):
        if not 0 <= length <= len(row):
            raise ModelError(f"sequence_len[{number}] is {length}, its row has {len(row)} tokens; correct it")
    return [list(row[:length]) for row, length in zip(tokens, sequence_len, strict=True)]


def mean_over_tokens(elmo: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Mean over the tokens, (t, dim) -> (dim,); zeros for none."""
    return np.asarray(elmo.sum(axis=0) / max(len(elmo), 1), np.float32)
