"""The ELMo network in plain TensorFlow: a bidirectional language model over a character CNN (Peters et al. 2018).

    characters -> CharCNN -> Highway -> projection -> word   -> forward LSTM 1 -> forward LSTM 2
                                                     (layer 0)  backward LSTM 1 -> backward LSTM 2

Weights are tensors or variables by name (`config.tensor_shapes` lists them). So the same code serves the encoder,
training and exported modules. Matrix products run in the precision of the kernels, everything else in float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import tensorflow as tf

from ..config import DIRECTIONS, Activation, BiLMConfig

FORGET_BIAS = 1.0


def dense(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return `x @ kernel` over the last axis, computed in the kernel's precision. Input and output are float32."""
    rows = tf.reshape(x, (-1, kernel.shape[0]))  # (rows, in)
    product = tf.cast(tf.matmul(tf.cast(rows, kernel.dtype), kernel), tf.float32)  # (rows, out)
    return tf.reshape(product, tf.concat([tf.shape(x)[:-1], [kernel.shape[1]]], 0))  # (..., out)


def clip(x: tf.Tensor, bound: float | None) -> tf.Tensor:
    """Clip to [-bound, bound]. None leaves `x` unchanged."""
    return x if bound is None else tf.clip_by_value(x, -bound, bound)


def quick_sigmoid(x: tf.Tensor) -> tf.Tensor:
    """Return the sigmoid, computed as half a hyperbolic tangent. It is cheaper than an exponential and a division."""
    return 0.5 * tf.tanh(0.5 * x) + 0.5


class CharCNN:
    """The character CNN: convolutions of several widths, each reduced to its maximum over the characters."""

    def __init__(self, config: BiLMConfig, weights: Mapping[str, tf.Tensor]) -> None:
        self.embedding = weights["characters.embedding"]  # (261, char_dim)
        self.convolutions = [
            (weights[f"characters.conv.{i}.kernel"], weights[f"characters.conv.{i}.bias"])
            for i in range(len(config.filters))
        ]
        self.activation = tf.nn.relu if config.activation is Activation.RELU else tf.tanh

    def __call__(self, characters: tf.Tensor) -> tf.Tensor:
        """Map int32 ids (n, characters) to filter outputs (n, filters)."""
        spelling = tf.gather(self.embedding, characters)  # (n, characters, char_dim)
        found = []
        for kernel, bias in self.convolutions:
            windows = tf.nn.conv1d(spelling, kernel, stride=1, padding="VALID")  # (n, characters - width + 1, number)
            best = tf.reduce_max(windows, axis=1)  # (n, number)
            found.append(self.activation(tf.cast(best, tf.float32) + bias))
        return tf.concat(found, axis=1)  # (n, filters)


class Highway:
    """One highway layer (Srivastava et al. 2015). The carry gate weights the transformed input."""

    def __init__(self, weights: Mapping[str, tf.Tensor], layer: int) -> None:
        self.carry = (weights[f"highway.{layer}.carry.kernel"], weights[f"highway.{layer}.carry.bias"])
        self.transform = (weights[f"highway.{layer}.transform.kernel"], weights[f"highway.{layer}.transform.bias"])

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Map (n, filters) to (n, filters)."""
        carry = tf.sigmoid(dense(x, self.carry[0]) + self.carry[1])  # (n, filters)
        transformed = tf.nn.relu(dense(x, self.transform[0]) + self.transform[1])  # (n, filters)
        return carry * transformed + (1.0 - carry) * x


class LSTM:
    """One direction of one layer: an LSTM with projection (Sak et al. 2014), with clipped cell and projection."""

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
        """Read sentences, starting from a state.

        Args:
            inputs: Padded inputs, (t, b, projection).
            lengths: Number of tokens of each sentence, (b,).
            cell: Cell state before the first token, (b, cell).
            output: Output before the first token, (b, projection).

        Returns:
            Outputs (t, b, projection), meaningless after a sentence's end, and cell and output at each sentence's end.
        """
        products = dense(inputs, self.input_kernel) + self.bias  # (t, b, 4 * cell), all steps at once
        steps = tf.shape(inputs)[0]
        outputs = tf.TensorArray(tf.float32, size=steps, element_shape=(None, self.config.projection))

        def step(t: tf.Tensor, cell: tf.Tensor, output: tf.Tensor, outputs: tf.TensorArray) -> tuple[tf.Tensor, ...]:
            new_cell, new_output = self.step(products[t], cell, output)
            running = (t < lengths)[:, None]  # (b, 1)
            cell, output = tf.where(running, new_cell, cell), tf.where(running, new_output, output)
            return t + 1, cell, output, outputs.write(t, output)

        _, cell, output, outputs = tf.while_loop(
            lambda t, *_: t < steps, step, (0, cell, output, outputs), maximum_iterations=steps
        )
        return outputs.stack(), cell, output

    def step(self, product: tf.Tensor, cell: tf.Tensor, output: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Read one token: its product with the input kernel (b, 4 * cell) and the state before -> the state after."""
        gates = product + dense(output, self.state_kernel)  # (b, 4 * cell)
        cell, hidden = lstm_cell(gates, cell, self.config.cell_clip)  # (b, cell) each
        return cell, clip(dense(hidden, self.projection), self.config.proj_clip)


