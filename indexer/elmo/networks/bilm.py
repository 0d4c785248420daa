"""The network: a bidirectional language model over a character CNN (Peters et al. 2018), in plain TensorFlow.

    characters -> CharCNN -> Highway -> projection -> word   -> forward LSTM 1 -> forward LSTM 2
                                                     (layer 0)  backward LSTM 1 -> backward LSTM 2

Weights are tensors or variables given in by name (`config.tensor_shapes` lists them): the same code runs for the
encoder, for training and inside an exported module. Products run in the precision of the kernels, the rest in float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import tensorflow as tf

from ..config import DIRECTIONS, Activation, BiLMConfig

FORGET_BIAS = 1.0


def dense(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """`x @ kernel` over the last axis in the kernel's precision; float32 in, float32 out."""
    rows = tf.reshape(x, (-1, kernel.shape[0]))  # (rows, in)
    product = tf.cast(tf.matmul(tf.cast(rows, kernel.dtype), kernel), tf.float32)  # (rows, out)
    return tf.reshape(product, tf.concat([tf.shape(x)[:-1], [kernel.shape[1]]], 0))  # (..., out)


def clip(x: tf.Tensor, bound: float | None) -> tf.Tensor:
    """Cut to [-bound, bound], if there is a bound."""
    return x if bound is None else tf.clip_by_value(x, -bound, bound)


def quick_sigmoid(x: tf.Tensor) -> tf.Tensor:
    """A sigmoid as half a hyperbolic tangent: cheaper than an exponential and a division."""
    return 0.5 * tf.tanh(0.5 * x) + 0.5


class CharCNN:
    """Spelling to filters: convolutions of several widths, each maximal over the characters."""

    def __init__(self, config: BiLMConfig, weights: Mapping[str, tf.Tensor]) -> None:
        self.embedding = weights["characters.embedding"]  # (261, char_dim)
        self.convolutions = [
            (weights[f"characters.conv.{i}.kernel"], weights[f"characters.conv.{i}.bias"])
            for i in range(len(config.filters))
        ]
        self.activation = tf.nn.relu if config.activation is Activation.RELU else tf.tanh

    def __call__(self, characters: tf.Tensor) -> tf.Tensor:
        """(n, characters) int32 ids -> (n, filters)."""
        spelling = tf.gather(self.embedding, characters)  # (n, characters, char_dim)
        found = []
        for kernel, bias in self.convolutions:
            places = tf.nn.conv1d(spelling, kernel, stride=1, padding="VALID")  # (n, characters - width + 1, number)
            best = tf.reduce_max(places, axis=1)  # (n, number)
            found.append(self.activation(tf.cast(best, tf.float32) + bias))
        return tf.concat(found, axis=1)  # (n, filters)


class Highway:
    """One highway layer (Srivastava et al. 2015): the carry gate lets the transformed input in."""

    def __init__(self, weights: Mapping[str, tf.Tensor], layer: int) -> None:
        self.carry = (weights[f"highway.{layer}.carry.kernel"], weights[f"highway.{layer}.carry.bias"])
        self.transform = (weights[f"highway.{layer}.transform.kernel"], weights[f"highway.{layer}.transform.bias"])

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """(n, filters) -> (n, filters)."""
        carry = tf.sigmoid(dense(x, self.carry[0]) + self.carry[1])  # (n, filters)
        transformed = tf.nn.relu(dense(x, self.transform[0]) + self.transform[1])  # (n, filters)
        return carry * transformed + (1.0 - carry) * x


