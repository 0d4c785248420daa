"""Sentences of many lengths without padding: step by step, the rows that still run. Pure numpy.

Rows stand longest first, so that those which have a t-th token are the first `sizes[t]`; all t-th tokens lie together
from `starts[t]` on. (The layout of PyTorch's packed sequences.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """Where each token of a batch lies among `n` places."""

    starts: Ints  # (t,) first place of each step
    sizes: Ints  # (t,) rows of each step
    turn: Ints  # (n,) where the token stands that is as far from its sentence's other end: its own inverse
    places: Ints  # (tokens,) place of each token, sentence after sentence in the order given

    @property
    def n(self) -> int:
        """Places in all."""
        return len(self.turn)


def read_by_direction(lengths: Sequence[int]) -> tuple[Ints, Ints]:
    """Which of the tokens of sentences of these lengths, one after another, each direction reads: all but the last.

    A sentence's last token is what nothing is read after: forward its end mark, backward its start mark.
    """
    length = np.asarray(lengths, np.int64)  # (b,)
    ends = np.cumsum(length)  # (b,)
    every = np.arange(length.sum(), dtype=np.int32)  # (tokens,)
    return np.delete(every, ends - 1), np.delete(every, ends - length)


def both_directions(words: Array, read: Sequence[Ints], states: Sequence[Array]) -> Array:
    """What each direction put out for the tokens that it read, beside each other: (n_layers, tokens, dim).

    words: (tokens, projection), layer 0 of both; read: as `read_by_direction`; states: (n_lstm, read, projection) of
    each. The half of a token that a direction did not read is zero.
    """
    n_lstm, _, p = states[0].shape
    layers = np.zeros((n_lstm + 1, len(words), p * len(states)), np.float32)
    layers[0] = np.concatenate([words] * len(states), axis=1)
    for half, tokens, found in zip(np.split(layers, len(states), axis=2), read, states, strict=True):
        half[1:, tokens] = found
    return layers


def pack(lengths: Sequence[int], multiple: int = 1) -> Packing:
    """Lay out sentences of these lengths, each at least 1.

    The rows of a step are rounded up to a multiple: what is compiled for a number of rows is then used for others.
    Places past a sentence's end hold nothing.
    """
    length = np.asarray(lengths, np.int64)  # (b,)
    order = np.argsort(-length, kind="stable")  # (b,)
    rank = np.empty(len(order), np.int64)  # (b,)
    rank[order] = np.arange(len(order))
    running = len(length) - np.searchsorted(np.sort(length), np.arange(length.max()), side="right")  # (t,)
    sizes = -(-running // multiple) * multiple  # (t,)
    starts = np.concatenate([[0], np.cumsum(sizes)])  # (t + 1,)
    row = np.repeat(np.arange(len(length)), length)  # (tokens,)
    step = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)  # (tokens,)
    places = starts[step] + rank[row]  # (tokens,)
    turn = np.arange(starts[-1])  # (n,)
    turn[places] = starts[length[row] - 1 - step] + rank[row]
    return Packing(*(array.astype(np.int32) for array in (starts[:-1], sizes, turn, places)))
