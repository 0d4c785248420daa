"""The network of `bilm.py` in plain numpy, for a sentence or two: it answers while TensorFlow would still be importing.

The same mathematics in float32. A query has a dozen tokens: to read the weights is most of what it costs. Tests hold it
equal to `bilm.py`; whole collections are read by `network.py`.
"""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...runtime import one_blas_thread
from ...vectors.arrays import Array, Int32s
from .. import Precision
from ..config import DIRECTIONS, Activation, BiLMConfig
from ..model import Model
from .packing import both_directions, read_by_direction

if TYPE_CHECKING:
    from .tensorflow_network import Network

State = tuple[Array, Array]  # cells (2, n_lstm, b, cell), outputs (2, n_lstm, b, projection)

FEW = 256
"""Tokens, sentence marks and padding counted, up to which numpy is done before TensorFlow would be imported."""
_FORGET_BIAS = np.float32(1)


class NumpyNetwork:
    """Holds the weights in float32; `spell`, `read` and `read_on` as `network.Network` has them."""

    def __init__(self, model: Model) -> None:
        self._config: BiLMConfig = model.config
        self._stored = model.weights
        self._single: dict[str, Array] = {}

    def spell(self, characters: Int32s, of: int = 0) -> Array:
        """See `network.Network.spell`."""
        with one_blas_thread():
            return self._spelled(characters)

    def _spelled(self, characters: Int32s) -> Array:
        spelling = self._weight("characters.embedding")[characters]  # (n, characters, char_dim)
        x = np.concatenate([self._found(spelling, i) for i in range(len(self._config.filters))], axis=1)  # (n, filters)
        for layer in range(self._config.n_highway):
            carry = _sigmoid(self._dense(x, f"highway.{layer}.carry"))  # (n, filters)
            x = carry * np.maximum(self._dense(x, f"highway.{layer}.transform"), 0) + (1 - carry) * x
        return self._dense(x, "projection")

    def read(self, words: Array, lengths: Sequence[int]) -> Array:
        """See `network.Network.read`: (tokens, projection) -> (n_layers, tokens, dim)."""
        config, length = self._config, np.asarray(lengths, np.int32) - 1  # (b,), that a direction reads
        inside = np.arange(length.max()) < length[:, None]  # (b, t)
        shape, read, states = (config.n_lstm, len(length)), read_by_direction(lengths), []
        for direction, tokens in zip(DIRECTIONS, read, strict=True):
            padded = np.zeros((*inside.shape, config.projection), np.float32)  # (b, t, projection)
            padded[inside] = words[tokens]
            start = [np.zeros((*shape, size), np.float32) for size in (config.cell, config.projection)]
            states.append(self._stack(direction, padded, length, *start)[:, inside])
        return both_directions(words, read, states)

    def read_on(self, words: Array, lengths: Int32s, start: State) -> tuple[Array, State]:
        """See `network.Network.read_on`."""
        cells, outputs = (part.copy() for part in start)
        halves = []
        for d, direction in enumerate(DIRECTIONS):
            states = self._stack(direction, words, lengths, cells[d], outputs[d])
            halves.append(np.concatenate([words[None], states]))  # (n_layers, b, t, projection)
        return np.concatenate(halves, axis=3), (cells, outputs)

    def _stack(self, direction: str, words: Array, lengths: Int32s, cells: Array, outputs: Array) -> Array:
        """One direction's layers over padded words (b, t, projection): (n_lstm, b, t, projection).

        `cells` and `outputs` (n_lstm, b, ...) are moved on.
        """
        config, places = self._config, np.arange(words.shape[1])  # (t,)
        turned = np.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)  # (b, t), its own inverse
        order = (turned if direction == DIRECTIONS[1] else np.broadcast_to(places, turned.shape))[:, :, None]
        x = np.take_along_axis(words, order, 1)  # (b, t, projection), in reading order
        found = np.zeros((config.n_lstm, *words.shape), np.float32)
        for n in range(config.n_lstm):
            with one_blas_thread():
                y = self._lstm(f"{direction}.{n}", x, lengths, cells[n], outputs[n])
            x = x + y if n and config.skip else y  # (b, t, projection)
            found[n] = np.take_along_axis(x, order, 1)
        return found

    def _found(self, spelling: Array, i: int) -> Array:
        """What the filters of the i-th width find: (n, characters, char_dim) -> (n, number)."""
        kernel = self._weight(f"characters.conv.{i}.kernel")  # (width, char_dim, number)
        windows = np.lib.stride_tricks.sliding_window_view(spelling, len(kernel), axis=1)  # (n, windows, dim, width)
        patches = np.moveaxis(windows, 3, 2).reshape(*windows.shape[:2], -1)  # (n, windows, width * char_dim)
        best: Array = (patches @ kernel.reshape(patches.shape[2], -1)).max(axis=1)  # (n, number)
        best += self._weight(f"characters.conv.{i}.bias")
        return np.maximum(best, np.float32(0)) if self._config.activation is Activation.RELU else np.tanh(best)

    def _lstm(self, name: str, inputs: Array, lengths: Int32s, cell: Array, output: Array) -> Array:
        """One direction of one layer over `inputs` (b, t, projection); `cell` and `output` (b, ...) are moved on."""
        config = self._config
        kernel, bias = self._weight(f"{name}.kernel"), self._weight(f"{name}.bias")
        projection = self._weight(f"{name}.projection")  # (cell, projection)
        read = inputs @ kernel[: config.projection] + bias  # (b, t, 4 * cell)
        outputs = np.zeros_like(inputs)
        for t in range(inputs.shape[1]):
            gates = read[:, t] + output @ kernel[config.projection :]  # (b, 4 * cell)
            enter, new, forget, leave = np.split(gates, 4, axis=1)  # (b, cell) each
            after = _sigmoid(forget + _FORGET_BIAS) * cell + _sigmoid(enter) * np.tanh(new)
            after = _clip(after, config.cell_clip)
            shown = _clip((_sigmoid(leave) * np.tanh(after)) @ projection, config.proj_clip)  # (b, projection)
            running = (t < lengths)[:, None]  # (b, 1)
            np.copyto(cell, after, where=running)
            np.copyto(output, shown, where=running)
            outputs[:, t] = output
        return outputs

    def _dense(self, x: Array, name: str) -> Array:
        product: Array = x @ self._weight(f"{name}.kernel") + self._weight(f"{name}.bias")
        return product

    def _weight(self, name: str) -> Array:
        """A weight in single precision; stored ones may have half."""
        if name not in self._single:
            self._single[name] = np.asarray(self._stored[name], np.float32)
        return self._single[name]


