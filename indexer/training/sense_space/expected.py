"""What the language models expect in a place, made cheap: the output layer's words in groups.

A softmax over 60,000 words costs more than the biLSTM itself. Words whose rows of the output layer are alike are
expected together; words whose own vectors are alike can stand for one another. K-means groups those that are both; a
group is as probable as its words together, and stands for the mean of their vectors, the likelier ones (by themselves)
weightier.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...elmo.lexical_substitution import log_scores
from ...elmo.model import OutputLayer
from ...elmo.sense_space import Expected
from ...vectors.arrays import Array, Doubles

GROUPS = 1000
TEMPERATURE = 1.5
"""Scores are divided by it: probabilities less sharp than the language models' own serve better."""
ALIKE = 4.0
MOST_WORDS = 20_000
"""Words that are grouped, the most frequent first."""


def proper_words(words: Sequence[str], most: int = MOST_WORDS) -> list[int]:
    """Numbers of the words with a letter, marks such as `<UNK>` left out: the first `most`."""
    found = (i for i, word in enumerate(words) if any(map(str.isalpha, word)) and not _is_mark(word))
    return [i for i, _ in zip(found, range(most), strict=False)]


def group_expected(output: OutputLayer, words: Sequence[int], vectors: Array, alike: float = ALIKE) -> Expected:
    """Group the output layer's words of these numbers, whose own vectors are `vectors` (n, d).

    alike: how much these weigh beside the rows of the output layer (n, projection), both at equal variance.
    """
    from sklearn.cluster import MiniBatchKMeans

    rows = output.weights[list(words)].astype(np.float64)  # (n, projection)
    scores = log_scores(output)[list(words)] / TEMPERATURE  # (n,)
    group = np.arange(len(rows))  # (n,)
    if len(rows) > GROUPS:
        kmeans = MiniBatchKMeans(GROUPS, random_state=0, n_init=1, batch_size=4096, max_iter=30)
        places = np.concatenate([_of_unit_variance(rows), alike * _of_unit_variance(vectors)], axis=1)
        _, group = np.unique(kmeans.fit_predict(places), return_inverse=True)  # without groups that are empty
    weights = np.exp(scores - scores.max())  # (n,)
    sums = np.asarray(np.bincount(group, weights), np.float64)  # (groups,)
    return Expected(
        _weighted_means(rows / TEMPERATURE, group, weights, sums),
        np.asarray(np.log(sums), np.float32),
        _weighted_means(vectors, group, weights, sums),
    )


def _of_unit_variance(rows: npt.NDArray[np.floating]) -> Doubles:
    """Rows (n, d) scaled so that their total variance is 1; rows that are all the same stay as they are."""
    total = np.sqrt(rows.astype(np.float64).var(axis=0).sum())
    return np.asarray(rows / (total if total > 0 else 1.0), np.float64)


def _weighted_means(
    rows: npt.NDArray[np.floating], group: npt.NDArray[np.integer], weights: Doubles, sums: Doubles
) -> Array:
    found = np.zeros((len(sums), rows.shape[1]))  # (groups, d)
    np.add.at(found, group, rows * weights[:, None])
    return np.asarray(found / sums[:, None], np.float32)


def _is_mark(word: str) -> bool:
    return word.startswith("<") and word.endswith(">")
