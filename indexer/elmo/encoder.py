"""Encode sentences with our own network, in batches. Each distinct word goes through the character CNN once."""

import functools
import threading
from collections.abc import Sequence

import numpy as np

from ..errors import ModelError
from ..runtime import one_blas_thread
from ..text.lemma_rules import LemmaRules
from ..text.recasing import UsualForms
from ..vectors.arrays import Array
from .batching import batches_of, mean_over_tokens, packed_batches, read_in_windows, real_tokens
from .bundled import english_counts
from .carried_state import CarriedState
from .characters import SENTENCE_END, SENTENCE_START, normalise_sentences, normalise_token
from .config import DIRECTIONS, BiLMConfig, Normalise
from .interface import ElmoOutputs, Precision, Representation
from .model import Model, model_id
from .networks.either_network import NUMPY_MAX_TOKENS, EitherNetwork
from .pooling import pooled_dim, pooled_vectors
from .sense_space import Blocks, WordCounts, context_states, rarity_weights, sense_blocks
from .sentence_space import SentenceSpace
from .tags import Tags, TagSet
from .word_vectors import WordVectorCache

_MAX_SENTENCES = 1024  # maximum number of sentences in a batch
_MAX_CONTEXTS = 1 << 12  # maximum number of tokens, with padding, whose contexts are read together
_MAX_NUMBERS = 1 << 25  # maximum number of float32 numbers in the layers of a batch, 128 MiB


