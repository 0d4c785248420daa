"""Relevance feedback: search again from hits that are marked as right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from ...indexer.collection.queries import live_occurrences, occurrences_between, ranges_of_types
from ...indexer.errors import QueryError
from ...indexer.text import form_of
from ...indexer.vectors.arrays import Array, unit
from ..context import WORD_MATCHES, View, check_k, count_rows, parse_option
from ..hits import HitList, Match, OccurrenceHit, SentenceHit
from ..query.encode import query_for_hit
from .any_word import nearest_any
from .exact import nearest_rows, nearest_sentences
from .hydrate import sentence_hits
from .phrases import find_phrase_words, nearest_spans
from .ranking import more_like_vector
from .sentences import sentence_notice

AnyHit = TypeVar("AnyHit", bound=SentenceHit)


def find_more_like(
    view: View, positive: Sequence[AnyHit], negative: Sequence[AnyHit], k: int, match: str
) -> HitList[AnyHit]:
    """Find k hits near the positive ones and away from the negative ones. See `Searcher.more_like`."""
    check_k(k)
    wanted = parse_option(Match, match, "match", WORD_MATCHES)
    if not positive:
        raise QueryError("nothing is marked +; mark at least one hit that means what you look for")
    if len({isinstance(hit, OccurrenceHit) for hit in [*positive, *negative]}) > 1:
        raise QueryError("both sentences and occurrences are marked; mark hits of one kind")
    plus = _hit_vectors(view, positive)  # (n, d)
    minus = _hit_vectors(view, negative) if negative else np.zeros((0, plus.shape[1]), np.float32)  # (m, d)
    vector = more_like_vector(plus, minus)  # (d,)
    occurrences = [hit for hit in positive if isinstance(hit, OccurrenceHit)]
    if not occurrences:
        best = nearest_sentences(view.scope, vector, k)
        notice = sentence_notice(view)
        total = view.count_sentences()
        return HitList(sentence_hits(view.collection, best), Match.SENTENCE, notice, total=total)  # type: ignore[arg-type]
    mean_length = None if len(plus) == 1 else float(np.linalg.norm(plus.mean(axis=0)))
    return _occurrences_like(view, occurrences, wanted, vector, mean_length, k)  # type: ignore[return-value]


def _occurrences_like(
    view: View, positive: Sequence[OccurrenceHit], match: Match, vector: Array, mean_length: float | None, k: int
) -> HitList[OccurrenceHit]:
    """Find the occurrences nearest to a unit vector (d,): of the marked words or, with match `any`, of any word."""
    marked = [query_for_hit(view.tokens(hit), hit, view.settings.function_words) for hit in positive]
    if match is Match.ANY:
        identity = unit(np.mean([view.encode.identity(query) for query in marked], axis=0))  # (p,)
        best = nearest_any(view.collection, view.scope, vector, identity, k)
        hits = view.hits(best, match, mean_length=mean_length)
        hits.total = view.count_occurrences()
        return hits
    if len(marked[0].target) > 1:
        words = find_phrase_words(view, marked[0], match)
        return nearest_spans(view, marked[0], words, match, vector, k) if words else HitList((), match)
    if match is Match.LEMMA:
        values = {hit.lemma for hit in positive}
    else:
        values = {form_of(query.target_tokens[0]) for query in marked}
    rows = view.rows([key for value in sorted(values) for key in view.types(value, match)])
    hits = view.hits(nearest_rows(rows, vector, k), match, None, count_rows(rows), mean_length)
    hits.total = count_rows(rows)
    return hits


def _hit_vectors(view: View, hits: Sequence[SentenceHit]) -> Array:
    """Read the stored unit vectors of hits.  (n, d)"""
    return np.stack([hit_vector(view, hit) for hit in hits])


def hit_vector(view: View, hit: SentenceHit) -> Array:
    """Read the stored unit vector of a hit: of its occurrence (d,), the mean of several words, or of its sentence (e,).

    Raises:
        QueryError: The hit is no longer in the collection, or none of its words has a vector.
    """
    if isinstance(hit, OccurrenceHit):
        if not hit.occurrence_id:
            raise QueryError(
                f"{hit.token[:60]!r} has no vector, as punctuation and most function words; choose another word"
            )
        inside = occurrences_between(view.collection.db, hit.sentence_id, hit.start, hit.end)
        live = live_occurrences(view.collection.db, [key for key, _ in inside])
        if inside and len(live) == len(inside):
            vectors = [_stored_vector(view, key, type_key) for key, type_key in inside]
            return vectors[0] if len(vectors) == 1 else unit(np.mean(vectors, axis=0))
    else:
        for segment in view.snapshot.segments.values():
            row = segment.sentence_row(hit.sentence_id)
            if row is not None:
                return np.asarray(segment.sentences[row], np.float32)
    raise QueryError(f"sentence {hit.sentence_id} is no longer in {view.collection.path}; search again")


def _stored_vector(view: View, occurrence_id: int, type_key: int) -> Array:
    """Read the vector of an occurrence of a type.  (d,)"""
    for key, first, count in ranges_of_types(view.collection.db, [type_key]):
        segment = view.snapshot.segments[key]
        row = segment.token_row(occurrence_id, first, count)
        if row is not None:
            return np.asarray(segment.tokens[row], np.float32)
    raise QueryError(f"occurrence {occurrence_id} has no vector in {view.collection.path}; run `polyseme verify`")
