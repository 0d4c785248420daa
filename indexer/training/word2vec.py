"""Word vectors from word2vec (gensim), which give training a warm start.

The vectors (CBOW with negative sampling, Mikolov et al. 2013) become the first rows of the output layer. Fitting the
character CNN to them first did not pay: 600 steps reached a mean cosine of 0.4 and took as long as 300 training steps.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..elmo.model import OutputLayer
from ..vectors.arrays import Array, Ids, Integers
from .corpus import MARKS, Corpus

OnProgress = Callable[[float], None]
"""Receives the fraction done, 0 to 1."""

MIN_TOKENS = 1_000_000
"""Minimum length of a text in tokens for which a warm start pays."""
_MAX_EPOCHS = 10
_REPORT_EVERY = 20_000  # sentences between two progress reports


@dataclass(frozen=True, slots=True)
class Word2VecConfig:
    """Parameters of word2vec."""

    window: int = 5  # context words on each side
    skip_gram: bool = False  # skip-gram instead of CBOW
    tokens: int = 150_000_000  # tokens to read in all epochs together, at most `_MAX_EPOCHS` epochs
    lowercase: bool = False


CBOW = Word2VecConfig()
"""Parameters of the warm start."""


def warm_start(
    output: OutputLayer, corpus: Corpus, seed: int, on_progress: OnProgress, held_out: Integers | None = None
) -> OutputLayer:
    """Return the output layer with word2vec vectors as rows. Words without a vector keep their rows.

    Args:
        held_out: Numbers of sentences that word2vec must not read.
    """
    dim = output.weights.shape[1]
    vectors = word_vectors(corpus, output.words, dim, seed, on_progress, held_out=held_out)  # (words, dim)
    weights = np.array(output.weights, np.float32)  # (words, dim)
    known = np.any(vectors, axis=1)  # (words,)
    weights[known] = vectors[known]
    return replace(output, weights=weights)


def word_vectors(
    corpus: Corpus,
    words: Sequence[str],
    dim: int,
    seed: int,
    on_progress: OnProgress,
    config: Word2VecConfig = CBOW,
    held_out: Integers | None = None,
) -> Array:
    """Train word2vec on a text and return the vectors of `words`: (words, dim), with mean length 1.

    `<S>`, `</S>`, `<UNK>` and words that are not in the text get zeros.

    Args:
        held_out: Numbers of sentences that word2vec must not read.
    """
    import gensim.models

    epochs = int(np.clip(config.tokens // max(len(corpus.tokens), 1), 1, _MAX_EPOCHS))
    place = {word: number for number, word in enumerate(words) if word not in MARKS}
    forms = (word.lower() if config.lowercase and word not in MARKS else word for word in corpus.types)
    numbers = np.fromiter((place.get(form, -1) for form in forms), np.int64, len(corpus.types))  # (types,)
    word2vec = gensim.models.Word2Vec(
        vector_size=dim,
        window=config.window,
        negative=5,
        sg=int(config.skip_gram),
        min_count=1,
        workers=1,
        seed=seed,
        sample=1e-4,
    )
    counts = np.bincount(numbers[numbers >= 0], np.asarray(corpus.counts)[numbers >= 0], len(words))  # (words,)
    word2vec.build_vocab_from_freq({number: int(count) for number, count in enumerate(counts) if count})
    skipped = frozenset[int]() if held_out is None else frozenset(held_out.tolist())
    sentences = _Sentences(corpus, numbers, epochs, on_progress, skipped)
    word2vec.train(sentences, total_examples=corpus.n_sentences, total_words=int(counts.sum()), epochs=epochs)
    vectors = np.zeros((len(words), dim), np.float32)
    vectors[word2vec.wv.index_to_key] = word2vec.wv.vectors
    return vectors / np.float32(np.linalg.norm(word2vec.wv.vectors, axis=1).mean())


class _Sentences:
    """The sentences as gensim reads them, once per epoch: vocabulary numbers, unknown words left out."""

    def __init__(
        self, corpus: Corpus, numbers: Ids, epochs: int, on_progress: OnProgress, skipped: frozenset[int]
    ) -> None:
        self._corpus, self._numbers, self._epochs, self._on_progress = corpus, numbers, epochs, on_progress
        self._skipped = skipped
        self._epoch = 0

    def __iter__(self) -> Iterator[list[int]]:
        n = self._corpus.n_sentences
        for number in range(n):
            if number % _REPORT_EVERY == 0:
                self._on_progress((self._epoch + number / n) / self._epochs)
            if number in self._skipped:
                continue
            found = self._numbers[self._corpus.sentence(number)]  # (t,)
            yield found[found >= 0].tolist()
        self._epoch += 1
