"""Sense-aware keywords: late interaction of a query's words with the words of sentences, from their stored vectors.

Each word of the query has its best meeting in a sentence. The same word in the same sense is best. Another word of that
sense is a little less. A sentence's score is the weighted sum of these meetings.

This is MaxSim of ColBERT (Khattab and Zaharia 2020, section 3.2) with changes. Vectors are those of senses. The
identity of the words counts beside their senses. A word's rarity and a sentence's length count as in BM25.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...indexer.collection.queries import lemma_frequencies, sentences_of_occurrences
from ...indexer.text import Token, TokenKind, form_of, is_indexed
from ...indexer.vectors.arrays import Array, Doubles, Ids, Mask, row_products
from ..confidence import Calibration
from ..context import View
from ..hits import Match, Meeting
from .any_word import nearest_any
from .sentence_words import SentenceWords, places_of_types, read_sentence_words

SAME_WORD = 0.3
"""Similarity of the same word in another sense. Its sense decides about the rest (docs/results/meetings.md)."""
OTHER_WORD = 0.3
"""Share of the similarity of other words that does not depend on their identity vectors."""
LENGTH = 0.75
"""Part of a score that falls with the length of a sentence, as in BM25. A long sentence meets more words by chance."""
FLOOR = 0.5
"""Minimum similarity of a meeting. A word of the query that meets no word as similar adds nothing."""
MOST_WORDS = 64
"""Maximum number of words of a query that are compared, the rarest ones."""
MOST_ASKED = 4
"""Maximum number of words of a query whose nearest occurrences propose sentences, the rarest ones."""
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
        weights: Share of each word in the query's meaning, by its rarity. They sum to 1 (q,).
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
    weights = word_weights(view, [tokens[n] for n in places])  # (words,)
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
    return QueryWords(words, vectors[places], identities, weights / weights.sum(), same)


def word_weights(view: View, words: Sequence[Token]) -> Array:
    """Return the inverse document frequency of words, as BM25 has it. Each occurrence counts as a sentence.  (w,)

    It is log(1 + (m - n + 1/2) / (n + 1/2)) for n occurrences of the lemma and m sentences (Robertson and Zaragoza
    2009, "The Probabilistic Relevance Framework: BM25 and Beyond", equation 3.3, with 1 added so that it is positive).
    """
    sentences = sum(len(segment.sentences) for segment in view.snapshot.segments.values())
    counts = lemma_frequencies(view.collection.db, sorted({word.lemma for word in words}))
    n = np.minimum(np.array([counts.get(word.lemma, 0) for word in words], np.float64), sentences)  # (w,)
    return np.log1p((sentences - n + 0.5) / (n + 0.5)).astype(np.float32)


def similarities(view: View, query: QueryWords, words: SentenceWords) -> Array:
    """Return the similarity of each word of sentences with each of the query, in [0, 1], 0 below `FLOOR`.  (n, q)"""
    distinct, place = np.unique(words.types, return_inverse=True)  # (T',), (n,)
    vectors = view.collection.types().vectors[distinct]  # (T', p)
    found = np.zeros((len(words.types), len(query.tokens)), np.float32)
    for n, is_number in enumerate(query.are_numbers.tolist()):
        is_same = np.isin(distinct, query.same[n])[place]  # (n,)
        if is_number:
            found[:, n] = is_same
        else:
            identity = row_products(vectors, query.identities[n])[place]  # (n,)
            sense = same_sense(view.calibration, row_products(words.senses, query.senses[n]))  # (n,)
            found[:, n] = similarity(sense, identity, is_same)
    return np.where(found >= FLOOR, found, np.float32(0))


def same_sense(calibration: Calibration | None, cosines: Array) -> Array:
    """Return the probability that pairs of words have the same sense, or without calibration the cosine.  (n,) -> (n,)

    Both grow with the cosine. The probability is interpolated, which is faster than its formula.
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
    """Return the similarity of n pairs of words. The same word in another sense keeps the share `SAME_WORD`.

    Other words must be surer to have the same sense. So the square of the probability counts.

    Args:
        sense: Probability of the same sense (n,).
        identity: Cosine of the words' type vectors (n,).
        is_same: Whether the lemma is the same (n,).
    """
    likeness = OTHER_WORD + (1 - OTHER_WORD) * np.clip(np.nan_to_num(identity), 0, 1)  # (n,)
    other = sense**2 * likeness
    return np.where(is_same, SAME_WORD + (1 - SAME_WORD) * sense, other).astype(np.float32)


def word_scores(view: View, query_tokens: Sequence[Token], query_vectors: Array, sentence_ids: Ids) -> Array | None:
    """Return the score of each sentence in [0, 1]: the sum of its meetings' shares, less for a long sentence.

    A sentence without stored words has 0. None if the query has no words to compare.  (t, d), (n,) -> (n,)
    """
    query = query_words(view, query_tokens, query_vectors)
    if not query.tokens:
        return None
    scores = np.zeros(len(sentence_ids), np.float32)
    words = read_sentence_words(view, sentence_ids)
    if len(words.sentences):
        best = np.maximum.reduceat(similarities(view, query, words), words.firsts, axis=0)  # (s, q)
        every = row_products(best, query.weights) * length_factors(words.lengths, len(query.tokens), mean_length(view))
        place = np.minimum(np.searchsorted(words.sentences, sentence_ids), len(words.sentences) - 1)  # (n,)
        is_known = words.sentences[place] == sentence_ids
        scores[is_known] = every[place[is_known]]
    return scores


def mean_length(view: View) -> float:
    """Return the mean number of stored words in a sentence of the collection."""
    segments = view.snapshot.segments.values()
    return sum(len(each.tokens) for each in segments) / max(1, sum(len(each.sentences) for each in segments))


def length_factors(lengths: Ids, asked: int, mean: float) -> Array:
    """Return what scores are multiplied with: 1 for sentences as short as the query, less for longer ones.

    The normalisation is that of BM25 (Robertson and Zaragoza 2009, equation 3.13), relative to the query's own. So a
    sentence that equals the query has the highest score.

    Args:
        lengths: Number of stored words of each sentence (s,).
        asked: Number of words of the query.
        mean: Mean number of stored words in a sentence.
    """
    relative = np.maximum(lengths, asked) / max(mean, 1.0)  # (s,)
    own = asked / max(mean, 1.0)
    return ((1 - LENGTH + LENGTH * own) / (1 - LENGTH + LENGTH * relative)).astype(np.float32)


def word_candidates(view: View, query_tokens: Sequence[Token], query_vectors: Array) -> Ids:
    """Return the sentences in scope with a word near in sense to one of the query's rarest words, ascending.  (n,)"""
    query = query_words(view, query_tokens, query_vectors)
    asked = [n for n in np.argsort(-query.weights, kind="stable").tolist() if not query.are_numbers[n]][:MOST_ASKED]
    near = [nearest_any(view.collection, view.scope, query.senses[n], query.identities[n], PROPOSED).ids for n in asked]
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
    words = read_sentence_words(view, sentence_ids)
    if not len(words.sentences) or not query.tokens:
        return [() for _ in sentence_ids]
    near = similarities(view, query, words)  # (n, q)
    ends = words.firsts + words.lengths
    met = {
        key: _meetings(query, words, near, first, end)
        for key, first, end in zip(words.sentences.tolist(), words.firsts.tolist(), ends.tolist(), strict=True)
    }
    return [met.get(key, ()) for key in sentence_ids.tolist()]


def _meetings(query: QueryWords, words: SentenceWords, near: Array, first: int, end: int) -> tuple[Meeting, ...]:
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
