"""Rankings: one total order, the combination of several signals, and relevance feedback. All functions are pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...indexer.vectors.arrays import Array, Doubles, Ids, Reals, top, unit

SMALLEST_SPREAD = 1e-6
"""Standard deviation below which scores count as equal."""
COVERAGE_WEIGHT, MOST_WEIGHT = 20.0, 2.0
"""Weight of keywords at full coverage, and its maximum.

Both were chosen on Cranfield and on the paraphrases of the sample documents. The best sentence covers a quarter of a
Cranfield query, and an eighth of a paraphrase (docs/results/sentences.md).
"""
BM25_K1, BM25_B = 1.2, 0.75
"""Constants of BM25, as in FTS5 (Robertson and Zaragoza 2009, equation 3.15).

A word counts at most K1 + 1 times its rarity. B is the part of a score that falls with the length of a text.
"""
NEGATIVE_WEIGHT = 0.5
"""Weight of negative examples relative to positive ones (Rocchio 1971 as in Manning et al. 2008, section 9.1.1)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Ids (n,) and their scores (n,), best first. Equal scores are in the order of ids, so that any two runs agree."""

    ids: Ids
    scores: Array


def ranked(ids: Ids, scores: Array, k: int | None = None) -> Ranked:
    """Sort by score, then by id, and keep the first k.  (n,), (n,) -> (<= k,)"""
    order = top(scores, len(scores) if k is None else k, ids)
    return Ranked(ids[order], scores[order])


def absence_odds(held: Reals, total: float) -> Doubles:
    """Return the odds that a text does not have a word, for w words. Their logarithm is the rarity of BM25.  (w,)

    It is (m - n + 1/2) / (n + 1/2) for n of m texts (Robertson and Zaragoza 2009, "The Probabilistic Relevance
    Framework: BM25 and Beyond", equation 3.3).

    Args:
        held: Number of texts with each word (w,). Numbers above `total` count as `total`.
        total: Number of all texts.
    """
    n = np.minimum(np.asarray(held, np.float64), total)
    return np.asarray((total - n + 0.5) / (n + 0.5), np.float64)


def coverage_weight(best: float, rarities: Array) -> float:
    """Return the weight of keywords for a query, relative to meaning: high if its best sentence has its rare words.

    The coverage of a query is the best BM25 as a share of the highest that its words allow. A paraphrase shares few
    words with its answer, and keywords would only lead away from it.

    Args:
        best: BM25 of the best sentence.
        rarities: Logarithms of the inverse sentence frequencies of the query's words (w,).
    """
    highest = (BM25_K1 + 1) * float(rarities.sum(dtype=np.float64))
    coverage = best / highest if highest > SMALLEST_SPREAD else 0.0
    return float(min(MOST_WEIGHT, COVERAGE_WEIGHT * coverage**2))


def combine(meaning: Array, keywords: Array, weight: float) -> Array:
    """Return one score for each of a query's n candidates, from two signals. Only their order has a meaning.

    Each signal is standardised over the candidates, so that signals of different units can be added.

    Args:
        meaning: Scores by meaning, such as cosines (n,).
        keywords: Scores by keywords, such as BM25 (n,). Candidates without a word of the query have 0.
        weight: Weight of the keywords. That of meaning is 1.

    Returns:
        (n,)
    """
    return np.asarray(standardised(meaning) + weight * standardised(keywords), np.float32)


def standardised(scores: Array) -> Array:
    """Subtract the mean and divide by the standard deviation. Equal scores become zeros.  (n,) -> (n,)"""
    centred = scores - scores.mean(dtype=np.float64) if len(scores) else scores
    spread = float(np.sqrt(np.mean(centred**2))) if len(scores) else 0.0
    return np.asarray(centred / spread if spread > SMALLEST_SPREAD else np.zeros_like(centred), np.float32)


def more_like_vector(positive: Array, negative: Array) -> Array:
    """Return the unit vector near the positive rows and away from the negative ones.  (n, d), (m, d) -> (d,)"""
    centre = unit(positive).mean(axis=0)
    if len(negative):
        centre = centre - NEGATIVE_WEIGHT * unit(negative).mean(axis=0)
    return unit(centre)
