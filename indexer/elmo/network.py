"""The network of `bilm.py` on arrays, compiled once; each distinct word is spelled out once."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from indexer.elmo import Precision
from indexer.elmo.batching import batches_of
from indexer.elmo.characters import character_ids, spelling_lengths
from indexer.elmo.config import BiLMConfig
from indexer.elmo.weights import Model

if TYPE_CHECKING:
    import tensorflow as tf

Array = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
State = tuple[Array, Array]  # cells (2, n_lstm, b, cell), outputs (2, n_lstm, b, projection)

_CHARACTERS = 1 << 12  # that are convolved at a time
_REMEMBERED = 1 << 23  # numbers that remembered word vectors may take: 32 MiB
_WORDS = 1 << 16  # and how many they may be


class Network:
    """Holds the weights in TensorFlow, which is imported here. Two graphs are traced, for any batch and any length."""

    def __init__(self, model: Model, precision: Precision) -> None:
        from indexer.elmo.quiet import import_tensorflow

        import_tensorflow()
        import tensorflow as tf

        from indexer.elmo.bilm import BiLM

        low = tf.bfloat16 if precision is Precision.BFLOAT16 else tf.float32
        weights = {
            name: tf.cast(tf.constant(np.asarray(array, np.float32)), low if _multiplies(name) else tf.float32)
            for name, array in model.weights.items()
        }
        self._config = model.config
        self._bilm = BiLM(model.config, weights)
        self._spell = tf.function(self._bilm.words, input_signature=[tf.TensorSpec((None, None), tf.int32)])
        signature = [
            tf.TensorSpec((None, None, model.config.projection), tf.float32),
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((2, model.config.n_lstm, None, model.config.cell), tf.float32),
            tf.TensorSpec((2, model.config.n_lstm, None, model.config.projection), tf.float32),
        ]
        self._read = tf.function(self._layers, input_signature=signature)

    def spell(self, characters: Ints) -> Array:
        """Character ids (n, characters) -> word vectors (n, projection)."""
        return np.asarray(self._spell(characters))

    def read(self, words: Array, lengths: Ints, start: State | None = None) -> tuple[Array, State]:
        """Word vectors (b, t, projection), lengths (b,) -> layers (n_layers, b, t, dim), and the state after.

        `start` is the state to read from: zero for None.
        """
        cells, outputs = start or self._bilm.zero_state(len(words))
        layers, cells, outputs = self._read(words, lengths, cells, outputs)
        return np.asarray(layers), (np.asarray(cells), np.asarray(outputs))

    def _layers(
        self, words: "tf.Tensor", lengths: "tf.Tensor", cells: "tf.Tensor", outputs: "tf.Tensor"
    ) -> tuple["tf.Tensor", ...]:
        found = self._bilm.layers(words, lengths, cells, outputs)
        return found.layers, found.cells, found.outputs


class Speller(Protocol):
    """What spells words out: a network."""

    def spell(self, characters: Ints) -> Array:
        """Character ids (n, characters) -> word vectors (n, projection)."""
        ...


class WordVectors:
    """Vectors of word types by their spelling; those used last are remembered, within bounds."""

    def __init__(self, network: Speller, config: BiLMConfig) -> None:
        self._network = network
        self._config = config
        self._widest = max(width for width, _ in config.filters)
        self._bound = min(_REMEMBERED // config.projection, _WORDS)
        self._remembered: OrderedDict[str, Array] = OrderedDict()  # word -> (projection,)

    def look_up(self, words: Sequence[str]) -> Array:
        """Word vectors, (n, projection)."""
        distinct = list(dict.fromkeys(words))
        place = {word: i for i, word in enumerate(distinct)}
        vectors = np.zeros((len(distinct), self._config.projection), np.float32)  # (distinct, projection)
        missing = [word for word in distinct if word not in self._remembered]
        vectors[[place[word] for word in missing]] = self._spell_out(missing)
        for word in distinct:
            if word in self._remembered:
                vectors[place[word]] = self._remembered[word]
                self._remembered.move_to_end(word)
        self._remember({word: vectors[place[word]].copy() for word in missing[-self._bound :]})
        return vectors[[place[word] for word in words]]

    def _spell_out(self, words: Sequence[str]) -> Array:
        """Vectors from the character CNN, words of like length together: (n, projection).

        Padding is cut where all windows of the widest filter see nothing else: the maximum over them stays the same.
        """
        ids = character_ids(words, self._config.max_characters)  # (n, max_characters)
        ends = np.minimum(spelling_lengths(ids) + self._widest, self._config.max_characters)  # (n,)
        vectors = np.zeros((len(words), self._config.projection), np.float32)  # (n, projection)
        for batch in batches_of(ends.tolist(), _CHARACTERS):
            vectors[batch] = self._network.spell(ids[batch, : ends[batch].max()])
        return vectors

    def _remember(self, vectors: dict[str, Array]) -> None:
        self._remembered.update(vectors)
        while len(self._remembered) > self._bound:
            self._remembered.popitem(last=False)


def _multiplies(name: str) -> bool:
    """Tell whether a weight is a factor of the large products, which run in the chosen precision."""
    return name.endswith((".kernel", ".projection", "characters.embedding"))
