"""Running text -> tokenised sentences and spans, cut as the product cuts documents and queries."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ...indexer.text.analyser import Sentence, TextAnalyser, Token
from .records import Span, Tokens


def tokens_of(analyser: TextAnalyser, text: str) -> Tokens:
    """The tokens of a text taken as one sentence."""
    return tuple(token.text for token in analyser.tokens(text))


def spans_at(analyser: TextAnalyser, text: str, places: Sequence[tuple[int, int]]) -> list[Span | None]:
    """For each place (start, end) of a text its tokens in their sentence; None where no token stands there."""
    return spans_in(list(analyser.sentences(text)), places)


def spans_in(sentences: Sequence[Sentence], places: Sequence[tuple[int, int]]) -> list[Span | None]:
    """For each place (start, end) its tokens in the one of the sentences, in order, that it begins in; None for none.

    A place that reaches over the end of its sentence is cut there.
    """
    starts = [sentence.start for sentence in sentences]
    found: list[Span | None] = []
    for start, end in places:
        at = bisect_right(starts, start) - 1
        found.append(span_of(sentences[at].tokens, start, end) if at >= 0 else None)
    return found


def span_of(tokens: Sequence[Token], start: int, end: int) -> Span | None:
    """The tokens of a sentence that reach into [start, end); None where there is none."""
    inside = [n for n, token in enumerate(tokens) if token.start < end and token.end > start]
    forms = tuple(token.text for token in tokens)
    return Span(forms, inside[0], inside[-1] + 1) if inside else None
