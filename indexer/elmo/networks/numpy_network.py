"""The network of `bilm.py` in plain numpy, for a sentence or two. It is done before TensorFlow would be imported.

The mathematics is the same, in float32. A query has a dozen tokens, and most of its time is spent on reading the
weights from memory. Whole collections are read by `tensorflow_network.py`.
"""

from collections.abc import Sequence

import numpy as np

from ...runtime import one_blas_thread
from ...vectors.arrays import Array, Int32s
from ..config import DIRECTIONS, Activation, BiLMConfig
from ..model import Model
from .packing import both_directions, read_by_direction
from .tensorflow_network import State

_FORGET_BIAS = np.float32(1)  # `bilm.FORGET_BIAS`, whose module imports TensorFlow


class NumpyNetwork:
    """The network with its weights in float32. Its methods are those of `TensorFlowNetwork`."""

    def __init__(self, model: Model) -> None:
        self._config: BiLMConfig = model.config
        self._stored = model.weights
        self._single: dict[str, Array] = {}

    def word_vectors(self, characters: Int32s, total: int = 0) -> Array:
        """See `TensorFlowNetwork.word_vectors`."""
        with one_blas_thread():
            return self._words(characters)

    def read(self, words: Array, lengths: Sequence[int]) -> Array:
        """See `TensorFlowNetwork.read`."""
        config = self._config
        length = np.asarray(lengths, np.int32) - 1  # (b,), number of tokens that a direction reads
        inside = np.arange(length.max()) < length[:, None]  # (b, t)
        shape, read, states = (config.n_lstm, len(length)), read_by_direction(lengths), []
        for direction, tokens in zip(DIRECTIONS, read, strict=True):
            padded = np.zeros((*inside.shape, config.projection), np.float32)  # (b, t, projection)
            padded[inside] = words[tokens]
            start = [np.zeros((*shape, size), np.float32) for size in (config.cell, config.projection)]
            states.append(self._stack(direction, padded, length, *start)[:, inside])
        return both_directions(words, read, states)

    def last_states(self, direction: str, words: Array, lengths: Int32s) -> Array:
        """Return the top layer's output of one direction at the last token that it reads of each row.

        Args:
            direction: One of `DIRECTIONS`. The backward one reads each row from its end to its start.
            words: Padded word vectors (b, t, projection).
            lengths: Number of tokens of each row, at least 1 (b,).

        Returns:
            The outputs (b, projection).
        """
        config = self._config
        shape = (config.n_lstm, len(lengths))
        start = [np.zeros((*shape, size), np.float32) for size in (config.cell, config.projection)]
        top = self._stack(direction, words, lengths, *start)[-1]  # (b, t, projection)
        places = lengths - 1 if direction == DIRECTIONS[0] else np.zeros_like(lengths)
        return np.asarray(top[np.arange(len(lengths)), places])

    def read_padded(self, words: Array, lengths: Int32s, start: State) -> tuple[Array, State]:
        """See `TensorFlowNetwork.read_padded`."""
        cells, outputs = (part.copy() for part in start)
        halves = []
        for d, direction in enumerate(DIRECTIONS):
            states = self._stack(direction, words, lengths, cells[d], outputs[d])
            halves.append(np.concatenate([words[None], states]))  # (n_layers, b, t, projection)
        return np.concatenate(halves, axis=3), (cells, outputs)

    def _words(self, characters: Int32s) -> Array:
        """Map ids (n, characters) to word vectors (n, projection)."""
        spelling = self._weight("characters.embedding")[characters]  # (n, characters, char_dim)
        widths = range(len(self._config.filters))
        x = np.concatenate([self._convolution(spelling, i) for i in widths], axis=1)  # (n, filters)
        for layer in range(self._config.n_highway):
            carry = _sigmoid(self._dense(x, f"highway.{layer}.carry"))  # (n, filters)
            x = carry * np.maximum(self._dense(x, f"highway.{layer}.transform"), 0) + (1 - carry) * x
        return self._dense(x, "projection")

    def _convolution(self, spelling: Array, i: int) -> Array:
        """Apply the filters of the i-th width: (n, characters, char_dim) -> (n, number)."""
        kernel = self._weight(f"characters.conv.{i}.kernel")  # (width, char_dim, number)
        windows = np.lib.stride_tricks.sliding_window_view(spelling, len(kernel), axis=1)  # (n, windows, dim, width)
        patches = np.moveaxis(windows, 3, 2).reshape(*windows.shape[:2], -1)  # (n, windows, width * char_dim)
        best: Array = (patches @ kernel.reshape(patches.shape[2], -1)).max(axis=1)  # (n, number)
        best += self._weight(f"characters.conv.{i}.bias")
        return np.maximum(best, np.float32(0)) if self._config.activation is Activation.RELU else np.tanh(best)

    def _stack(self, direction: str, words: Array, lengths: Int32s, cells: Array, outputs: Array) -> Array:
        """Run one direction's layers over padded words (b, t, projection): (n_lstm, b, t, projection).

        `cells` and `outputs` (n_lstm, b, ...) are overwritten with the state after each sentence.
        """
        config, places = self._config, np.arange(words.shape[1])  # (t,)
        mirror = np.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)  # (b, t), its own inverse
        order = (mirror if direction == DIRECTIONS[1] else np.broadcast_to(places, mirror.shape))[:, :, None]
        x = np.take_along_axis(words, order, 1)  # (b, t, projection), in reading order
        found = np.zeros((config.n_lstm, *words.shape), np.float32)
        for n in range(config.n_lstm):
            with one_blas_thread():
                y = self._lstm(f"{direction}.{n}", x, lengths, cells[n], outputs[n])
            x = x + y if n and config.skip else y  # (b, t, projection)
            found[n] = np.take_along_axis(x, order, 1)
        return found

    def _lstm(self, name: str, inputs: Array, lengths: Int32s, cell: Array, output: Array) -> Array:
        """Run one layer over `inputs` (b, t, projection). `cell` and `output` (b, ...) are overwritten."""
        config = self._config
        kernel, bias = self._weight(f"{name}.kernel"), self._weight(f"{name}.bias")
        projection = self._weight(f"{name}.projection")  # (cell, projection)
        products = inputs @ kernel[: config.projection] + bias  # (b, t, 4 * cell)
        outputs = np.zeros_like(inputs)
        for t in range(inputs.shape[1]):
            gates = products[:, t] + output @ kernel[config.projection :]  # (b, 4 * cell)
            input_gate, candidate, forget_gate, output_gate = np.split(gates, 4, axis=1)  # (b, cell) each
            after = _sigmoid(forget_gate + _FORGET_BIAS) * cell + _sigmoid(input_gate) * np.tanh(candidate)
            after = _clip(after, config.cell_clip)
            hidden = _sigmoid(output_gate) * np.tanh(after)  # (b, cell)
            new_output = _clip(hidden @ projection, config.proj_clip)  # (b, projection)
            running = (t < lengths)[:, None]  # (b, 1)
            np.copyto(cell, after, where=running)
            np.copyto(output, new_output, where=running)
            outputs[:, t] = output
        return outputs

    def _dense(self, x: Array, name: str) -> Array:
        product: Array = x @ self._weight(f"{name}.kernel") + self._weight(f"{name}.bias")
        return product

    def _weight(self, name: str) -> Array:
        """Return a weight in single precision. Stored weights may have half precision."""
        if name not in self._single:
            self._single[name] = np.asarray(self._stored[name], np.float32)
        return self._single[name]


def _sigmoid(x: Array) -> Array:
    half = np.float32(0.5)
    return np.asarray(half * np.tanh(half * x) + half, np.float32)


def _clip(x: Array, bound: float | None) -> Array:
    return x if bound is None else np.clip(x, -np.float32(bound), np.float32(bound))
