"""Sentences of many lengths without padding: streams that read one sentence after another, step by step. Pure numpy.

Streams stand longest first, so that those which have a t-th token are the first `sizes[t]`; all t-th tokens lie
together from `starts[t]` on. (The layout of PyTorch's packed sequences, of streams instead of sentences.) So nearly all
steps have as many rows as there are streams, whatever the sentences' lengths: a product is quick with some number of
rows, and slow with few.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...vectors.arrays import Array, Int32s


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """Where each token of a batch lies among `n` places."""

    starts: Int32s  # (t,) first place of each step
    sizes: Int32s  # (t,) rows of each step
    goes_on: Array  # (n,) 0 where a sentence begins, and what its stream read before is forgotten; else 1
    turn: Int32s  # (n,) where the token stands that is as far from its sentence's other end: its own inverse
    places: Int32s  # (tokens,) place of each token, sentence after sentence in the order given

    @property
    def n(self) -> int:
        """Places in all."""
        return len(self.turn)


def read_by_direction(lengths: Sequence[int]) -> tuple[Int32s, Int32s]:
    """Which of the tokens of sentences of these lengths, one after another, each direction reads: all but the last.

    A sentence's last token is what nothing is read after: forward its end mark, backward its start mark.
    """
    length = np.asarray(lengths, np.int64)  # (b,)
    ends = np.cumsum(length)  # (b,)
    every = np.arange(length.sum(), dtype=np.int32)  # (tokens,)
    return np.delete(every, ends - 1), np.delete(every, ends - length)


def both_directions(words: Array, read: Sequence[Int32s], states: Sequence[Array]) -> Array:
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


def pack(lengths: Sequence[int], streams: int, multiple: int = 1) -> Packing:
    """Lay out sentences of these lengths, each at least 1, in at most `streams` streams.

    The rows of a step are rounded up to a multiple times a power of two: what is compiled for a number of rows is then
    used for others. Places past a stream's end hold nothing.
    """
    length = np.asarray(lengths, np.int64)  # (b,)
    stream, before = _streams(length, streams)  # (b,) each
    total = np.bincount(stream, length).astype(np.int64)  # (streams,)
    order = np.argsort(-total, kind="stable")  # (streams,)
    rank = np.empty(len(order), np.int64)  # (streams,)
    rank[order] = np.arange(len(order))
    running = len(total) - np.searchsorted(np.sort(total), np.arange(total.max()), side="right")  # (t,)
    sizes = _rounded_up(running, multiple)  # (t,)
    starts = np.concatenate([[0], np.cumsum(sizes)])  # (t + 1,)
    sentence = np.repeat(np.arange(len(length)), length)  # (tokens,)
    step = np.arange(len(sentence)) - np.repeat(np.cumsum(length) - length, length)  # (tokens,), in its sentence
    first, row = before[sentence], rank[stream[sentence]]  # (tokens,) each
    places = starts[first + step] + row  # (tokens,)
    turn = np.arange(starts[-1])  # (n,)
    turn[places] = starts[first + length[sentence] - 1 - step] + row
    goes_on = np.ones(len(turn), np.float32)  # (n,)
    goes_on[places[step == 0]] = 0
    return Packing(_small(starts[:-1]), _small(sizes), goes_on, _small(turn), _small(places))


def _rounded_up(rows: npt.NDArray[np.int64], multiple: int) -> npt.NDArray[np.int64]:
    """Numbers of rows, each at least 1, up to the next multiple times a power of two; as they are for 1."""
    if multiple == 1:
        return rows
    times = -(-rows // multiple)
    return multiple * 2 ** np.ceil(np.log2(times)).astype(np.int64)


def _small(array: npt.NDArray[np.int64]) -> Int32s:
    return array.astype(np.int32)


def _streams(length: npt.NDArray[np.int64], streams: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The stream of each sentence, and how many tokens the stream reads before it: (b,) each.

    Longest first, each to the stream that has least (Graham 1969): streams end within a short sentence of one another.
    """
    stream, before = np.zeros_like(length), np.zeros_like(length)
    least = [(0, each) for each in range(min(streams, len(length)))]
    for sentence in np.argsort(-length, kind="stable").tolist():
        read, each = least[0]
        stream[sentence], before[sentence] = each, read
        heapq.heapreplace(least, (read + int(length[sentence]), each))
    return stream, before
