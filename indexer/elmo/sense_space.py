"""Sense vectors, in pure numpy: what a word means shows most in the states that have not read it.

For each token: the context states (forward top layer one token before, backward top layer one token after; at the
sentence's ends those at `<S>` and `</S>`), beside them a bag of the words around (their topic vectors, else layer 0),
weighted by nearness and rarity, what the language models expect in the place, and a little of its own first layer. A
model's sense space centres them and maps them to fewer dimensions (`data/models/default/MODEL_CARD.md`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..vectors.arrays import Array

WINDOW = 15  # tokens on each side that count for the bag
_AT_ONCE = 512  # tokens whose expectations are worked out together: their scores stay in a cache
RARITY = 0.001  # relative frequency at which a word's weight has fallen to a half


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How often each word stood in a text of `total` words. Words that are not in it count as never seen."""

    counts: Mapping[str, int]
    total: int

    def frequencies(self, tokens: Sequence[str]) -> Array:
        """Relative frequency of each token: (t,)."""
        counts = np.fromiter((self.counts.get(token, 0) for token in tokens), np.float64, len(tokens))  # (t,)
        return np.asarray(counts / max(self.total, 1), np.float32)


class BlockKind(StrEnum):
    """What a part of a sense vector is read from."""

    CONTEXT = "context"  # a layer's states around the word, which have not read it
    BAG = "bag"  # vectors of the words around
    EXPECTED = "expected"  # vectors of the words that the language models expect in the place
    OWN = "own"  # a layer's states at the word, which have read it


