"""Group sentences into batches, and cut long sentences into windows. Pure functions."""

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import ModelError
from ..vectors.arrays import Array

MAX_TOKENS = 512  # maximum number of tokens in a window
OVERLAP = 128  # tokens that two neighbouring windows share
_STEP = MAX_TOKENS - OVERLAP


def windows_of(n: int) -> list[tuple[int, int]]:
    """Return start and end of the windows for a sentence of `n` tokens. More than one window overlap."""
    if n <= MAX_TOKENS:
        return [(0, n)]
    return [(start, min(start + MAX_TOKENS, n)) for start in range(0, n - OVERLAP, _STEP)]


def join_windows(parts: Sequence[Array]) -> Array:
    """Join the states of a sentence's windows, (n_layers, w + 2, dim) each, to (n_layers, t + 2, dim).

    Each window was read as a sentence of its own, between `<S>` and `</S>`. The seam is in the middle of the overlap.
    So every token comes from the window where it is farther from a cut, with at least 64 tokens on both sides. The
    marks' states are those of `<S>` in the first window and of `</S>` in the last.
    """
    if len(parts) == 1:
        return parts[0]
    seam = 1 + OVERLAP // 2
    first, middle, last = parts[0][:, : seam + _STEP], parts[1:-1], parts[-1][:, seam:]
    return np.concatenate([first, *(part[:, seam : seam + _STEP] for part in middle), last], axis=1)


def read_in_windows(
    sentences: Sequence[Sequence[str]], read: Callable[[Sequence[Sequence[str]]], Sequence[Array]]
) -> list[Array]:
    """Read sentences in windows, and join the states of each sentence: (layers, t + 2, dim).

    Args:
        read: Returns the states of each window, (layers, w + 2, dim).
    """
    windows = [(i, start, end) for i, sentence in enumerate(sentences) for start, end in windows_of(len(sentence))]
    states: list[list[Array]] = [[] for _ in sentences]
    found = read([sentences[i][start:end] for i, start, end in windows])
    for (i, _, _), state in zip(windows, found, strict=True):
        states[i].append(state)
    return [join_windows(parts) for parts in states]


def batches_of(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Group the items 0..n-1 into batches of at most `max_tokens` tokens, padding to the longest item included.

    Items of similar length go together, and equal lengths keep their order. So the same lengths always make the same
    batches. An item longer than `max_tokens` is a batch of its own.
    """
    batches: list[list[int]] = []
    for item in sorted(range(len(lengths)), key=lambda item: lengths[item]):
        if batches and (len(batches[-1]) + 1) * lengths[item] <= max_tokens:
            batches[-1].append(item)
        else:
            batches.append([item])
    return batches


def packed_batches(lengths: Sequence[int], max_items: int, max_tokens: int) -> list[list[int]]:
    """Group the items 0..n-1, longest first, into batches of at most `max_items` items and `max_tokens` tokens.

    Packed batches have no padding (see `networks/packing.py`). Items of similar length still go together, so that no
    batch ends with a single long item. An item longer than `max_tokens` is a batch of its own.
    """
    batches: list[list[int]] = []
    taken = 0
    for item in sorted(range(len(lengths)), key=lambda item: -lengths[item]):
        taken += lengths[item]
        if not batches or len(batches[-1]) == max_items or taken > max_tokens:
            batches.append([])
            taken = lengths[item]
        batches[-1].append(item)
    return batches


def real_tokens(tokens: Sequence[Sequence[str]], sequence_len: Sequence[int]) -> list[list[str]]:
    """Return each row without its padding.

    Raises:
        ModelError: There is not one length for each row, or a length exceeds its row.
    """
    if len(tokens) != len(sequence_len):
        raise ModelError(f"{len(tokens)} rows of tokens but {len(sequence_len)} lengths; give one for each row")
    for number, (row, length) in enumerate(zip(tokens, sequence_len, strict=True)):
        if not 0 <= length <= len(row):
            raise ModelError(f"sequence_len[{number}] is {length}, its row has {len(row)} tokens; correct it")
    return [list(row[:length]) for row, length in zip(tokens, sequence_len, strict=True)]


def mean_over_tokens(elmo: Array) -> Array:
    """Return the mean over the tokens, (t, dim) -> (dim,). Without tokens it is zero."""
    return np.asarray(elmo.sum(axis=0) / max(len(elmo), 1), np.float32)