class LSTM:
    """One direction of one layer: LSTM with projection (Sak et al. 2014), cell and projection clipped."""

    def __init__(self, config: BiLMConfig, weights: Mapping[str, tf.Tensor], direction: str, layer: int) -> None:
        kernel = weights[f"{direction}.{layer}.kernel"]  # (2 * projection, 4 * cell)
        self.input_kernel = kernel[: config.projection]  # (projection, 4 * cell)
        self.state_kernel = kernel[config.projection :]  # (projection, 4 * cell)
        self.bias = weights[f"{direction}.{layer}.bias"]  # (4 * cell,)
        self.projection = weights[f"{direction}.{layer}.projection"]  # (cell, projection)
        self.config = config

    def __call__(
        self, inputs: tf.Tensor, lengths: tf.Tensor, cell: tf.Tensor, output: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Read `inputs` (t, b, projection) from the state `cell` (b, cell), `output` (b, projection).

        Returns the outputs (t, b, projection) and the state after each row's own length. What stands in the outputs
        past a row's length is of no meaning.
        """
        read = dense(inputs, self.input_kernel) + self.bias  # (t, b, 4 * cell), all steps at once
        steps = tf.shape(inputs)[0]
        outputs = tf.TensorArray(tf.float32, size=steps, element_shape=(None, self.config.projection))

        def step(t: tf.Tensor, cell: tf.Tensor, output: tf.Tensor, outputs: tf.TensorArray) -> tuple[tf.Tensor, ...]:
            new_cell, new_output = self.step(read[t], cell, output)
            running = (t < lengths)[:, None]  # (b, 1)
            cell, output = tf.where(running, new_cell, cell), tf.where(running, new_output, output)
            return t + 1, cell, output, outputs.write(t, output)

        _, cell, output, outputs = tf.while_loop(
            lambda t, *_: t < steps, step, (0, cell, output, outputs), maximum_iterations=steps
        )
        return outputs.stack(), cell, output

    def step(self, read: tf.Tensor, cell: tf.Tensor, output: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One token: what was read of it (b, 4 * cell) and the state before -> the state after."""
        gates = read + dense(output, self.state_kernel)  # (b, 4 * cell)
        cell, shown = advance(gates, cell, self.config.cell_clip)  # (b, cell) each
        return cell, clip(dense(shown, self.projection), self.config.proj_clip)


def advance(gates: tf.Tensor, cell: tf.Tensor, bound: float | None) -> tuple[tf.Tensor, tf.Tensor]:
    """Gates (b, 4 * cell) and the cell before (b, cell) -> the cell after, and what of it is shown: (b, cell) each."""
    enter, new, forget, leave = tf.split(gates, 4, axis=1)  # (b, cell) each
    kept = tf.sigmoid(forget + FORGET_BIAS) * cell  # (b, cell)
    cell = clip(kept + tf.sigmoid(enter) * tf.tanh(new), bound)  # (b, cell)
    return cell, tf.sigmoid(leave) * tf.tanh(cell)


@dataclass(frozen=True, slots=True)
class BiLMOutputs:
    """`layers` (n_layers, b, t, dim); the state after each sentence: `cells` (2, n_lstm, b, cell), `outputs` alike."""

    layers: tf.Tensor
    cells: tf.Tensor
    outputs: tf.Tensor


class BiLM:
    """The whole model. `weights` maps each name of `tensor_shapes` to a tensor or variable."""

    def __init__(self, config: BiLMConfig, weights: Mapping[str, tf.Tensor]) -> None:
        self.config = config
        self.cnn = CharCNN(config, weights)
        self.highways = [Highway(weights, layer) for layer in range(config.n_highway)]
        self.projection = (weights["projection.kernel"], weights["projection.bias"])
        self.stacks = [
            [LSTM(config, weights, direction, layer) for layer in range(config.n_lstm)] for direction in DIRECTIONS
        ]
        self.mix_weights, self.gamma = weights["mix.weights"], weights["mix.gamma"]

    def words(self, characters: tf.Tensor) -> tf.Tensor:
        """Spellings (n, characters) int32 -> word vectors (n, projection); layer 0 is this twice over.

        Padding beyond the widest filter after the longest spelling may be cut off: it changes nothing.
        """
        return self.projected(self.cnn(characters))

    def projected(self, x: tf.Tensor) -> tf.Tensor:
        """What the filters found in each word (n, filters) -> word vectors (n, projection)."""
        for highway in self.highways:
            x = highway(x)  # (n, filters)
        return dense(x, self.projection[0]) + self.projection[1]  # (n, projection)

    def zero_state(self, b: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The state before a sentence: cells (2, n_lstm, b, cell) and outputs (2, n_lstm, b, projection), zeros."""
        n = self.config.n_lstm
        return tf.zeros((2, n, b, self.config.cell)), tf.zeros((2, n, b, self.config.projection))

    def layers(self, words: tf.Tensor, lengths: tf.Tensor, cells: tf.Tensor, outputs: tf.Tensor) -> BiLMOutputs:
        """Word vectors (b, t, projection) of sentences of `lengths` (b,), sentence marks included -> all layers.

        `cells`, `outputs`: the state to start from, as `zero_state` gives it. Layers past a row's length are of no
        meaning.
        """
        by_time = tf.transpose(words, (1, 0, 2))  # (t, b, projection)
        halves = [[by_time] * self.config.n_layers for _ in DIRECTIONS]
        states = []
        for d, stack in enumerate(self.stacks):
            x = by_time if d == 0 else _turn(by_time, lengths)  # (t, b, projection), in reading order
            for layer, lstm in enumerate(stack):
                y, cell, output = lstm(x, lengths, cells[d, layer], outputs[d, layer])
                x = x + y if layer and self.config.skip else y  # (t, b, projection)
                halves[d][layer + 1] = x if d == 0 else _turn(x, lengths)
                states.append((cell, output))
        pairs = [tf.concat(pair, axis=2) for pair in zip(*halves, strict=True)]  # (t, b, dim) each
        shape = (len(DIRECTIONS), self.config.n_lstm, tf.shape(words)[0], -1)
        return BiLMOutputs(
            layers=tf.transpose(tf.stack(pairs), (0, 2, 1, 3)),  # (n_layers, b, t, dim)
            cells=tf.reshape(tf.stack([cell for cell, _ in states]), shape),
            outputs=tf.reshape(tf.stack([output for _, output in states]), shape),
        )

    def mix(self, layers: tf.Tensor) -> tf.Tensor:
        """ELMo (equation 1): layers (n_layers, ..., dim) -> gamma times their softmax-weighted mean (..., dim)."""
        return self.gamma * tf.tensordot(tf.nn.softmax(self.mix_weights), layers, axes=1)


def _turn(by_time: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Reverse each row's own part of (t, b, ...); its padding stays where it is, at the end."""
    return tf.reverse_sequence(by_time, lengths, seq_axis=0, batch_axis=1)
