"""Group the vocabulary, to approximate at low cost the words that the language models expect at a position.

A softmax over 60,000 words would cost more than the biLSTM. Words with similar rows in the output layer are expected at
the same positions. Words with similar vectors can replace one another. K-means groups words that are similar in both. A
group is as probable as its words together. Its vector is the mean of its words' vectors, weighted by their probability
without context.
"""

from collections.abc import Sequence

import numpy as np

from ...elmo.lexical_substitution import log_scores
from ...elmo.model import OutputLayer
from ...elmo.sense_space import Expected
from ...vectors.arrays import Array, Doubles, Integers, Reals

GROUPS = 1000
"""Maximum number of groups."""
TEMPERATURE = 1.5
"""Divisor of the scores. Flatter probabilities than the language models' own give better sense vectors."""
VECTOR_WEIGHT = 4.0
"""Weight of the words' own vectors in grouping, relative to the rows of the output layer."""
MAX_WORDS = 20_000
"""Maximum number of words to group, most frequent first."""


def alphabetic_words(words: Sequence[str], most: int = MAX_WORDS) -> list[int]:
    """Return the numbers of the first `most` words that contain a letter. Marks such as `<UNK>` are left out."""
    found = (i for i, word in enumerate(words) if any(map(str.isalpha, word)) and not _is_mark(word))
    return [i for i, _ in zip(found, range(most), strict=False)]


def group_expected(
    output: OutputLayer, words: Sequence[int], vectors: Array, vector_weight: float = VECTOR_WEIGHT
) -> Expected:
    """Group words of the output layer.

    Args:
        words: Numbers of the words to group, (n,).
        vectors: Their own vectors, (n, d).
        vector_weight: Weight of the vectors relative to the rows of the output layer, both at equal variance.
    """
    from sklearn.cluster import MiniBatchKMeans

    rows = output.weights[list(words)].astype(np.float64)  # (n, projection)
    scores = log_scores(output)[list(words)] / TEMPERATURE  # (n,)
    group = np.arange(len(rows))  # (n,)
    if len(rows) > GROUPS:
        kmeans = MiniBatchKMeans(GROUPS, random_state=0, n_init=1, batch_size=4096, max_iter=30)
        points = np.concatenate([_of_unit_variance(rows), vector_weight * _of_unit_variance(vectors)], axis=1)
        _, group = np.unique(kmeans.fit_predict(points), return_inverse=True)  # renumbered without empty groups
    weights = np.exp(scores - scores.max())  # (n,)
    sums = np.asarray(np.bincount(group, weights), np.float64)  # (groups,)
    return Expected(
        _weighted_means(rows / TEMPERATURE, group, weights, sums),
        np.asarray(np.log(sums), np.float32),
        _weighted_means(vectors, group, weights, sums),
    )


def _of_unit_variance(rows: Reals) -> Doubles:
    """Return rows (n, d) scaled to a total variance of 1. Rows without variance are returned unchanged."""
    total = np.sqrt(rows.astype(np.float64).var(axis=0).sum())
    return np.asarray(rows / (total if total > 0 else 1.0), np.float64)


def _weighted_means(rows: Reals, group: Integers, weights: Doubles, sums: Doubles) -> Array:
    """Return the weighted mean of the rows of each group: (groups, d).

    Args:
        sums: Sum of the weights of each group, (groups,).
    """
    found = np.zeros((len(sums), rows.shape[1]))  # (groups, d)
    np.add.at(found, group, rows * weights[:, None])
    return np.asarray(found / sums[:, None], np.float32)


def _is_mark(word: str) -> bool:
    return word.startswith("<") and word.endswith(">")
