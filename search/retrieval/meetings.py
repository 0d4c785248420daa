"""Sense-aware keywords: late interaction of a query's words with the words of sentences, from their stored vectors.

Each word of the query has its best meeting in a sentence. The same word in the same sense is best. A similar word in
that sense is a little less. A sentence's score is the weighted sum of these meetings.

This is MaxSim of ColBERT (Khattab and Zaharia 2020, section 3.2) with changes. Vectors are those of senses. The
identity of the words counts beside their senses. A word's rarity counts as in BM25, and a sentence's length less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...indexer.collection.queries import sentences_of_occurrences
from ...indexer.text import Token, TokenKind, form_of, is_indexed
from ...indexer.vectors.arrays import Array, Doubles, Ids, Mask, products, row_products
from ..confidence import Calibration
from ..context import View
from ..hits import Match, Meeting
from .exact import nearest_rows
from .keywords import lemma_odds
from .sentence_words import PlacedWords, SentenceWords, places_of_types, read_sentence_words, words_of_sentences

SAME_WORD = 0.2
"""Similarity of the same word in surely another sense. Its sense decides about the rest (docs/results/meetings.md)."""
SHARPNESS = 3
"""Power of the odds of the same sense, for the same word. Calibrated odds alone give a wrong sense too much."""
FLOOR = 0.22
"""Minimum similarity of a meeting. A word of the query that meets no word as similar adds nothing."""
AGREEMENT = 0.2
"""Weight of a query's word whose sense has nothing in common with the other words, relative to one that equals them."""
LENGTH = 0.2
"""Part of a score that falls with the length of a sentence, above the mean length. BM25 has 0.75 for all sentences."""
MOST_WORDS = 64
"""Maximum number of words of a query that are compared, the rarest ones."""
MOST_ASKED = 4
"""Maximum number of words of a query that propose sentences, the weightiest or rarest ones."""
MOST_COMPARED = 20_000
"""Maximum number of occurrences of such a word. A more frequent word says little, and takes long to compare."""
COSINES = np.linspace(-1, 1, 20_001)
"""Cosines between which probabilities are interpolated."""
PROPOSED = 50
"""Number of occurrences that each of these words proposes."""


@dataclass(frozen=True, slots=True)
class QueryWords:
    """The q stored words of a query, in its order.

    Attributes:
        senses: Unit sense vectors, encoded in the query's sentence (q, d).
        identities: Unit type vectors (q, p).
        weights: Share of each word in the query's meaning, by rarity and agreement. They sum to 1 (q,).
        same: Places in the type table of the types with the word's lemma, for each word.
    """

    tokens: tuple[Token, ...]
    senses: Array
    identities: Array
    weights: Array
    same: tuple[Ids, ...]

    @property
    def are_numbers(self) -> Mask:
        """Which words are numbers. They meet the same number alone.  (q,)"""
        return np.array([token.kind is TokenKind.NUMBER for token in self.tokens], bool)


def query_words(view: View, tokens: Sequence[Token], vectors: Array) -> QueryWords:
    """Return the words and numbers of a tokenised query. Function words are left out, also where they are stored.

    Args:
        vectors: Unit sense vectors of the tokens, encoded in the query's sentence (t, d).
    """
    places = [n for n, token in enumerate(tokens) if is_indexed(token, function_words=False)]
    weights = np.log1p(lemma_odds(view, [tokens[n].lemma for n in places])).astype(np.float32)  # (words,)
    if len(places) > MOST_WORDS:
        kept = np.sort(np.argsort(-weights, kind="stable")[:MOST_WORDS])
        places, weights = [places[n] for n in kept.tolist()], weights[kept]
    words = tuple(tokens[n] for n in places)
    if not words:
        return QueryWords((), vectors[:0], np.zeros((0, 1), np.float32), weights, ())
    identities = view.encode.words([form_of(token) for token in words])  # (q, p)
    table = view.collection.types()
    types = {lemma: places_of_types(table, view.types(lemma, Match.LEMMA)) for lemma in {each.lemma for each in words}}
    same = tuple(types[token.lemma] for token in words)
    weights *= agreement(vectors[places])
    return QueryWords(words, vectors[places], identities, weights / weights.sum(), same)


