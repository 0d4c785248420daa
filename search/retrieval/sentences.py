"""Search by sentence, in stages: candidates, the scores of each signal, their combination, the best, and their hits.

Meaning and keywords both propose candidates. Every candidate then has the exact score of every signal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.segment import SENTENCE_INDEX
from ...indexer.errors import QueryError
from ...indexer.text import Token, TokenKind
from ...indexer.vectorise import SentenceVectors
from ...indexer.vectors.arrays import Array, Ids
from ..context import View, check_k, parse_option
from ..hits import By, HitList, Match, Order, SentenceHit
from ..query.sentence import SentenceQuery, parse_sentence
from ..sentence_confidence import confidences, verdict_of
from .alike import collapse
from .exact import index_notice, nearest_sentences, sentence_cosines
from .hydrate import sentence_hits
from .keywords import keyword_weight, phrases_notice, rarest_tokens, score_keywords, with_phrases
from .meetings import MOST_ASKED, meetings_of, word_candidates, word_scores
from .passages import check_neighbours, with_neighbours
from .ranking import Ranked, combine, ranked

CANDIDATES = 200
"""Minimum number of sentences that meaning and keywords propose each."""
DEFAULT_ORDER = Order.HYBRID
"""Order of the hits, unless another one is asked for or `default` vectors are compared."""
MOST_MET = 1000
"""Maximum number of hits with meetings. A longer list, such as for a file, has none after these."""
FEWEST_WORDS = 3
"""Minimum number of words of a query whose hits have a confidence. Single words state nothing."""
PASSAGES = 3
"""Default maximum number of sentences that a document is shown with."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A query by sentence, parsed and encoded.

    Attributes:
        tokens: Tokens of the query's text.
        vectors: Vectors of the sentence (e,) and of its tokens (t, d).
        by: The vectors that are compared: `sentence` or `default`.
    """

    query: SentenceQuery
    tokens: tuple[Token, ...]
    vectors: SentenceVectors
    by: By

    @property
    def vector(self) -> Array:
        """The unit vector that is compared with those of sentences.  (e,)"""
        return self.vectors.default if self.by is By.DEFAULT else self.vectors.sentence

    @property
    def has_confidence(self) -> bool:
        """Whether hits have a confidence: it was fitted on learned vectors of sentences, not of single words."""
        words = sum(token.kind is not TokenKind.PUNCTUATION for token in self.tokens)
        return self.by is not By.DEFAULT and words >= FEWEST_WORDS


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Sentences that may be among the best, with the exact score of each signal.

    Attributes:
        ids: Ids of the sentences, ascending (n,).
        cosines: Cosines of their vectors with that of the query (n,).
        keywords: BM25 (n,). It is 0 without a common word.
        words: Scores of late interaction (n,). None if the order does not need them.
        weight: Weight of the keywords in the order `hybrid`.
    """

    ids: Ids
    cosines: Array
    keywords: Array
    words: Array | None
    weight: float

    def scores(self, order: Order) -> Array:
        """Return the scores that an order sorts by.  (n,)"""
        if order is Order.MEANING:
            return self.cosines
        if order is Order.KEYWORDS:
            return self.keywords
        if order is Order.WORDS and self.words is not None:
            return self.words
        return combine(self.cosines, self.keywords, self.weight)

    def cosines_of(self, ids: Ids) -> Array:
        """Return the cosines of some of the candidates, by id.  (m,) -> (m,)"""
        return self.cosines[np.searchsorted(self.ids, ids)]


def find_sentences(
    view: View,
    text: str,
    k: int,
    by: str,
    order: str | None,
    hybrid: bool | None,
    alike: bool,
    neighbours: int = 0,
) -> HitList[SentenceHit]:
    """Find the k sentences that answer a query by sentence best. See `Searcher.sentences`."""
    check_k(k)
    check_neighbours(neighbours)
    compared = parse_option(By, by, "by", (By.SENTENCE, By.DEFAULT))
    chosen = parse_order(order, hybrid, compared)
    view, question = open_question(view, text, compared)
    best, others, found = best_sentences(view, question, chosen, k, alike)
    shown = Ranked(best.ids, found.cosines_of(best.ids))
    sure = confidences(view, shown.scores) if question.has_confidence else None
    met = meetings_of(view, question.tokens, question.vectors.tokens, best.ids[:MOST_MET])
    met += [()] * (len(best.ids) - len(met))
    hits = sentence_hits(view.collection, shown, sure, met, others)
    # Order `keywords` has no candidates by meaning, so that the nearest sentence may not be among them.
    # A query with a required phrase asks for that phrase, not for a sentence that means the same.
    is_told = question.has_confidence and chosen is not Order.KEYWORDS and not question.query.required and len(hits) > 0
    nearest = confidences(view, found.cosines.max(keepdims=True)) if is_told else None
    verdict = None if nearest is None else verdict_of(nearest.tolist())
    if neighbours:
        hits = with_neighbours(view, hits, neighbours)
    return HitList(hits, Match.SENTENCE, notice_of(view, question, len(hits)), verdict, view.count_sentences())


