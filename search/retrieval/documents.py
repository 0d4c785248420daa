"""Search for documents by their best sentences, by the mean of all their sentences, and by keywords.

Candidates are the documents of the best sentences by meaning and by keywords. Their scores have two sides.

- Meaning: half the mean cosine of the best two sentences, half the cosine of the mean vector of all sentences.
- Keywords: the BM25 of the best sentence and, with twice its weight, that of the document as one text.

The hybrid order standardises both sides over the candidates and adds them. `keyword_weight` weighs the keywords. A
query of several sentences, such as a whole document, is cut. Each of its sentences is compared with those of a
document, and their mean with its mean.

The rule was chosen on Cranfield (docs/results/passages.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...indexer.collection.keyword_queries import keyword_scores, matching_sentences
from ...indexer.collection.queries import lemma_frequencies
from ...indexer.text import Token, has_words
from ...indexer.vectors.arrays import Array, Doubles, Ids, unit
from ..context import View
from ..hits import By, DocumentHit, HitList, Match, Order, SentenceHit
from ..query.scope import Scope
from ..sentence_confidence import confidences
from .exact import nearest_sentences, sentence_rows
from .hydrate import sentence_hits
from .keywords import KeywordScores, any_of, content_tokens, keyword_weight
from .meetings import meetings_of, word_scores
from .ranking import BM25_B, BM25_K1, Ranked, absence_odds, combine, ranked, standardised
from .sentences import CANDIDATES, Question, encoded, notice_of

BEST = 2
"""Number of best sentences that count for a document. With a third one, Cranfield's score falls."""
KEYWORD_FACTOR = 1.3
"""Factor of the weight of keywords for documents, relative to that for sentences."""
WHOLE_SHARE = 0.65
"""Share of the whole document's BM25 in its score by keywords. The rest is the BM25 of its best sentence."""
MOST_WORDS = 50
"""Maximum number of words of a query that keywords look for: the most frequent and rarest ones of a long query."""
MOST_SENTENCES = 64
"""Maximum number of sentences that a long query is compared by, evenly spread over it."""
FEWEST_PROPOSED = 20
"""Minimum number of sentences that each sentence of a long query proposes."""


@dataclass(frozen=True, slots=True, eq=False)
class DocumentRows:
    """All sentences of n documents, in the order of their ids.

    Attributes:
        keys: Keys of the documents, ascending (n,).
        ids: Ids of the m sentences (m,).
        owners: Place in `keys` of the document of each sentence (m,).
        vectors: Unit vectors of the sentences (m, e).
    """

    keys: Ids
    ids: Ids
    owners: Ids
    vectors: Array


def best_mean(scores: Array, owners: Ids, n: int, best: int = BEST) -> Doubles:
    """Return the mean of the best scores of each of n documents. Documents without a score have 0.

    Args:
        scores: Scores of m sentences (m,).
        owners: The document of each, from 0 (m,).
        best: Number of scores that count. A document with fewer has the mean of those.

    Returns:
        (n,)
    """
    order = np.lexsort((-scores, owners))  # (m,)
    sorted_owners = owners[order]
    first = np.searchsorted(sorted_owners, np.arange(n))  # (n,)
    place = np.arange(len(order)) - first[sorted_owners]  # rank of each sentence in its document, from 0
    kept = place < best
    counts = np.bincount(sorted_owners[kept], minlength=n)
    sums = np.bincount(sorted_owners[kept], weights=scores[order][kept], minlength=n)
    return np.asarray(sums / np.maximum(counts, 1), np.float64)


def mean_vectors(vectors: Array, owners: Ids, n: int) -> Array:
    """Return the unit mean of the sentence vectors of each of n documents.  (m, e), (m,) -> (n, e)"""
    sums = np.zeros((n, vectors.shape[1]), np.float64)
    np.add.at(sums, owners, vectors)
    return unit(sums)


def meaning_scores(asked: Array, vectors: Array, owners: Ids, n: int) -> Array:
    """Return the score by meaning of each of n documents.

    Args:
        asked: Unit vectors of the q sentences of the query (q, e).
        vectors: Unit vectors of all m sentences of the documents (m, e).
        owners: The document of each, from 0 (m,).

    Returns:
        Numbers in [-1, 1].  (n,)
    """
    passages = np.zeros(n)
    for sentence in asked:
        passages += best_mean(np.einsum("me,e->m", vectors, sentence), owners, n) / len(asked)
    whole = mean_vectors(vectors, owners, n) @ unit(asked.mean(axis=0))  # (n,)
    return np.asarray((passages + whole) / 2, np.float32)


