"""Sense vectors, in pure numpy: what a word means shows in the states that have not read it.

For each token: the context states (forward top layer one token before, backward top layer one token after; at the
sentence's ends those at `<S>` and `</S>`), beside them a bag of layer 0 of the words around, weighted by nearness and
rarity. A model's sense space centres both and maps them to fewer dimensions (`data/models/default/MODEL_CARD.md`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

WINDOW = 15  # tokens on each side that count for the bag
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


@dataclass(frozen=True, slots=True, eq=False)
class SenseSpace:
    """A model's map from its uncentred blocks to sense vectors, with the word counts that it was fitted with."""

    context_mean: Array  # (dim,)
    context_scale: float
    bag_mean: Array  # (dim,)
    bag_scale: float
    map: Array  # (2 * dim, sense_dim)
    counts: WordCounts
    window: int = WINDOW
    rarity: float = RARITY

    @property
    def dim(self) -> int:
        """Length of a sense vector."""
        return int(self.map.shape[1])

    def apply(self, blocks: Array) -> Array:
        """Blocks (t, 2 * dim) -> sense vectors (t, sense_dim), to be compared by cosine."""
        mean = np.concatenate([self.context_mean, self.bag_mean])  # (2 * dim,)
        scale = np.repeat([self.context_scale, self.bag_scale], len(self.bag_mean))  # (2 * dim,)
        return np.asarray(((blocks - mean) / scale) @ self.map, np.float32)  # (t, sense_dim)


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
    lengths = [len(layer0) for layer0 in layers0]
    if not sum(lengths):
        return [np.zeros((0, 2 * layer0.shape[1]), np.float32) for layer0 in layers0]
    bag = bags(np.concatenate(layers0), np.concatenate(weights), lengths, window)  # (n, dim)
    context = np.concatenate([context_states(top) for top in tops])  # (n, dim)
    both = np.concatenate([context, bag], axis=1)  # (n, 2 * dim)
    return np.split(both, np.cumsum(lengths)[:-1])
