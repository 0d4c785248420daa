"""Rank sentences by keywords (FTS5, BM25), for the hybrid order."""

from __future__ import annotations

import numpy as np

from ...indexer.collection.queries import best_keyword_sentences
from ...indexer.text import TextAnalyser, TokenKind
from ...indexer.vectors.arrays import Ids
from ..context import View
from ..query.scope import Scope


def match_expression(text: str, analyser: TextAnalyser) -> str:
    """Return an FTS5 expression that matches any content word of a text. Every word is quoted, so none is syntax.

    A text without content words is matched by its function words. A text without words gives an empty expression.
    """
    tokens = analyser.tokens(text)
    words = [t.text for t in tokens if t.kind in (TokenKind.WORD, TokenKind.NUMBER)]
    words = words or [t.text for t in tokens if t.kind is TokenKind.FUNCTION]
    distinct = sorted({word.replace("\0", " ").replace('"', '""') for word in words})
    return " OR ".join(f'"{word}"' for word in distinct)


def keyword_ranks(view: View, text: str, k: int) -> Ids:
    """Return the ids of the k best sentences inside the filters by BM25, best first. Ties are in the order of ids."""
    expression = match_expression(text, view.analyser)
    if not expression:
        return np.zeros(0, np.int64)
    scope, documents, sentences = view.scope, None, None
    if scope.senses:
        sentences = _sentence_ids(scope)
    elif scope.documents is not None:
        documents = np.flatnonzero(scope.documents & scope.snapshot.live).tolist()
    return np.array(best_keyword_sentences(view.collection.db, expression, k, documents, sentences), np.int64)


def _sentence_ids(scope: Scope) -> list[int]:
    """Return the ids of all sentences in scope."""
    found: list[int] = []
    for segment in scope.snapshot.segments.values():
        mask = scope.sentence_mask(segment)
        found += (segment.sentence_ids if mask is None else segment.sentence_ids[mask]).tolist()
    return found