def document_bm25(counts: Array, frequencies: Array, lengths: Array, mean_length: float, total: int) -> Array:
    """Return the BM25 of each of n documents as one text.

    Args:
        counts: Number of sentences of each document with each of w words (w, n).
        frequencies: Number of all documents with each word (w,).
        lengths: Number of sentences of each document (n,).
        mean_length: Mean length of all documents.
        total: Number of all documents.

    Returns:
        (n,)
    """
    rarity = np.log1p(absence_odds(frequencies, total))  # (w,)
    norm = BM25_K1 * (1 - BM25_B + BM25_B * lengths / max(mean_length, 1e-9))  # (n,)
    return np.asarray(rarity @ (counts * (BM25_K1 + 1) / (counts + norm)), np.float32)


def keyword_side(best_sentence: Array, whole: Array) -> Array:
    """Return the score by keywords of n documents, from the BM25 of their best sentence and of the whole.  (n,)"""
    best = (1 - WHOLE_SHARE) * standardised(best_sentence)
    return np.asarray(best + WHOLE_SHARE * standardised(whole), np.float32)


def find_documents(view: View, query: Question, k: int, order: Order, passages: int) -> HitList[DocumentHit]:
    """Find the k documents that answer a query by sentence best. See `Searcher.documents`."""
    asked = _asked(view, query)  # (q, e)
    words = _query_words(view, query.tokens)
    expression = any_of(words)
    nothing = KeywordScores(np.zeros(0, np.int64), np.zeros(0, np.float32))
    keywords = KeywordScores(*keyword_scores(view.collection.db, expression)) if expression else nothing
    proposed = _proposed(view, asked, keywords, order, query.by)
    rows = _document_rows(view.scope, proposed, query.by)
    n = len(rows.keys)
    if not n:
        return HitList([], Match.SENTENCE, notice_of(view, query, 0))
    meaning = meaning_scores(asked, rows.vectors, rows.owners, n)
    if order is Order.MEANING:
        scores = meaning
    elif order is Order.WORDS:
        scores = _by_words(view, query, proposed, rows)
    else:
        best_sentence = np.asarray(best_mean(keywords.of(rows.ids), rows.owners, n, best=1), np.float32)
        weight = KEYWORD_FACTOR * keyword_weight(view, query.tokens, float(best_sentence.max()), query.by)
        scores = keyword_side(best_sentence, _whole_bm25(view, words, rows))
        if order is Order.HYBRID:
            scores = combine(meaning, scores, weight)
    best = ranked(rows.keys, scores, k)
    places = np.searchsorted(rows.keys, best.ids)
    shown = _passages(view, query, asked, keywords, rows, places, order, passages)
    hits = [
        DocumentHit(
            rank=rank,
            score=min(1.0, max(-1.0, float(meaning[place]))),
            confidence=max((hit.confidence for hit in found if hit.confidence is not None), default=None),
            document_id=found[0].document_id,
            document=found[0].document,
            metadata=found[0].metadata,
            passages=tuple(found),
        )
        for rank, (place, found) in enumerate(zip(places.tolist(), shown, strict=True), start=1)
    ]
    return HitList(hits, Match.SENTENCE, notice_of(view, query, len(hits)))


def _asked(view: View, query: Question) -> Array:
    """Return the vectors of the query's sentences, or that of the whole query if it is one sentence.  (q, e)"""
    cut = [sentence.tokens for sentence in view.analyser.sentences(query.query.text) if has_words(sentence)]
    if len(cut) < 2:
        return query.vector[None]
    chosen = np.unique(np.linspace(0, len(cut) - 1, MOST_SENTENCES).astype(int)).tolist()
    return np.stack([replace(query, vectors=encoded(view, cut[n], query.by)).vector for n in chosen])


def _query_words(view: View, tokens: Sequence[Token]) -> list[str]:
    """Return the words that keywords look for, each once, the weightiest ones of a long query."""
    kept = content_tokens(tokens)
    counts = Counter(t.form or t.text for t in kept)
    if len(counts) > MOST_WORDS:
        lemmas = {t.form or t.text: t.lemma for t in kept}
        stored = lemma_frequencies(view.collection.db, sorted(set(lemmas.values())))
        total = max(sum(stored.values()), 1)
        weight = {word: n * np.log1p(total / (1 + stored.get(lemmas[word], 0))) for word, n in counts.items()}
        return sorted(counts, key=lambda word: (-weight[word], word))[:MOST_WORDS]
    return sorted(counts)


