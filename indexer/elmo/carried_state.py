"""Carry the LSTM state from one batch to the next, as bilm-tf and AllenNLP do. Published fixtures need it."""

from collections.abc import Sequence

import numpy as np

from ..vectors.arrays import Array
from .characters import SENTENCE_END, SENTENCE_START
from .config import DIRECTIONS, BiLMConfig
from .networks.either_network import EitherNetwork
from .networks.tensorflow_network import State
from .word_vectors import WordVectorCache


class CarriedState:
    """The state after each row of the batches that were read so far. Row i of a batch starts from state i."""

    def __init__(self, config: BiLMConfig) -> None:
        shape = (len(DIRECTIONS), config.n_lstm, 0)
        self._state: State = (
            np.zeros((*shape, config.cell), np.float32),  # (2, n_lstm, rows, cell)
            np.zeros((*shape, config.projection), np.float32),  # (2, n_lstm, rows, projection)
        )

    def encode(self, sentences: Sequence[Sequence[str]], network: EitherNetwork, words: WordVectorCache) -> list[Array]:
        """Read sentences as one batch, each as a whole: all layers, (n_layers, t + 2, dim) for each sentence."""
        if not sentences:
            return []
        rows = [[SENTENCE_START, *sentence, SENTENCE_END] for sentence in sentences]
        b, lengths = len(rows), np.array([len(row) for row in rows], np.int32)  # (b,)
        vectors = words.look_up([word for row in rows for word in row])  # (tokens, projection)
        padded = np.zeros((b, lengths.max(), vectors.shape[1]), np.float32)  # (b, t, projection)
        padded[np.arange(lengths.max()) < lengths[:, None]] = vectors
        cells, outputs = (_with_rows(part, b) for part in self._state)
        layers, after = network.read_padded(padded, lengths, (cells[:, :, :b], outputs[:, :, :b]))
        cells[:, :, :b], outputs[:, :, :b] = after
        self._state = cells, outputs
        return [layers[:, row, :length].copy() for row, length in enumerate(lengths.tolist())]


def _with_rows(part: Array, b: int) -> Array:
    """Return a copy of a state (2, n_lstm, rows, size) with at least `b` rows. New rows are zero."""
    missing = max(b - part.shape[2], 0)
    return np.pad(part, ((0, 0), (0, 0), (0, missing), (0, 0)))
