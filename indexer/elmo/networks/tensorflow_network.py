"""The network of `bilm.py` on arrays, compiled once; each distinct word is spelled out once."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...vectors.arrays import Array, Int32s
from .. import Precision
from ..config import DIRECTIONS, tensor_shapes
from ..model import Model
from .packing import both_directions, pack, read_by_direction

if TYPE_CHECKING:
    import tensorflow as tf

    from .bilm import BiLM

State = tuple[Array, Array]  # cells (2, n_lstm, b, cell), outputs (2, n_lstm, b, projection)

MULTIPLE = 32
"""Rows of a step are rounded up to this, twice, four times ... where gates are compiled: once for each."""
STREAMS = 64
"""Sentences that are read beside each other: with fewer, products are slower; with more, what one puts out leaves the
cache before the gates read it."""
_COMPILED = 1 << 11  # tokens from which compiling pays


class Network:
    """Holds the weights in TensorFlow, which is imported here. A few graphs are traced, for any batch and length."""

    def __init__(self, model: Model, precision: Precision) -> None:
        from ...runtime import import_tensorflow

        import_tensorflow()
        import tensorflow as tf

        self._config = config = model.config
        self._shapes = tensor_shapes(config)
        self._low = tf.bfloat16 if precision is Precision.BFLOAT16 else tf.float32
        self._upright = precision is Precision.BFLOAT16
        self._weights = {name: self._stored(name, array) for name, array in model.weights.items()}
        ids = tf.TensorSpec((None,), tf.int32)
        self._spell = tf.function(self._words, input_signature=[tf.TensorSpec((None, None), tf.int32)], autograph=False)
        words = tf.TensorSpec((None, config.projection), tf.float32)
        packed = [words, words, ids, ids, tf.TensorSpec((None,), tf.float32)]
        self._plain, self._compiled = (
            tf.function(functools.partial(self._packed, compiled), input_signature=packed, autograph=False)
            for compiled in (False, True)
        )
        signature = [
            tf.TensorSpec((None, None, config.projection), tf.float32),
            ids,
            tf.TensorSpec((2, config.n_lstm, None, config.cell), tf.float32),
            tf.TensorSpec((2, config.n_lstm, None, config.projection), tf.float32),
        ]
        self._read = tf.function(self._layers, input_signature=signature, autograph=False)

    def spell(self, characters: Int32s, of: int = 0) -> Array:
        """Character ids (n, characters) -> word vectors (n, projection). `of`: how many are spelled, in all batches."""
        return np.asarray(self._spell(characters))

    def read(self, words: Array, lengths: Sequence[int]) -> Array:
        """Word vectors (tokens, projection) of sentences of `lengths`, one after another, each from the zero state.

        Sentences have their marks. Returns all layers, in the same order: (n_layers, tokens, dim). The mark that a
        direction would read last, `</S>` forward and `<S>` backward, is not read: that half of its states is zero.
        """
        compiled = len(words) >= _COMPILED
        packing = pack([length - 1 for length in lengths], STREAMS, MULTIPLE if compiled else 1)
        read, ways = read_by_direction(lengths), (packing.places, packing.turn[packing.places])
        packed = np.zeros((len(ways), packing.n, words.shape[1]), np.float32)  # (2, n, projection)
        for into, tokens, places in zip(packed, read, ways, strict=True):
            into[places] = words[tokens]
        states = (self._compiled if compiled else self._plain)(*packed, packing.starts, packing.sizes, packing.goes_on)
        return both_directions(words, read, [np.asarray(s)[:, places] for s, places in zip(states, ways, strict=True)])

    def read_on(self, words: Array, lengths: Int32s, start: State) -> tuple[Array, State]:
        """Padded word vectors (b, t, projection), lengths (b,), and the state to read from.

        Returns layers (n_layers, b, t, dim), of no meaning past a row's length, and the state after.
        """
        layers, cells, outputs = self._read(words, lengths, *start)
        return np.asarray(layers), (np.asarray(cells), np.asarray(outputs))

    def _stored(self, name: str, array: npt.NDArray[np.floating]) -> "tf.Tensor":
        """A weight as it is kept: factors in the chosen precision, the LSTMs' as `packed.py` arranges them."""
        import tensorflow as tf

        from .packed import ASIDE

        single = np.asarray(array, np.float32)
        if name.startswith(DIRECTIONS) and self._upright:
            single = np.ascontiguousarray(single.T) if single.ndim > 1 else single[:, None]
        elif name.startswith(DIRECTIONS) and name.endswith(".kernel"):
            single = np.pad(single, ((0, 0), (0, ASIDE)))  # (2 * projection, 4 * cell + ASIDE)
        return tf.cast(tf.constant(single), self._low if _multiplies(name) else tf.float32)

    def _bilm(self) -> "BiLM":
        """The plain network, for a graph: what the graph does not use costs nothing."""
        import tensorflow as tf

        from .bilm import BiLM

        gates = 4 * self._config.cell
        plain = {}
        for name, weight in self._weights.items():
            if name.startswith(DIRECTIONS):
                flat = tf.transpose(weight) if self._upright else weight
                plain[name] = flat[:, :gates] if name.endswith(".kernel") else tf.reshape(flat, self._shapes[name])
        return BiLM(self._config, self._weights | plain)

    def _words(self, characters: "tf.Tensor") -> "tf.Tensor":
        return self._bilm().words(characters)

    def _packed(
        self, compiled: bool, forward: "tf.Tensor", backward: "tf.Tensor", *steps: "tf.Tensor"
    ) -> "tuple[tf.Tensor, ...]":
        from .packed import PackedBiLM, PackedLSTM, Steps

        config = self._config
        parts = "kernel", "bias", "projection"
        stacks = [
            [
                PackedLSTM(self._upright, *(self._weights[f"{direction}.{n}.{part}"] for part in parts))
                for n in range(config.n_lstm)
            ]
            for direction in DIRECTIONS
        ]
        return PackedBiLM(config, stacks).layers((forward, backward), Steps(*steps), compiled)

    def _layers(
        self, words: "tf.Tensor", lengths: "tf.Tensor", cells: "tf.Tensor", outputs: "tf.Tensor"
    ) -> tuple["tf.Tensor", ...]:
        found = self._bilm().layers(words, lengths, cells, outputs)
        return found.layers, found.cells, found.outputs


def _multiplies(name: str) -> bool:
    """Tell whether a weight is a factor of the large products, which run in the chosen precision."""
    return name.endswith((".kernel", ".projection", "characters.embedding"))