def notice_of(view: View, question: Question, hits: int) -> str | None:
    """Return a remark on a number of hits: that an index is damaged, or that phrases leave no hit."""
    return sentence_notice(view) or (None if hits else phrases_notice(question.query))


def sentence_notice(view: View) -> str | None:
    """Return what a reader of sentence hits must know: other vectors than asked for, or a damaged index."""
    notices = [view.context.sentence_notice(), index_notice(view.scope, SENTENCE_INDEX)]
    return "; ".join(filter(None, notices)) or None


def parse_order(order: str | None, hybrid: bool | None, by: By) -> Order:
    """Return the order that a question asks for.

    Args:
        hybrid: The order's older name: True for `hybrid`, False for `meaning`.

    Raises:
        QueryError: There is no such order, or `hybrid` says another one.
    """
    named = None if hybrid is None else Order.HYBRID if hybrid else Order.MEANING
    if order is None:
        return named or (Order.MEANING if by is By.DEFAULT else DEFAULT_ORDER)
    chosen = parse_option(Order, order, "order", tuple(Order))
    if named not in (None, chosen):
        raise QueryError(f"order is '{chosen}' and hybrid is {hybrid}; leave one of them out")
    return chosen


def check_passages(passages: int) -> None:
    """Refuse a number of passages below 1.

    Raises:
        QueryError: It is below 1.
    """
    if passages < 1:
        raise QueryError(f"passages is {passages}; ask for at least 1 sentence of each document")


def open_question(view: View, text: str, by: By = By.SENTENCE, whole_documents: bool = False) -> tuple[View, Question]:
    """Parse and encode a query by sentence, and narrow the view to what its phrases let in.

    Args:
        whole_documents: Let in the documents that have the phrases anywhere.

    Raises:
        QueryError: It is empty, too long, or only excludes words.
    """
    query = parse_sentence(text)
    tokens = view.analyser.tokens(query.text)
    if not any(token.text.strip() for token in tokens):
        raise QueryError("the query is empty; type a sentence")
    narrowed = with_phrases(view, query, whole_documents)
    vectors = encoded(view, tokens, by)
    return narrowed, Question(query, view.tagged(tokens, vectors), vectors, by)


def encoded(view: View, tokens: Sequence[Token], by: By) -> SentenceVectors:
    """Return the vectors of a query's tokens, and of its sentence as far as they are compared."""
    return view.encode.elmo(tokens) if by is By.DEFAULT else view.encode(tokens)


def best_sentences(
    view: View, question: Question, order: Order, k: int, alike: bool
) -> tuple[Ranked, Mapping[int, tuple[int, ...]], Candidates]:
    """Return the k best sentences with the scores of the order, those alike by the id of each, and all candidates.

    Args:
        alike: Keep one of several sentences that are nearly the same. More candidates are then read until there are k.
    """
    wanted = max(CANDIDATES, 2 * k)
    while True:
        found = find_candidates(view, question, order, wanted)
        best = ranked(found.ids, found.scores(order))
        if not alike:
            return Ranked(best.ids[:k], best.scores[:k]), {}, found
        kept, others = collapse(view, best, k)
        if len(kept.ids) >= k or len(found.ids) < wanted:
            return kept, others, found
        wanted *= 4


def find_candidates(view: View, question: Question, order: Order, wanted: int) -> Candidates:
    """Return the sentences that meaning and keywords propose, with the scores that an order needs.

    Order `meaning` has the candidates of meaning alone, and `keywords` those that hold a word of the query.

    Args:
        wanted: Number of sentences that each side proposes.
    """
    proposed = []
    if order is not Order.KEYWORDS:
        proposed.append(nearest_sentences(view.scope, question.vector, wanted, question.by).ids)
    if order is Order.MEANING:
        keywords = None
    else:
        # Frequent words take long to find, and the order by words does not need their scores.
        asked = rarest_tokens(view, question.tokens, MOST_ASKED) if order is Order.WORDS else question.tokens
        keywords = score_keywords(view, asked)
        proposed.append(keywords.best(view.scope, wanted).ids)
    if order is Order.WORDS:
        proposed.append(word_candidates(view, question.tokens, question.vectors.tokens))
    ids = np.unique(np.concatenate(proposed))
    cosines = sentence_cosines(view.scope, ids, question.vector, question.by)
    bm25 = np.zeros(len(ids), np.float32) if keywords is None else keywords.of(ids)
    words, weight = None, 0.0
    if order is Order.WORDS:
        words = word_scores(view, question.tokens, question.vectors.tokens, ids)
    elif order is Order.HYBRID and len(ids):
        weight = keyword_weight(view, question.tokens, float(bm25.max()), question.by)
    return Candidates(ids, cosines, bm25, words, weight)
