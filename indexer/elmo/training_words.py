"""Word vectors for a training that leaves the character CNN as it is: each form is spelled out once, then looked up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from indexer.elmo.formats.model_folder import Model
from indexer.elmo.networks.bilm import BiLM
from indexer.training.batches import spell
from indexer.training.layers import GroupedCharCNN, group_bounds

Ints = npt.NDArray[np.integer]
Array = npt.NDArray[np.float32]

_AT_ONCE = 4096
"""Forms that the character CNN reads together."""
PARTS = ("characters.", "highway.", "projection.")
"""How the names of its weights begin."""


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """The distinct words of a window, as the character CNN has them."""

    vectors: Array  # (words, projection)
    places: npt.NDArray[np.int32]  # (2, steps, rows): which word stands where


class WordTable:
    """The vectors of a text's forms by a model's character CNN, each worked out when it is first needed."""

    def __init__(self, model: Model, spellings: Ints) -> None:
        self._spellings = spellings  # (types, max_characters)
        self._bounds = group_bounds(model.config)
        self._vectors = np.zeros((len(spellings), model.config.projection), np.float32)  # (types, projection)
        self._known = np.zeros(len(spellings), bool)  # (types,)
        bilm = BiLM(model.config, {name: tf.constant(weight, tf.float32) for name, weight in model.weights.items()})
        specs = [tf.TensorSpec((None, model.config.max_characters), tf.int32), tf.TensorSpec((None,), tf.int32)]
        cnn = GroupedCharCNN(model.config, bilm.cnn)
        self._read = tf.function(lambda ids, groups: bilm.projected(cnn(ids, groups)), input_signature=specs)

    def __call__(self, inputs: Ints) -> WordVectors:
        """The words of `inputs` (2, steps, rows), type ids."""
        found, places = np.unique(inputs, return_inverse=True)
        missing = found[~self._known[found]]
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE].astype(np.int32)  # (some,)
            spelled = spell(some, self._spellings, self._bounds)
            read = self._read(spelled.characters, spelled.groups).numpy()  # (some and one more a group, projection)
            self._vectors[some] = read[spelled.places]
        self._known[missing] = True
        return WordVectors(self._vectors[found], places.reshape(inputs.shape).astype(np.int32))
