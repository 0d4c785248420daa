"""Compute sentence vectors, in pure numpy: a weighted mean over tokens, learned from a sentence transformer.

A token gives a row of its word's table and a linear map of its states. Its weight is its rarity, times a learned factor
of its word and its states. As the map is linear, the states are summed first and mapped once for each sentence.

The weighting by rarity is from Arora et al. 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings". The
table and the map are fitted by distillation (`training/sentence_space`, docs/results/sentences.md).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..vectors.arrays import Array, Bytes, Ids
from .sense_space import WordCounts

MOST_FACTOR = 4.0
"""Maximum logarithm of the learned factor of a token's weight, in either direction."""
_GROUP_TOKENS = 4096
"""Number of tokens whose states are held side by side in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class SentenceSpace:
    """A model's map from the states of a sentence's tokens to one vector of length e.

    Attributes:
        words: Row of each word in the table. Words are in lower case.
        table: Vectors of words in bytes (words, e). A row times its scale is the vector.
        scales: Scale of each row (words,).
        word_factors: Logarithm of each word's factor (words,).
        layers: Layers that are read. Of layer 0 only one half is read, as both are equal.
        reads_sense: Whether the sense vector is read as well, after the layers.
        map: Map of the summed states (width, e).
        shift: Vector that each token adds, independent of its states (e,).
        state_factors: Map of a token's states to the logarithm of its factor (width,).
        bias: Constant part of that logarithm.
        rarity: Relative frequency at which a word's weight is a half.
        centre: Mean of sentence vectors, which is subtracted (e,).
    """

    words: Mapping[str, int]
    table: Bytes
    scales: Array
    word_factors: Array
    layers: tuple[int, ...]
    reads_sense: bool
    map: Array
    shift: Array
    state_factors: Array
    bias: float
    rarity: float
    centre: Array

    @property
    def dim(self) -> int:
        """Length of a sentence vector."""
        return int(self.map.shape[1])

    def rows(self, tokens: Sequence[str]) -> Ids:
        """Return the row of each token in the table, -1 for an unknown word: (t,)."""
        places = (self.words.get(token.lower(), -1) for token in tokens)
        return np.fromiter(places, np.int64, len(tokens))

    def word_vectors(self, tokens: Sequence[str]) -> Array:
        """Return the table's vectors of words, zero for an unknown word: (t, e)."""
        return self.row_vectors(self.rows(tokens))

    def row_vectors(self, rows: Ids) -> Array:
        """Return rows of the table as vectors, zero for -1: (t,) -> (t, e)."""
        scales = np.where(rows >= 0, self.scales[rows], np.float32(0))  # (t,)
        return np.asarray(self.table[rows] * scales[:, None], np.float32)

    def vectors(
        self, states: Sequence[Array], sense: Sequence[Array], sentences: Sequence[Sequence[str]], counts: WordCounts
    ) -> Array:
        """Return the raw vector of each of n sentences: (n, e). An empty sentence is zero.

        Args:
            states: All layers of each sentence, (n_layers, t, dim).
            sense: Sense vectors of each sentence, (t, sense_dim).
            sentences: The t tokens of each sentence, spelled as in the counted text.
            counts: Word counts that say which words are rare.
        """
        found = np.zeros((len(sentences), self.dim), np.float32)
        pooled = np.zeros((len(sentences), len(self.map)), np.float32)  # (n, width)
        distinct = list(dict.fromkeys(token for tokens in sentences for token in tokens))
        number = {token: n for n, token in enumerate(distinct)}
        rows, frequencies = self.rows(distinct), counts.frequencies(distinct)  # (distinct,) each
        for group in _groups(sentences):
            each = [self._parts(states[i], sense[i]) for i in group]
            parts = [np.concatenate(part) for part in zip(*each, strict=True)]  # (tokens, d) each
            forms = np.array([number[token] for i in group for token in sentences[i]], np.int64)  # (tokens,)
            weights = self._weights(parts, rows[forms], frequencies[forms])  # (tokens,)
            vectors = self.row_vectors(rows[forms])  # (tokens, e)
            end = 0
            for i in group:
                inside = slice(end, end := end + len(sentences[i]))
                shares = weights[inside] / weights[inside].sum()  # (t,)
                np.concatenate([shares @ part[inside] for part in parts], out=pooled[i])
                found[i] = shares @ vectors[inside]
        found += pooled @ self.map + (self.shift - self.centre)
        found[[not len(tokens) for tokens in sentences]] = 0
        return found

    def weights(self, states: Array, sense: Array, tokens: Sequence[str], counts: WordCounts) -> Array:
        """Return the share of each token in its sentence's vector: (t,), which sum to 1. See `vectors`."""
        weights = self._weights(self._parts(states, sense), self.rows(tokens), counts.frequencies(tokens))
        return np.asarray(weights / max(float(weights.sum()), 1e-12), np.float32)

    def _parts(self, states: Array, sense: Array) -> list[Array]:
        """Return the states that are read, (t, d) each."""
        half = states.shape[2] // 2
        parts = [states[layer][:, :half] if layer == 0 else states[layer] for layer in self.layers]
        return [*parts, sense] if self.reads_sense else parts

    def _weights(self, parts: Sequence[Array], rows: Ids, frequencies: Array) -> Array:
        factors = np.full(len(rows), self.bias, np.float32)  # (t,)
        first = 0
        for part in parts:
            factors += part @ self.state_factors[first : first + part.shape[1]]
            first += part.shape[1]
        factors += np.where(rows >= 0, self.word_factors[rows], 0)
        weights = self.rarity / (self.rarity + frequencies) * np.exp(np.clip(factors, -MOST_FACTOR, MOST_FACTOR))
        return np.asarray(weights, np.float32)

    def digest(self) -> str:
        """Return the digest (sha256, hexadecimal) of everything that decides the vectors."""
        found = hashlib.sha256("\n".join(self.words).encode())
        for array in (self.table, self.scales, self.word_factors, self.map, self.shift, self.state_factors):
            found.update(f"\0{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        found.update(repr((self.layers, self.reads_sense, self.bias, self.rarity)).encode() + self.centre.tobytes())
        return found.hexdigest()


def _groups(sentences: Sequence[Sequence[str]]) -> Iterator[list[int]]:
    """Yield the indices of sentences that are not empty, in groups of about `_GROUP_TOKENS` tokens."""
    group: list[int] = []
    tokens = 0
    for i, sentence in enumerate(sentences):
        if len(sentence):
            group.append(i)
            tokens += len(sentence)
        if tokens >= _GROUP_TOKENS:
            yield group
            group, tokens = [], 0
    if group:
        yield group