def agreement(senses: Array) -> Array:
    """Return how much each of q words agrees with the others: a factor of its weight, from `AGREEMENT` squared.  (q,)

    "He waited at the bank of the stream" is about a bank and a stream, whose contexts are alike. People wait anywhere.
    A word alone has the factor 1.

    Args:
        senses: Unit sense vectors (q, d).
    """
    if len(senses) < 2:
        return np.ones(len(senses), np.float32)
    cosines = np.clip(np.nan_to_num(products(senses, senses)), 0, 1)  # (q, q)
    np.fill_diagonal(cosines, 0)
    mean = cosines.sum(axis=1) / (len(senses) - 1)
    return np.asarray((AGREEMENT + (1 - AGREEMENT) * mean) ** 2, np.float32)


def similarities(view: View, query: QueryWords, words: SentenceWords) -> Array:
    """Return the similarity of each word of sentences with each of the query, in [0, 1], 0 below `FLOOR`.  (n, q)

    Only words that are the same, or similar enough alone, can meet. Only their sense vectors are read.
    """
    distinct, place = np.unique(words.types, return_inverse=True)  # (T',), (n,)
    is_same = np.stack([np.isin(distinct, places) for places in query.same], axis=1)  # (T', q)
    identity = view.context.identities.cosines([form_of(token) for token in query.tokens], query.identities, distinct)
    identity[:, query.are_numbers] = 0
    can_meet = np.asarray((is_same | (identity >= FLOOR)).any(axis=1), bool)[place]  # (n,)
    rows, types = np.flatnonzero(can_meet), place[can_meet]  # (m,)
    sense = same_sense(view.calibration, products(words.senses(rows), query.senses))  # (m, q)
    near = similarity(sense, identity[types], is_same[types])  # (m, q)
    near[:, query.are_numbers] = is_same[types][:, query.are_numbers]
    found = np.zeros((len(words.types), len(query.tokens)), np.float32)
    found[rows] = np.where(near >= FLOOR, near, np.float32(0))
    return found


def same_sense(calibration: Calibration | None, cosines: Array) -> Array:
    """Return the probability that pairs of words have the same sense, or without calibration the cosine.

    Both grow with the cosine. The probability is interpolated, which is faster than its formula.

    Args:
        cosines: Cosines of sense vectors, of any shape, which the result has too.
    """
    clipped = np.clip(np.nan_to_num(cosines), -1, 1)
    if calibration is None:
        return np.asarray(np.maximum(clipped, 0), np.float32)
    return np.interp(clipped, COSINES, _probabilities(calibration)).astype(np.float32)


@lru_cache(maxsize=8)
def _probabilities(calibration: Calibration) -> Doubles:
    """Return the confidence of each of `COSINES`, scaled so that equal vectors have 1."""
    found = calibration.confidence(COSINES).astype(np.float64)
    return np.asarray(found / found[-1], np.float64)


def similarity(sense: Array, identity: Array, is_same: Mask) -> Array:
    """Return the similarity of pairs of words. The arrays have one shape, which the result has too.

    The same word in another sense keeps the share `SAME_WORD`. Another word needs both: a similar sense, and that it
    is similar alone. It is never more similar than the same word.

    Args:
        sense: Probability of the same sense.
        identity: Cosine of the words alone, from 0 to 1.
        is_same: Whether the lemma is the same.
    """
    sure, unsure = sense**SHARPNESS, (1 - sense) ** SHARPNESS
    same = SAME_WORD + (1 - SAME_WORD) * sure / (sure + unsure)
    return np.where(is_same, same, np.minimum(same, sense * identity)).astype(np.float32)


def word_scores(view: View, query_tokens: Sequence[Token], query_vectors: Array, sentence_ids: Ids) -> Array | None:
    """Return the score of each sentence in [0, 1]: the sum of its meetings' shares, less for a long sentence.

    A sentence without stored words has 0. None if the query has no words to compare.  (t, d), (n,) -> (n,)
    """
    query = query_words(view, query_tokens, query_vectors)
    if not query.tokens:
        return None
    scores = np.zeros(len(sentence_ids), np.float32)
    words = words_of_sentences(view, sentence_ids)
    if len(words.sentences):
        best = np.maximum.reduceat(similarities(view, query, words), words.firsts, axis=0)  # (s, q)
        every = row_products(best, query.weights) * length_factors(words.lengths, len(query.tokens), mean_length(view))
        order = np.argsort(words.sentences)
        place = np.minimum(np.searchsorted(words.sentences, sentence_ids, sorter=order), len(order) - 1)  # (n,)
        is_known = words.sentences[order[place]] == sentence_ids
        scores[is_known] = every[order[place[is_known]]]
    return scores