def _proposed(view: View, asked: Array, keywords: KeywordScores, order: Order, by: By) -> Ids:
    """Return the ids of the sentences whose documents are candidates, ascending."""
    found = [np.zeros(0, np.int64)]
    if order is not Order.KEYWORDS:
        each = max(FEWEST_PROPOSED, CANDIDATES // len(asked))
        found += [nearest_sentences(view.scope, vector, each, by).ids for vector in asked]
    if order is not Order.MEANING:
        found.append(keywords.best(view.scope, CANDIDATES).ids)
    return np.unique(np.concatenate(found))


def _document_rows(scope: Scope, sentences: Ids, by: By) -> DocumentRows:
    """Read all sentences inside the filters of the documents that some sentences belong to."""
    chosen = np.zeros(len(scope.snapshot.live), bool)
    for segment, _, rows in scope.sentence_rows(sentences):
        chosen[segment.sentence_documents[rows]] = True
    ids, owners, vectors = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], []
    for segment in scope.snapshot.segments.values():
        inside, allowed = chosen[segment.sentence_documents], scope.sentence_mask(segment)
        rows = np.flatnonzero(inside if allowed is None else inside & allowed)
        ids.append(np.asarray(segment.sentence_ids[rows]))
        owners.append(np.asarray(segment.sentence_documents[rows]))
        vectors.append(np.asarray(sentence_rows(segment, by)[rows], np.float32))
    keys = np.flatnonzero(chosen)
    all_ids = np.concatenate(ids)
    order = np.argsort(all_ids)
    places = np.searchsorted(keys, np.concatenate(owners))
    joined = np.concatenate(vectors) if vectors else np.zeros((0, 1), np.float32)
    return DocumentRows(keys, all_ids[order], places[order], joined[order])


def _whole_bm25(view: View, words: Sequence[str], rows: DocumentRows) -> Array:
    """Return the BM25 of the candidates as whole texts.  (n,)"""
    snapshot, n = view.snapshot, len(rows.keys)
    counts, frequencies = np.zeros((len(words), n), np.float32), np.zeros(len(words), np.float32)
    for place, word in enumerate(words):
        found = np.zeros(len(snapshot.live), np.int64)
        for segment, _, held in view.scope.sentence_rows(matching_sentences(view.collection.db, any_of([word]))):
            found += np.bincount(segment.sentence_documents[held], minlength=len(found))
        found[~snapshot.live] = 0
        counts[place], frequencies[place] = found[rows.keys], np.count_nonzero(found)
    total = max(int(snapshot.live.sum()), 1)
    sentences = sum(len(segment.sentence_ids) for segment in snapshot.segments.values())
    lengths = np.bincount(rows.owners, minlength=n).astype(np.float32)
    return document_bm25(counts, frequencies, lengths, sentences / total, total)


def _by_words(view: View, query: Question, proposed: Ids, rows: DocumentRows) -> Array:
    """Return the mean late interaction of each candidate's best sentences among the proposed ones.  (n,)"""
    scores = word_scores(view, query.tokens, query.vectors.tokens, proposed)
    if scores is None:
        return np.zeros(len(rows.keys), np.float32)
    owners = rows.owners[np.searchsorted(rows.ids, proposed)]
    return np.asarray(best_mean(scores, owners, len(rows.keys)), np.float32)


def _passages(
    view: View,
    query: Question,
    asked: Array,
    keywords: KeywordScores,
    rows: DocumentRows,
    places: Ids,
    order: Order,
    most: int,
) -> list[list[SentenceHit]]:
    """Return the best sentences of some candidates, best first. Each score is the best cosine with the query's.

    Order `keywords` sorts them by BM25, `hybrid` by both, and the others by meaning.
    """
    inside = np.flatnonzero(np.isin(rows.owners, places))
    cosines = np.max([np.einsum("me,e->m", rows.vectors[inside], vector) for vector in asked], axis=0)  # (m,)
    found = keywords.of(rows.ids[inside])  # (m,)
    sort = cosines
    if order is Order.KEYWORDS:
        sort = found
    elif order is Order.HYBRID:
        sort = combine(cosines, found, keyword_weight(view, query.tokens, float(found.max(initial=0)), query.by))
    chosen = []
    for place in places.tolist():
        own = np.flatnonzero(rows.owners[inside] == place)
        chosen.append(own[np.lexsort((rows.ids[inside][own], -sort[own]))[:most]])
    flat = np.concatenate(chosen)
    shown = Ranked(rows.ids[inside][flat], np.asarray(cosines[flat], np.float32))
    met = meetings_of(view, query.tokens, query.vectors.tokens, shown.ids)
    sure = confidences(view, shown.scores) if query.has_confidence else None
    hits = sentence_hits(view.collection, shown, sure, met)
    out, first = [], 0
    for own in chosen:
        part = hits[first : first + len(own)]
        out.append([replace(hit, rank=rank) for rank, hit in enumerate(part, start=1)])
        first += len(own)
    return out
