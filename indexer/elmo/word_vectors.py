"""Cache the word vectors (layer 0) of a network."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..vectors.arrays import Array, Int32s
from .batching import batches_of
from .characters import character_ids, spelling_lengths
from .config import BiLMConfig

_MAX_CHARACTERS = 1 << 12  # maximum number of characters that go through the CNN together
_MAX_NUMBERS = 1 << 23  # maximum number of float32 numbers in the cache, 32 MiB
_MAX_WORDS = 1 << 16  # maximum number of words in the cache


class CharacterNetwork(Protocol):
    """A network with a character CNN."""

    def word_vectors(self, characters: Int32s, total: int) -> Array:
        """Return the word vectors (n, projection) of character ids (n, characters).

        Args:
            characters: Ids of one batch of words.
            total: Number of words in all batches of the request.
        """
        ...


class WordVectorCache:
    """Word vectors by spelling. The cache keeps the most recently used words, within bounds."""

    def __init__(self, network: CharacterNetwork, config: BiLMConfig) -> None:
        self._network = network
        self._config = config
        self._widest = max(width for width, _ in config.filters)
        self._max_words = min(_MAX_NUMBERS // config.projection, _MAX_WORDS)
        self._cache: OrderedDict[str, Array] = OrderedDict()  # word -> (projection,)

    def look_up(self, words: Sequence[str]) -> Array:
        """Return the vectors of words, (n, projection). Each distinct new word goes through the network once."""
        distinct = list(dict.fromkeys(words))
        place = {word: i for i, word in enumerate(distinct)}
        vectors = np.zeros((len(distinct), self._config.projection), np.float32)  # (distinct, projection)
        missing = [word for word in distinct if word not in self._cache]
        vectors[[place[word] for word in missing]] = self._compute(missing)
        for word in distinct:
            if word in self._cache:
                vectors[place[word]] = self._cache[word]
                self._cache.move_to_end(word)
        self._add({word: vectors[place[word]].copy() for word in missing[-self._max_words :]})
        return vectors[[place[word] for word in words]]

    def clear(self) -> None:
        """Empty the cache."""
        self._cache.clear()

    def _compute(self, words: Sequence[str]) -> Array:
        """Run the character CNN on words, in batches of similar length: (n, projection).

        Padding is cut off where all windows of the widest filter see only padding. The maximum over the windows stays
        the same.
        """
        ids = character_ids(words, self._config.max_characters)  # (n, max_characters)
        ends = np.minimum(spelling_lengths(ids) + self._widest, self._config.max_characters)  # (n,)
        vectors = np.zeros((len(words), self._config.projection), np.float32)  # (n, projection)
        for batch in batches_of(ends.tolist(), _MAX_CHARACTERS):
            vectors[batch] = self._network.word_vectors(ids[batch, : ends[batch].max()], len(words))
        return vectors

    def _add(self, vectors: dict[str, Array]) -> None:
        self._cache.update(vectors)
        while len(self._cache) > self._max_words:
            self._cache.popitem(last=False)
