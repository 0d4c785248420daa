"""Tag the tokens of sentences with parts of speech, in pure numpy: a small network over the states and the spelling.

A token's first hidden vector sums two maps: of its states, and of its spelling. The second one reads the first vectors
of the token and its two neighbours. Both together give scores of parts of speech and of the treebank's own tags. The
pair with the highest sum of scores wins, of those pairs that the treebank has.

`training/tagger` trains the network (docs/results/tagging.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..text.lemma_rules import LemmaRules
from ..vectors.arrays import Array, Ids, Reals, Tagged
from .spelling import SpellingVectors
from .tags import Tags, TagSet

WINDOW = 3
"""Number of tokens that a second hidden vector reads."""
_GROUP_TOKENS = 1024
"""Number of tokens that are tagged at once. Their states stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
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
        found: list[Tags] = []
        for group in _groups(sentences):
            starts = np.cumsum([0, *(len(sentences[i]) for i in group)])  # (group + 1,)
            read = np.empty((starts[-1], len(self.map)), np.float32)  # (tokens, width)
            for i, start in zip(group, starts.tolist(), strict=False):
                read_states(states[i], self.layers, read[start : start + len(sentences[i])])
            spelling = self._spelling.look_up([token for i in group for token in sentences[i]])  # (tokens, h)
            pairs = self.pairs[self._best_pairs(read, spelling, starts)]  # (tokens, 2)
            for start, end in pairwise(starts.tolist()):
                found.append(Tags(pairs[start:end, 0], pairs[start:end, 1]))
        return found

    @cached_property
    def _spelling(self) -> SpellingVectors:
        return SpellingVectors(self.words, self.table, self.table_map)

    @cached_property
    def _out_pairs(self) -> tuple[Array, Array, Array]:
        """Maps of the second and of the first vector to scores of pairs, and the constant part: (d, p), (p,)."""
        with np.errstate(over="ignore", invalid="ignore"):  # finite weights can overflow
            upos, xpos = self.pairs[:, 0], len(self.tagset.upos) + self.pairs[:, 1].astype(np.int64)
            out, bias = self.out[:, upos] + self.out[:, xpos], self.out_bias[upos] + self.out_bias[xpos]
        second = len(self.window_bias)
        return out[:second], out[second:], bias

    def _best_pairs(self, read: Array, spelling: Array, starts: Ids) -> Ids:
        """Return the pair with the highest score for each token: (tokens,)."""
        first = read @ self.map  # (tokens, h)
        first += spelling
        first += self.bias
        np.maximum(first, 0, out=first)
        second = windows(first, starts) @ self.window_map  # (tokens, k)
        second += self.window_bias
        np.maximum(second, 0, out=second)
        of_second, of_first, bias = self._out_pairs
        scores = second @ of_second  # (tokens, p)
        scores += first @ of_first
        scores += bias
        return np.asarray(scores.argmax(axis=1), np.int64)

    def digest(self) -> str:
        """Return the digest (sha256, hexadecimal) of everything that decides the tags and the lemmas."""
        rules = self.lemmas
        texts = (self.tagset, list(self.words), self.layers, rules.language)
        found = hashlib.sha256(repr(texts).encode("utf-8", "surrogatepass"))
        tables = (sorted(rules.exceptions.items()), sorted(rules.endings.items()), sorted(rules.dictionary))
        found.update(repr(tables).encode("utf-8", "surrogatepass"))
        found.update(f"\0{self.pairs.shape}".encode() + np.ascontiguousarray(self.pairs).tobytes())
        for array in self.arrays().values():
            found.update(f"\0{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def arrays(self) -> dict[str, Array]:
        """Return all weights in single precision, by the name of the attribute."""
        names = ("table", "table_map", "map", "bias", "window_map", "window_bias", "out", "out_bias")
        return {name: np.asarray(getattr(self, name), np.float32) for name in names}


def read_states(layers: Array, read: Sequence[int], out: Array) -> None:
    """Write the states of a sentence that a tagger reads into `out`: (n_layers, t, dim) -> (t, width)."""
    half, first = layers.shape[2] // 2, 0
    for each in read:
        width = half if each == 0 else 2 * half
        out[:, first : first + width] = layers[each, :, :width]
        first += width


def windows(vectors: Array, starts: Ids) -> Array:
    """Return each token's vector between those of its neighbours: (tokens, h) -> (tokens, 3 * h).

    Neighbours outside the sentence are zero.

    Args:
        starts: First token of each sentence, and the number of tokens (n + 1,).
    """
    tokens, width = vectors.shape
    found = np.zeros((tokens, WINDOW * width), vectors.dtype)
    found[:, width : 2 * width] = vectors
    found[1:, :width] = vectors[:-1]
    found[:-1, 2 * width :] = vectors[1:]
    lengths = np.diff(starts)
    found[starts[:-1][lengths > 0], :width] = 0
    found[starts[1:][lengths > 0] - 1, 2 * width :] = 0
    return found


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
