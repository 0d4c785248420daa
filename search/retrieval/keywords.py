"""Score sentences by keywords (FTS5, BM25), and find those with the phrases that a query requires or excludes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...indexer.collection.keyword_queries import keyword_scores, matching_sentences
from ...indexer.collection.queries import lemma_frequencies
from ...indexer.collection.records import SentenceKind
from ...indexer.text import TextAnalyser, Token, TokenKind
from ...indexer.vectors.arrays import Array, Doubles, Ids, Mask
from ..context import View
from ..hits import By
from ..query.scope import Phrases, Scope
from ..query.sentence import SentenceQuery
from .ranking import Ranked, absence_odds, coverage_weight, ranked

WEIGHTS_BY_KIND = {SentenceKind.POOLED: 4.0, SentenceKind.DEFAULT: 5.0}
"""Factors of the weight of keywords, by kind of the compared sentence vectors. These find less than learned ones.

Both were chosen on Cranfield and on the paraphrases of the sample documents, so that the hybrid order loses on neither
(docs/results/sentences.md).
"""


@dataclass(frozen=True, slots=True)
class KeywordScores:
    """BM25 of all sentences that hold a content word of a query.

    Attributes:
        ids: Ids of the sentences, ascending (n,). Some may be deleted or outside the filters.
        scores: Their BM25, above 0 (n,).
    """

    ids: Ids
    scores: Array

    def best(self, scope: Scope, k: int) -> Ranked:
        """Return the k best sentences inside the filters. Ties are in the order of ids."""
        inside = scope.inside(self.ids)
        return ranked(self.ids[inside], self.scores[inside], k)

    def of(self, ids: Ids) -> Array:
        """Return the scores of sentences by id. Sentences without a word of the query have 0.  (m,) -> (m,)"""
        found = np.zeros(len(ids), np.float32)
        if len(self.ids):
            places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
            holds = self.ids[places] == ids
            found[holds] = self.scores[places[holds]]
        return found


def match_expression(text: str, analyser: TextAnalyser) -> str:
    """Return an FTS5 expression that matches any content word of a text. Every word is quoted, so none is syntax.

    A text without content words is matched by its function words. A text without words gives an empty expression.
    """
    return any_of(keywords_of(analyser.tokens(text)))


def keywords_of(tokens: Iterable[Token]) -> list[str]:
    """Return the distinct content words and numbers among tokens, or the function words if there are none."""
    return sorted({token.text for token in content_tokens(tokens)})


def content_tokens(tokens: Iterable[Token]) -> list[Token]:
    """Return the content words and numbers among tokens, or the function words if there are none."""
    every = list(tokens)
    words = [token for token in every if token.kind in (TokenKind.WORD, TokenKind.NUMBER)]
    return words or [token for token in every if token.kind is TokenKind.FUNCTION]


def rarest_tokens(view: View, tokens: Iterable[Token], most: int) -> list[Token]:
    """Return the content tokens of the rarest lemmas of a query, at most `most` tokens, rarest first."""
    kept = list({token.lemma: token for token in content_tokens(tokens)}.values())
    odds = lemma_odds(view, [token.lemma for token in kept])
    return [kept[n] for n in np.argsort(-odds, kind="stable")[:most].tolist()]


def any_of(phrases: Iterable[str]) -> str:
    """Return an FTS5 expression that matches any of some words or phrases. None of them is syntax."""
    return " OR ".join(sorted({_quoted(phrase) for phrase in phrases}))


def _quoted(phrase: str) -> str:
    plain = phrase.replace("\0", " ").replace('"', '""')
    return f'"{plain}"'


def score_keywords(view: View, tokens: Iterable[Token]) -> KeywordScores:
    """Return the BM25 of all sentences that hold a content word among the tokens of a query."""
    expression = any_of(keywords_of(tokens))
    if not expression:
        return KeywordScores(np.zeros(0, np.int64), np.zeros(0, np.float32))
    return KeywordScores(*keyword_scores(view.collection.db, expression))


def keyword_weight(view: View, tokens: Iterable[Token], best: float, by: By = By.SENTENCE) -> float:
    """Return the weight of keywords in the hybrid order. That of meaning is 1. See `coverage_weight`.

    Args:
        tokens: Tokens of the query.
        best: BM25 of the best candidate.
        by: What is compared by meaning.
    """
    kind = SentenceKind.DEFAULT if by is By.DEFAULT else view.sentence_kind
    lemmas = sorted({token.lemma for token in tokens if token.kind in (TokenKind.WORD, TokenKind.NUMBER)})
    rarities = np.maximum(np.log(lemma_odds(view, lemmas)), 0)
    factor = WEIGHTS_BY_KIND.get(kind, 1.0)
    return factor * coverage_weight(best, np.asarray(rarities, np.float32))


def lemma_odds(view: View, lemmas: Sequence[str]) -> Doubles:
    """Return `absence_odds` of lemmas in the collection's sentences. Each occurrence counts as a sentence.  (w,)"""
    counts = lemma_frequencies(view.collection.db, sorted(set(lemmas)))
    total = sum(len(segment.sentence_ids) for segment in view.snapshot.segments.values())
    return absence_odds(np.array([counts.get(lemma, 0) for lemma in lemmas], np.float64), total)


def with_phrases(view: View, query: SentenceQuery, whole_documents: bool = False) -> View:
    """Narrow a view to the sentences that hold the required phrases of a query and none of the excluded ones.

    Args:
        whole_documents: Narrow it to documents instead, whose sentences may hold the phrases anywhere.
    """
    if not query.required and not query.excluded:
        return view
    db, scope = view.collection.db, view.scope
    excluded = matching_sentences(db, any_of(query.excluded)) if query.excluded else np.zeros(0, np.int64)
    if not whole_documents:
        required = matching_sentences(db, " AND ".join(map(_quoted, query.required))) if query.required else None
        return replace(view, scope=replace(scope, phrases=Phrases(required, excluded)))
    mask = scope.snapshot.live.copy() if scope.documents is None else scope.documents & scope.snapshot.live
    for phrase in query.required:
        mask &= _documents_with(scope, matching_sentences(db, _quoted(phrase)))
    mask &= ~_documents_with(scope, excluded)
    return replace(view, scope=replace(scope, documents=mask, _masks={}))


def _documents_with(scope: Scope, sentences: Ids) -> Mask:
    """Return the documents, by key, that have some of these sentences.  (n,) -> (largest key + 1,)"""
    mask = np.zeros(len(scope.snapshot.live), bool)
    for segment, _, rows in scope.sentence_rows(sentences):
        mask[segment.sentence_documents[rows]] = True
    return mask


def phrases_notice(query: SentenceQuery) -> str | None:
    """Return a notice for a query without hits: which phrases it requires. None if it requires none."""
    if not query.required:
        return None
    listed = " and ".join(f'"{phrase[:60]}"' for phrase in query.required[:3])
    return rf"nothing has {listed} as you ask; drop the quotation marks, or write \" for a literal one"
