"""Search for targets of several words: the places where the same forms or lemmas follow one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...indexer.collection.queries import consecutive_occurrences
from ...indexer.errors import QueryError
from ...indexer.text import Token, form_of
from ...indexer.vectors.arrays import Array, row_products, unit
from ..context import View, count_rows
from ..hits import HitList, Match, OccurrenceHit, WordOrder
from ..query.encode import TargetQuery
from .exact import Rows, vectors_of
from .hydrate import joined, occurrence_hits, words_at
from .ranking import ranked
from .windows import Window

LONGEST_PHRASE = 32
"""Maximum number of stored words in a target. SQLite joins at most 64 tables."""


@dataclass(frozen=True, slots=True)
class PhraseWord:
    """A stored word of a phrase: its distance from the first token, its types, and its live rows inside the filters."""

    offset: int
    types: list[int]
    rows: list[Rows]


@dataclass(frozen=True, slots=True)
class PhraseSpan:
    """A place of a phrase: its sentence, the position of its first token, and the ids of its stored words in order."""

    sentence: int
    position: int
    ids: tuple[int, ...]


def find_phrase_words(view: View, query: TargetQuery, match: Match) -> list[PhraseWord] | None:
    """Look up the stored words of a target. None if the target has none or the collection lacks one of them.

    A word that occurs only outside the filters has no rows.
    """
    words = []
    for position in query.stored:
        token = query.tokens[position]
        types = view.types_of_token(token, match, any_pos=True)
        rows = view.rows(types)
        if not count_rows(rows) and not count_rows(view.unfiltered().rows(types)):
            return None
        words.append(PhraseWord(position - query.target[0], types, rows))
    return words or None


def find_spans(view: View, query: TargetQuery, words: Sequence[PhraseWord], match: Match) -> list[PhraseSpan]:
    """Find every place inside the filters where the target's tokens follow one another, in the order of sentences.

    Raises:
        QueryError: The target has more than `LONGEST_PHRASE` stored words.
    """
    if len(words) > LONGEST_PHRASE:
        raise QueryError(f"the target has {len(words)} words; mark at most {LONGEST_PHRASE}, or use sentence search")
    anchor = min(words, key=lambda word: count_rows(word.rows))
    places = consecutive_occurrences(
        view.collection.db,
        [int(key) for item in anchor.rows for key in item.ids],
        [(word.offset - anchor.offset, word.types) for word in words],
    )
    spans = [PhraseSpan(row[0], row[1] - anchor.offset, tuple(row[2:])) for row in places]
    if view.scope.senses:  # these filters, unlike those by document, may leave out one word of a sentence
        spans = _with_all_rows(words, spans)
    if len(words) < len(query.target):
        spans = [span for span in spans if _has_all_tokens(view, query.target_tokens, span, match)]
    return spans


def _with_all_rows(words: Sequence[PhraseWord], spans: Sequence[PhraseSpan]) -> list[PhraseSpan]:
    """Keep the spans whose stored words are all among the words' rows."""
    inside = np.ones(len(spans), bool)
    for n, word in enumerate(words):
        ids = np.concatenate([np.zeros(0, np.int64), *(item.ids for item in word.rows)])
        inside &= np.isin([span.ids[n] for span in spans], ids)
    return [span for span, kept in zip(spans, inside.tolist(), strict=True) if kept]


def _has_all_tokens(view: View, target: Sequence[Token], span: PhraseSpan, match: Match) -> bool:
    """Return whether the span also has the target's tokens without vectors, such as "of", "the" and commas."""
    tokens = view.tokens_of(span.sentence, view.collection.sentence_text(span.sentence))
    there = tokens[max(span.position, 0) : span.position + len(target)]
    if span.position < 0 or len(there) != len(target):
        return False
    return all(is_same_word(a, b, match) for a, b in zip(there, target, strict=True))


def is_same_word(a: Token, b: Token, match: Match) -> bool:
    """Return whether two tokens have equal forms or, for match `lemma`, equal lemmas."""
    return form_of(a) == form_of(b) or (match is Match.LEMMA and a.lemma == b.lemma)


def phrase_vectors(words: Sequence[PhraseWord], spans: Sequence[PhraseSpan]) -> Array:
    """Return the unit mean of the vectors of each span's stored words.  (len(spans), d)"""
    total = sum(
        vectors_of(word.rows, np.array([span.ids[n] for span in spans], np.int64)) for n, word in enumerate(words)
    )
    return unit(total)


def nearest_spans(
    view: View, query: TargetQuery, words: Sequence[PhraseWord], match: Match, vector: Array, k: int
) -> HitList[OccurrenceHit]:
    """Find the k places of a phrase nearest to a unit vector (d,). The token of a hit is the whole span."""
    spans = find_spans(view, query, words, match)
    if not spans:
        return HitList((), match)
    scores = row_products(phrase_vectors(words, spans), vector)
    first_ids = np.array([span.ids[0] for span in spans], np.int64)
    best = ranked(first_ids, scores.astype(np.float32), k)
    positions = {span.ids[0]: span.position for span in spans}
    found = view.hits(best, match, None, len(spans))
    hits = [_widened(view, hit, positions[hit.occurrence_id], len(query.target)) for hit in found]
    return HitList(hits, match, None, found.verdict, len(spans))


def listed_spans(
    view: View, query: TargetQuery, words: Sequence[PhraseWord], match: Match, k: int, window: Window
) -> HitList[OccurrenceHit]:
    """List k places of a phrase from a window. The token of a hit is the whole span."""
    spans = find_spans(view, query, words, match)
    first_ids = np.array([span.ids[0] for span in spans], np.int64)

    def score() -> Array:
        return row_products(phrase_vectors(words, spans), view.encode.sense(query)).astype(np.float32)

    best, total = window.cut(first_ids, score, k)
    positions = {span.ids[0]: span.position for span in spans}
    is_ranked = window.order is WordOrder.SENSE
    found = view.hits(best, match) if is_ranked else occurrence_hits(view.collection, best)
    hits = [
        replace(_widened(view, hit, positions[hit.occurrence_id], len(query.target)), rank=hit.rank + window.skip)
        for hit in found
    ]
    return HitList(hits, match, total=total)


def _widened(view: View, hit: OccurrenceHit, position: int, length: int) -> OccurrenceHit:
    """Widen the hit of a phrase's first stored word to the whole span of `length` tokens."""
    span = view.tokens(hit)[position : position + length]
    start, end = span[0].start, span[-1].end
    lemma = " ".join(token.lemma for token in span)
    places = range(position, position + length)
    words = words_at(view.collection, [hit.sentence_id] * length, places)
    return replace(
        hit,
        token=hit.sentence[start:end],
        lemma=lemma,
        position=position,
        start=start,
        end=end,
        pos=joined(word.pos for word in words),
        tag=joined(word.tag for word in words),
    )
