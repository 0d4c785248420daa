"""Lexical substitution: words that both language models expect at a word's position, without reading the word.

The probability of a word w is p(w | before) p(w | after) / p(w), normalised over the words of the output layer. Both
directions' predictions contain the frequency of w, so it is divided out once. The method follows Amrami and Goldberg
2018, "Word sense induction with neural biLM and symmetric patterns".
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import ModelError, QueryError
from ..text.folding import fold
from ..vectors.arrays import Array, Doubles
from .characters import SENTENCE_END, SENTENCE_START
from .encoder import ElmoEncoder
from .formats.model_folder import read_model, read_output_layer, read_word_counts
from .model import OutputLayer
from .sources import model_folder

_NO_WORDS = (SENTENCE_START, SENTENCE_END, "<UNK>")


@dataclass(frozen=True, slots=True)
class Substitute:
    """A word that the language models expect. The score is its probability among all words of the output layer."""

    word: str
    score: float


@dataclass(frozen=True, eq=False)
class Expectations:
    """An encoder and its output layer, which predict the words at a position.

    Raises:
        ModelError: The output layer is for states of another size.
    """

    encoder: ElmoEncoder
    output: OutputLayer

    def __post_init__(self) -> None:
        projection, found = self.encoder.config.projection, self.output.weights.shape[1]
        if projection != found:
            raise ModelError(f"the output layer is for states of {found}, not {projection}; get the model again")

    def probabilities(self, tokens: Sequence[str], position: int) -> Doubles:
        """Return p(w | before) p(w | after) / p(w) of each word of the output layer, normalised: (words,).

        The token at `position` (from 0) is not read. Sentence marks and `<UNK>` have probability 0.

        Raises:
            QueryError: The position is outside the sentence.
        """
        if not 0 <= position < len(tokens):
            raise QueryError(f"position {position} is outside the sentence, which has {len(tokens)} tokens from 0")
        (context,) = self.encoder.contexts([tokens])  # (t, dim)
        before, after = np.split(context[position].astype(np.float64), 2)  # (projection,) each
        rows = self.output.weights.astype(np.float64)  # (words, projection)
        scores = rows @ (before + after) + log_scores(self.output)  # (words,)
        scores[[i for i, word in enumerate(self.output.words) if word in _NO_WORDS]] = -np.inf
        found = np.exp(scores - scores.max())
        return np.asarray(found / found.sum(), np.float64)

    def log_probabilities(self, contexts: Array) -> Array:
        """Return the logarithm of the probabilities of all words for some contexts of the top layer.

        They are those of `probabilities`, in single precision.  (n, dim) -> (n, words)
        """
        before, after = np.split(contexts, 2, axis=1)  # (n, projection) each
        scores = (before + after) @ self._weights.T + self._log_scores  # (n, words)
        scores -= scores.max(axis=1, keepdims=True)
        found: Array = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return found

    @functools.cached_property
    def _weights(self) -> Array:
        return self.output.weights.astype(np.float32)

    @functools.cached_property
    def _log_scores(self) -> Array:
        scores = log_scores(self.output).astype(np.float32)
        scores[[i for i, word in enumerate(self.output.words) if word in _NO_WORDS]] = -np.inf
        return scores

    def substitutes(self, tokens: Sequence[str], position: int, k: int = 10) -> tuple[Substitute, ...]:
        """Return the `k` most probable words at `position`, the most probable first.

        The token at the position itself is excluded. Of words that differ in case only, the more probable one remains.

        Raises:
            QueryError: The position is outside the sentence.
        """
        found = self.probabilities(tokens, position)
        seen = {fold(tokens[position])}
        best: list[Substitute] = []
        for i in np.argsort(-found, kind="stable"):
            word = self.output.words[i]
            if len(best) == k or found[i] == 0:
                break
            if fold(word) not in seen and any(map(str.isalpha, word)):
                seen.add(fold(word))
                best.append(Substitute(word, float(found[i])))
        return tuple(best)


def load_expectations(source: str = "default") -> Expectations:
    """Load a bundled model or a model folder with its output layer.

    Raises:
        ModelError: The model cannot be read, or has no output layer.
    """
    folder = model_folder(source)
    output = read_output_layer(folder) if folder else None
    if folder is None or output is None:
        raise ModelError(f"{source} has no output layer, which predicts words; use default or train a model")
    counts = output.counts or read_word_counts(folder)
    return Expectations(ElmoEncoder(read_model(folder), source), replace(output, counts=counts))


def expectations_of(encoder: object) -> Expectations | None:
    """Return an open encoder with the output layer of its model folder. None if there is no such layer."""
    if not isinstance(encoder, ElmoEncoder):
        return None
    folder = model_folder(encoder.source)
    output = read_output_layer(folder) if folder else None
    if folder is None or output is None or output.weights.shape[1] != encoder.config.projection:
        return None
    counts = output.counts or read_word_counts(folder)
    return Expectations(encoder, replace(output, counts=counts))


def log_scores(output: OutputLayer) -> Doubles:
    """Return the part of log(p(w | before) p(w | after) / p(w)) that does not depend on the context: (words,).

    It is twice the bias less log p(w). A word that was never seen counts as seen once. Without counts the bias itself
    is used as log p(w).
    """
    bias = output.bias.astype(np.float64)
    counts = output.counts
    if counts is None:
        return bias
    seen = np.asarray([max(counts.counts.get(word, 0), 1) for word in output.words], np.float64)  # (words,)
    return np.asarray(2 * bias - np.log(seen / max(counts.total, 1)), np.float64)
