"""Compare two words in context."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..indexer.text import TextAnalyser
from .context import View
from .query.encode import QueryEncoder, read_target_query


@dataclass(frozen=True, slots=True)
class Comparison:
    """How similar two words are in their contexts.

    Attributes:
        score: Cosine of the two sense vectors, in [-1, 1].
        confidence: Probability that the senses are the same. None without a calibrated collection.
        first: The first target as written.
        second: The second target as written.
    """

    score: float
    confidence: float | None
    first: str
    second: str


def compare(analyser: TextAnalyser, encode: QueryEncoder, first: str, second: str) -> Comparison:
    """Compare the targets of two sentences, each marked with brackets.

    Raises:
        QueryError: A sentence does not have exactly one target.
    """
    a, b = (read_target_query(analyser, text, function_words=True) for text in (first, second))
    score = float(encode.sense(a) @ encode.sense(b))
    return Comparison(min(1.0, max(-1.0, score)), None, a.text, b.text)


def compare_calibrated(view: View, first: str, second: str) -> Comparison:
    """Compare as `compare` does, with the confidence that a collection's calibration gives."""
    found = compare(view.analyser, view.encode, first, second)
    if view.calibration is None:
        return found
    return replace(found, confidence=float(view.calibration.confidence([found.score])[0]))
