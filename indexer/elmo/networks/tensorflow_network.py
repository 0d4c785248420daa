"""The network in TensorFlow behind a numpy interface. Its graphs are traced once."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...vectors.arrays import Array, Int32s, Reals
from ..config import DIRECTIONS, is_product_weight, tensor_shapes
from ..interface import Precision
from ..model import Model
from .packing import both_directions, pack, read_by_direction

if TYPE_CHECKING:
    import tensorflow as tf

    from .bilm import BiLM

State = tuple[Array, Array]  # cells (2, n_lstm, b, cell), outputs (2, n_lstm, b, projection)

ROW_MULTIPLE = 32
"""With compiled gates, the rows of a step are rounded up to this number times a power of two.

The gates are compiled once for each number of rows.
"""
STREAMS = 64
"""Maximum number of sentences that are read side by side.

With fewer, matrix products are slower. With more, a product leaves the CPU cache before the gates read it.
"""
_COMPILED_TOKENS = 1 << 11  # minimum number of tokens for which compiled gates pay


class TensorFlowNetwork:
    """The network with its weights in TensorFlow, which is imported here. A few graphs serve all batch sizes."""

    def __init__(self, model: Model, precision: Precision) -> None:
        from ...runtime import import_tensorflow

        import_tensorflow()
        import tensorflow as tf

        self._config = config = model.config
        self._shapes = tensor_shapes(config)
        self._low = tf.bfloat16 if precision is Precision.BFLOAT16 else tf.float32
        self._transposed = precision is Precision.BFLOAT16
        self._weights = {name: self._stored(name, array) for name, array in model.weights.items()}
        ids = tf.TensorSpec((None,), tf.int32)
        self._traced_words = tf.function(
            self._words, input_signature=[tf.TensorSpec((None, None), tf.int32)], autograph=False
        )
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
        self._read_padded = tf.function(self._layers, input_signature=signature, autograph=False)

    def word_vectors(self, characters: Int32s, total: int = 0) -> Array:
        """Return the word vectors (n, projection) of character ids (n, characters). See `CharacterNetwork`."""
        return np.asarray(self._traced_words(characters))

    def read(self, words: Array, lengths: Sequence[int]) -> Array:
        """Read sentences, each from the zero state, and return all layers in the same order: (n_layers, tokens, dim).

        Neither direction reads the last mark in its order: `</S>` forward, `<S>` backward. That half is zero.

        Args:
            words: Word vectors of sentences that follow one another, marks included, (tokens, projection).
            lengths: Number of tokens of each sentence, marks included.
        """
        compiled = len(words) >= _COMPILED_TOKENS
        packing = pack([length - 1 for length in lengths], STREAMS, ROW_MULTIPLE if compiled else 1)
        read, ways = read_by_direction(lengths), (packing.places, packing.mirror[packing.places])
        packed = np.zeros((len(ways), packing.n, words.shape[1]), np.float32)  # (2, n, projection)
        for into, tokens, places in zip(packed, read, ways, strict=True):
            into[places] = words[tokens]
        graph = self._compiled if compiled else self._plain
        states = graph(*packed, packing.starts, packing.sizes, packing.keep_mask)
        return both_directions(words, read, [np.asarray(s)[:, places] for s, places in zip(states, ways, strict=True)])

    def read_padded(self, words: Array, lengths: Int32s, start: State) -> tuple[Array, State]:
        """Read padded sentences from a state, every mark included.

        Args:
            words: Padded word vectors, (b, t, projection).
            lengths: Number of tokens of each sentence, (b,).
            start: State before each sentence.

        Returns:
            Layers (n_layers, b, t, dim), meaningless after a sentence's end, and the state after each sentence.
        """
        layers, cells, outputs = self._read_padded(words, lengths, *start)
        return np.asarray(layers), (np.asarray(cells), np.asarray(outputs))

    def _stored(self, name: str, array: Reals) -> "tf.Tensor":
        """Return a weight in its precision. Weights of an LSTM have the layout of `packed.py`."""
        import tensorflow as tf

        from .packed import KERNEL_PADDING

        single = np.asarray(array, np.float32)
        if name.startswith(DIRECTIONS) and self._transposed:
            single = np.ascontiguousarray(single.T) if single.ndim > 1 else single[:, None]
        elif name.startswith(DIRECTIONS) and name.endswith(".kernel"):
            single = np.pad(single, ((0, 0), (0, KERNEL_PADDING)))  # (2 * projection, 4 * cell + KERNEL_PADDING)
        return tf.cast(tf.constant(single), self._low if is_product_weight(name) else tf.float32)

    def _bilm(self) -> "BiLM":
        """Return the plain network for a graph. Weights that the graph does not use cost nothing."""
        import tensorflow as tf

        from .bilm import BiLM

        gates = 4 * self._config.cell
        plain = {}
        for name, weight in self._weights.items():
            if name.startswith(DIRECTIONS):
                flat = tf.transpose(weight) if self._transposed else weight
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
                PackedLSTM(self._transposed, *(self._weights[f"{direction}.{n}.{part}"] for part in parts))
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
