"""The network of `bilm.py` once more, for training: the same mathematics, arranged so that gradients are cheap.

- The LSTM is unrolled; its backward pass keeps no gates but works them out again, and takes the gradient of a kernel
  over all steps as one product. What happens between two products is compiled into one pass by XLA.
- The character CNN runs as one product over all filter widths, on words grouped by length.
- Candidates of the softmax are worked off in pieces that fit a cache, without storing their float32 scores.

Everything that `bilm.py` can say is taken from there; a test holds both equal, and gradients to plain differentiation.
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

_PIECE = 1024  # places whose candidates are scored together
_BOUNDS = (6, 8, 10, 12, 15, 20)  # ids of a spelling, word marks included: words up to each are convolved together
Gradient = Callable[..., Any]
Function = Callable[..., tuple[tf.Tensor, ...]]


def group_bounds(config: BiLMConfig) -> tuple[int, ...]:
    """Longest spelling in each group of words; beyond the widest filter's reach nothing but padding is left out."""
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
    """What a step of an LSTM does between its products, ahead and back. One compilation serves all layers."""

    def ahead(gates: tf.Tensor, bias: tf.Tensor, cell: tf.Tensor, goes_on: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The cell after, and what of it is shown: (b, cell) each."""
        enter, new, forget, leave = _activated(gates, bias)  # (b, cell) each
        after = clip(forget * cell * goes_on[:, None] + enter * new, bound)  # (b, cell)
        return after, tf.cast(leave * tf.tanh(after), gates.dtype)

    def back(
        gates: tf.Tensor,
        bias: tf.Tensor,
        cell: tf.Tensor,
        after: tf.Tensor,
        goes_on: tf.Tensor,
        d_shown: tf.Tensor,
        d_after: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Gradients of the gates (b, 4 * cell + KERNEL_PADDING) and of the cell before (b, cell)."""
        enter, new, forget, leave = _activated(gates, bias)  # (b, cell) each
        before, shown, d_shown = cell * goes_on[:, None], tf.tanh(after), tf.cast(d_shown, tf.float32)  # (b, cell) each
        d_cell = d_after + d_shown * leave * (1 - shown * shown)  # (b, cell)
        if bound is not None:
            d_cell = tf.where(tf.abs(after) < bound, d_cell, 0.0)
        d_gates = [
            d_cell * new * enter * (1 - enter),
            d_cell * enter * (1 - new * new),
            d_cell * before * forget * (1 - forget),
            d_shown * shown * leave * (1 - leave),
            tf.cast(tf.zeros_like(gates[:, :KERNEL_PADDING]), tf.float32),
        ]  # (b, cell) each, and nothing for what no gate is made of
        return tf.cast(tf.concat(d_gates, 1), gates.dtype), d_cell * forget * goes_on[:, None]

    return _compiled(ahead), _compiled(back)


def _activated(gates: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Gates (b, 4 * cell + KERNEL_PADDING), no bias -> what enters, is new, is kept, leaves: (b, cell) each."""
    parts = tf.split(gates[:, : bias.shape[0]], 4, axis=1)  # (b, cell) each
    enter, new, forget, leave = (
        tf.cast(gate, tf.float32) + share for gate, share in zip(parts, tf.split(bias, 4), strict=True)
    )
    return quick_sigmoid(enter), tf.tanh(new), quick_sigmoid(forget + FORGET_BIAS), quick_sigmoid(leave)


class UnrolledLSTM:
    """One direction of one layer over a window of fixed length; see `bilm.LSTM`, whose step this is."""

    def __init__(self, lstm: LSTM, kernel: tf.Tensor) -> None:
        self._kernel = kernel  # (2 * projection, 4 * cell): input's rows, then state's
        self._gates = kernel.shape[1]
        self._bias, self._projection = lstm.bias, lstm.projection
        self._proj_clip = lstm.config.proj_clip
        self._ahead, self._back = _between_products(lstm.config.cell_clip)

    def __call__(
        self, inputs: tf.Tensor, goes_on: tf.Tensor, cell: tf.Tensor, output: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Read `inputs` (t, b, projection); where `goes_on` (t, b) is 0 the state is zero before that place.

        Returns the outputs (t, b, projection) and the state after; no gradient flows through either state.
        """
        outputs, last_cell = self._layer(goes_on, cell, output)(inputs, self._kernel, self._bias, self._projection)
        return outputs, tf.stop_gradient(last_cell), tf.stop_gradient(outputs[-1])

    def _layer(self, goes_on: tf.Tensor, cell: tf.Tensor, output: tf.Tensor) -> Callable[..., tuple[tf.Tensor, ...]]:
        def layer(
            inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, projection: tf.Tensor
        ) -> tuple[tuple[tf.Tensor, tf.Tensor], Gradient]:
            low, p = kernel.dtype, projection.shape[1]
            kernel = tf.pad(kernel, [[0, 0], [0, KERNEL_PADDING]])  # (2 * p, 4 * cell + KERNEL_PADDING)
            read = tf.unstack(tf.cast(inputs, low))  # t of (b, p)
            cells, outputs, entered, gates, shown = [cell], [output], [], [], []
            for t, now in enumerate(read):
                heard = tf.cast(outputs[-1] * goes_on[t, :, None], low)  # (b, p)
                entered.append(tf.concat([now, heard], 1))  # (b, 2 * p)
                gates.append(tf.matmul(entered[-1], kernel))  # (b, 4 * cell + KERNEL_PADDING)
                after, show = self._ahead(gates[-1], bias, cells[-1], goes_on[t])
                cells.append(after)
                shown.append(show)
                outputs.append(clip(tf.cast(tf.matmul(show, projection), tf.float32), self._proj_clip))  # (b, p)

            def gradient(d_outputs: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
                d_gates, d_raws = [], []  # of the last step first
                d_cell, d_output = tf.zeros_like(cell), tf.zeros_like(output)
                for t in reversed(range(len(read))):
                    d_raws.append(tf.cast(self._through_clip(outputs[t + 1], d_outputs[t] + d_output), low))  # (b, p)
                    d_shown = tf.matmul(d_raws[-1], projection, transpose_b=True)  # (b, cell)
                    d_gate, d_cell = self._back(gates[t], bias, cells[t], cells[t + 1], goes_on[t], d_shown, d_cell)
                    d_gates.append(d_gate)  # (b, 4 * cell + KERNEL_PADDING)
                    d_output = tf.cast(tf.matmul(d_gates[-1], kernel[p:], transpose_b=True), tf.float32)  # (b, p)
                    d_output *= goes_on[t, :, None]
                d_z = tf.concat(d_gates[::-1], 0)  # (t * b, 4 * cell + KERNEL_PADDING)
                x = tf.concat(entered, 0)  # (t * b, 2 * p)
                d_kernel = tf.matmul(x, d_z, transpose_a=True)[:, : self._gates]  # (2 * p, 4 * cell)
                d_sums = tf.matmul(tf.ones_like(x[:, :1]), d_z, transpose_a=True)  # (1, 4 * cell + KERNEL_PADDING)
                d_bias = tf.cast(d_sums[0, : self._gates], tf.float32)  # (4 * cell,)
                d_projection = tf.matmul(tf.concat(shown, 0), tf.concat(d_raws[::-1], 0), transpose_a=True)
                d_inputs = tf.matmul(d_z, kernel[:p], transpose_b=True)  # (t * b, p)
                return tf.cast(tf.reshape(d_inputs, tf.shape(inputs)), tf.float32), d_kernel, d_bias, d_projection

            return (tf.stack(outputs[1:]), cells[-1]), gradient

        return _with_gradient(layer)

    def _through_clip(self, clipped: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        if self._proj_clip is None:
            return gradient
        return tf.where(tf.abs(clipped) < self._proj_clip, gradient, 0.0)


class GroupedCharCNN:
    """The character CNN over groups of words of like length; see `bilm.CharCNN`."""

    def __init__(self, config: BiLMConfig, cnn: CharCNN) -> None:
        self._config = config
        self._embedding, self._activation = cnn.embedding, cnn.activation
        self._widths = np.repeat([width for width, _ in config.filters], [number for _, number in config.filters])
        self._widest = int(self._widths.max())
        wide = [tf.pad(kernel, [[0, self._widest - kernel.shape[0]], [0, 0], [0, 0]]) for kernel, _ in cnn.convolutions]
        self._kernel = tf.reshape(tf.concat(wide, 2), (self._widest * config.char_dim, config.n_filters))
        self._bias = tf.concat([bias for _, bias in cnn.convolutions], 0)  # (filters,)

    def __call__(self, characters: tf.Tensor, groups: tf.Tensor) -> tf.Tensor:
        """(n, max_characters) ids, sorted into groups of (g,) words -> (n, filters)."""
        bounds = group_bounds(self._config)
        parts = tf.split(characters, groups, num=len(bounds))
        return tf.concat([self._group(part, bound) for part, bound in zip(parts, bounds, strict=True)], 0)

    def _group(self, characters: tf.Tensor, bound: int) -> tf.Tensor:
        """Words of at most `bound` ids: (n, max_characters) -> (n, filters).

        Every filter looks at all windows that hold an id, and at one of padding alone if there is one.
        """
        most = self._config.max_characters
        windows = min(bound + 1, most)
        ids = tf.pad(characters, [[0, 0], [0, self._widest]], constant_values=PAD)[:, : windows + self._widest - 1]
        seen = tf.stack([ids[:, i : i + windows] for i in range(self._widest)], 2)  # (n, windows, widest)
        patches = rows_of(self._embedding, seen)  # (n, windows, widest, char_dim)
        flat = tf.matmul(tf.reshape(patches, (-1, self._kernel.shape[0])), self._kernel)  # (n * windows, filters)
        places = tf.reshape(flat, (-1, 1, windows, self._config.n_filters))  # (n, 1, windows, filters)
        if windows == most:  # the last windows are too narrow for the wide filters
            fits = np.arange(most)[:, None] + self._widths <= most  # (windows, filters)
            places = tf.where(fits, places, places.dtype.min)
        best = tf.nn.max_pool2d(places, (1, windows), 1, "VALID")[:, 0, 0]  # (n, filters)
        return self._activation(tf.cast(best, tf.float32) + self._bias)


def rows_of(table: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Rows of `table` (n, d) at `places` (...): (..., d). Their gradient is dense: most rows are used."""

    def looked_up(table: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            flat = tf.reshape(tf.cast(upstream, tf.float32), (-1, upstream.shape[-1]))  # (places, d)
            summed = tf.math.unsorted_segment_sum(flat, tf.reshape(places, (-1,)), tf.shape(table)[0])  # (n, d)
            return tf.cast(summed, table.dtype)

        return tf.gather(table, places), gradient

    return _with_gradient(looked_up)(table)


def candidate_normaliser(states: tf.Tensor, rows: tf.Tensor, bias: tf.Tensor, low: tf.DType) -> tf.Tensor:
    """log of the sum of exp(state . row + bias) over all candidates: states (n, p), rows (k, p) -> (n,)."""

    soften = _softener()

    def normaliser(states: tf.Tensor, rows: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        low_rows = tf.cast(rows, low)  # (k, p)
        n = states.shape[0]
        bounds = [(start, min(start + _PIECE, n)) for start in range(0, n, _PIECE)]
        found = []
        for start, end in bounds:
            scores = tf.matmul(tf.cast(states[start:end], low), low_rows, transpose_b=True)  # (piece, k)
            found.append(soften(scores, bias))

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            d_states, d_rows = [], tf.zeros((tf.shape(rows)[0], rows.shape[1] + 1))  # (k, p + 1): bias beside
            for (start, end), (_, shares) in zip(bounds, found, strict=True):
                scale = upstream[start:end, None]  # (piece, 1)
                d_states.append(scale * tf.cast(tf.matmul(shares, low_rows), tf.float32))  # (piece, p)
                scaled = tf.cast(tf.concat([scale * states[start:end], scale], 1), low)  # (piece, p + 1)
                d_rows += tf.cast(tf.matmul(shares, scaled, transpose_a=True), tf.float32)
            return tf.concat(d_states, 0), d_rows[:, :-1], d_rows[:, -1]

        return tf.concat([normal for normal, _ in found], 0), gradient

    return _with_gradient(normaliser)(states, rows, bias)


def _soften(scores: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Scores (n, k) -> log of the sum of their exponentials (n,), and each one's share of it (n, k)."""
    full = tf.cast(scores, tf.float32) + bias  # (n, k)
    most = tf.reduce_max(full, 1, keepdims=True)  # (n, 1)
    powers = tf.exp(full - most)  # (n, k)
    total = tf.reduce_sum(powers, 1, keepdims=True)  # (n, 1)
    return (most + tf.math.log(total))[:, 0], tf.cast(powers / total, scores.dtype)


@functools.cache
def _softener() -> Function:
    return _compiled(_soften)
