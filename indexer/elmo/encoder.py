"""Sentences to arrays: our network fed in batches of like length, each distinct word spelled out once."""

import functools
import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..runtime import one_blas_thread
from ..vectors.arrays import Array
from . import ElmoOutputs, Precision, Representation
from .batching import joined, mean_over_tokens, packed_batches, real_tokens, windows_of
from .bundled import english_counts
from .characters import SENTENCE_END, SENTENCE_START, normalise_token
from .config import DIRECTIONS, BiLMConfig, Normalise
from .model import Model, model_id
from .networks.numpy_network import EitherNetwork
from .networks.tensorflow_network import State
from .sense_space import Blocks, WordCounts, context_states, rarity_weights, sense_blocks
from .word_vectors import WordVectors

_ROWS = 1024  # sentences of a batch
_NUMBERS = 1 << 25  # that the layers of a batch may take: 128 MiB


class ElmoEncoder:
    """`Encoder` for every model whose weights can be read. Safe to share between threads; one encodes at a time."""

    def __init__(self, model: Model, source: str, precision: Precision = Precision.FLOAT32) -> None:
        self.model = model
        self.source = source
        self.precision = precision
        self.model_id = model_id(model)
        self.config: BiLMConfig = model.config
        self.n_layers = model.config.n_layers
        self.dim = model.config.dim
        self.has_sense_space = model.sense_space is not None
        self.sense_dim = model.sense_space.dim if model.sense_space else 2 * self.dim
        self._lock = threading.RLock()
        self._carried: State | None = None

    def encode(self, sentences: Sequence[Sequence[str]], carry_state: bool = False) -> list[Array]:
        """See `Encoder.encode`. `carry_state` reads sentences whole, however long; `reset_state` begins anew."""
        read = self._normalised(sentences)
        with self._lock:
            states = self._carry(read) if carry_state else self._states(read)
        return [state[:, 1:-1] for state in states]

    def reset_state(self) -> None:
        """Forget the state that `encode(..., carry_state=True)` left: the next such call starts at zero."""
        with self._lock:
            self._carried = None

    def forget_words(self) -> None:
        """Spell every word anew: for whoever measures."""
        with self._lock:
            self._words.forget()

    def sense(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """See `Encoder.sense`."""
        read = self._normalised(sentences)
        return self._sense(read, self._states(read))

    def states(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """All layers with the states at the sentence's marks: (n_layers, t + 2, dim) for each sentence.

        Nothing reads on after `</S>` forward and `<S>` backward, so those halves are not computed: zeros.
        """
        return self._states(self._normalised(sentences))

    def contexts(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """The top layer's states around each token, which have not read it: (t, dim) for each sentence."""
        return [context_states(state[-1]) for state in self._states(self._normalised(sentences))]

    def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
        """See `Encoder.represent`."""
        read = self._normalised(sentences)
        states = self._states(read)
        found = []
        for state, sense in zip(states, self._sense(read, states), strict=True):
            layers = state[:, 1:-1]  # (n_layers, t, dim)
            elmo = self._mix(layers)  # (t, dim)
            found.append(Representation(layers, elmo, sense, mean_over_tokens(elmo)))
        return found

    def word_vectors(self, forms: Sequence[str]) -> Array:
        """See `Encoder.word_vectors`."""
        (read,) = self._normalised([forms])
        with self._lock:
            return self._words.look_up(read)

    def word_topics(self, words: Sequence[str]) -> Array | None:
        """See `Encoder.word_topics`."""
        space = self.model.sense_space
        if space is None or space.blocks.topics is None:
            return None
        (read,) = _spelled([words])
        rarity = rarity_weights(space.counts.frequencies(read), space.blocks.rarity)  # (n,)
        return np.asarray(space.blocks.topics.rows(read) * rarity[:, None], np.float32)

    def default(self, texts: Sequence[str]) -> ElmoOutputs:
        """See `Encoder.default`."""
        return self._outputs([[token for token in text.split(" ") if token] for text in texts], 0)

    def tokens(self, tokens: Sequence[Sequence[str]], sequence_len: Sequence[int]) -> ElmoOutputs:
        """See `Encoder.tokens`; raises `ModelError` if the two do not fit each other."""
        rows = real_tokens(tokens, sequence_len)
        return self._outputs(rows, max(map(len, tokens), default=0))

    def _normalised(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        kinds = self.config.normalise
        if any(isinstance(sentence, str) for sentence in sentences):
            raise ModelError("a sentence to encode is a list of tokens, not a text; split it, or use default(texts)")
        return [[normalise_token(token, kinds) for token in sentence] for sentence in sentences]

    def _outputs(self, rows: Sequence[Sequence[str]], width: int) -> ElmoOutputs:
        """The module's arrays, at least `width` tokens wide."""
        shape = (self.n_layers, len(rows), max([width, *map(len, rows)]), self.dim)
        layers = np.zeros(shape, np.float32)  # (n_layers, b, t, dim)
        elmo = np.zeros(shape[1:], np.float32)  # (b, t, dim)
        default = np.zeros((len(rows), self.dim), np.float32)  # (b, dim)
        for i, state in enumerate(self._states(rows)):
            layers[:, i, : len(rows[i])] = state[:, 1:-1]
            elmo[i, : len(rows[i])] = self._mix(state[:, 1:-1])
            default[i] = mean_over_tokens(elmo[i, : len(rows[i])])
        return ElmoOutputs(layers[0, :, :, : self.config.projection], layers[1], layers[-1], elmo, default)

    def blocks(self, sentences: Sequence[Sequence[str]], blocks: Blocks, counts: WordCounts) -> list[Array]:
        """What a sense space of these blocks maps: (t, width) for each sentence."""
        read = self._normalised(sentences)
        states = self._states(read)
        with one_blas_thread():
            return blocks.rows(states, _spelled(read), counts)

    def _sense(self, sentences: Sequence[Sequence[str]], states: Sequence[Array]) -> list[Array]:
        space = self.model.sense_space
        if space:
            with one_blas_thread():
                rows = space.blocks.rows(states, _spelled(sentences), space.counts)  # (t, width) each
                return [space.apply(row) for row in rows]
        counts = self.model.counts or english_counts()
        weights = [rarity_weights(counts.frequencies(tokens)) for tokens in _spelled(sentences)]  # (t,) each
        return sense_blocks([state[-1] for state in states], [state[0, 1:-1] for state in states], weights)

    def _mix(self, layers: Array) -> Array:
        """ELMo (equation 1): (n_layers, t, dim) -> (t, dim)."""
        return np.asarray(np.tensordot(self._mix_weights, layers, axes=1), np.float32)

    @functools.cached_property
    def _mix_weights(self) -> Array:
        """Softmax of the layers' weights, times gamma: (n_layers,)."""
        weights = np.exp(self.model.weights["mix.weights"].astype(np.float64))  # (n_layers,)
        return np.asarray(self.model.weights["mix.gamma"] * weights / weights.sum(), np.float32)

    def _states(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """All layers, the sentence marks' states at both ends: (n_layers, t + 2, dim) for each sentence."""
        windows = [window for sentence in sentences for window in windows_of(len(sentence))]
        owners = [i for i, sentence in enumerate(sentences) for _ in windows_of(len(sentence))]
        pieces = [list(sentences[i][start:end]) for i, (start, end) in zip(owners, windows, strict=True)]
        read: list[list[Array]] = [[] for _ in sentences]
        for i, state in zip(owners, self._read_all(pieces), strict=True):
            read[i].append(state)
        return [joined(parts) for parts in read]

    def _read_all(self, pieces: Sequence[list[str]]) -> list[Array]:
        """Each piece from the zero state, in batches of like length: (n_layers, t + 2, dim) each."""
        marked = [[SENTENCE_START, *piece, SENTENCE_END] for piece in pieces]
        lengths = [len(piece) for piece in marked]
        found: dict[int, Array] = {}
        for batch in packed_batches(lengths, _ROWS, _NUMBERS // (self.n_layers * self.dim)):
            with self._lock:
                words = self._words.look_up([word for i in batch for word in marked[i]])  # (tokens, projection)
                layers = self._network.read(words, [lengths[i] for i in batch])  # (n_layers, tokens, dim)
            ends = np.cumsum([lengths[i] for i in batch])
            # Copied: whoever keeps one sentence's states should not keep the batch.
            states = (part.copy() for part in np.split(layers, ends[:-1], axis=1))
            found |= zip(batch, states, strict=True)
        return [found[i] for i in range(len(pieces))]

    def _carry(self, sentences: Sequence[list[str]]) -> list[Array]:
        """The call as one batch that starts from the state of the call before."""
        if not sentences:
            return []
        kept, b = self._carried, len(sentences)
        layers, (cells, outputs) = self._network.read_on(*self._padded(sentences), self._start(kept, b))
        if kept:  # rows that this call has not stay for a later one
            cells = np.concatenate([cells, kept[0][:, :, b:]], axis=2)
            outputs = np.concatenate([outputs, kept[1][:, :, b:]], axis=2)
        self._carried = (cells, outputs)
        return [layers[:, row, : len(sentence) + 2].copy() for row, sentence in enumerate(sentences)]

    def _padded(self, sentences: Sequence[Sequence[str]]) -> tuple[Array, npt.NDArray[np.int32]]:
        """Word vectors (b, t, projection) of sentences and their marks, zeros past the ends, and the lengths (b,)."""
        rows = [[SENTENCE_START, *sentence, SENTENCE_END] for sentence in sentences]
        lengths = np.array([len(row) for row in rows], np.int32)  # (b,)
        words = np.zeros((len(rows), lengths.max(), self.config.projection), np.float32)  # (b, t, projection)
        words[np.arange(lengths.max()) < lengths[:, None]] = self._words.look_up([word for row in rows for word in row])
        return words, lengths

    def _start(self, kept: State | None, b: int) -> State:
        """The first `b` rows of a kept state, zeros for those that it has not."""
        config = self.config

        def rows(part: Array | None, size: int) -> Array:
            first = np.zeros((len(DIRECTIONS), config.n_lstm, b, size), np.float32)
            if part is not None:
                first[:, :, : part.shape[2]] = part[:, :, :b]
            return first

        cells, outputs = kept or (None, None)
        return rows(cells, config.cell), rows(outputs, config.projection)

    @functools.cached_property
    def _network(self) -> EitherNetwork:
        return EitherNetwork(self.model, self.precision)

    @functools.cached_property
    def _words(self) -> WordVectors:
        return WordVectors(self._network, self.config)


def _spelled(sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Tokens with their quotes straight, as in the text whose words were counted."""
    return [[normalise_token(token, tuple(Normalise)) for token in sentence] for sentence in sentences]
