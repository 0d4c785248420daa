"""Scores -> confidences: where a score stands among those of random pairs of the same word, and what that tells.

The percentile is measured on the collection, so it fits whatever model and texts there are. The share of same-sense
pairs at a percentile is a logistic curve, fitted on gold senses (`benchmarks/senses.py`, docs/senses.md).
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
"""Candidates below which the best hit alone speaks for the list."""
BEST = 3
"""Hits that speak for a longer one."""
LEAST_OF_BEST = 0.25
"""Probit of a percentile: the best hits of many are above the median of random pairs by chance alone."""
LEAST_OF_FEW = 0.35
"""Confidence of the best hit of few candidates."""
VERDICT = "nothing here means that"


class Compared(Enum):
    """What a score compares an occurrence with: another one, or the mean of several. Intercept and slope of each."""

    PAIR = (0.37, 0.94)
    CENTRE = (0.2, 1.94)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cosines of random same-word pairs of a collection, as quantiles (q,) from the lowest to the highest."""

    quantiles: tuple[float, ...]

    def percentile(self, scores: npt.ArrayLike) -> Doubles:
        """Share of random same-word pairs that score lower.  (n,) -> (n,)"""
        levels = np.linspace(0, 1, len(self.quantiles))  # (q,)
        return np.asarray(np.interp(np.asarray(scores, np.float64), self.quantiles, levels))

    def confidence(self, scores: npt.ArrayLike, compared: Compared = Compared.PAIR) -> Array:
        """Probability that the sense is the same.  (n,) -> (n,)"""
        intercept, slope = compared.value
        return np.asarray(1 / (1 + np.exp(-intercept - slope * probit(self.percentile(scores)))), np.float32)

    def even(self, compared: Compared) -> float:
        """The score at which the sense is as likely the same as not."""
        intercept, slope = compared.value
        return float(np.quantile(self.quantiles, NormalDist().cdf(-intercept / slope)))

    def verdict(self, scores: npt.ArrayLike, candidates: int) -> str | None:
        """VERDICT when even the best hits are no nearer than random occurrences of the word; None otherwise.

        scores: of the hits, pair by pair (n,); candidates: how many occurrences they were chosen from.
        """
        best = np.sort(np.asarray(scores, np.float64))[::-1][:BEST]
        if not len(best):
            return None
        if candidates < FEW:
            return VERDICT if float(self.confidence(best)[0]) < LEAST_OF_FEW else None
        return VERDICT if float(probit(self.percentile(best)).mean()) < LEAST_OF_BEST else None


@cache
def _probits() -> tuple[float, ...]:
    return tuple(NormalDist().inv_cdf(share / 1000) for share in range(1, 1000))


def probit(shares: npt.ArrayLike) -> Doubles:
    """Standard normal quantile of shares, which are kept within 1/1000 of the ends.  (n,) -> (n,)"""
    return np.asarray(np.interp(np.asarray(shares, np.float64), np.arange(1, 1000) / 1000, _probits()))