def _sigmoid(x: Array) -> Array:
    half = np.float32(0.5)
    return np.asarray(half * np.tanh(half * x) + half, np.float32)


def _clip(x: Array, bound: float | None) -> Array:
    return x if bound is None else np.clip(x, -np.float32(bound), np.float32(bound))


class EitherNetwork:
    """A few tokens go through numpy, more through TensorFlow. Which, depends on their number alone: what is asked
    twice is answered alike."""

    def __init__(self, model: Model, precision: Precision) -> None:
        self._model, self._precision = model, precision

    def spell(self, characters: Int32s, of: int) -> Array:
        """See `network.Network.spell`."""
        return (self._numpy if of <= FEW else self._tensorflow).spell(characters)

    def read(self, words: Array, lengths: Sequence[int]) -> Array:
        """See `network.Network.read`."""
        return (self._numpy if len(words) <= FEW else self._tensorflow).read(words, lengths)

    def read_on(self, words: Array, lengths: Int32s, start: State) -> tuple[Array, State]:
        """See `network.Network.read_on`."""
        few = words.shape[0] * words.shape[1] <= FEW
        return (self._numpy if few else self._tensorflow).read_on(words, lengths, start)

    @functools.cached_property
    def _numpy(self) -> NumpyNetwork:
        return NumpyNetwork(self._model)

    @functools.cached_property
    def _tensorflow(self) -> "Network":
        from .tensorflow_network import Network

        return Network(self._model, self._precision)