@dataclass(frozen=True, slots=True)
class Block:
    """A part of what a sense space maps; `layer` 0 for the kinds that are made of word vectors."""

    kind: BlockKind
    layer: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.layer}" if self.kind in (BlockKind.CONTEXT, BlockKind.OWN) else str(self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """Vectors of words by the words that they are written with (`sense_topics`).

    `vectors` (words, d): in bytes, as only their directions count; a row of zeros for a word without one.
    """

    words: Mapping[str, int]  # word -> row
    vectors: npt.NDArray[np.int8]

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def rows(self, tokens: Sequence[str]) -> Array:
        """Unit vectors of tokens, by their form or that in lower case, zeros for words without one: (t, d)."""
        places = [self.words.get(token, self.words.get(token.lower(), -1)) for token in tokens]
        found = np.zeros((len(tokens), self.dim), np.float32)  # (t, d)
        known = [i for i, place in enumerate(places) if place >= 0]
        found[known] = self.vectors[[places[i] for i in known]]
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """The output layer's words in groups: what is expected in a place, at a fraction of the whole softmax's cost.

    A group's `keys` and `bias` stand for its words' rows, what both directions say added and how frequent the words
    are taken off; its `values` are the mean of their word vectors. See `sense_expected`.
    """

    keys: Array  # (groups, projection)
    bias: Array  # (groups,)
    values: Array  # (groups, d)

    def rows(self, contexts: Array) -> Array:
        """Context states of the top layer (t, dim) -> the mean vector of what is expected there (t, d)."""
        half = contexts.shape[1] // 2
        both = contexts[:, :half] + contexts[:, half:]  # (t, projection)
        found = np.zeros((len(both), self.values.shape[1]), np.float32)  # (t, d)
        for start in range(0, len(both), _AT_ONCE):
            likely = both[start : start + _AT_ONCE] @ self.keys.T  # (n, groups)
            likely += self.bias
            likely -= likely.max(axis=1, keepdims=True)
            np.exp(likely, out=likely)
            found[start : start + _AT_ONCE] = likely @ self.values / likely.sum(axis=1, keepdims=True)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Which blocks lie side by side, how the bag is weighted, and what else they need.

    `word_mean`: word vectors of layer 0 are centred on it and made unit vectors; None: they are taken as they are.
    `topics`: the bag is made of these vectors, and not of layer 0.
    """

    blocks: tuple[Block, ...]
    window: int = WINDOW
    rarity: float = RARITY
    word_mean: Array | None = None  # (projection,)
    expected: Expected | None = None
    topics: Topics | None = None

    def __post_init__(self) -> None:
        if self.expected is None and any(block.kind is BlockKind.EXPECTED for block in self.blocks):
            raise ModelError("a sense space reads expected words and does not hold them; get the model again")

    def width(self, dim: int) -> int:
        """Length of all blocks together in a model whose layers give vectors of `dim`."""
        return sum(self.widths(dim))

    def widths(self, dim: int) -> list[int]:
        """Length of each block in a model whose layers give vectors of `dim`."""
        bag = dim // 2 if self.topics is None else self.topics.dim
        expected = dim // 2 if self.expected is None else self.expected.values.shape[1]
        lengths = {BlockKind.CONTEXT: dim, BlockKind.BAG: bag, BlockKind.EXPECTED: expected, BlockKind.OWN: dim}
        return [lengths[block.kind] for block in self.blocks]

    def rows(self, states: Sequence[Array], sentences: Sequence[Sequence[str]], counts: WordCounts) -> list[Array]:
        """All blocks side by side, (t, width) for each sentence.

        `states` (n_layers, t + 2, dim): all layers with the sentence's marks; `sentences`: its t tokens, spelled as in
        the counted text.
        """
        parts = [self._block(block, states, sentences, counts) for block in self.blocks]
        return [np.concatenate(rows, axis=1) for rows in zip(*parts, strict=True)]

    def words(self, layer0: Array) -> Array:
        """Word vectors as the blocks take them, (n, projection) each."""
        if self.word_mean is None:
            return layer0
        centred = layer0 - self.word_mean  # (n, projection)
        return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12), np.float32)

    def _block(
        self, block: Block, states: Sequence[Array], sentences: Sequence[Sequence[str]], counts: WordCounts
    ) -> list[Array]:
        """One block of all sentences: (t, width) each."""
        if block.kind is BlockKind.BAG:
            weights = [rarity_weights(counts.frequencies(tokens), self.rarity) for tokens in sentences]  # (t,) each
            if self.topics is None:
                words = [self.words(state[0, 1:-1, : state.shape[2] // 2]) for state in states]  # (t, projection) each
                return bags_of(words, weights, self.window)
            words = [self.topics.rows(tokens) for tokens in sentences]  # (t, d) each
            known = [np.any(rows, axis=1) for rows in words]  # (t,) each
            return bags_of(words, [w * k for w, k in zip(weights, known, strict=True)], self.window)
        if block.kind is BlockKind.OWN:
            return [state[block.layer, 1:-1] for state in states]
        contexts = [context_states(state[block.layer]) for state in states]  # (t, dim) each
        if block.kind is BlockKind.CONTEXT or self.expected is None or not contexts:
            return contexts
        found = self.expected.rows(np.concatenate(contexts))
        return np.split(found, np.cumsum([len(context) for context in contexts])[:-1])


@dataclass(frozen=True, slots=True, eq=False)
class SenseSpace:
    """A model's map from its blocks to sense vectors, with the word counts that it was fitted with."""

    blocks: Blocks
    map: Array  # (width of the blocks, sense_dim)
    shift: Array  # (sense_dim,), what the blocks' mean is mapped to
    counts: WordCounts
    older: Mapping[str, npt.NDArray[np.generic]] | None = None  # its tensors, if read from an older format

    @property
    def dim(self) -> int:
        """Length of a sense vector."""
        return int(self.map.shape[1])

    def apply(self, rows: Array) -> Array:
        """Rows of blocks (t, width) -> sense vectors (t, sense_dim), to be compared by cosine."""
        return np.asarray(rows @ self.map - self.shift, np.float32)  # (t, sense_dim)


def rarity_weights(frequencies: Array, rarity: float = RARITY) -> Array:
    """Weight of each word in the bag, in (0, 1]: 1 for a word never seen, less the commoner it is. (t,)."""
    return np.asarray(rarity / (rarity + frequencies), np.float32)


def context_states(top: Array) -> Array:
    """Top layer with the states at `<S>` and `</S>` (t + 2, dim) -> the states around each token (t, dim)."""
    half = top.shape[1] // 2
    return np.concatenate([top[:-2, :half], top[2:, half:]], axis=1)  # (t, dim)


def bags(layer0: Array, weights: Array, lengths: Sequence[int], window: int = WINDOW) -> Array:
    """Weighted mean of layer 0 over the other tokens within `window`, for each token of some sentences on end.

    `layer0` (n, dim) and `weights` (n,) are those of the sentences of `lengths`, one after the other. The weight of
    token j seen from token i is `weights[j] / (2 + |i - j|)`. A token alone in its sentence gets zeros. (n, dim).
    """
    n = len(layer0)
    sentence = np.repeat(np.arange(len(lengths)), lengths)  # (n,)
    place = np.arange(n) + window * (1 + sentence)  # (n,), so far apart that no window reaches into a neighbour
    padded = np.zeros((n + window * (len(lengths) + 1), layer0.shape[1] + 1), np.float32)  # (places, dim + 1)
    padded[place, :-1] = layer0 * weights[:, None]
    padded[place, -1] = weights
    total = np.zeros_like(padded)  # (places, dim + 1): the sums, and the sums of the weights
    for distance in range(1, min(window, max(lengths, default=1) - 1) + 1):
        nearness = np.float32(1 / (2 + distance))
        total[distance:] += nearness * padded[:-distance]
        total[:-distance] += nearness * padded[distance:]
    sums = total[place]  # (n, dim + 1)
    return np.asarray(sums[:, :-1] / np.maximum(sums[:, -1:], np.float32(1e-12)), np.float32)


def sense_blocks(
    tops: Sequence[Array], layers0: Sequence[Array], weights: Sequence[Array], window: int = WINDOW
) -> list[Array]:
    """For each sentence, the uncentred blocks side by side: context states, bag. (t, 2 * dim) each.

    `tops` (t + 2, dim): the top layer with the sentence's marks; `layers0` (t, dim): layer 0 without them; `weights`
    (t,): `rarity_weights` of the tokens.
    """
    contexts = [context_states(top) for top in tops]  # (t, dim) each
    found = bags_of(layers0, weights, window)  # (t, dim) each
    return [np.concatenate(pair, axis=1) for pair in zip(contexts, found, strict=True)]


def bags_of(words: Sequence[Array], weights: Sequence[Array], window: int = WINDOW) -> list[Array]:
    """`bags` for each sentence: `words` (t, d), `weights` (t,) -> (t, d)."""
    lengths = [len(rows) for rows in words]
    if not sum(lengths):
        return [np.zeros_like(rows) for rows in words]
    bag = bags(np.concatenate(words), np.concatenate(weights), lengths, window)  # (n, d)
    return np.split(bag, np.cumsum(lengths)[:-1])
