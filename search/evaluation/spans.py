"""Cut running text into tokenised sentences and spans, exactly as documents and queries are cut."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ...indexer.text import Sentence, TextAnalyser, Token
from .records import Span, Tokens


def tokens_of(analyser: TextAnalyser, text: str) -> Tokens:
    """Return the tokens of a text that is read as one sentence."""
    return tuple(token.text for token in analyser.tokens(text))


def spans_at(analyser: TextAnalyser, text: str, places: Sequence[tuple[int, int]]) -> list[Span | None]:
    """Return the span of each place (start, end) of a text, or None for a place without a token."""
    return spans_in(list(analyser.sentences(text)), places)


def spans_in(sentences: Sequence[Sentence], places: Sequence[tuple[int, int]]) -> list[Span | None]:
    """Return the span of each place (start, end) in the sentence where it begins, or None for a place without a token.

    The sentences are in the order of the text. A place that extends beyond its sentence is cut at the sentence's end.
    """
    starts = [sentence.start for sentence in sentences]
    found: list[Span | None] = []
    for start, end in places:
        at = bisect_right(starts, start) - 1
        found.append(span_of(sentences[at].tokens, start, end) if at >= 0 else None)
    return found


def span_of(tokens: Sequence[Token], start: int, end: int) -> Span | None:
    """Return the tokens of a sentence that overlap [start, end), or None if there are none."""
    inside = [n for n, token in enumerate(tokens) if token.start < end and token.end > start]
    forms = tuple(token.text for token in tokens)
    return Span(forms, inside[0], inside[-1] + 1) if inside else None
