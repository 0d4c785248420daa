"""Calibrate scores: the probability that two occurrences of a word have the same sense.

A score is first converted to its percentile among random pairs of the same word (the null distribution). Percentiles
are measured on each collection, so they suit its model and texts. A logistic curve, fitted on gold senses, then gives
the share of same-sense pairs at a percentile (`benchmarks.quality.senses`, docs/results/senses.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from ..indexer.vectors.arrays import Array, Doubles

FEW = 10
"""Minimum number of candidates for a verdict by several hits. With fewer, the best hit alone decides."""
BEST = 3
"""Number of best hits that decide the verdict."""
LEAST_OF_BEST = 0.25
"""Minimum mean probit of the best hits' percentiles. It exceeds 0, because the best of many random scores do too."""
LEAST_OF_FEW = 0.35
"""Minimum confidence of the best hit among few candidates."""
LIKELY = 0.5
"""Confidence from which a hit speaks against `VERDICT`."""
SURE = 0.75
"""Confidence from which a hit speaks against `DOUBT`."""
VERDICT = "nothing here means that"
"""Statement that no hit has the sense of the query. No hit below it is `LIKELY`."""
DOUBT = "perhaps none of these has that sense"
"""The weaker statement, where the hits are no nearer than chance but some are `LIKELY` by their confidence."""


class Compared(Enum):
    """What a score compares an occurrence with: another occurrence, or the mean of several.

    The values are intercept and slope of the logistic curve.
    """

    PAIR = (0.37, 0.94)
    CENTRE = (0.2, 1.94)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration of a collection's scores.

    Attributes:
        quantiles: Quantiles of the cosines of random same-word pairs, from the lowest to the highest (q,).
    """

    quantiles: tuple[float, ...]

    def percentile(self, scores: npt.ArrayLike) -> Doubles:
        """Return the share of random same-word pairs that score lower.  (n,) -> (n,)"""
        levels = np.linspace(0, 1, len(self.quantiles))  # (q,)
        return np.asarray(np.interp(np.asarray(scores, np.float64), self.quantiles, levels))

    def confidence(self, scores: npt.ArrayLike, compared: Compared = Compared.PAIR) -> Array:
        """Return the probability that the sense is the same.  (n,) -> (n,)"""
        intercept, slope = compared.value
        return np.asarray(1 / (1 + np.exp(-intercept - slope * probit(self.percentile(scores)))), np.float32)

    def even_score(self, compared: Compared) -> float:
        """Return the score at which the probability of the same sense is 0.5."""
        intercept, slope = compared.value
        return float(np.quantile(self.quantiles, NormalDist().cdf(-intercept / slope)))

    def verdict(self, scores: npt.ArrayLike, candidates: int, confidences: npt.ArrayLike | None = None) -> str | None:
        """Return `VERDICT` or `DOUBT` if the best hits are no nearer than random occurrences of the word, else None.

        The statement never says more than the confidences that are shown below it.

        Args:
            scores: Scores of the hits, as those of pairs (n,).
            candidates: Number of occurrences that the hits were chosen from.
            confidences: Confidences of the hits as they are shown (n,). None for those of pairs.
        """
        best = np.sort(np.asarray(scores, np.float64))[::-1][:BEST]
        if not len(best):
            return None
        if candidates < FEW:
            is_far = float(self.confidence(best)[0]) < LEAST_OF_FEW
        else:
            is_far = float(probit(self.percentile(best)).mean()) < LEAST_OF_BEST
        shown = np.asarray(self.confidence(scores) if confidences is None else confidences, np.float64)
        highest = round(float(shown.max()), 2)  # rounded as lists print it
        if not is_far or highest >= SURE:
            return None
        return VERDICT if highest < LIKELY else DOUBT


@cache
def _probits() -> tuple[float, ...]:
    return tuple(NormalDist().inv_cdf(share / 1000) for share in range(1, 1000))


def probit(shares: npt.ArrayLike) -> Doubles:
    """Return the standard normal quantile of shares clipped to [0.001, 0.999].  (n,) -> (n,)"""
    return np.asarray(np.interp(np.asarray(shares, np.float64), np.arange(1, 1000) / 1000, _probits()))
