"""A warm start: word2vec tells what words are alike before the language models have read a line.

The vectors (CBOW with negative sampling, Mikolov et al. 2013; gensim) become the first rows of the output layer. To fit
the character CNN to them first did not pay: 600 steps brought a mean cosine of 0.4, at the price of 300 steps of all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..elmo.model import OutputLayer
from ..vectors.arrays import Array, Integers
from .corpus import MARKS, Corpus

Told = Callable[[float], None]

ENOUGH = 1_000_000
"""Tokens of text from which a warm start pays."""
_MOST_EPOCHS = 10


@dataclass(frozen=True, slots=True)
class Word2Vec:
    """How word2vec reads: the words on either side that count, which of its two models, and how much in all.

    `tokens`: that it reads in all epochs together, if the text is shorter; `folded`: in lower case.
    """

    window: int = 5
    skip_gram: bool = False
    tokens: int = 150_000_000
    folded: bool = False


CBOW = Word2Vec()
"""As a warm start."""


def warm_rows(
    output: OutputLayer, corpus: Corpus, seed: int, told: Told, left_out: Integers | None = None
) -> OutputLayer:
    """The output layer with word2vec's vectors as rows, where there are any; `told` hears how much is done, 0 to 1.

    `left_out`: numbers of sentences that are not read.
    """
    dim = output.weights.shape[1]
    vectors = word_vectors(corpus, output.words, dim, seed, told, left_out=left_out)  # (words, dim)
    weights = np.array(output.weights, np.float32)  # (words, dim)
    known = np.any(vectors, axis=1)  # (words,)
    weights[known] = vectors[known]
    return replace(output, weights=weights)


def word_vectors(
    corpus: Corpus,
    words: Sequence[str],
    dim: int,
    seed: int,
    told: Told,
    way: Word2Vec = CBOW,
    left_out: Integers | None = None,
) -> Array:
    """Vectors of `words` from a text: (words, dim), of mean length 1; zeros for the marks and words not in it."""
    import gensim.models

    epochs = int(np.clip(way.tokens // max(len(corpus.tokens), 1), 1, _MOST_EPOCHS))
    place = {word: number for number, word in enumerate(words) if word not in MARKS}
    forms = (word.lower() if way.folded and word not in MARKS else word for word in corpus.types)
    numbers = np.fromiter((place.get(form, -1) for form in forms), np.int64, len(corpus.types))  # (types,)
    learner = gensim.models.Word2Vec(
        vector_size=dim,
        window=way.window,
        negative=5,
        sg=int(way.skip_gram),
        min_count=1,
        workers=1,
        seed=seed,
        sample=1e-4,
    )
    counts = np.bincount(numbers[numbers >= 0], np.asarray(corpus.counts)[numbers >= 0], len(words))  # (words,)
    learner.build_vocab_from_freq({number: int(count) for number, count in enumerate(counts) if count})
    unread = frozenset[int]() if left_out is None else frozenset(left_out.tolist())
    read = _Reading(corpus, numbers, epochs, told, unread)
    learner.train(read, total_examples=corpus.n_sentences, total_words=int(counts.sum()), epochs=epochs)
    vectors = np.zeros((len(words), dim), np.float32)
    vectors[learner.wv.index_to_key] = learner.wv.vectors
    return vectors / np.float32(np.linalg.norm(learner.wv.vectors, axis=1).mean())


class _Reading:
    """The text for gensim, once an epoch: sentences of vocabulary numbers, other words left out."""

    def __init__(
        self, corpus: Corpus, numbers: npt.NDArray[np.int64], epochs: int, told: Told, unread: frozenset[int]
    ) -> None:
        self._corpus, self._numbers, self._epochs, self._told = corpus, numbers, epochs, told
        self._unread = unread
        self._epoch = 0

    def __iter__(self) -> Iterator[list[int]]:
        n = self._corpus.n_sentences
        for number in range(n):
            if number % 20_000 == 0:
                self._told((self._epoch + number / n) / self._epochs)
            if number in self._unread:
                continue
            found = self._numbers[self._corpus.sentence(number)]  # (t,)
            yield found[found >= 0].tolist()
        self._epoch += 1
