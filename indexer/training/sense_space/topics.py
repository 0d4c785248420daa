"""Topic vectors: what words are written about with, whichever word a sense space meets.

Layer 0 knows how a word is spelled and, by training, what can stand in its place; which words keep it company is told
better by skip-gram over a wide window (Mikolov et al. 2013; gensim). docs/sense-space.md says how much better.
"""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...elmo.sense_space import Topics
from ..corpus import MARKS, Corpus, open_corpus, prepare
from ..word2vec import Word2VecConfig, word_vectors

Told = Callable[[float], None]

DIM = 128
WAY = Word2VecConfig(window=8, skip_gram=True, tokens=270_000_000, lowercase=True)
_COMMON = 20_000  # words whose mean is taken off
_SEED = 1
_SPELLED = 4  # characters of a spelling that are kept: none is needed


def learn_topics(sentences: Iterable[Sequence[str]], words: Sequence[str], told: Told) -> Topics:
    """Topic vectors of `words`, the most frequent first, from a text; `told` hears how much is done, 0 to 1.

    Raises:
        ModelError: there are fewer than two sentences, or there is no room to keep the text for a while.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepare(sentences, Path(folder) / "prepared", _SPELLED, lambda *_: None)
        corpus = open_corpus(Path(folder) / "prepared")
        vectors = _learnt(corpus, words, told)
    return Topics({word: row for row, word in enumerate(words)}, vectors)


def _learnt(corpus: Corpus, words: Sequence[str], told: Told) -> npt.NDArray[np.int8]:
    """(words, DIM): learnt in lower case, where a word and its capital are one."""
    proper = [word for word in words if any(map(str.isalnum, word)) and word not in MARKS]
    folded = list(dict.fromkeys(word.lower() for word in proper))
    place = {word: row for row, word in enumerate(folded)}
    vectors = word_vectors(corpus, folded, DIM, _SEED, told, WAY)  # (folded, DIM)
    seen = np.any(vectors, axis=1)  # (folded,)
    vectors[seen] -= vectors[seen][:_COMMON].mean(axis=0)
    # Only directions count, so that each row may fill the whole range of a byte.
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)  # (folded, 1)
    stored = np.round(127 * vectors / largest).astype(np.int8)  # (folded, DIM)
    wanted = set(proper)
    found = np.zeros((len(words), DIM), np.int8)  # (words, DIM)
    known = [(row, place[word.lower()]) for row, word in enumerate(words) if word in wanted]
    rows, places = np.array(known, np.int64).reshape(-1, 2).T
    found[rows] = stored[places]
    return found
