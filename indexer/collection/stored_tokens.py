"""Read the tokens of single sentences, and of single occurrences, from the streams of several segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..vectors.arrays import Ids
from .segment import Segment
from .stream import TokenStream, Word
from .words import WordTable

UNKNOWN = Word("", "")
"""Replaces a word that a damaged database lacks."""


class StoredTokens:
    """The tokens of the sentences of some segments. Without streams there are none."""

    def __init__(self, segments: Iterable[Segment], words: WordTable) -> None:
        self._segments = [(segment, segment.stream) for segment in segments if segment.stream is not None]
        self._words = words

    def of_sentence(self, sentence: int) -> list[tuple[int, Word]] | None:
        """Return the offset and the word of each token of a sentence, by `sentences.id`. None if it is not stored."""
        for segment, stream in self._segments:
            row = segment.sentence_row(sentence)
            if row is not None:
                tokens = slice(int(stream.starts[row]), int(stream.starts[row + 1]))
                words = self._words.words(stream.word_ids[stream.words[tokens]])
                offsets = stream.offsets[tokens].tolist()
                return [(offset, word or UNKNOWN) for offset, word in zip(offsets, words, strict=True)]
        return None

    def at(self, sentences: Sequence[int], positions: Sequence[int]) -> list[Word | None]:
        """Return the words at n places. None where no word is stored.

        Args:
            sentences: `sentences.id` of each place.
            positions: Number of the token in its sentence.
        """
        found: list[Word | None] = [None] * len(sentences)
        ids, numbers = np.array(sentences, np.int64), np.array(positions, np.int64)
        for segment, stream in self._segments:
            stored = segment.sentence_ids
            if not len(stored):
                continue
            rows = np.minimum(np.searchsorted(stored, ids), len(stored) - 1)
            tokens = stream.starts[rows] + numbers
            here = np.flatnonzero((stored[rows] == ids) & (numbers >= 0) & (tokens < stream.starts[rows + 1]))
            for place, word in zip(here.tolist(), self._words_of(stream, tokens[here]), strict=True):
                found[place] = word
        return found

    def _words_of(self, stream: TokenStream, tokens: Ids) -> list[Word | None]:
        return self._words.words(stream.word_ids[stream.words[tokens]])
