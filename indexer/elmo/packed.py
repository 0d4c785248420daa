"""The biLSTM of `bilm.py` over packed sentences (`packing.py`), arranged for speed.

States stand upright, one column a sentence, and each step is one product: the kernel times what is read above the state
before. So the weights are the left factor, which needs no rearranging at every step; with bfloat16 and few columns such
products are up to twice as fast. What happens between two products is compiled into one pass where that pays.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from indexer.elmo.bilm import FORGET_BIAS, clip, quick_sigmoid
from indexer.elmo.config import DIRECTIONS, BiLMConfig

Gates = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class UprightLSTM:
    """One direction of one layer: `kernel` (4 * cell, 2 * projection), `bias` (4 * cell, 1), `projection` (p, cell)."""

    kernel: tf.Tensor
    bias: tf.Tensor
    projection: tf.Tensor

    def read(
        self, inputs: tf.Tensor, starts: tf.Tensor, sizes: tf.Tensor, proj_clip: float | None, gates: Gates
    ) -> tf.Tensor:
        """Packed inputs (n, projection) from the zero state -> packed outputs (n, projection)."""
        low, p, c = self.kernel.dtype, self.projection.shape[0], self.projection.shape[1]
        x = tf.transpose(tf.cast(inputs, low))  # (projection, n)
        steps, b = tf.shape(sizes)[0], sizes[0]
        outputs = tf.TensorArray(tf.float32, steps, element_shape=(None, p), infer_shape=False)

        def step(t: tf.Tensor, cell: tf.Tensor, output: tf.Tensor, outputs: tf.TensorArray) -> tuple[tf.Tensor, ...]:
            start, size = starts[t], sizes[t]
            entered = tf.concat([x[:, start : start + size], tf.cast(output[:, :size], low)], 0)  # (2 * p, size)
            cell, shown = gates(tf.matmul(self.kernel, entered), self.bias, cell[:, :size])  # (cell, size) each
            output = clip(tf.cast(tf.matmul(self.projection, shown), tf.float32), proj_clip)  # (p, size)
            return t + 1, cell, output, outputs.write(t, tf.transpose(output))

        shapes = (tf.TensorShape([]), tf.TensorShape([c, None]), tf.TensorShape([p, None]), tf.TensorShape(None))
        first = (0, tf.zeros((c, b)), tf.zeros((p, b)), outputs)
        *_, outputs = tf.while_loop(lambda t, *_: t < steps, step, first, shapes)
        return outputs.concat()


class PackedBiLM:
    """All layers of both directions; `stacks[direction][layer]`."""

    def __init__(self, config: BiLMConfig, stacks: list[list[UprightLSTM]]) -> None:
        self.config, self.stacks = config, stacks

    def layers(
        self, words: tf.Tensor, starts: tf.Tensor, sizes: tf.Tensor, turn: tf.Tensor, compiled: bool
    ) -> tf.Tensor:
        """Packed word vectors (n, projection), and a `Packing`'s arrays -> all layers, packed: (n_layers, n, dim)."""
        gates = (compiled_gates if compiled else plain_gates)(self.config.cell_clip)
        halves: list[list[tf.Tensor]] = []
        for d in range(len(DIRECTIONS)):
            x = tf.gather(words, turn) if d else words  # (n, projection), in reading order
            found = [words]
            for number, lstm in enumerate(self.stacks[d]):
                y = lstm.read(x, starts, sizes, self.config.proj_clip, gates)
                x = x + y if number and self.config.skip else y  # (n, projection)
                found.append(tf.gather(x, turn) if d else x)
            halves.append(found)
        return tf.stack([tf.concat(pair, 1) for pair in zip(*halves, strict=True)])


def plain_gates(bound: float | None) -> Gates:
    """Products (4 * cell, b), biases and the cells before (cell, b) -> the cells after, and what of them is shown."""

    def gates(product: tf.Tensor, bias: tf.Tensor, cell: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        enter, new, forget, leave = tf.split(tf.cast(product, tf.float32) + bias, 4)  # (cell, b) each
        kept = quick_sigmoid(forget + FORGET_BIAS) * cell  # (cell, b)
        after = clip(kept + quick_sigmoid(enter) * tf.tanh(new), bound)  # (cell, b)
        return after, tf.cast(quick_sigmoid(leave) * tf.tanh(after), product.dtype)

    return gates


@functools.cache
def compiled_gates(bound: float | None) -> Gates:
    """The same in one pass, compiled for each number of columns that comes."""
    gates: Gates = tf.function(plain_gates(bound), jit_compile=True)
    return gates
