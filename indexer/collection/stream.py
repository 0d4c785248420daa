"""The stream of a segment: every token of its sentences in order, also function words and punctuation.

A token refers to a *word*: a combination of form as written, lemma, part of speech and tag. The table `words` has each
combination once. The files of a segment with m sentences, T tokens, W words and n occurrences are:

    stream.npy          (T,) int32      word of each token, as a row of stream_words.npy
    stream_offsets.npy  (T,) int32      where the token begins in its sentence, in characters
    stream_starts.npy   (m + 1,) int32  first token of each sentence, and T
    stream_words.npy    (W, 2) int64    words.id, ascending, and the first place of the word in stream_order.npy
    stream_order.npy    (T,) int32      all tokens in the order of their words, those of a word in that of the text
    token_places.npy    (n,) int32      token of each occurrence

So the tokens of a word are a slice of `stream_order.npy`. Format versions 1 and 2 have none of these files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import DamageError
from ..vectors.arrays import AnyArray, Ids, Int32s, Mask
from .checksums import RESTORE
from .stored_array import StoredArray

STREAM_FILES = (
    "stream.npy",
    "stream_offsets.npy",
    "stream_starts.npy",
    "stream_words.npy",
    "stream_order.npy",
    "token_places.npy",
)
"""The files of a stream, with the names of the fields of `StreamData`."""
MAX_OFFSET = 2**31 - 1
"""Largest offset of a token in its sentence."""


class Word(NamedTuple):  # a named tuple is made and compared faster than a frozen dataclass
    """A combination of what is known about a token. Form and tags are as they were written, the lemma is folded.

    Attributes:
        pos: Universal part of speech, or that of the document's own annotation. Empty if unknown.
        tag: Tag of the finer set, such as that of the Penn Treebank. Empty if unknown.
    """

    form: str
    lemma: str
    pos: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class StreamData:
    """The arrays of a stream before they are written. The module describes them."""

    stream: Int32s
    stream_offsets: Int32s
    stream_starts: Int32s
    stream_words: Ids
    stream_order: Int32s
    token_places: Int32s

    def arrays(self) -> Iterator[tuple[str, AnyArray]]:
        """Yield the name and the array of each file."""
        for name in STREAM_FILES:
            yield name, getattr(self, name.removesuffix(".npy"))


def stream_data(words: Ids, offsets: Int32s, lengths: Ids, token_places: Ids) -> StreamData:
    """Arrange the tokens of a segment.

    Args:
        words: `words.id` of each token in the order of the text.  (T,)
        offsets: Where each token begins in its sentence.  (T,)
        lengths: Number of tokens of each sentence.  (m,)
        token_places: Token of each occurrence.  (n,)
    """
    ids, places, counts = np.unique(words, return_inverse=True, return_counts=True)  # (W,), (T,), (W,)
    local = places.reshape(-1).astype(np.int32)
    return StreamData(
        stream=local,
        stream_offsets=np.asarray(offsets, np.int32),
        stream_starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        stream_words=np.stack([ids, np.cumsum(counts) - counts], axis=1).astype(np.int64).reshape(-1, 2),
        stream_order=np.argsort(local, kind="stable").astype(np.int32),
        token_places=np.asarray(token_places, np.int32),
    )


class TokenStream:
    """The stream of a committed segment, open for reading. Files are checked as they are read.

    Attributes:
        words: Word of each token, as a row of `word_ids`.  (T,)
        offsets: Where each token begins in its sentence.  (T,)
        token_places: Token of each occurrence.  (n,)
    """

    def __init__(
        self, words: StoredArray, arrays: Sequence[StoredArray], sentences: StoredArray, occurrences: StoredArray
    ) -> None:
        """Join the arrays of a stream.

        Args:
            arrays: Those of the other files, in the order of `STREAM_FILES`.

        Raises:
            DamageError: Their lengths do not fit.
        """
        self.words = words
        self.offsets, self._starts, self._kinds, self._order, self.token_places = arrays
        for array, count, other in (
            (self.offsets, len(words), words),
            (self._order, len(words), words),
            (self._starts, len(sentences) + 1, sentences),
            (self.token_places, len(occurrences), occurrences),
        ):
            if len(array) != count:
                raise DamageError(f"{array.path} has {len(array)} rows, {other.path.name} {len(other)}; {RESTORE}")
        if self._kinds.shape[1] != 2:
            raise DamageError(f"{self._kinds.path} has {self._kinds.shape[1]} columns, not 2; {RESTORE}")
        self._checked_starts: Ids | None = None
        self._checked_kinds: tuple[Ids, Ids] | None = None

    def __len__(self) -> int:
        return len(self.words)

    @property
    def starts(self) -> Ids:
        """First token of each sentence, and the number of tokens.  (m + 1,)

        Raises:
            DamageError: They do not divide the tokens.
        """
        if self._checked_starts is None:
            starts = np.asarray(self._starts.whole(), np.int64)
            if starts[0] != 0 or starts[-1] != len(self) or (np.diff(starts) < 0).any():
                raise DamageError(f"{self._starts.path} does not divide the tokens; {RESTORE}")
            self._checked_starts = starts
        return self._checked_starts

    @property
    def word_ids(self) -> Ids:
        """The words of the segment, `words.id`, ascending.  (W,)"""
        return self._words_and_firsts()[0]

    @property
    def counts(self) -> Ids:
        """Number of tokens of each word.  (W,)"""
        return np.diff(self._words_and_firsts()[1])

    def _words_and_firsts(self) -> tuple[Ids, Ids]:
        """Return the words (W,), and where the tokens of each begin and the last ones end (W + 1,).

        Raises:
            DamageError: They do not divide the tokens.
        """
        if self._checked_kinds is None:
            kinds = self._kinds.whole()
            ids, ends = np.array(kinds[:, 0]), np.append(kinds[:, 1], len(self))
            is_whole = ends[0] == 0 and not (np.diff(ends) < 1).any()
            if not is_whole or (np.diff(ids) < 1).any():
                raise DamageError(f"{self._kinds.path} does not divide the tokens; {RESTORE}")
            self._checked_kinds = ids, ends
        return self._checked_kinds

    def tokens_of(self, words: Mask) -> Ids:
        """Return the tokens of some words, in the order of the text.  (W,) -> (t,)"""
        ends = self._words_and_firsts()[1]
        chosen = np.flatnonzero(words)
        counts = ends[chosen + 1] - ends[chosen]
        firsts = np.cumsum(counts) - counts
        rows = np.arange(counts.sum()) + np.repeat(ends[chosen] - firsts, counts)
        found = np.asarray(self._order[rows], np.int64)
        found.sort()
        return found

    def sentences_of(self, tokens: Ids) -> Ids:
        """Return the row of each token's sentence.  (t,) -> (t,)"""
        return np.searchsorted(self.starts, tokens, side="right") - 1

    def order_problem(self) -> str | None:
        """Return what is wrong with the order of the tokens, or None. It reads the whole stream."""
        words, ends = np.asarray(self.words.whole()), self._words_and_firsts()[1]
        order = np.asarray(self._order.whole())
        expected = np.argsort(words, kind="stable")
        if not np.array_equal(order, expected):
            return "the order of its tokens is not that of their words"
        if not np.array_equal(np.bincount(words, minlength=len(ends) - 1), np.diff(ends)):
            return "the counts of its words do not fit its tokens"
        return None


def distinct_words(sentences: Iterable[Sequence[Word]]) -> dict[Word, int]:
    """Number the distinct words of some sentences in their order."""
    found: dict[Word, int] = {}
    for words in sentences:
        for word in words:
            found.setdefault(word, len(found))
    return found
