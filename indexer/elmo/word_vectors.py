"""Cache layer 0 vectors of words."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .batching import batches_of
from .characters import character_ids, spelling_lengths
from .config import BiLMConfig

if TYPE_CHECKING:
    pass
from ..vectors.arrays import Array, Int32s

_CHARACTERS = 1 << 12  # that are convolved at a time


_REMEMBERED = 1 << 23  # numbers that remembered word vectors may take: 32 MiB


_WORDS = 1 << 16  # and how many they may be


class Speller(Protocol):
    """What spells words out: a network."""

    def spell(self, characters: Int32s, of: int) -> Array:
        """Character ids (n, characters) -> word vectors (n, projection). `of`: how many are spelled, in all batches."""
        ...


class WordVectors:
    """Vectors of word types by their spelling; those used last are remembered, within bounds."""

    def __init__(self, network: Speller, config: BiLMConfig) -> None:
        self._network = network
        self._config = config
        self._widest = max(width for width, _ in config.filters)
        self._bound = min(_REMEMBERED // config.projection, _WORDS)
        self._remembered: OrderedDict[str, Array] = OrderedDict()  # word -> (projection,)

    def look_up(self, words: Sequence[str]) -> Array:
        """Word vectors, (n, projection)."""
        distinct = list(dict.fromkeys(words))
        place = {word: i for i, word in enumerate(distinct)}
        vectors = np.zeros((len(distinct), self._config.projection), np.float32)  # (distinct, projection)
        missing = [word for word in distinct if word not in self._remembered]
        vectors[[place[word] for word in missing]] = self._spell_out(missing)
        for word in distinct:
            if word in self._remembered:
                vectors[place[word]] = self._remembered[word]
                self._remembered.move_to_end(word)
        self._remember({word: vectors[place[word]].copy() for word in missing[-self._bound :]})
        return vectors[[place[word] for word in words]]

    def forget(self) -> None:
        """Remember no word."""
        self._remembered.clear()

    def _spell_out(self, words: Sequence[str]) -> Array:
        """Vectors from the character CNN, words of like length together: (n, projection).

        Padding is cut where all windows of the widest filter see nothing else: the maximum over them stays the same.
        """
        ids = character_ids(words, self._config.max_characters)  # (n, max_characters)
        ends = np.minimum(spelling_lengths(ids) + self._widest, self._config.max_characters)  # (n,)
        vectors = np.zeros((len(words), self._config.projection), np.float32)  # (n, projection)
        for batch in batches_of(ends.tolist(), _CHARACTERS):
            vectors[batch] = self._network.spell(ids[batch, : ends[batch].max()], len(words))
        return vectors

    def _remember(self, vectors: dict[str, Array]) -> None:
        self._remembered.update(vectors)
        while len(self._remembered) > self._bound:
            self._remembered.popitem(last=False)
