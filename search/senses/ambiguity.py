"""Find the words whose occurrences split most clearly into several senses.

A cheap measure of spread ranks hundreds of words. Only the best are clustered.
"""

from __future__ import annotations

from math import ceil, log, sqrt

import numpy as np

from ...indexer.collection.queries import lemmas_by_frequency
from ...indexer.vectors.arrays import Array, Ids
from ..context import View, count_rows
from ..hits import Match
from ..retrieval.exact import rows_vectors
from .clustering import centres_of, cluster
from .tree import NONE

FEWEST, MOST = 20, 400
"""Minimum and maximum number of occurrences of a word: enough for several senses, few enough to read hundreds."""
EXAMINED = 200
"""Maximum number of words whose spread is measured."""
SAMPLE = 64
"""Maximum number of occurrences of a word that its spread is measured on."""
CLUSTERED = 40
"""Maximum number of words, those with the widest spread, that are clustered."""


def spread(vectors: Array) -> float:
    """Return the share of the variance along the first principal component, in [0, 1].  (n, d)

    One group varies equally in all directions. Two groups vary mostly along the line between them.
    """
    centred = vectors - vectors.mean(axis=0)  # (n, d)
    products = centred @ centred.T if len(centred) < centred.shape[1] else centred.T @ centred  # (min(n, d),) * 2
    whole = float(np.trace(products))
    return float(np.linalg.eigvalsh(products)[-1]) / whole if whole > 0 else 0.0


def gap(vectors: Array, numbers: Ids) -> float:
    """Return how much nearer vectors are to their own group's centre than to the next nearest centre.

    Args:
        vectors: Unit rows (n, d).
        numbers: Group of each row from 0, `NONE` for none (n,).

    Returns:
        Mean difference of the two cosines, times the square root of the second largest group's share. It is 0 for one
        group.
    """
    kept, groups = vectors[numbers != NONE], numbers[numbers != NONE]
    if not len(groups) or int(groups.max()) == 0:
        return 0.0
    cosines = kept @ centres_of(vectors, numbers).T  # (kept, s)
    own = np.take_along_axis(cosines, groups[:, None], axis=1)[:, 0]  # (kept,)
    np.put_along_axis(cosines, groups[:, None], -np.inf, axis=1)
    second = np.sort(np.bincount(groups))[-2] / len(vectors)
    return float((own - cosines.max(axis=1)).mean() * sqrt(second))


def ambiguous_lemmas(view: View, k: int) -> list[str]:
    """Return at most k lemmas whose occurrences split most clearly into senses, the clearest first."""
    spreads: dict[str, tuple[float, Array]] = {}
    for lemma in lemmas_by_frequency(view.collection.db, FEWEST, MOST, EXAMINED):
        rows = view.rows(view.types(lemma, Match.LEMMA))
        if lemma.isalpha() and count_rows(rows) >= FEWEST:
            vectors = rows_vectors(rows)[1]  # (n, d)
            sample = vectors[:: ceil(len(vectors) / SAMPLE)]
            # A few vectors may lie along a line by chance, so small words are discounted.
            spreads[lemma] = spread(sample) * len(vectors) / (len(vectors) + 10), vectors
    likely = sorted(spreads, key=lambda lemma: (-spreads[lemma][0], lemma))[:CLUSTERED]
    gaps = {
        lemma: gap(vectors, cluster(vectors)) * log(len(vectors)) for lemma in likely for vectors in spreads[lemma][1:]
    }
    return [lemma for lemma in sorted(likely, key=lambda lemma: (-gaps[lemma], lemma)) if gaps[lemma] > 0][:k]
