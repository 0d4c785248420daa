"""The biLSTM of `bilm.py` over packed sentences (`packing.py`), arranged for speed.

Each step is one product of the kernel and what is read beside the state before. What happens between two products is
compiled into one pass where that pays. Two arrangements, by what the products are fast in:

- bfloat16: states stand upright, one column a sentence. So the weights are the left factor, which needs no rearranging
  at every step; with few columns such products are up to twice as fast.
- float32: states lie flat, one row a sentence, and the kernel has `ASIDE` columns of nothing.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import tensorflow as tf

from indexer.elmo.bilm import FORGET_BIAS, clip, quick_sigmoid
from indexer.elmo.config import BiLMConfig

ASIDE = 32
"""Columns of nothing beside the gates: rows as long as a power of two fall into the same few places of the cache, which
halves the speed of their products."""
Gates = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class PackedLSTM(Protocol):
    """One direction of one layer."""

    def read(
        self, inputs: tf.Tensor, starts: tf.Tensor, sizes: tf.Tensor, config: BiLMConfig, compiled: bool
    ) -> tf.Tensor:
        """Packed inputs (n, projection) from the zero state -> packed outputs (n, projection)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FlatLSTM:
    """`kernel` (2 * projection, 4 * cell + ASIDE), `bias` (4 * cell,), `projection` (cell, p)."""

    kernel: tf.Tensor
    bias: tf.Tensor
    projection: tf.Tensor

    def read(
        self, inputs: tf.Tensor, starts: tf.Tensor, sizes: tf.Tensor, config: BiLMConfig, compiled: bool
    ) -> tf.Tensor:
        """See `PackedLSTM`."""
        low, c, p = self.kernel.dtype, self.projection.shape[0], self.projection.shape[1]
        gates = gates_of(config.cell_clip, 1, compiled)
        x = tf.cast(inputs, low)  # (n, projection)
        steps, b = tf.shape(sizes)[0], sizes[0]
        outputs = tf.TensorArray(tf.float32, steps, element_shape=(None, p), infer_shape=False)

        def step(t: tf.Tensor, cell: tf.Tensor, output: tf.Tensor, outputs: tf.TensorArray) -> tuple[tf.Tensor, ...]:
            start, size = starts[t], sizes[t]
            entered = tf.concat([x[start : start + size], tf.cast(output[:size], low)], 1)  # (size, 2 * p)
            cell, shown = gates(tf.matmul(entered, self.kernel), self.bias, cell[:size])  # (size, cell) each
            output = clip(tf.cast(tf.matmul(shown, self.projection), tf.float32), config.proj_clip)  # (size, p)
            return t + 1, cell, output, outputs.write(t, output)

        shapes = (tf.TensorShape([]), tf.TensorShape([None, c]), tf.TensorShape([None, p]), tf.TensorShape(None))
        first = (0, tf.zeros((b, c)), tf.zeros((b, p)), outputs)
        *_, outputs = tf.while_loop(lambda t, *_: t < steps, step, first, shapes)
        return outputs.concat()


@dataclass(frozen=True, slots=True, eq=False)
class UprightLSTM:
    """`kernel` (4 * cell, 2 * projection), `bias` (4 * cell, 1), `projection` (p, cell)."""

    kernel: tf.Tensor
    bias: tf.Tensor
    projection: tf.Tensor

    def read(
        self, inputs: tf.Tensor, starts: tf.Tensor, sizes: tf.Tensor, config: BiLMConfig, compiled: bool
    ) -> tf.Tensor:
        """See `PackedLSTM`."""
        gates = gates_of(config.cell_clip, 0, compiled)
        low, p, c = self.kernel.dtype, self.projection.shape[0], self.projection.shape[1]
        x = tf.transpose(tf.cast(inputs, low))  # (projection, n)
        steps, b = tf.shape(sizes)[0], sizes[0]
        outputs = tf.TensorArray(tf.float32, steps, element_shape=(None, p), infer_shape=False)

        def step(t: tf.Tensor, cell: tf.Tensor, output: tf.Tensor, outputs: tf.TensorArray) -> tuple[tf.Tensor, ...]:
            start, size = starts[t], sizes[t]
            entered = tf.concat([x[:, start : start + size], tf.cast(output[:, :size], low)], 0)  # (2 * p, size)
            cell, shown = gates(tf.matmul(self.kernel, entered), self.bias, cell[:, :size])  # (cell, size) each
            output = clip(tf.cast(tf.matmul(self.projection, shown), tf.float32), config.proj_clip)  # (p, size)
            return t + 1, cell, output, outputs.write(t, tf.transpose(output))

        shapes = (tf.TensorShape([]), tf.TensorShape([c, None]), tf.TensorShape([p, None]), tf.TensorShape(None))
        first = (0, tf.zeros((c, b)), tf.zeros((p, b)), outputs)
        *_, outputs = tf.while_loop(lambda t, *_: t < steps, step, first, shapes)
        return outputs.concat()


class PackedBiLM:
    """All layers of both directions; `stacks[direction][layer]`."""

    def __init__(self, config: BiLMConfig, stacks: Sequence[Sequence[PackedLSTM]]) -> None:
        self.config, self.stacks = config, stacks

    def layers(
        self, words: Sequence[tf.Tensor], starts: tf.Tensor, sizes: tf.Tensor, compiled: bool
    ) -> tuple[tf.Tensor, ...]:
        """Packed word vectors (n, projection) in each direction's order of reading, and a `Packing`'s arrays.

        Returns what the layers of each direction put out, packed alike: (n_lstm, n, projection).
        """
        found = []
        for x, stack in zip(words, self.stacks, strict=True):
            states: list[tf.Tensor] = []
            for lstm in stack:
                y = lstm.read(x, starts, sizes, self.config, compiled)
                x = x + y if states and self.config.skip else y  # (n, projection)
                states.append(x)
            found.append(tf.stack(states))
        return tuple(found)


@functools.cache
def gates_of(bound: float | None, axis: int, compiled: bool) -> Gates:
    """Products, biases, and the cells before -> the cells after, and what of them is shown.

    `axis` of the products has the four gates' cells one after another (and perhaps something after them). Compiled:
    in one pass, for each number of sentences that comes.
    """

    def gates(product: tf.Tensor, bias: tf.Tensor, cell: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        whole = product[:, : 4 * cell.shape[1]] if axis else product
        enter, new, forget, leave = tf.split(tf.cast(whole, tf.float32) + bias, 4, axis)  # as `cell` each
        kept = quick_sigmoid(forget + FORGET_BIAS) * cell
        after = clip(kept + quick_sigmoid(enter) * tf.tanh(new), bound)
        return after, tf.cast(quick_sigmoid(leave) * tf.tanh(after), product.dtype)

    found: Gates = tf.function(gates, jit_compile=True, autograph=False) if compiled else gates
    return found
