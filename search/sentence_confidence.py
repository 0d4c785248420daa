"""Turn the cosines of sentences into probabilities that they mean the same.

A cosine c is first compared with the mean cosine m of random pairs of sentences of the collection. The scaled cosine
(c - m) / (1 - m) is 0 for strangers and 1 for the sentence itself. A logistic curve, fitted on the STS benchmark (Cer
et al. 2017), then gives the share of pairs that people judged at 3 points of 5 or more. Each kind of sentence vectors
has its own curve. The percentile among random pairs, which words use, fits worse: most judged pairs are nearer than any
random pair.

`python -m benchmarks.quality.sentence_confidence` prints the curves and their errors (docs/results/passages.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ..indexer.collection.snapshot import Snapshot
from ..indexer.vectors.arrays import Array
from .context import View

CURVES = {"learned": (-5.43, 8.12), "pooled": (-2.2, 4.55)}
"""Intercept and slope of the logistic curve, by kind of the sentence vectors. Other kinds have no confidence."""
SAMPLE = 2000
"""Maximum number of stored sentences whose pairs give the mean cosine of random pairs."""
FEWEST = 50
"""Minimum number of sentences. With fewer, the mean of random pairs is taken as 0."""
LIKELY = 0.5
"""Confidence of the best hit below which nothing says what the query says."""
VERDICT = "nothing here says that"
"""Statement that no hit means the same as the query."""


@dataclass(frozen=True, slots=True)
class SentenceCalibration:
    """Calibration of the cosines of a collection's sentences.

    Attributes:
        mean: Mean cosine of random pairs of its sentences.
        intercept, slope: Parameters of the logistic curve.
    """

    mean: float
    intercept: float
    slope: float

    def confidence(self, cosines: npt.ArrayLike) -> Array:
        """Return the probability that sentences with these cosines mean the same.  (n,) -> (n,)"""
        scaled = (np.asarray(cosines, np.float64) - self.mean) / (1 - self.mean)
        return np.asarray(1 / (1 + np.exp(-self.intercept - self.slope * scaled)), np.float32)


def mean_of_pairs(vectors: Array) -> float:
    """Return the mean cosine of all pairs of different rows of n unit vectors (n, e), n >= 2."""
    n = len(vectors)
    total = np.asarray(vectors, np.float64).sum(axis=0)
    own = float(np.einsum("ne,ne->", vectors, vectors, dtype=np.float64))
    return (float(total @ total) - own) / (n * (n - 1))


def calibration(view: View) -> SentenceCalibration | None:
    """Return the calibration of a collection's sentence vectors, or None if their kind has no curve."""
    curve = CURVES.get(view.sentence_kind)
    return None if curve is None else SentenceCalibration(_mean(view.snapshot), *curve)


_MEANS: WeakKeyDictionary[Snapshot, float] = WeakKeyDictionary()


def _mean(snapshot: Snapshot) -> float:
    """Return the mean cosine of random pairs, measured once for each snapshot."""
    if snapshot not in _MEANS:
        _MEANS[snapshot] = _measure(snapshot)
    return _MEANS[snapshot]


def _measure(snapshot: Snapshot) -> float:
    """Return the mean cosine of pairs of live sentences, of a sample that is spread evenly over the collection.

    Sentences are numbered through all segments in the order of their documents, so the sample does not depend on how
    the collection is divided.
    """
    live = [_live_rows(snapshot, key) for key in sorted(snapshot.segments)]
    count = sum(map(len, live))
    if count < FEWEST:
        return 0.0
    wanted = np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).astype(np.int64))  # places among the live ones
    parts, first = [], 0
    for key, rows in zip(sorted(snapshot.segments), live, strict=True):
        here = wanted[(wanted >= first) & (wanted < first + len(rows))] - first
        parts.append(np.asarray(snapshot.segments[key].sentences[rows[here]], np.float32))
        first += len(rows)
    # Nearly equal vectors of a collection have a mean near 1, where the scale would break down.
    return min(0.9, max(0.0, mean_of_pairs(np.concatenate(parts))))


def _live_rows(snapshot: Snapshot, key: int) -> npt.NDArray[np.int64]:
    segment = snapshot.segments[key]
    mask = snapshot.sentence_mask(segment)
    return np.arange(len(segment.sentences)) if mask is None else np.flatnonzero(mask)


def confidences(view: View, scores: Array) -> Array | None:
    """Return the confidence of each cosine, or None without a calibration.  (n,) -> (n,)"""
    found = calibration(view)
    return None if found is None else found.confidence(scores)


def verdict_of(confidences: Sequence[float | None]) -> str | None:
    """Return `VERDICT` if no hit is likely to mean the same as the query, else None.

    Args:
        confidences: Confidences of the hits. Without any, there is no verdict.
    """
    known = [round(value, 2) for value in confidences if value is not None]  # rounded as lists print it
    return VERDICT if known and max(known) < LIKELY else None
