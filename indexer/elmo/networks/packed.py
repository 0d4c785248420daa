"""The biLSTM of `bilm.py` over packed streams of sentences (`packing.py`), arranged for speed.

Each step is one product of the kernel and what is read beside the state before. What happens between two products is
compiled into one pass where that pays. Two arrangements, by what the products are fast in:

- bfloat16: states stand upright, one column a stream. So the weights are the left factor, which needs no rearranging
  at every step; with few columns such products are up to twice as fast.
- float32: states lie flat, one row a stream, and the kernel has `ASIDE` columns of nothing.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

from ..config import BiLMConfig
from .bilm import FORGET_BIAS, clip, quick_sigmoid

ASIDE = 32
"""Columns of nothing beside the gates: rows as long as a power of two fall into the same few places of the cache, which
halves the speed of their products."""
Gates = Callable[[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A `Packing`'s arrays as tensors."""

    starts: tf.Tensor  # (t,)
    sizes: tf.Tensor  # (t,)
    goes_on: tf.Tensor  # (n,)


@dataclass(frozen=True, slots=True, eq=False)
class PackedLSTM:
    """One direction of one layer.

    `kernel` (2 * projection, 4 * cell + ASIDE), `bias` (4 * cell,), `projection` (cell, p); upright: `kernel`
    (4 * cell, 2 * projection), `bias` (4 * cell, 1), `projection` (p, cell).
    """

    upright: bool
    kernel: tf.Tensor
    bias: tf.Tensor
    projection: tf.Tensor

    def read(self, inputs: tf.Tensor, steps: Steps, config: BiLMConfig, compiled: bool) -> tf.Tensor:
        """Packed inputs (n, projection) -> packed outputs (n, projection)."""
        low, numbers = self.kernel.dtype, 0 if self.upright else 1  # the axis along which a stream's numbers lie
        p, c = self.projection.shape if self.upright else reversed(self.projection.shape)
        gates = gates_of(config.cell_clip, numbers, compiled)
        x = self._laid(tf.cast(inputs, low))  # (n, projection)
        n, b = tf.shape(steps.sizes)[0], steps.sizes[0]
        outputs = tf.TensorArray(tf.float32, n, element_shape=(None, p), infer_shape=False)

        # Shapes below are of states that lie flat; upright, axes are exchanged.
        def step(t: tf.Tensor, cell: tf.Tensor, output: tf.Tensor, outputs: tf.TensorArray) -> tuple[tf.Tensor, ...]:
            start, size = steps.starts[t], steps.sizes[t]
            goes_on = tf.expand_dims(steps.goes_on[start : start + size], numbers)  # (size, 1)
            before = tf.cast(self._streams(output, 0, size) * goes_on, low)  # (size, p)
            entered = tf.concat([self._streams(x, start, size), before], numbers)  # (size, 2 * p)
            product = self._times(entered, self.kernel)  # (size, 4 * cell + ASIDE)
            cell, shown = gates(product, self.bias, self._streams(cell, 0, size), goes_on)  # (size, cell) each
            output = clip(tf.cast(self._times(shown, self.projection), tf.float32), config.proj_clip)  # (size, p)
            return t + 1, cell, output, outputs.write(t, self._laid(output))

        states = [tf.zeros((size, b) if self.upright else (b, size)) for size in (c, p)]  # (b, cell), (b, p)
        shapes = [tf.TensorShape([size, None] if self.upright else [None, size]) for size in (c, p)]
        first, invariants = (0, *states, outputs), (tf.TensorShape([]), *shapes, tf.TensorShape(None))
        *_, outputs = tf.while_loop(lambda t, *_: t < n, step, first, invariants)
        return outputs.concat()

    def _laid(self, rows: tf.Tensor) -> tf.Tensor:
        """A row a stream -> as states lie; and back."""
        return tf.transpose(rows) if self.upright else rows

    def _streams(self, x: tf.Tensor, start: tf.Tensor | int, size: tf.Tensor) -> tf.Tensor:
        return x[:, start : start + size] if self.upright else x[start : start + size]

    def _times(self, x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        return tf.matmul(weight, x) if self.upright else tf.matmul(x, weight)


class PackedBiLM:
    """All layers of both directions; `stacks[direction][layer]`."""

    def __init__(self, config: BiLMConfig, stacks: Sequence[Sequence[PackedLSTM]]) -> None:
        self.config, self.stacks = config, stacks

    def layers(self, words: Sequence[tf.Tensor], steps: Steps, compiled: bool) -> tuple[tf.Tensor, ...]:
        """Packed word vectors (n, projection) in each direction's order of reading.

        Returns what the layers of each direction put out, packed alike: (n_lstm, n, projection).
        """
        found = []
        for x, stack in zip(words, self.stacks, strict=True):
            states: list[tf.Tensor] = []
            for lstm in stack:
                y = lstm.read(x, steps, self.config, compiled)
                x = x + y if states and self.config.skip else y  # (n, projection)
                states.append(x)
            found.append(tf.stack(states))
        return tuple(found)


@functools.cache
def gates_of(bound: float | None, axis: int, compiled: bool) -> Gates:
    """Products, biases, the cells before and whether they go on -> the cells after, and what of them is shown.

    `axis` of the products has the four gates' cells one after another (and perhaps something after them). Compiled:
    in one pass, for each number of rows that comes.
    """

    def gates(product: tf.Tensor, bias: tf.Tensor, cell: tf.Tensor, goes_on: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        whole = product[:, : 4 * cell.shape[1]] if axis else product
        enter, new, forget, leave = tf.split(tf.cast(whole, tf.float32) + bias, 4, axis)  # as `cell` each
        kept = quick_sigmoid(forget + FORGET_BIAS) * (cell * goes_on)
        after = clip(kept + quick_sigmoid(enter) * tf.tanh(new), bound)
        return after, tf.cast(quick_sigmoid(leave) * tf.tanh(after), product.dtype)

    found: Gates = tf.function(gates, jit_compile=True, autograph=False) if compiled else gates
    return found
