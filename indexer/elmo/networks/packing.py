"""Pack sentences of different lengths without padding. Pure numpy.

A stream reads one sentence after another, one token a step. Streams are sorted by length, longest first. So the
streams that have a t-th token are the first `sizes[t]`, and all t-th tokens are stored together, from `starts[t]` on.
This is the layout of PyTorch's packed sequences, with streams in the place of sentences.

So nearly all steps have one row for each stream, for sentences of any length. Matrix products with few rows are slow,
and packing avoids them.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...vectors.arrays import Array, Ids, Int32s


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """The place of each token of a batch among `n` places."""

    starts: Int32s  # (t,) first place of each step
    sizes: Int32s  # (t,) number of rows of each step
    keep_mask: Array  # (n,) 0 at a sentence's first token, where the stream's state is reset, else 1
    mirror: Int32s  # (n,) place of the mirrored token in its sentence, its own inverse
    places: Int32s  # (tokens,) place of each token, sentence after sentence in the order of the call

    @property
    def n(self) -> int:
        """Number of places."""
        return len(self.mirror)


def read_by_direction(lengths: Sequence[int]) -> tuple[Int32s, Int32s]:
    """Return the indices of the tokens that each direction reads, of sentences that follow one another.

    A direction skips the last token in its order of reading, as nothing is predicted after it. That is the end mark
    forward and the start mark backward.
    """
    length = np.asarray(lengths, np.int64)  # (b,)
    ends = np.cumsum(length)  # (b,)
    every = np.arange(length.sum(), dtype=np.int32)  # (tokens,)
    return np.delete(every, ends - 1), np.delete(every, ends - length)


def both_directions(words: Array, read: Sequence[Int32s], states: Sequence[Array]) -> Array:
    """Join the outputs of both directions: (n_layers, tokens, dim). A token that a direction skips has a zero half.

    Args:
        words: Word vectors, layer 0 of both directions, (tokens, projection).
        read: Tokens that each direction reads, from `read_by_direction`.
        states: Outputs of each direction, (n_lstm, tokens read, projection).
    """
    n_lstm, _, p = states[0].shape
    layers = np.zeros((n_lstm + 1, len(words), p * len(states)), np.float32)
    layers[0] = np.concatenate([words] * len(states), axis=1)
    for half, tokens, found in zip(np.split(layers, len(states), axis=2), read, states, strict=True):
        half[1:, tokens] = found
    return layers


def pack(lengths: Sequence[int], streams: int, multiple: int = 1) -> Packing:
    """Pack sentences into streams.

    Args:
        lengths: Number of tokens of each sentence, at least 1.
        streams: Maximum number of streams.
        multiple: Rows of a step are rounded up to this multiple times a power of two, so that few row counts need a
            compilation. The added places are empty.
    """
    length = np.asarray(lengths, np.int64)  # (b,)
    stream, before = _assign_streams(length, streams)  # (b,) each
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
    mirror = np.arange(starts[-1])  # (n,)
    mirror[places] = starts[first + length[sentence] - 1 - step] + row
    keep_mask = np.ones(len(mirror), np.float32)  # (n,)
    keep_mask[places[step == 0]] = 0
    return Packing(_int32(starts[:-1]), _int32(sizes), keep_mask, _int32(mirror), _int32(places))


def _rounded_up(rows: Ids, multiple: int) -> Ids:
    """Round row counts, each at least 1, up to `multiple` times a power of two. A multiple of 1 changes nothing."""
    if multiple == 1:
        return rows
    times = -(-rows // multiple)
    return multiple * 2 ** np.ceil(np.log2(times)).astype(np.int64)


def _int32(array: Ids) -> Int32s:
    return array.astype(np.int32)


def _assign_streams(length: Ids, streams: int) -> tuple[Ids, Ids]:
    """Return the stream of each sentence, and the number of tokens that the stream reads before it: (b,) each.

    The longest sentence comes first, and each goes to the shortest stream (Graham 1969). So all streams end within a
    short sentence of one another.
    """
    stream, before = np.zeros_like(length), np.zeros_like(length)
    shortest = [(0, each) for each in range(min(streams, len(length)))]
    for sentence in np.argsort(-length, kind="stable").tolist():
        read, each = shortest[0]
        stream[sentence], before[sentence] = each, read
        heapq.heapreplace(shortest, (read + int(length[sentence]), each))
    return stream, before
