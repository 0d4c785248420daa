"""Choose between numpy for a few tokens and TensorFlow for more."""

import functools
from collections.abc import Sequence

from ...vectors.arrays import Array, Int32s
from ..interface import Precision
from ..model import Model
from .numpy_network import NumpyNetwork
from .tensorflow_network import State, TensorFlowNetwork

NUMPY_MAX_TOKENS = 256
"""Maximum number of tokens that numpy reads, marks and padding included. It is faster than TensorFlow's import."""


class EitherNetwork:
    """The network in numpy or TensorFlow, chosen by the number of tokens alone. So equal calls have equal results."""

    def __init__(self, model: Model, precision: Precision) -> None:
        self._model, self._precision = model, precision

    def word_vectors(self, characters: Int32s, total: int) -> Array:
        """See `TensorFlowNetwork.word_vectors`."""
        return self._chosen(total).word_vectors(characters)

    def read(self, words: Array, lengths: Sequence[int]) -> Array:
        """See `TensorFlowNetwork.read`."""
        return self._chosen(len(words)).read(words, lengths)

    def read_padded(self, words: Array, lengths: Int32s, start: State) -> tuple[Array, State]:
        """See `TensorFlowNetwork.read_padded`."""
        return self._chosen(words.shape[0] * words.shape[1]).read_padded(words, lengths, start)

    def last_states(self, direction: str, words: Array, lengths: Int32s) -> Array:
        """See `NumpyNetwork.last_states`. Numpy reads any number of tokens."""
        return self._numpy.last_states(direction, words, lengths)

    def _chosen(self, tokens: int) -> NumpyNetwork | TensorFlowNetwork:
        return self._numpy if tokens <= NUMPY_MAX_TOKENS else self._tensorflow

    @functools.cached_property
    def _numpy(self) -> NumpyNetwork:
        return NumpyNetwork(self._model)

    @functools.cached_property
    def _tensorflow(self) -> TensorFlowNetwork:
        return TensorFlowNetwork(self._model, self._precision)