class ElmoEncoder:
    """`Encoder` for every model whose weights can be read. Threads may share it, and encode one after another."""

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
        self.has_sentence_space = model.sentence_space is not None
        self.sentence_dim = model.sentence_space.dim if model.sentence_space else pooled_dim(self.n_layers, self.dim)
        self.tagset: TagSet | None = model.tagger.tagset if model.tagger else None
        self.lemma_rules: LemmaRules | None = model.tagger.lemmas if model.tagger else None
        self._lock = threading.RLock()
        self._carried = CarriedState(model.config)

    def encode(self, sentences: Sequence[Sequence[str]], carry_state: bool = False) -> list[Array]:
        """See `Encoder.encode`. With `carry_state` a long sentence is read as a whole, not in windows."""
        read = self._normalised(sentences)
        with self._lock:
            states = self._carried.encode(read, self._network, self._words) if carry_state else self._states(read)
        return [state[:, 1:-1] for state in states]

    @functools.cached_property
    def usual_forms(self) -> UsualForms:
        """See `Encoder.usual_forms`."""
        return UsualForms(self._counts.counts)

    @functools.cached_property
    def sentence_id(self) -> str:
        """See `Encoder.sentence_id`."""
        return self.model.sentence_space.digest() if self.model.sentence_space else ""

    @functools.cached_property
    def tagger_id(self) -> str:
        """See `Encoder.tagger_id`."""
        return self.model.tagger.digest() if self.model.tagger else ""

    @property
    def word_table(self) -> SentenceSpace | None:
        """See `Encoder.word_table`."""
        return self.model.sentence_space

    def reset_state(self) -> None:
        """Reset the state that `encode(..., carry_state=True)` carries. The next such call starts from zero."""
        with self._lock:
            self._carried = CarriedState(self.config)

    def clear_word_cache(self) -> None:
        """Clear the word-vector cache. Used by benchmarks."""
        with self._lock:
            self._words.clear()

    def sense(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """See `Encoder.sense`."""
        read = self._normalised(sentences)
        return self._sense(_as_counted(read), self._states(read))

    def states(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """Return all layers of each sentence with the states at its marks: (n_layers, t + 2, dim).

        The forward half at `</S>` and the backward half at `<S>` are zero, as no state depends on them.
        """
        return self._states(self._normalised(sentences))

    def contexts(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """Return the top layer's states around each token, which have not read it: (t, dim) for each sentence."""
        return [context_states(state[-1]) for state in self._states(self._normalised(sentences))]

    def contexts_at(self, sentences: Sequence[Sequence[str]], positions: Sequence[int]) -> Array:
        """Return the row of `contexts` at one position of each sentence: (n, dim).

        Each direction reads only the tokens on its side of the position, so this takes less than half of the time. It
        never loads TensorFlow. Sentences are not cut into windows, so give those of usual length.
        """
        read = self._normalised(sentences)
        before = [[SENTENCE_START, *tokens[:place]] for tokens, place in zip(read, positions, strict=True)]
        after = [[*tokens[place + 1 :], SENTENCE_END] for tokens, place in zip(read, positions, strict=True)]
        found = np.zeros((len(read), 2, self.config.projection), np.float32)
        for half, (direction, rows) in enumerate(zip(DIRECTIONS, (before, after), strict=True)):
            for batch in batches_of([len(row) for row in rows], _MAX_CONTEXTS):
                lengths = np.array([len(rows[n]) for n in batch], np.int32)
                inside = np.arange(lengths.max()) < lengths[:, None]  # (b, t)
                words = np.zeros((*inside.shape, self.config.projection), np.float32)
                with self._lock:
                    words[inside] = self._few_words([word for n in batch for word in rows[n]])
                    found[batch, half] = self._network.last_states(direction, words, lengths)
        if not np.isfinite(found.sum()):  # finite weights can overflow
            raise ModelError(f"{self.source} turns a sentence into values that are not numbers; use another model")
        return found.reshape(len(read), self.dim)

    def _few_words(self, words: Sequence[str]) -> Array:
        """Return the vectors of words, (n, projection), so few at a time that numpy computes them."""
        parts = [words[n : n + NUMPY_MAX_TOKENS] for n in range(0, len(words), NUMPY_MAX_TOKENS)]
        return np.concatenate([self._words.look_up(part) for part in parts])

    def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
        """See `Encoder.represent`."""
        read = self._normalised(sentences)
        states = self._states(read)
        counted = _as_counted(read)
        senses = self._sense(counted, states)
        layers = [state[:, 1:-1] for state in states]  # (n_layers, t, dim) each
        vectors = self._sentences(counted, layers, senses)  # (n, sentence_dim)
        found = []
        for each, sense, sentence, tags in zip(layers, senses, vectors, self._tags(counted, layers), strict=True):
            elmo = self._mix(each)  # (t, dim)
            found.append(Representation(each, elmo, sense, mean_over_tokens(elmo), sentence, tags))
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
        (read,) = _as_counted([words])
        rarity = rarity_weights(space.counts.frequencies(read), space.blocks.rarity)  # (n,)
        return np.asarray(space.blocks.topics.rows(read) * rarity[:, None], np.float32)

    def default(self, texts: Sequence[str]) -> ElmoOutputs:
        """See `Encoder.default`."""
        return self._outputs([[token for token in text.split(" ") if token] for text in texts], 0)

    def tokens(self, tokens: Sequence[Sequence[str]], sequence_len: Sequence[int]) -> ElmoOutputs:
        """See `Encoder.tokens`.

        Raises:
            ModelError: There is not one length for each row, or a length exceeds its row.
        """
        rows = real_tokens(tokens, sequence_len)
        return self._outputs(rows, max(map(len, tokens), default=0))

    def blocks(self, sentences: Sequence[Sequence[str]], blocks: Blocks, counts: WordCounts) -> list[Array]:
        """Return the rows that a sense space with these blocks maps: (t, width) for each sentence."""
        read = self._normalised(sentences)
        states = self._states(read)
        with one_blas_thread():
            return blocks.rows(states, _as_counted(read), counts)

    def _normalised(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        return normalise_sentences(sentences, self.config.normalise)

    def _outputs(self, rows: Sequence[Sequence[str]], width: int) -> ElmoOutputs:
        """Return the module's arrays, padded to at least `width` tokens."""
        shape = (self.n_layers, len(rows), max([width, *map(len, rows)]), self.dim)
        layers = np.zeros(shape, np.float32)  # (n_layers, b, t, dim)
        elmo = np.zeros(shape[1:], np.float32)  # (b, t, dim)
        default = np.zeros((len(rows), self.dim), np.float32)  # (b, dim)
        for i, state in enumerate(self._states(rows)):
            layers[:, i, : len(rows[i])] = state[:, 1:-1]
            elmo[i, : len(rows[i])] = self._mix(state[:, 1:-1])
            default[i] = mean_over_tokens(elmo[i, : len(rows[i])])
        return ElmoOutputs(layers[0, :, :, : self.config.projection], layers[1], layers[-1], elmo, default)

    @property
    def _counts(self) -> WordCounts:
        """Word counts that say which words are rare."""
        space = self.model.sense_space
        return space.counts if space else self.model.counts or english_counts()

    def _sense(self, counted: Sequence[Sequence[str]], states: Sequence[Array]) -> list[Array]:
        """Return sense vectors (t, sense_dim) of tokens that are spelled as in the counted text."""
        space = self.model.sense_space
        if space:
            with one_blas_thread():
                rows = space.blocks.rows(states, counted, space.counts)  # (t, width) each
                return [space.apply(row) for row in rows]
        weights = [rarity_weights(self._counts.frequencies(tokens)) for tokens in counted]  # (t,) each
        return sense_blocks([state[-1] for state in states], [state[0, 1:-1] for state in states], weights)

    def _sentences(self, counted: Sequence[Sequence[str]], layers: Sequence[Array], senses: Sequence[Array]) -> Array:
        """Return the raw product vector of each sentence, (n, sentence_dim)."""
        space = self.model.sentence_space
        if space is None:
            return pooled_vectors(layers, counted, self._counts)
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            found = space.vectors(layers, senses, counted, self._counts)
        if not np.isfinite(found).all():  # finite weights can overflow
            raise ModelError(f"{self.source} turns a sentence into values that are not numbers; use another model")
        return found

    def _tags(self, counted: Sequence[Sequence[str]], layers: Sequence[Array]) -> Sequence[Tags | None]:
        """Return the tags of each sentence, None without a tagger."""
        if self.model.tagger is None:
            return [None] * len(counted)
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):  # finite weights can overflow
            return self.model.tagger.tags(layers, counted)

    def _mix(self, layers: Array) -> Array:
        """Mix the layers (equation 1 of the paper): (n_layers, t, dim) -> (t, dim)."""
        return np.asarray(np.tensordot(self._mix_weights, layers, axes=1), np.float32)

    @functools.cached_property
    def _mix_weights(self) -> Array:
        """Softmax of the layers' weights, times gamma: (n_layers,)."""
        weights = np.exp(self.model.weights["mix.weights"].astype(np.float64))  # (n_layers,)
        return np.asarray(self.model.weights["mix.gamma"] * weights / weights.sum(), np.float32)

    def _states(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """Return all layers of each sentence, the states at its marks included: (n_layers, t + 2, dim)."""
        return read_in_windows(sentences, self._read_all)

    def _read_all(self, pieces: Sequence[Sequence[str]]) -> list[Array]:
        """Read each piece from the zero state, in batches of similar length: (n_layers, t + 2, dim) each."""
        marked = [[SENTENCE_START, *piece, SENTENCE_END] for piece in pieces]
        lengths = [len(piece) for piece in marked]
        found: dict[int, Array] = {}
        for batch in packed_batches(lengths, _MAX_SENTENCES, _MAX_NUMBERS // (self.n_layers * self.dim)):
            with self._lock:
                words = self._words.look_up([word for i in batch for word in marked[i]])  # (tokens, projection)
                layers = self._network.read(words, [lengths[i] for i in batch])  # (n_layers, tokens, dim)
            if not np.isfinite(layers.sum()):  # finite weights can overflow
                raise ModelError(f"{self.source} turns a sentence into values that are not numbers; use another model")
            ends = np.cumsum([lengths[i] for i in batch])
            # A copy, so that one sentence's states do not keep the whole batch in memory.
            states = (part.copy() for part in np.split(layers, ends[:-1], axis=1))
            found |= zip(batch, states, strict=True)
        return [found[i] for i in range(len(pieces))]

    @functools.cached_property
    def _network(self) -> EitherNetwork:
        return EitherNetwork(self.model, self.precision)

    @functools.cached_property
    def _words(self) -> WordVectorCache:
        return WordVectorCache(self._network, self.config)


def _as_counted(sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return tokens with straight quotes, as in the text whose words were counted."""
    return [[normalise_token(token, tuple(Normalise)) for token in sentence] for sentence in sentences]
