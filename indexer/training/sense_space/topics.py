"""Topic vectors: words that occur near the same words have similar vectors.

Layer 0 represents how a word is spelled and which words can replace it. Skip-gram over a wide window (Mikolov et al.
2013, gensim) represents better which words occur near it. docs/results/sense-space.md has the measurements.
"""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from ...elmo.sense_space import Topics
from ...vectors.arrays import Bytes
from ..corpus import MARKS, Corpus, open_corpus, prepare
from ..word2vec import Word2VecConfig, word_vectors

OnProgress = Callable[[float], None]
"""Receives the fraction done, 0 to 1."""

DIM = 128
SKIP_GRAM = Word2VecConfig(window=8, skip_gram=True, tokens=270_000_000, lowercase=True)
_COMMON_WORDS = 20_000  # most frequent words, whose mean vector is subtracted
_SEED = 1
_MAX_CHARACTERS = 4  # of a spelling: word2vec reads no spellings, so they are kept short


def learn_topics(sentences: Iterable[Sequence[str]], words: Sequence[str], on_progress: OnProgress) -> Topics:
    """Learn topic vectors from a text.

    Args:
        words: Words to learn vectors of, most frequent first.

    Raises:
        ModelError: There are fewer than two sentences, or the temporary copy of the text cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepare(sentences, Path(folder) / "prepared", _MAX_CHARACTERS, lambda *_: None)
        corpus = open_corpus(Path(folder) / "prepared")
        vectors = _topic_vectors(corpus, words, on_progress)
    return Topics({word: row for row, word in enumerate(words)}, vectors)


def _topic_vectors(corpus: Corpus, words: Sequence[str], on_progress: OnProgress) -> Bytes:
    """Return the vectors of words, learned in lower case, so that a word and its capitalised form share one.

    (words, DIM)
    """
    learned = [word for word in words if any(map(str.isalnum, word)) and word not in MARKS]
    lowercase = list(dict.fromkeys(word.lower() for word in learned))
    place = {word: row for row, word in enumerate(lowercase)}
    vectors = word_vectors(corpus, lowercase, DIM, _SEED, on_progress, SKIP_GRAM)  # (lowercase, DIM)
    seen = np.any(vectors, axis=1)  # (lowercase,)
    vectors[seen] -= vectors[seen][:_COMMON_WORDS].mean(axis=0)
    # Only directions matter, so each row is scaled to the whole int8 range.
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)  # (lowercase, 1)
    stored = np.round(127 * vectors / largest).astype(np.int8)  # (lowercase, DIM)
    wanted = set(learned)
    found = np.zeros((len(words), DIM), np.int8)  # (words, DIM)
    known = [(row, place[word.lower()]) for row, word in enumerate(words) if word in wanted]
    rows, places = np.array(known, np.int64).reshape(-1, 2).T
    found[rows] = stored[places]
    return found