def lstm_cell(gates: tf.Tensor, cell: tf.Tensor, bound: float | None) -> tuple[tf.Tensor, tf.Tensor]:
    """Advance the LSTM cell: gates (b, 4 * cell), cell state before (b, cell) -> cell state after, hidden state."""
    input_gate, candidate, forget_gate, output_gate = tf.split(gates, 4, axis=1)  # (b, cell) each
    kept = tf.sigmoid(forget_gate + FORGET_BIAS) * cell  # (b, cell)
    cell = clip(kept + tf.sigmoid(input_gate) * tf.tanh(candidate), bound)  # (b, cell)
    return cell, tf.sigmoid(output_gate) * tf.tanh(cell)


@dataclass(frozen=True, slots=True)
class BiLMOutputs:
    """Layers of a batch of sentences, and the state after each sentence."""

    layers: tf.Tensor  # (n_layers, b, t, dim)
    cells: tf.Tensor  # (2, n_lstm, b, cell)
    outputs: tf.Tensor  # (2, n_lstm, b, projection)


class BiLM:
    """The whole network. `weights` maps each name of `tensor_shapes` to a tensor or variable."""

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
        """Map int32 ids (n, characters) to word vectors (n, projection). Layer 0 is the word vector twice.

        Padding further from the longest spelling than the widest filter may be cut off. It does not change the result.
        """
        return self.projected(self.cnn(characters))

    def projected(self, x: tf.Tensor) -> tf.Tensor:
        """Map filter outputs (n, filters) to word vectors (n, projection)."""
        for highway in self.highways:
            x = highway(x)  # (n, filters)
        return dense(x, self.projection[0]) + self.projection[1]  # (n, projection)

    def zero_state(self, b: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the state before a sentence: zero cells (2, n_lstm, b, cell), outputs (2, n_lstm, b, projection)."""
        n = self.config.n_lstm
        return tf.zeros((2, n, b, self.config.cell)), tf.zeros((2, n, b, self.config.projection))

    def layers(self, words: tf.Tensor, lengths: tf.Tensor, cells: tf.Tensor, outputs: tf.Tensor) -> BiLMOutputs:
        """Compute all layers of sentences. Layers after a sentence's end are meaningless.

        Args:
            words: Padded word vectors, sentence marks included, (b, t, projection).
            lengths: Number of tokens of each sentence, marks included, (b,).
            cells: Cell states to start from, as in `zero_state`.
            outputs: Outputs to start from, as in `zero_state`.
        """
        by_time = tf.transpose(words, (1, 0, 2))  # (t, b, projection)
        halves = [[by_time] * self.config.n_layers for _ in DIRECTIONS]
        states = []
        for d, stack in enumerate(self.stacks):
            x = by_time if d == 0 else _mirror(by_time, lengths)  # (t, b, projection), in reading order
            for layer, lstm in enumerate(stack):
                y, cell, output = lstm(x, lengths, cells[d, layer], outputs[d, layer])
                x = x + y if layer and self.config.skip else y  # (t, b, projection)
                halves[d][layer + 1] = x if d == 0 else _mirror(x, lengths)
                states.append((cell, output))
        pairs = [tf.concat(pair, axis=2) for pair in zip(*halves, strict=True)]  # (t, b, dim) each
        shape = (len(DIRECTIONS), self.config.n_lstm, tf.shape(words)[0], -1)
        return BiLMOutputs(
            layers=tf.transpose(tf.stack(pairs), (0, 2, 1, 3)),  # (n_layers, b, t, dim)
            cells=tf.reshape(tf.stack([cell for cell, _ in states]), shape),
            outputs=tf.reshape(tf.stack([output for _, output in states]), shape),
        )

    def mix(self, layers: tf.Tensor) -> tf.Tensor:
        """Mix the layers (equation 1 of the paper): (n_layers, ..., dim) -> gamma times the softmax-weighted mean."""
        return self.gamma * tf.tensordot(tf.nn.softmax(self.mix_weights), layers, axes=1)


def _mirror(by_time: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Reverse each sentence of (t, b, ...). Padding stays at the end."""
    return tf.reverse_sequence(by_time, lengths, seq_axis=0, batch_axis=1)
