"""Perplexity of both language models on sentences, with the encoder's own network and the full softmax.

The forward perplexity is exp of the mean of -log p(word | all words before it in its sentence). The mean is over every
token and `</S>`. The backward perplexity uses the words after it, over every token and `<S>`. A token that is not in
the output layer's vocabulary counts as `<UNK>`, which is a word like any other. Peters et al. (2018) report the mean of
both perplexities.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ..elmo.batching import batches_of
from ..elmo.characters import spelling_lengths
from ..elmo.config import BiLMConfig
from ..elmo.networks.bilm import BiLM
from ..vectors.arrays import Array, Doubles, Int32s, Integers

_BATCH_TOKENS = 2048  # maximum number of tokens in a batch, padding included
_SCORES = 1 << 24  # maximum number of float32 scores in memory: 64 MiB


@dataclass(frozen=True, slots=True)
class Perplexities:
    """Perplexity of both directions, over `tokens` predictions each."""

    forward: float
    backward: float
    tokens: int


class PerplexityMeter:
    """Measures perplexity repeatedly while a model is trained. It refers to the TensorFlow variables themselves."""

    def __init__(
        self, config: BiLMConfig, weights: Mapping[str, tf.Variable], rows: tf.Variable, bias: tf.Variable
    ) -> None:
        self._config = config
        self._rows, self._bias = rows, bias  # (words, projection), (words,)
        mix = {"mix.weights": tf.zeros(config.n_layers), "mix.gamma": tf.ones(())}  # not used here
        self._weights = mix | dict(weights)
        self._read = self._reader()
        specs = [tf.TensorSpec((None, config.projection), tf.float32), tf.TensorSpec((None,), tf.int32)]
        self._nats = tf.function(self._sum_of_nats, input_signature=specs, autograph=False)

    def __call__(self, sentences: Sequence[Integers], numbers: Integers, spellings: Integers) -> Perplexities:
        """Return the perplexities on sentences.

        Args:
            sentences: Type ids of each sentence with `<S>` and `</S>`, (t + 2,) each.
            numbers: Vocabulary number of each type, (types,).
            spellings: Character ids of each type, (types, max_characters).
        """
        nats, tokens = np.zeros(2), 0
        for batch in batches_of([len(sentence) for sentence in sentences], _BATCH_TOKENS):
            rows = [sentences[i] for i in batch]
            nats += self._batch(rows, numbers, spellings)
            tokens += sum(len(row) - 1 for row in rows)
        forward, backward = np.exp(nats / tokens)
        return Perplexities(float(forward), float(backward), tokens)

    def _batch(self, sentences: Sequence[Integers], numbers: Integers, spellings: Integers) -> Doubles:
        """Return the sum of -log p of each direction: (2,)."""
        lengths = np.array([len(sentence) for sentence in sentences], np.int32)  # (b,)
        ids = np.zeros((len(sentences), lengths.max()), np.int64)  # (b, t)
        for row, sentence in zip(ids, sentences, strict=True):
            row[: len(sentence)] = sentence
        found, places = np.unique(ids, return_inverse=True)
        spelled = np.asarray(spellings[found], np.int32)  # (u, max_characters)
        widest = max(width for width, _ in self._config.filters)
        width = min(int(spelling_lengths(spelled).max()) + widest, self._config.max_characters)
        top = self._read(spelled[:, :width], places.reshape(ids.shape).astype(np.int32), lengths).numpy()  # (b, t, dim)
        words, p = numbers[ids].astype(np.int32), self._config.projection  # (b, t)
        inside = np.arange(ids.shape[1])[None, :-1] < lengths[:, None] - 1  # (b, t - 1)
        forward = self._nats_of(top[:, :-1, :p][inside], words[:, 1:][inside])
        backward = self._nats_of(top[:, 1:, p:][inside], words[:, :-1][inside])
        return np.array([forward, backward])

    def _nats_of(self, states: Array, words: Int32s) -> float:
        """Return the sum of -log p of the target words (n,), given the states (n, projection)."""
        step = max(_SCORES // self._bias.shape[0], 1)
        parts = range(0, len(states), step)
        return sum(float(self._nats(states[i : i + step], words[i : i + step])) for i in parts)

    def _reader(self) -> Callable[..., tf.Tensor]:
        specs = [
            tf.TensorSpec((None, None), tf.int32),
            tf.TensorSpec((None, None), tf.int32),
            tf.TensorSpec((None,), tf.int32),
        ]

        def read(characters: tf.Tensor, places: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
            """Return the top layer: (b, t, dim)."""
            bilm = BiLM(self._config, {name: tf.convert_to_tensor(weight) for name, weight in self._weights.items()})
            words = tf.gather(bilm.words(characters), places)  # (b, t, projection)
            return bilm.layers(words, lengths, *bilm.zero_state(tf.shape(words)[0])).layers[-1]

        compiled: Callable[..., tf.Tensor] = tf.function(read, input_signature=specs, autograph=False)
        return compiled

    def _sum_of_nats(self, states: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
        """Return the sum of -log p: states (n, projection), target words (n,) -> ()."""
        scores = tf.matmul(states, self._rows, transpose_b=True) + self._bias  # (n, words)
        return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(words, scores))
