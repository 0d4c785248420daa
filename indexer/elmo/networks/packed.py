"""The biLSTM of `bilm.py` on packed sentences (`packing.py`), arranged for speed.

Each step multiplies the input, concatenated with the output before, by the kernel once. The operations between two
products are compiled into one pass where that pays. Two layouts suit the two precisions:

- bfloat16: states are transposed, one column for each stream. The weights are then the left factor, which need not be
  rearranged at every step. With few columns such products are up to twice as fast.
- float32: states have one row for each stream, and the kernel has `KERNEL_PADDING` columns of zeros.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

from ..config import BiLMConfig
from .bilm import FORGET_BIAS, clip, quick_sigmoid

KERNEL_PADDING = 32
"""Number of zero columns after the gates. Rows as long as a power of two share few cache sets, which halves the speed
of their products."""
GateFunction = Callable[[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The arrays of a `Packing` as tensors."""

    starts: tf.Tensor  # (t,)
    sizes: tf.Tensor  # (t,)
    keep_mask: tf.Tensor  # (n,)


@dataclass(frozen=True, slots=True, eq=False)
class PackedLSTM:
    """One direction of one layer."""

    transposed: bool
    kernel: tf.Tensor  # (2 * projection, 4 * cell + KERNEL_PADDING), transposed: (4 * cell, 2 * projection)
    bias: tf.Tensor  # (4 * cell,), transposed: (4 * cell, 1)
    projection: tf.Tensor  # (cell, projection), transposed: (projection, cell)

    def read(self, inputs: tf.Tensor, steps: Steps, config: BiLMConfig, compiled: bool) -> tf.Tensor:
        """Read packed inputs (n, projection) and return packed outputs (n, projection)."""
        low, numbers = self.kernel.dtype, 0 if self.transposed else 1  # axis of the numbers of one stream
        p, c = self.projection.shape if self.transposed else reversed(self.projection.shape)
        gates = gate_function(config.cell_clip, numbers, compiled)
        x = self._lay_out(tf.cast(inputs, low))  # (n, projection)
        n, b = tf.shape(steps.sizes)[0], steps.sizes[0]
        outputs = tf.TensorArray(tf.float32, n, element_shape=(None, p), infer_shape=False)

        # Shapes below are those of the layout with rows. The other layout exchanges the axes.
        def step(t: tf.Tensor, cell: tf.Tensor, output: tf.Tensor, outputs: tf.TensorArray) -> tuple[tf.Tensor, ...]:
            start, size = steps.starts[t], steps.sizes[t]
            keep_mask = tf.expand_dims(steps.keep_mask[start : start + size], numbers)  # (size, 1)
            before = tf.cast(self._streams(output, 0, size) * keep_mask, low)  # (size, p)
            joined = tf.concat([self._streams(x, start, size), before], numbers)  # (size, 2 * p)
            product = self._multiply(joined, self.kernel)  # (size, 4 * cell + KERNEL_PADDING)
            cell, hidden = gates(product, self.bias, self._streams(cell, 0, size), keep_mask)  # (size, cell) each
            output = clip(tf.cast(self._multiply(hidden, self.projection), tf.float32), config.proj_clip)  # (size, p)
            return t + 1, cell, output, outputs.write(t, self._lay_out(output))

        states = [tf.zeros((size, b) if self.transposed else (b, size)) for size in (c, p)]  # (b, cell), (b, p)
        shapes = [tf.TensorShape([size, None] if self.transposed else [None, size]) for size in (c, p)]
        first, invariants = (0, *states, outputs), (tf.TensorShape([]), *shapes, tf.TensorShape(None))
        *_, outputs = tf.while_loop(lambda t, *_: t < n, step, first, invariants)
        return outputs.concat()

    def _lay_out(self, rows: tf.Tensor) -> tf.Tensor:
        """Convert between one row for each stream and the layout of the states. It is its own inverse."""
        return tf.transpose(rows) if self.transposed else rows

    def _streams(self, x: tf.Tensor, start: tf.Tensor | int, size: tf.Tensor) -> tf.Tensor:
        return x[:, start : start + size] if self.transposed else x[start : start + size]

    def _multiply(self, x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        return tf.matmul(weight, x) if self.transposed else tf.matmul(x, weight)


class PackedBiLM:
    """All layers of both directions, by `stacks[direction][layer]`."""

    def __init__(self, config: BiLMConfig, stacks: Sequence[Sequence[PackedLSTM]]) -> None:
        self.config, self.stacks = config, stacks

    def layers(self, words: Sequence[tf.Tensor], steps: Steps, compiled: bool) -> tuple[tf.Tensor, ...]:
        """Return the outputs of each direction's layers, packed like the input: (n_lstm, n, projection).

        Args:
            words: Packed word vectors in the reading order of each direction, (n, projection).
            steps: Layout of the packing.
            compiled: Whether the gates are compiled.
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
def gate_function(bound: float | None, axis: int, compiled: bool) -> GateFunction:
    """Return the function of the LSTM cell: product, bias, cell before, keep_mask -> cell after, hidden state.

    Args:
        bound: Absolute bound of the cell state, or None.
        axis: Axis of the product along which the four gates follow one another. Padding may come after them.
        compiled: Compile the function into one pass, for each number of rows that occurs.
    """

    def gates(
        product: tf.Tensor, bias: tf.Tensor, cell: tf.Tensor, keep_mask: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        unpadded = product[:, : 4 * cell.shape[1]] if axis else product
        split = tf.split(tf.cast(unpadded, tf.float32) + bias, 4, axis)
        input_gate, candidate, forget_gate, output_gate = split  # shaped like `cell`
        kept = quick_sigmoid(forget_gate + FORGET_BIAS) * (cell * keep_mask)
        after = clip(kept + quick_sigmoid(input_gate) * tf.tanh(candidate), bound)
        return after, tf.cast(quick_sigmoid(output_gate) * tf.tanh(after), product.dtype)

    found: GateFunction = tf.function(gates, jit_compile=True, autograph=False) if compiled else gates
    return found
