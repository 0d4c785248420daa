"""What the evaluation reads and what it says: spans of sentences, gold judgements, scores."""

from __future__ import annotations

from dataclasses import dataclass

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens [start, end) of a sentence, at least one: an occurrence, or the whole sentence."""

    sentence: Tokens
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Usage:
    """An occurrence of a word and the sense that people gave it."""

    span: Span
    sense: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Two tokens of one lemma in their sentences; `gold`: 1 or 0 (same sense or not), or how alike they were judged."""

    lemma: str
    sentence1: Tokens
    position1: int
    sentence2: Tokens
    position2: int
    gold: float


@dataclass(frozen=True, slots=True)
class SentencePair:
    """Two sentences, and how alike people found them."""

    sentence1: Tokens
    sentence2: Tokens
    gold: float


@dataclass(frozen=True, slots=True)
class Score:
    """One figure: a measure of one representation on one task, as a fraction (accuracy 0.65) or a correlation.

    low, high: 95 % bootstrap interval. baseline: the same measure of what `baseline_name` tells; 0 where there is none.
    """

    task: str
    metric: str
    representation: str
    value: float
    low: float
    high: float
    baseline: float
    baseline_name: str

    def row(self) -> dict[str, object]:
        """What a JSON line holds of it."""
        return {
            "task": self.task,
            "metric": self.metric,
            "representation": self.representation,
            "value": round(self.value, 6),
            "low": round(self.low, 6),
            "high": round(self.high, 6),
            "baseline": round(self.baseline, 6),
        }


def whole(sentence: Tokens) -> Span:
    """The span of a whole sentence."""
    return Span(sentence, 0, len(sentence))


def first_of(pair: TokenPair) -> Span:
    """The first of two tokens."""
    return Span(pair.sentence1, pair.position1, pair.position1 + 1)


def second_of(pair: TokenPair) -> Span:
    """The second of two tokens."""
    return Span(pair.sentence2, pair.position2, pair.position2 + 1)
