"""The network of `bilm.py` again, for training: the same mathematics, arranged so that gradients are cheap.

- The LSTM is unrolled. Its backward pass recomputes the gates instead of storing them, and computes the gradient of a
  kernel over all steps as one matrix product. XLA compiles the elementwise work between two products into one pass.
- The character CNN runs as one matrix product over all filter widths, on words grouped by length.
- The candidates of the softmax are scored in pieces that fit into the CPU cache, without storing float32 scores.

Everything else comes from `bilm.py`. A test compares both networks, and the gradients with automatic differentiation.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from ..elmo.characters import PAD
from ..elmo.config import BiLMConfig
from ..elmo.networks.bilm import FORGET_BIAS, LSTM, CharCNN, clip, quick_sigmoid
from ..elmo.networks.packed import KERNEL_PADDING

_PIECE = 1024  # predictions scored at once
_BOUNDS = (6, 8, 10, 12, 15, 20)  # maximum number of character ids, word marks included, in each group of words
Gradient = Callable[..., Any]
Function = Callable[..., tuple[tf.Tensor, ...]]


def group_bounds(config: BiLMConfig) -> tuple[int, ...]:
    """Return the maximum spelling length of each group of words.

    A group must be short enough that every filter also reads a window of padding, as it does at full length. The last
    group has the full length.
    """
    widest = max(width for width, _ in config.filters)
    return (*(bound for bound in _BOUNDS if bound + widest <= config.max_characters), config.max_characters)


def _compiled(function: Function) -> Function:
    compiled: Function = tf.function(function, jit_compile=True)
    return compiled


def _with_gradient(function: Callable[..., tuple[Any, Gradient]]) -> Callable[..., Any]:
    differentiable: Callable[..., Any] = tf.custom_gradient(function)
    return differentiable


@functools.cache
def _between_products(bound: float | None) -> tuple[Function, Function]:
    """Return what an LSTM step computes between its matrix products: the forward and the backward function.

    They are compiled once for all layers.
    """

    def forward(
        gates: tf.Tensor, bias: tf.Tensor, cell: tf.Tensor, keep_mask: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the new cell state and the hidden state before projection: (b, cell) each."""
        input_gate, candidate, forget_gate, output_gate = _activated(gates, bias)  # (b, cell) each
        after = clip(forget_gate * cell * keep_mask[:, None] + input_gate * candidate, bound)  # (b, cell)
        return after, tf.cast(output_gate * tf.tanh(after), gates.dtype)

    def backward(
        gates: tf.Tensor,
        bias: tf.Tensor,
        cell: tf.Tensor,
        after: tf.Tensor,
        keep_mask: tf.Tensor,
        d_hidden: tf.Tensor,
        d_after: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the gradients of the gates (b, 4 * cell + KERNEL_PADDING) and of the previous cell state (b, cell)."""
        input_gate, candidate, forget_gate, output_gate = _activated(gates, bias)  # (b, cell) each
        before = cell * keep_mask[:, None]  # (b, cell)
        squashed = tf.tanh(after)  # (b, cell)
        d_hidden = tf.cast(d_hidden, tf.float32)  # (b, cell)
        d_cell = d_after + d_hidden * output_gate * (1 - squashed * squashed)  # (b, cell)
        if bound is not None:
            d_cell = tf.where(tf.abs(after) < bound, d_cell, 0.0)
        d_gates = [
            d_cell * candidate * input_gate * (1 - input_gate),
            d_cell * input_gate * (1 - candidate * candidate),
            d_cell * before * forget_gate * (1 - forget_gate),
            d_hidden * squashed * output_gate * (1 - output_gate),
            tf.cast(tf.zeros_like(gates[:, :KERNEL_PADDING]), tf.float32),
        ]  # (b, cell) each, and zeros for the padding
        return tf.cast(tf.concat(d_gates, 1), gates.dtype), d_cell * forget_gate * keep_mask[:, None]

    return _compiled(forward), _compiled(backward)


def _activated(gates: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return input gate, candidate, forget gate and output gate: (b, 4 * cell + KERNEL_PADDING) -> (b, cell) each."""
    parts = tf.split(gates[:, : bias.shape[0]], 4, axis=1)  # (b, cell) each
    input_gate, candidate, forget_gate, output_gate = (
        tf.cast(gate, tf.float32) + share for gate, share in zip(parts, tf.split(bias, 4), strict=True)
    )
    return (
        quick_sigmoid(input_gate),
        tf.tanh(candidate),
        quick_sigmoid(forget_gate + FORGET_BIAS),
        quick_sigmoid(output_gate),
    )


class UnrolledLSTM:
    """One direction of one layer over a window of fixed length. Its step is that of `bilm.LSTM`."""

    def __init__(self, lstm: LSTM, kernel: tf.Tensor) -> None:
        self._kernel = kernel  # (2 * projection, 4 * cell): rows of the input, then of the state
        self._gates = kernel.shape[1]
        self._bias, self._projection = lstm.bias, lstm.projection
        self._proj_clip = lstm.config.proj_clip
        self._forward, self._backward = _between_products(lstm.config.cell_clip)

    def __call__(
        self, inputs: tf.Tensor, keep_mask: tf.Tensor, cell: tf.Tensor, output: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the outputs (t, b, projection), the cell state and the output after the window.

        No gradient flows through the states before and after the window.

        Args:
            inputs: Word vectors or outputs of the layer below, (t, b, projection).
            keep_mask: 0 at steps before which the state is set to zero, else 1, (t, b).
            cell: Cell state before the window, (b, cell).
            output: Output before the window, (b, projection).
        """
        outputs, last_cell = self._layer(keep_mask, cell, output)(inputs, self._kernel, self._bias, self._projection)
        return outputs, tf.stop_gradient(last_cell), tf.stop_gradient(outputs[-1])

    def _layer(self, keep_mask: tf.Tensor, cell: tf.Tensor, output: tf.Tensor) -> Callable[..., tuple[tf.Tensor, ...]]:
        def layer(
            inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, projection: tf.Tensor
        ) -> tuple[tuple[tf.Tensor, tf.Tensor], Gradient]:
            low, p = kernel.dtype, projection.shape[1]
            kernel = tf.pad(kernel, [[0, 0], [0, KERNEL_PADDING]])  # (2 * p, 4 * cell + KERNEL_PADDING)
            read = tf.unstack(tf.cast(inputs, low))  # t of (b, p)
            cells, outputs, joined, gates, hidden = [cell], [output], [], [], []
            for t, now in enumerate(read):
                before = tf.cast(outputs[-1] * keep_mask[t, :, None], low)  # (b, p)
                joined.append(tf.concat([now, before], 1))  # (b, 2 * p)
                gates.append(tf.matmul(joined[-1], kernel))  # (b, 4 * cell + KERNEL_PADDING)
                after, h = self._forward(gates[-1], bias, cells[-1], keep_mask[t])  # (b, cell) each
                cells.append(after)
                hidden.append(h)
                outputs.append(clip(tf.cast(tf.matmul(h, projection), tf.float32), self._proj_clip))  # (b, p)

            def gradient(d_outputs: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
                d_gates, d_raws = [], []  # of the last step first
                d_cell, d_output = tf.zeros_like(cell), tf.zeros_like(output)
                for t in reversed(range(len(read))):
                    d_raws.append(tf.cast(self._through_clip(outputs[t + 1], d_outputs[t] + d_output), low))  # (b, p)
                    d_hidden = tf.matmul(d_raws[-1], projection, transpose_b=True)  # (b, cell)
                    d_gate, d_cell = self._backward(
                        gates[t], bias, cells[t], cells[t + 1], keep_mask[t], d_hidden, d_cell
                    )
                    d_gates.append(d_gate)  # (b, 4 * cell + KERNEL_PADDING)
                    d_output = tf.cast(tf.matmul(d_gates[-1], kernel[p:], transpose_b=True), tf.float32)  # (b, p)
                    d_output *= keep_mask[t, :, None]
                d_z = tf.concat(d_gates[::-1], 0)  # (t * b, 4 * cell + KERNEL_PADDING)
                x = tf.concat(joined, 0)  # (t * b, 2 * p)
                d_kernel = tf.matmul(x, d_z, transpose_a=True)[:, : self._gates]  # (2 * p, 4 * cell)
                d_sums = tf.matmul(tf.ones_like(x[:, :1]), d_z, transpose_a=True)  # (1, 4 * cell + KERNEL_PADDING)
                d_bias = tf.cast(d_sums[0, : self._gates], tf.float32)  # (4 * cell,)
                d_projection = tf.matmul(tf.concat(hidden, 0), tf.concat(d_raws[::-1], 0), transpose_a=True)
                d_inputs = tf.matmul(d_z, kernel[:p], transpose_b=True)  # (t * b, p)
                return tf.cast(tf.reshape(d_inputs, tf.shape(inputs)), tf.float32), d_kernel, d_bias, d_projection

            return (tf.stack(outputs[1:]), cells[-1]), gradient

        return _with_gradient(layer)

    def _through_clip(self, clipped: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        """Return the gradient where the output was not clipped, else 0."""
        if self._proj_clip is None:
            return gradient
        return tf.where(tf.abs(clipped) < self._proj_clip, gradient, 0.0)


class GroupedCharCNN:
    """The character CNN over words grouped by length. It computes the same as `bilm.CharCNN`."""

    def __init__(self, config: BiLMConfig, cnn: CharCNN) -> None:
        self._config = config
        self._embedding, self._activation = cnn.embedding, cnn.activation
        self._widths = np.repeat([width for width, _ in config.filters], [number for _, number in config.filters])
        self._widest = int(self._widths.max())
        wide = [tf.pad(kernel, [[0, self._widest - kernel.shape[0]], [0, 0], [0, 0]]) for kernel, _ in cnn.convolutions]
        self._kernel = tf.reshape(tf.concat(wide, 2), (self._widest * config.char_dim, config.n_filters))
        self._bias = tf.concat([bias for _, bias in cnn.convolutions], 0)  # (filters,)

    def __call__(self, characters: tf.Tensor, groups: tf.Tensor) -> tf.Tensor:
        """Return the filters of words: (n, max_characters) -> (n, filters).

        Args:
            characters: Character ids, sorted by group.
            groups: Number of words in each group.
        """
        bounds = group_bounds(self._config)
        parts = tf.split(characters, groups, num=len(bounds))
        return tf.concat([self._group(part, bound) for part, bound in zip(parts, bounds, strict=True)], 0)

    def _group(self, characters: tf.Tensor, bound: int) -> tf.Tensor:
        """Return the filters of words with at most `bound` character ids: (n, max_characters) -> (n, filters).

        Every filter reads all windows that contain an id, and one window of padding if the full length has one.
        """
        most = self._config.max_characters
        windows = min(bound + 1, most)
        ids = tf.pad(characters, [[0, 0], [0, self._widest]], constant_values=PAD)[:, : windows + self._widest - 1]
        positions = tf.stack([ids[:, i : i + windows] for i in range(self._widest)], 2)  # (n, windows, widest)
        patches = rows_of(self._embedding, positions)  # (n, windows, widest, char_dim)
        flat = tf.matmul(tf.reshape(patches, (-1, self._kernel.shape[0])), self._kernel)  # (n * windows, filters)
        responses = tf.reshape(flat, (-1, 1, windows, self._config.n_filters))  # (n, 1, windows, filters)
        if windows == most:  # the last windows reach beyond the spelling for the wide filters
            fits = np.arange(most)[:, None] + self._widths <= most  # (windows, filters)
            responses = tf.where(fits, responses, responses.dtype.min)
        best = tf.nn.max_pool2d(responses, (1, windows), 1, "VALID")[:, 0, 0]  # (n, filters)
        return self._activation(tf.cast(best, tf.float32) + self._bias)


def rows_of(table: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Return the rows of `table` (n, d) at `places` (...): (..., d).

    The gradient of the table is dense, because most rows are used.
    """

    def lookup(table: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            flat = tf.reshape(tf.cast(upstream, tf.float32), (-1, upstream.shape[-1]))  # (places, d)
            summed = tf.math.unsorted_segment_sum(flat, tf.reshape(places, (-1,)), tf.shape(table)[0])  # (n, d)
            return tf.cast(summed, table.dtype)

        return tf.gather(table, places), gradient

    return _with_gradient(lookup)(table)


def candidate_normaliser(states: tf.Tensor, rows: tf.Tensor, bias: tf.Tensor, low: tf.DType) -> tf.Tensor:
    """Return the log of the sum of exp(state . row + bias) over all candidates.

    Args:
        states: Top states, (n, p).
        rows: Rows of the output layer, (k, p).
        bias: Bias of the candidates, (k,).
        low: Precision of the matrix products.

    Returns:
        The normaliser of each state, (n,).
    """

    softmax = _compiled_softmax()

    def normaliser(states: tf.Tensor, rows: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        low_rows = tf.cast(rows, low)  # (k, p)
        n = states.shape[0]
        bounds = [(start, min(start + _PIECE, n)) for start in range(0, n, _PIECE)]
        found = []
        for start, end in bounds:
            scores = tf.matmul(tf.cast(states[start:end], low), low_rows, transpose_b=True)  # (piece, k)
            found.append(softmax(scores, bias))

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            d_states, d_rows = [], tf.zeros((tf.shape(rows)[0], rows.shape[1] + 1))  # (k, p + 1): rows, then bias
            for (start, end), (_, probabilities) in zip(bounds, found, strict=True):
                scale = upstream[start:end, None]  # (piece, 1)
                d_states.append(scale * tf.cast(tf.matmul(probabilities, low_rows), tf.float32))  # (piece, p)
                scaled = tf.cast(tf.concat([scale * states[start:end], scale], 1), low)  # (piece, p + 1)
                d_rows += tf.cast(tf.matmul(probabilities, scaled, transpose_a=True), tf.float32)
            return tf.concat(d_states, 0), d_rows[:, :-1], d_rows[:, -1]

        return tf.concat([log_sum for log_sum, _ in found], 0), gradient

    return _with_gradient(normaliser)(states, rows, bias)


def _logsumexp_and_softmax(scores: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the log of the sum of exponentials (n,) and the probabilities (n, k) of scores (n, k)."""
    full = tf.cast(scores, tf.float32) + bias  # (n, k)
    most = tf.reduce_max(full, 1, keepdims=True)  # (n, 1)
    powers = tf.exp(full - most)  # (n, k)
    total = tf.reduce_sum(powers, 1, keepdims=True)  # (n, 1)
    return (most + tf.math.log(total))[:, 0], tf.cast(powers / total, scores.dtype)


@functools.cache
def _compiled_softmax() -> Function:
    return _compiled(_logsumexp_and_softmax)
