"""The words that both language models together expect in a word's place, without having read the word.

A word w stands there with probability p(w | before) p(w | after) / p(w), normalised over the words of the output layer.
Both directions' predictions hold how frequent w is anyway, so that it is divided out once. Amrami and Goldberg 2018,
"Word sense induction with neural biLM and symmetric patterns", label senses so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import ModelError, QueryError
from ..vectors.arrays import Doubles
from .bundled import bundled_folder
from .characters import SENTENCE_END, SENTENCE_START, normalise_token
from .encoder import ElmoEncoder
from .formats.model_folder import is_model_folder, read_model, read_output_layer, read_word_counts
from .model import OutputLayer

_NO_WORDS = (SENTENCE_START, SENTENCE_END, "<UNK>")


@dataclass(frozen=True, slots=True)
class Substitute:
    """A word that the language models expect, and its probability among all words of the output layer."""

    word: str
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Expectations:
    """An encoder with its output layer, and how probable each word is by itself.

    Raises `ModelError` if the output layer is for states of another size.
    """

    encoder: ElmoEncoder
    output: OutputLayer

    def __post_init__(self) -> None:
        projection, found = self.encoder.config.projection, self.output.weights.shape[1]
        if projection != found:
            raise ModelError(f"the output layer is for states of {found}, not {projection}; get the model again")

    def probabilities(self, tokens: Sequence[str], position: int) -> Doubles:
        """p(w | before) p(w | after) / p(w) for each word of the output layer, normalised: (words,).

        The token at `position` (from 0) is not read. Sentence marks and `<UNK>` are no words and have 0.
        Raises `QueryError` if the position is outside the sentence.
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

    def substitutes(self, tokens: Sequence[str], position: int, k: int = 10) -> tuple[Substitute, ...]:
        """The `k` words most expected at `position`, the likeliest first.

        The word that stands there is left out, and of words that differ in case only the likelier one is given. Raises
        `QueryError` if the position is outside the sentence.
        """
        found = self.probabilities(tokens, position)
        seen = {normalise_token(tokens[position], self.encoder.config.normalise).casefold()}
        best: list[Substitute] = []
        for i in np.argsort(-found, kind="stable"):
            word = self.output.words[i]
            if len(best) == k or found[i] == 0:
                break
            if word.casefold() not in seen and any(map(str.isalpha, word)):
                seen.add(word.casefold())
                best.append(Substitute(word, float(found[i])))
        return tuple(best)


def load_expectations(source: str = "default") -> Expectations:
    """A model folder of ours, or a bundled model, with its output layer.

    Raises:
        ModelError: it cannot be read, or has no output layer.
    """
    folder = bundled_folder(source) or Path(source).expanduser()
    output = read_output_layer(folder) if is_model_folder(folder) else None
    if output is None:
        raise ModelError(f"{source} has no output layer, which says what words it expects; take default or train one")
    counts = output.counts or read_word_counts(folder)
    return Expectations(ElmoEncoder(read_model(folder), source), replace(output, counts=counts))


def log_scores(output: OutputLayer) -> Doubles:
    """What p(w | before) p(w | after) / p(w) has of w by itself, as a logarithm: (words,).

    Twice the bias less log p(w); words never counted as if seen once; without counts the bias says how frequent.
    """
    bias = output.bias.astype(np.float64)
    counts = output.counts
    if counts is None:
        return bias
    seen = np.asarray([max(counts.counts.get(word, 0), 1) for word in output.words], np.float64)  # (words,)
    return np.asarray(2 * bias - np.log(seen / max(counts.total, 1)), np.float64)
