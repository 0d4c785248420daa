"""Input and output records of the evaluation: spans, gold judgements, scores."""

from __future__ import annotations

from dataclasses import dataclass

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens [start, end) of a sentence, at least one: an occurrence or the whole sentence."""

    sentence: Tokens
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Usage:
    """An occurrence of a word and its gold sense."""

    span: Span
    sense: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Two tokens of one lemma in their sentences.

    Attributes:
        gold: 1 for the same sense and 0 for different senses, or a judgement of their similarity.
    """

    lemma: str
    sentence1: Tokens
    position1: int
    sentence2: Tokens
    position2: int
    gold: float


@dataclass(frozen=True, slots=True)
class SentencePair:
    """Two sentences, and the mean human judgement of their similarity."""

    sentence1: Tokens
    sentence2: Tokens
    gold: float


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of one representation on one task: a fraction (accuracy 0.65) or a correlation.

    Attributes:
        low: Lower bound of the 95 % bootstrap interval.
        high: Upper bound.
        baseline: The same measure of `baseline_name`, or 0 without a baseline.
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
        """Return the fields of a JSON line, rounded to six decimals."""
        return {
            "task": self.task,
            "metric": self.metric,
            "representation": self.representation,
            "value": round(self.value, 6),
            "low": round(self.low, 6),
            "high": round(self.high, 6),
            "baseline": round(self.baseline, 6),
        }


def whole_sentence(sentence: Tokens) -> Span:
    """Return the span of a whole sentence."""
    return Span(sentence, 0, len(sentence))


def first_token(pair: TokenPair) -> Span:
    """Return the span of a pair's first token."""
    return Span(pair.sentence1, pair.position1, pair.position1 + 1)


def second_token(pair: TokenPair) -> Span:
    """Return the span of a pair's second token."""
    return Span(pair.sentence2, pair.position2, pair.position2 + 1)