def mean_length(view: View) -> float:
    """Return the mean number of stored words in a sentence of the collection."""
    segments = view.snapshot.segments.values()
    return sum(len(each.tokens) for each in segments) / max(1, sum(len(each.sentences) for each in segments))


def length_factors(lengths: Ids, asked: int, mean: float) -> Array:
    """Return what scores are multiplied with: 1 for sentences up to the mean length, less for longer ones.

    The normalisation is that of BM25 (Robertson and Zaragoza 2009, equation 3.13). Short sentences gain nothing. So
    few words of a short sentence do not outweigh more words of another.

    Args:
        lengths: Number of stored words of each sentence (s,).
        asked: Number of words of the query. A sentence as short as the query is not long.
        mean: Mean number of stored words in a sentence.
    """
    usual = max(mean, float(asked), 1.0)
    relative = np.maximum(lengths / usual, 1)  # (s,)
    return np.asarray(1 / (1 - LENGTH + LENGTH * relative), np.float32)


def word_candidates(view: View, query_tokens: Sequence[Token], query_vectors: Array) -> Ids:
    """Return the sentences in scope with one of the query's weightiest words nearest in sense, ascending.  (n,)

    The vectors of a word's occurrences are all compared. Sentences with other words come from the other sides.
    """
    query = query_words(view, query_tokens, query_vectors)
    table = view.collection.types()
    near: list[Ids] = []
    for n in np.argsort(-query.weights, kind="stable").tolist():
        if (
            not query.are_numbers[n]
            and 0 < table.counts[query.same[n]].sum() <= MOST_COMPARED
            and len(near) < MOST_ASKED
        ):
            rows = view.rows(table.ids[query.same[n]].tolist())
            near.append(nearest_rows(rows, query.senses[n], PROPOSED).ids)
    ids = np.unique(np.concatenate(near)).tolist() if near else []
    return np.array(sentences_of_occurrences(view.collection.db, ids), np.int64)


def meetings_of(
    view: View, query_tokens: Sequence[Token], query_vectors: Array, sentence_ids: Ids
) -> list[tuple[Meeting, ...]]:
    """Return the words of each sentence that meet words of the query, in the order of the sentence's text.

    The shares of a short sentence's meetings sum to its `word_scores`. Their `token` is empty until `Meeting.within`
    cuts it from the sentence. A sentence that is gone has no meetings.
    """
    query = query_words(view, query_tokens, query_vectors)
    placed = read_sentence_words(view, sentence_ids)
    words = placed.words
    if not len(words.sentences) or not query.tokens:
        return [() for _ in sentence_ids]
    near = similarities(view, query, words)  # (n, q)
    ends = words.firsts + words.lengths
    met = {
        key: _meetings(query, placed, near, first, end)
        for key, first, end in zip(words.sentences.tolist(), words.firsts.tolist(), ends.tolist(), strict=True)
    }
    return [met.get(key, ()) for key in sentence_ids.tolist()]


def _meetings(query: QueryWords, words: PlacedWords, near: Array, first: int, end: int) -> tuple[Meeting, ...]:
    """Return the meetings of the sentence whose words are `first` to `end`, given all similarities (n, q)."""
    best = near[first:end].argmax(axis=0) + first  # (q,)
    found = [
        Meeting(
            token="",
            start=int(words.starts[word]),
            end=int(words.ends[word]),
            query_token=token.text,
            query_start=token.start,
            query_end=token.end,
            similarity=float(near[word, n]),
            share=float(near[word, n] * query.weights[n]),
        )
        for n, (token, word) in enumerate(zip(query.tokens, best.tolist(), strict=True))
        if near[word, n] > 0
    ]
    return tuple(sorted(found, key=lambda each: (each.start, each.query_start)))
