"""What the spelling of a token adds to a tagger's first hidden vector, computed once for each distinct token.

The spelling is a sum of learned rows of a table. There is one for the word in small letters, if the treebank has it
twice. The others are for its beginnings, its endings and its shape, by a hash.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from zlib import crc32

import numpy as np

from ..vectors.arrays import Array, Ids, Reals

FEATURES = 9
"""Number of rows of the table that a token sums: its word, 4 endings, 3 beginnings and its shape."""
_ENDINGS, _BEGINNINGS = 4, 3  # longest ones, in characters
_LONGEST_SHAPE = 12
_LONGEST_WORD = 100  # characters of a token whose spelling is read
_CACHED_NUMBERS = 1 << 22  # numbers of the vectors that are kept, 16 MiB


class SpellingVectors:
    """Vectors of spellings. Threads may share it.

    Args:
        words: Row of each word in the table. Words are in lower case.
        table: Rows of words, then rows of hashed parts of the spelling (words + buckets, e).
        table_map: Map of a sum of rows to the vector (e, h).
    """

    def __init__(self, words: Mapping[str, int], table: Reals, table_map: Array) -> None:
        self._words, self._table, self._map = words, table, table_map
        self._places: dict[str, int] = {}
        self._kept = np.zeros((0, table_map.shape[1]), np.float32)
        self._most = max(_CACHED_NUMBERS // table_map.shape[1], 1)
        self._lock = threading.Lock()

    def look_up(self, tokens: Sequence[str]) -> Array:
        """Return the vector of each token: (t, h)."""
        with self._lock:
            missing = [token for token in dict.fromkeys(tokens) if token not in self._places]
            if len(self._places) + len(missing) > self._most:
                self._places, self._kept = {}, self._kept[:0]
                missing = list(dict.fromkeys(tokens))
            if missing:
                self._places |= {token: place for place, token in enumerate(missing, len(self._places))}
                self._kept = np.concatenate([self._kept, self._vectors(missing)])
            places = np.fromiter(map(self._places.__getitem__, tokens), np.int64, len(tokens))
            return self._kept[places]

    def _vectors(self, tokens: Sequence[str]) -> Array:
        """Return the vectors of distinct tokens: (n, h)."""
        rows = spelling_rows(tokens, self._words, len(self._table) - len(self._words))  # (n, FEATURES)
        sums = np.zeros((len(rows), self._table.shape[1]), np.float32)  # (n, e)
        for number in range(FEATURES):
            column = rows[:, number]
            sums += np.where(column[:, None] >= 0, self._table[column], np.float32(0))
        return np.asarray(sums @ self._map, np.float32)


def spelling_rows(tokens: Sequence[str], words: Mapping[str, int], buckets: int) -> Ids:
    """Return the rows of the table that each token sums, -1 for none: (n, FEATURES).

    Args:
        words: Row of each word in lower case.
        buckets: Number of rows of hashed parts, after those of words.
    """
    found = np.full((len(tokens), FEATURES), -1, np.int64)
    for n, token in enumerate(tokens):
        hashes = _hashes(token)
        found[n, 0] = words.get(token.lower(), -1)
        found[n, 1 : 1 + len(hashes)] = hashes
    found[:, 1:] = np.where(found[:, 1:] >= 0, len(words) + found[:, 1:] % max(buckets, 1), -1)
    return found


def _hashes(token: str) -> list[int]:
    """Return the hashes of a token's endings, beginnings and shape."""
    word = token[:_LONGEST_WORD]
    small = word.lower()
    parts = [f"s{n}{small[-n:]}" for n in range(1, _ENDINGS + 1) if len(small) > n]
    parts += [f"p{n}{small[:n]}" for n in range(1, _BEGINNINGS + 1) if len(small) > n]
    parts.append(f"h{_shape(word)}")
    return [crc32(part.encode("utf-8", "surrogatepass")) for part in parts]


def _shape(word: str) -> str:
    """Return the kinds of a word's characters. A kind is written at most twice in a row."""
    found = ""
    for character in word:
        kind = "X" if character.isupper() else "x" if character.islower() else "d" if character.isdigit() else character
        if found[-2:] != kind * 2:
            found += kind
    return found[:_LONGEST_SHAPE]
