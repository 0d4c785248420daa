"""Tag the tokens of sentences with parts of speech, in pure numpy: a small network over the states and the spelling.

A token's first hidden vector sums two maps: of its states, and of its spelling. The second one reads the first vectors
of the token and its two neighbours. Both together give scores of parts of speech and of the treebank's own tags. The
pair with the highest sum of scores wins, of those pairs that the treebank has.

The spelling is a sum of learned rows of a table. There is one for the word in small letters, if the treebank has it
twice. The others are for its beginnings, its endings and its shape, by a hash.

`training/tagger` trains the network (docs/results/tagging.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np

from ..text.lemma_rules import LemmaRules
from ..vectors.arrays import Array, Ids, Reals, Tagged
from .tags import Tags, TagSet

FEATURES = 9
"""Number of rows of the table that a token sums: its word, 4 endings, 3 beginnings and its shape."""
WINDOW = 3
"""Number of tokens that a second hidden vector reads."""
_ENDINGS, _BEGINNINGS = 4, 3  # longest ones, in characters
_LONGEST_SHAPE = 12
_LONGEST_WORD = 100  # characters of a token whose spelling is read
_GROUP_TOKENS = 4096
_CACHED = 1 << 16  # words whose hashes are kept, about 400 bytes each


@dataclass(frozen=True, slots=True, eq=False)
class Tagger:
    """A model's tagger, with h numbers in its first and k in its second hidden vector.

    Attributes:
        tagset: The u parts of speech and x own tags.
        pairs: Pairs of places in both lists that occur together (p, 2).
        words: Row of each word in the table. Words are in lower case.
        table: Rows of words, then rows of hashed parts of the spelling (words + buckets, e).
        table_map: Map of a sum of rows to the first hidden vector (e, h).
        layers: Layers that are read. Of layer 0 only one half is read, as both are equal.
        map: Map of the states to the first hidden vector (width, h).
        bias: Constant part of the first hidden vector (h,).
        window_map: Map of three first vectors to the second (3 * h, k).
        window_bias: Constant part of the second hidden vector (k,).
        out: Map of the second and the first vector to scores (k + h, u + x).
        out_bias: Constant part of the scores (u + x,).
        lemmas: Rules for lemmas by these tags.
    """

    tagset: TagSet
    pairs: Tagged
    words: Mapping[str, int]
    table: Reals
    table_map: Array
    layers: tuple[int, ...]
    map: Array
    bias: Array
    window_map: Array
    window_bias: Array
    out: Array
    out_bias: Array
    lemmas: LemmaRules

    def tags(self, states: Sequence[Array], sentences: Sequence[Sequence[str]]) -> list[Tags]:
        """Return the tags of each of n sentences.

        Args:
            states: All layers of each sentence, (n_layers, t, dim).
            sentences: The t tokens of each sentence, with straight quotes.
        """
        distinct = {token: n for n, token in enumerate(dict.fromkeys(token for each in sentences for token in each))}
        rows = spelling_rows(list(distinct), self.words, len(self.table) - len(self.words))  # (distinct, FEATURES)
        found: list[Tags] = []
        for group in _groups(sentences):
            read = np.concatenate([read_states(states[i], self.layers) for i in group])  # (tokens, width)
            forms = np.array([distinct[token] for i in group for token in sentences[i]], np.int64)  # (tokens,)
            starts = np.cumsum([0, *(len(sentences[i]) for i in group)])  # (group + 1,)
            used, place = np.unique(forms, return_inverse=True)
            spelling = self._spelling(rows[used])[place]  # (tokens, h)
            pairs = self.pairs[self._best_pairs(read, spelling, starts)]  # (tokens, 2)
            found += (Tags(each[:, 0], each[:, 1]) for each in np.split(pairs, starts[1:-1]))
        return found

    def _spelling(self, rows: Ids) -> Array:
        """Return what the spelling adds to the first hidden vector: (n, FEATURES) -> (n, h)."""
        sums = np.zeros((len(rows), self.table.shape[1]), np.float32)  # (n, e)
        for number in range(FEATURES):
            column = rows[:, number]
            sums += np.where(column[:, None] >= 0, self.table[column], np.float32(0))
        return np.asarray(sums @ self.table_map, np.float32)

    def _best_pairs(self, read: Array, spelling: Array, starts: Ids) -> Ids:
        """Return the pair with the highest score for each token: (tokens,)."""
        first = read @ self.map  # (tokens, h)
        first += spelling
        first += self.bias
        np.maximum(first, 0, out=first)
        second = windows(first, starts) @ self.window_map  # (tokens, k)
        second += self.window_bias
        np.maximum(second, 0, out=second)
        scores = second @ self.out[: second.shape[1]] + first @ self.out[second.shape[1] :] + self.out_bias
        own = scores[:, len(self.tagset.upos) :]
        return np.asarray((scores[:, self.pairs[:, 0]] + own[:, self.pairs[:, 1]]).argmax(axis=1), np.int64)

    def digest(self) -> str:
        """Return the digest (sha256, hexadecimal) of everything that decides the tags and the lemmas."""
        rules = self.lemmas
        texts = (self.tagset, list(self.words), self.layers, rules.language)
        found = hashlib.sha256(repr(texts).encode("utf-8", "surrogatepass"))
        tables = (sorted(rules.exceptions.items()), sorted(rules.endings.items()), sorted(rules.dictionary))
        found.update(repr(tables).encode("utf-8", "surrogatepass"))
        for array in (self.pairs, *self.arrays().values()):
            found.update(f"\0{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def arrays(self) -> dict[str, Array]:
        """Return all weights in single precision, by the name of the attribute."""
        names = ("table", "table_map", "map", "bias", "window_map", "window_bias", "out", "out_bias")
        return {name: np.asarray(getattr(self, name), np.float32) for name in names}


def read_states(layers: Array, read: Sequence[int]) -> Array:
    """Return the states of a sentence that a tagger reads: (n_layers, t, dim) -> (t, width)."""
    half = layers.shape[2] // 2
    return np.concatenate([layers[each][:, :half] if each == 0 else layers[each] for each in read], axis=1)


def windows(vectors: Array, starts: Ids) -> Array:
    """Return each token's vector between those of its neighbours: (tokens, h) -> (tokens, 3 * h).

    Neighbours outside the sentence are zero.

    Args:
        starts: First token of each sentence, and the number of tokens (n + 1,).
    """
    tokens, width = vectors.shape
    found = np.zeros((tokens, WINDOW * width), np.float32)
    found[:, width : 2 * width] = vectors
    found[1:, :width] = vectors[:-1]
    found[:-1, 2 * width :] = vectors[1:]
    lengths = np.diff(starts)
    found[starts[:-1][lengths > 0], :width] = 0
    found[starts[1:][lengths > 0] - 1, 2 * width :] = 0
    return found


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


@lru_cache(_CACHED)
def _hashes(token: str) -> tuple[int, ...]:
    """Return the hashes of a token's endings, beginnings and shape."""
    word = token[:_LONGEST_WORD]
    small = word.lower()
    parts = [f"s{n}{small[-n:]}" for n in range(1, _ENDINGS + 1) if len(small) > n]
    parts += [f"p{n}{small[:n]}" for n in range(1, _BEGINNINGS + 1) if len(small) > n]
    parts.append(f"h{_shape(word)}")
    return tuple(crc32(part.encode("utf-8", "surrogatepass")) for part in parts)


def _shape(word: str) -> str:
    """Return the kinds of a word's characters. A kind is written at most twice in a row."""
    found = ""
    for character in word:
        kind = "X" if character.isupper() else "x" if character.islower() else "d" if character.isdigit() else character
        if found[-2:] != kind * 2:
            found += kind
    return found[:_LONGEST_SHAPE]


def _groups(sentences: Sequence[Sequence[str]]) -> Iterator[list[int]]:
    """Yield the indices of sentences in groups of about `_GROUP_TOKENS` tokens."""
    group: list[int] = []
    tokens = 0
    for i, sentence in enumerate(sentences):
        group.append(i)
        tokens += len(sentence)
        if tokens >= _GROUP_TOKENS:
            yield group
            group, tokens = [], 0
    if group:
        yield group
