"""Compare the confidence of hits with the observed share of the same sense, over pairs of gold occurrences.

Used by `senses.py`. Every word has the same weight, which its pairs share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.random_pairs import QUANTILES, measure
from polyseme.indexer.vectors.arrays import Array, Doubles
from polyseme.search.confidence import BEST, Calibration, Compared, probit

from benchmarks.quality.gold_words import Word

PAIRS = 400
"""Number of random pairs for each word."""
BINS = 10
"""Number of bins of the calibration error."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Score of each pair, whether both have the same sense, and the weight of the pair.  (n,) each"""

    scores: Doubles
    same: Doubles
    weights: Doubles


def null_distribution(words: Sequence[Word]) -> Calibration:
    """Estimate the null distribution from random pairs of the words, for data without a collection."""
    rng = np.random.default_rng(0)
    scores = []
    for word in words:
        first, second = rng.integers(0, len(word.senses), (2, 100))
        kept = first != second
        scores.append((word.vectors[first[kept]] * word.vectors[second[kept]]).sum(axis=1))
    return Calibration(tuple(np.quantile(np.concatenate(scores), np.linspace(0, 1, QUANTILES)).tolist()))


def collection_null_distribution(path: Path) -> Calibration:
    """Return the null distribution that the product measures on a collection."""
    with Collection.open(path) as collection, collection.reading() as snapshot:
        return Calibration(measure(collection, snapshot))


def pairs(words: Sequence[Word]) -> Judged:
    """Return the cosines of random pairs of a word's occurrences: a query and a hit."""
    rng = np.random.default_rng(1)
    scores, same, weights = [], [], []
    for word in words:
        first, second = rng.integers(0, len(word.senses), (2, PAIRS))
        first, second = first[first != second], second[first != second]
        senses = np.array(word.senses)
        scores.append((word.vectors[first] * word.vectors[second]).sum(axis=1))
        same.append(senses[first] == senses[second])
        weights.append(np.full(len(first), 1 / len(first)))
    return Judged(*(np.concatenate(part).astype(np.float64) for part in (scores, same, weights)))


def centres(words: Sequence[Word]) -> Judged:
    """Return mean cosines of an occurrence and up to 15 others of one sense, its own or another: a sense and a hit."""
    rng = np.random.default_rng(2)
    scores: list[float] = []
    same: list[bool] = []
    weights: list[float] = []
    for word in words:
        senses = np.array(word.senses)
        names = [name for name in sorted(set(word.senses)) if (senses == name).sum() >= 4]
        drawn = []
        for _ in range(PAIRS // 4 if names else 0):
            place, name = int(rng.integers(len(senses))), names[int(rng.integers(len(names)))]
            others = np.flatnonzero((senses == name) & (np.arange(len(senses)) != place))
            members = rng.permutation(others)[:15]
            drawn.append((float(word.vectors[members].mean(axis=0) @ word.vectors[place]), senses[place] == name))
        scores += [score for score, _ in drawn]
        same += [bool(answer) for _, answer in drawn]
        weights += [1 / len(drawn)] * len(drawn)
    return Judged(np.array(scores), np.array(same, np.float64), np.array(weights))


def fit(found: Sequence[tuple[Calibration, Judged]]) -> tuple[float, float]:
    """Fit a logistic regression of "same sense" on the probit of the percentile. Return intercept and slope.

    All sets have the same weight.
    """
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate([probit(calibration.percentile(judged.scores)) for calibration, judged in found])
    same = np.concatenate([judged.same for _, judged in found])
    weights = np.concatenate([judged.weights / judged.weights.mean() / len(judged.weights) for _, judged in found])
    model = LogisticRegression(C=1e6).fit(x[:, None], same, sample_weight=weights * len(weights))
    return float(model.intercept_[0]), float(model.coef_[0, 0])


@dataclass(frozen=True, slots=True)
class Reliability:
    """Brier score, Brier score of the base rate, expected calibration error, base rate, and bins."""

    brier: float
    base_brier: float
    error: float
    base: float
    bins: tuple[tuple[float, float, float], ...]  # share of pairs, predicted, observed


def reliability(calibration: Calibration, judged: Judged, compared: Compared) -> Reliability:
    """Compare predicted with observed shares."""
    predicted = calibration.confidence(judged.scores.astype(np.float32), compared).astype(np.float64)
    weights = judged.weights / judged.weights.sum()
    base = float(weights @ judged.same)
    bin_of = np.minimum((predicted * BINS).astype(int), BINS - 1)
    bins, error = [], 0.0
    for number in range(BINS):
        inside = bin_of == number
        share = float(weights[inside].sum())
        if share > 0:
            said = float(weights[inside] @ predicted[inside]) / share
            seen = float(weights[inside] @ judged.same[inside]) / share
            bins.append((share, said, seen))
            error += share * abs(said - seen)
    return Reliability(float(weights @ (predicted - judged.same) ** 2), base * (1 - base), error, base, tuple(bins))


def verdict_scores(words: Sequence[Word], calibration: Calibration) -> tuple[Doubles, Doubles]:
    """Return the figures of hit lists that contain the query's sense, and of lists without it.

    Queries are up to 20 occurrences of each word with several senses. The figures are probits of percentiles.

    Returns:
        Figures with the sense (n,), and without it (n,).
    """
    present: list[float] = []
    absent: list[float] = []
    for word in words:
        senses = np.array(word.senses)
        if word.gold_senses < 2:
            continue
        for place in np.unique(np.linspace(0, len(senses) - 1, 20).astype(int)):
            scores = word.vectors @ word.vectors[place]
            scores[place] = -2
            others = scores[senses != senses[place]]
            if len(others) >= 10 and (senses == senses[place]).sum() >= 4:
                present.append(best_figure(scores[scores > -2], calibration))
                absent.append(best_figure(others, calibration))
    return np.array(present), np.array(absent)


def best_figure(scores: Array, calibration: Calibration) -> float:
    """Return the mean probit of the best hits of a list."""
    best = np.sort(scores)[::-1][:BEST]
    return float(probit(calibration.percentile(best)).mean())
