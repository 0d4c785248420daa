"""Pool the states of a sentence's tokens, for product vectors of models without a sentence space.

The mean of word vectors is weighted by rarity, as in Arora et al. 2017, "A Simple but Tough-to-Beat Baseline for
Sentence Embeddings". A collection whitens the result.
"""

from collections.abc import Sequence

import numpy as np

from ..vectors.arrays import Array
from .sense_space import WordCounts, rarity_weights

RARITY = 1e-4
"""Relative frequency at which a word's weight is a half."""


def pooled_dim(n_layers: int, dim: int) -> int:
    """Return the length of a pooled vector of a model with layers of `dim`."""
    return dim // 2 + (dim if n_layers > 1 else 0)


def pooled_vectors(layers: Sequence[Array], sentences: Sequence[Sequence[str]], counts: WordCounts) -> Array:
    """Return the weighted means of layer 0, of which one half is read as both are equal, and of layer 1: (n, e).

    An empty sentence is zero.

    Args:
        layers: All layers of each sentence, (n_layers, t, dim).
        sentences: The t tokens of each sentence, spelled as in the counted text.
        counts: Word counts that say which words are rare.
    """
    if not len(sentences):
        return np.zeros((0, 0), np.float32)
    n_layers, _, dim = layers[0].shape
    found = np.zeros((len(sentences), pooled_dim(n_layers, dim)), np.float32)  # (n, e)
    for row, each, tokens in zip(found, layers, sentences, strict=True):
        if len(tokens):
            weights = rarity_weights(counts.frequencies(tokens), RARITY)  # (t,)
            weights /= weights.sum()
            row[: dim // 2] = weights @ each[0, :, : dim // 2]
            if n_layers > 1:
                row[dim // 2 :] = weights @ each[1]
    return found
