"""Compute sense vectors, in pure numpy. A word's meaning shows most in the states that have not read the word.

A token's vector is made of blocks, side by side:

- context: the forward state one token before and the backward state one token after, of the top layer. At the
  sentence's ends these are the states at `<S>` and `</S>`.
- bag: the mean vector of the words around, weighted by nearness and rarity. It uses topic vectors, or layer 0 if the
  model has none.
- expected: the mean vector of the words that the language models expect at the token's position.
- own: the token's own states of a lower layer.

A model's sense space centres the blocks and maps them to fewer dimensions (`data/models/default/MODEL_CARD.md`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..errors import ModelError
from ..vectors.arrays import Array, Bytes

WINDOW = 15  # tokens on each side that the bag reads
RARITY = 0.001  # relative frequency at which a word's weight in the bag is a half
_EXPECTED_TOKENS = 512  # tokens whose expected words are scored together, so that the scores stay in the CPU cache


@dataclass(frozen=True, slots=True)
class WordCounts:
    """Word counts of a text of `total` words. A word without a count was never seen."""

    counts: Mapping[str, int]
    total: int

    def frequencies(self, tokens: Sequence[str]) -> Array:
        """Return the relative frequency of each token: (t,)."""
        counts = np.fromiter((self.counts.get(token, 0) for token in tokens), np.float64, len(tokens))  # (t,)
        return np.asarray(counts / max(self.total, 1), np.float32)


class BlockKind(StrEnum):
    """Kind of a block: the source of its numbers."""

    CONTEXT = "context"  # states of a layer around the word, which have not read it
    BAG = "bag"  # vectors of the words around
    EXPECTED = "expected"  # vectors of the words that the language models expect at the position
    OWN = "own"  # states of a layer at the word, which have read it


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a sense space. `layer` is 0 for the kinds that are made of word vectors."""

    kind: BlockKind
    layer: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.layer}" if self.kind in (BlockKind.CONTEXT, BlockKind.OWN) else str(self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """Topic vectors: words that occur together have similar vectors (`training/sense_space/topics.py`)."""

    words: Mapping[str, int]  # word -> row
    vectors: Bytes  # (words, d) int8, as only the directions count, zero for a word without a vector

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def rows(self, tokens: Sequence[str]) -> Array:
        """Return unit vectors of tokens, found by form or lower case, zero for an unknown token: (t, d)."""
        places = [self.words.get(token, self.words.get(token.lower(), -1)) for token in tokens]
        found = np.zeros((len(tokens), self.dim), np.float32)  # (t, d)
        known = [i for i, place in enumerate(places) if place >= 0]
        found[known] = self.vectors[[places[i] for i in known]]
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """The words of the output layer in groups, which predict a word at a fraction of the full softmax's cost.

    A group's `keys` and `bias` replace the rows of its words. They score the sum of both directions, less the words'
    own frequency. Its `values` are the mean of the word vectors. See `training/sense_space/expected.py`.
    """

    keys: Array  # (groups, projection)
    bias: Array  # (groups,)
    values: Array  # (groups, d)

    def rows(self, contexts: Array) -> Array:
        """Return the mean vector of the expected words (t, d) for context states of the top layer (t, dim)."""
        half = contexts.shape[1] // 2
        both = contexts[:, :half] + contexts[:, half:]  # (t, projection)
        found = np.zeros((len(both), self.values.shape[1]), np.float32)  # (t, d)
        for start in range(0, len(both), _EXPECTED_TOKENS):
            likely = both[start : start + _EXPECTED_TOKENS] @ self.keys.T  # (n, groups)
            likely += self.bias
            likely -= likely.max(axis=1, keepdims=True)
            np.exp(likely, out=likely)
            found[start : start + _EXPECTED_TOKENS] = likely @ self.values / likely.sum(axis=1, keepdims=True)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """The blocks that a sense space reads, and their parameters.

    Attributes:
        blocks: Kind and layer of each block, in the order of the columns.
        window: Number of tokens on each side that the bag reads.
        rarity: Relative frequency at which a word's weight in the bag is a half.
        word_mean: Mean that is subtracted from word vectors of layer 0 before they are scaled to length 1. None leaves
            them unchanged.
        expected: Groups of words for the kind EXPECTED.
        topics: Vectors that the bag reads instead of layer 0.
    """

    blocks: tuple[Block, ...]
    window: int = WINDOW
    rarity: float = RARITY
    word_mean: Array | None = None  # (projection,)
    expected: Expected | None = None
    topics: Topics | None = None

    def __post_init__(self) -> None:
        if self.expected is None and any(block.kind is BlockKind.EXPECTED for block in self.blocks):
            raise ModelError("the sense space lacks the groups of expected words; get the model again")

    def width(self, dim: int) -> int:
        """Return the length of all blocks together for a model with layers of `dim`."""
        return sum(self.widths(dim))

    def widths(self, dim: int) -> list[int]:
        """Return the length of each block for a model with layers of `dim`."""
        bag = dim // 2 if self.topics is None else self.topics.dim
        expected = dim // 2 if self.expected is None else self.expected.values.shape[1]
        lengths = {BlockKind.CONTEXT: dim, BlockKind.BAG: bag, BlockKind.EXPECTED: expected, BlockKind.OWN: dim}
        return [lengths[block.kind] for block in self.blocks]

    def rows(self, states: Sequence[Array], sentences: Sequence[Sequence[str]], counts: WordCounts) -> list[Array]:
        """Return all blocks side by side, (t, width) for each sentence.

        Args:
            states: All layers of each sentence, its marks included, (n_layers, t + 2, dim).
            sentences: The t tokens of each sentence, spelled as in the counted text.
            counts: Word counts that say which words are rare.
        """
        parts = [self._block(block, states, sentences, counts) for block in self.blocks]
        return [np.concatenate(rows, axis=1) for rows in zip(*parts, strict=True)]

    def words(self, layer0: Array) -> Array:
        """Return word vectors (n, projection) as the blocks read them: centred unit vectors, or unchanged."""
        if self.word_mean is None:
            return layer0
        centred = layer0 - self.word_mean  # (n, projection)
        return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12), np.float32)

    def _block(
        self, block: Block, states: Sequence[Array], sentences: Sequence[Sequence[str]], counts: WordCounts
    ) -> list[Array]:
        """Return one block of each sentence, (t, width)."""
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
    shift: Array  # (sense_dim,), image of the blocks' mean
    counts: WordCounts

    @property
    def dim(self) -> int:
        """Length of a sense vector."""
        return int(self.map.shape[1])

    def apply(self, rows: Array) -> Array:
        """Map rows of blocks (t, width) to sense vectors (t, sense_dim), which are compared by cosine."""
        return np.asarray(rows @ self.map - self.shift, np.float32)  # (t, sense_dim)


def rarity_weights(frequencies: Array, rarity: float = RARITY) -> Array:
    """Return the weight of each word in the bag, from 1 for unseen words towards 0 for frequent ones: (t,)."""
    return np.asarray(rarity / (rarity + frequencies), np.float32)


def context_states(top: Array) -> Array:
    """Return the top layer's states around each token (t, dim). `top` includes the marks' states, (t + 2, dim)."""
    half = top.shape[1] // 2
    return np.concatenate([top[:-2, :half], top[2:, half:]], axis=1)  # (t, dim)


def bags(layer0: Array, weights: Array, lengths: Sequence[int], window: int = WINDOW) -> Array:
    """Return for each token the weighted mean of layer 0 over the other tokens within `window`: (n, dim).

    From token i, token j has the weight `weights[j] / (2 + |i - j|)`. The bag of a sentence with one token is zero.

    Args:
        layer0: Word vectors of concatenated sentences, (n, dim).
        weights: Rarity of each token, (n,).
        lengths: Number of tokens of each sentence.
        window: Number of tokens on each side.
    """
    n = len(layer0)
    sentence = np.repeat(np.arange(len(lengths)), lengths)  # (n,)
    place = np.arange(n) + window * (1 + sentence)  # (n,), with gaps of one window between sentences
    padded = np.zeros((n + window * (len(lengths) + 1), layer0.shape[1] + 1), np.float32)  # (places, dim + 1)
    padded[place, :-1] = layer0 * weights[:, None]
    padded[place, -1] = weights
    total = np.zeros_like(padded)  # (places, dim + 1): weighted sums, sum of the weights
    for distance in range(1, min(window, max(lengths, default=1) - 1) + 1):
        nearness = np.float32(1 / (2 + distance))
        total[distance:] += nearness * padded[:-distance]
        total[:-distance] += nearness * padded[distance:]
    sums = total[place]  # (n, dim + 1)
    return np.asarray(sums[:, :-1] / np.maximum(sums[:, -1:], np.float32(1e-12)), np.float32)


def sense_blocks(
    tops: Sequence[Array], layers0: Sequence[Array], weights: Sequence[Array], window: int = WINDOW
) -> list[Array]:
    """Return the uncentred blocks, context and bag, of each sentence for a model without a sense space: (t, 2 * dim).

    Args:
        tops: Top layer of each sentence, its marks included, (t + 2, dim).
        layers0: Layer 0 of each sentence without the marks, (t, dim).
        weights: `rarity_weights` of each sentence's tokens, (t,).
        window: Number of tokens on each side that the bag reads.
    """
    contexts = [context_states(top) for top in tops]  # (t, dim) each
    found = bags_of(layers0, weights, window)  # (t, dim) each
    return [np.concatenate(pair, axis=1) for pair in zip(contexts, found, strict=True)]


def bags_of(words: Sequence[Array], weights: Sequence[Array], window: int = WINDOW) -> list[Array]:
    """Return `bags` of each sentence (t, d) for its word vectors (t, d) and weights (t,)."""
    lengths = [len(rows) for rows in words]
    if not sum(lengths):
        return [np.zeros_like(rows) for rows in words]
    bag = bags(np.concatenate(words), np.concatenate(weights), lengths, window)  # (n, d)
    return np.split(bag, np.cumsum(lengths)[:-1])
