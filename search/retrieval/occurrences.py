"""Search by word in context: the occurrences of a word, or of any word, nearest in sense to a target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...indexer.collection.records import Layer
from ...indexer.errors import QueryError
from ...indexer.vectorise import raw_vectors, tags_of
from ...indexer.vectors.arrays import Array, unit
from ...indexer.vectors.rows import scan
from ..context import SAME_WORD, WORD_MATCHES, View, check_k, count_rows, parse_option
from ..hits import HitList, Match, OccurrenceHit, WordOrder
from ..query.encode import Query, TargetQuery, query_for_hit, query_for_words
from ..query.parts_of_speech import PosCounts, alike, pos_counts, tokens_with
from .any_word import nearest_any
from .exact import Rows
from .hydrate import occurrence_hits
from .phrases import find_phrase_words, find_spans, listed_spans, nearest_spans
from .ranking import ranked
from .windows import Window

LAYER_CANDIDATES = 200
"""Number of hits that another layer reranks. Their sentences are encoded again."""


PARTS_LEFT_OUT = " occurrences have another part of speech; --any-pos includes them"
"""Notice of a list that keeps the part of speech of its target, after a number."""


WHOLE = Window()
"""All occurrences, nearest in sense first."""


def find_occurrences(
    view: View, query: Query, k: int, match: str, layer: str | None, any_pos: bool = False, window: Window = WHOLE
) -> HitList[OccurrenceHit]:
    """Find the k occurrences nearest in sense to a word in context. See `Searcher.occurrences`."""
    check_k(k)
    if window != WHOLE and (match == Match.ANY or layer is not None):
        raise QueryError(
            "the hits of --match any, and those of another layer, have one order and are listed from the first one;"
            " leave out order, skip and among"
        )
    wanted = parse_option(Match, match, "match", WORD_MATCHES)
    other = None if layer is None else parse_option(Layer, layer, "layer", list(Layer))
    target = view.target(query)
    if other is None or other is view.settings.layer:
        return nearest_occurrences(view, target, wanted, k, any_pos, window)
    found = nearest_occurrences(view, target, wanted, max(k, LAYER_CANDIDATES), any_pos)
    return _reranked(view, target, found, other, k)


def nearest_occurrences(
    view: View, query: TargetQuery, match: Match, k: int, any_pos: bool = True, window: Window = WHOLE
) -> HitList[OccurrenceHit]:
    """Find the k nearest occurrences. A target that the collection lacks is answered with any word and a notice.

    An order that does not compare senses has no such answer: its list is then empty.

    Args:
        any_pos: Whether occurrences of another part of speech than the target in its sentence may answer.

    Raises:
        QueryError: The query names a part of speech where it has no meaning.
    """
    if query.pos and (match is Match.ANY or not query.is_single_word(match)):
        raise QueryError(
            f"/{query.pos} after a word says its part of speech; use it with one word and --match lemma or form"
        )
    if match is Match.ANY:
        return _of_any_word(view, query, k)
    if not query.is_single_word(match):
        return _of_phrase(view, query, match, k, window)
    if query.stored:
        token = query.tokens[query.stored[0]]
        types = view.types_of_token(token, match, any_pos and not query.pos)
        rows = view.rows(types)
        if count_rows(rows):
            every = count_rows(view.rows(view.types_of_token(token, match, any_pos=True)))
            rows, notice = of_same_pos(view, query, match, rows, any_pos, every)
            return _window_hits(view, query, match, rows, k, window, notice)
        if count_rows(view.unfiltered().rows(types)):
            return HitList((), match, f"{query.text!r} does not occur within the filter", total=0)
    return _absent(view, query, match, k, window)


def _window_hits(
    view: View, query: TargetQuery, match: Match, rows: list[Rows], k: int, window: Window, notice: str | None
) -> HitList[OccurrenceHit]:
    """Read the hits of a window of some rows. Only the start of a whole list has a verdict."""

    def score() -> Array:
        vector = view.encode.sense(query)
        return np.concatenate([scan(item.segment.tokens, vector, item.rows) for item in rows])

    ids = np.concatenate([np.zeros(0, np.int64), *(item.ids for item in rows)])
    best, total = window.cut(ids, score, k)
    if window.order is WordOrder.SENSE:
        hits = view.hits(best, match, notice, count_rows(rows) if window.is_whole else None)
    else:
        hits = HitList(occurrence_hits(view.collection, best), match, notice)
    hits.total = total
    hits[:] = [replace(hit, rank=hit.rank + window.skip) for hit in hits] if window.skip else hits
    return hits


def _absent(view: View, query: TargetQuery, match: Match, k: int, window: Window) -> HitList[OccurrenceHit]:
    """Answer a target that the collection lacks: with other words, or with none where senses are not compared."""
    if window.order is WordOrder.SENSE:
        return _of_any_word(view, query, k, _missing(view, query))
    reason, _, _ = _missing(view, query).partition("; ")
    return HitList((), match, reason, total=0)


def of_same_pos(
    view: View, query: TargetQuery, match: Match, rows: list[Rows], any_pos: bool, every: int
) -> tuple[list[Rows], str | None]:
    """Keep the rows with the part of speech of the target, and return a notice if others are left out.

    It is the one that the query names. Without one, and with match `lemma`, it is that of the target in its sentence.
    Nouns and names then count as one, and so do verbs and auxiliary verbs. If no row has it, all rows are kept.

    Args:
        every: Number of occurrences of every lemma that the target may have.

    Raises:
        QueryError: The query names a part of speech, and the collection stores none.
    """
    if query.pos:
        wanted = frozenset([query.pos])
    elif any_pos or match is not Match.LEMMA or tags_of(view.settings, view.context.encoder) is None:
        return rows, None
    else:
        wanted = alike(view.encode.pos(query))
    tagged = tokens_with(view.collection, view.snapshot, wanted.__contains__)
    kept = [Rows(item.segment, item.rows[tagged.row_mask(item.segment, item.rows)]) for item in rows]
    count, left = count_rows(kept), every - count_rows(kept)
    if query.pos:
        return kept, None if count else f"{query.text!r} does not occur as {query.pos} here"
    if not count:
        return rows, f"{query.text!r} is {min(wanted)} in this sentence but not here; these have other parts of speech"
    return kept, f"{left:,}{PARTS_LEFT_OUT}" if left else None


def count_parts_of_speech(view: View, query: Query, match: str) -> PosCounts:
    """Count the occurrences of a target by part of speech. See `Searcher.parts_of_speech`."""
    wanted = parse_option(Match, match, "match", SAME_WORD)
    target = view.target(query)
    if not view.settings.has_stream or not target.is_single_word(wanted) or not target.stored:
        return PosCounts("", {})
    token = target.tokens[target.stored[0]]
    rows = view.rows(view.types_of_token(token, wanted, any_pos=True))
    counts = pos_counts(view.collection, {item.segment: item.rows for item in rows})
    # A tagger other than the collection's names other parts of speech.
    known = counts and tags_of(view.settings, view.context.encoder) is not None
    return PosCounts(target.pos or (view.encode.pos(target) if known else ""), counts)


def _of_phrase(view: View, query: TargetQuery, match: Match, k: int, window: Window) -> HitList[OccurrenceHit]:
    words = find_phrase_words(view, query, match)
    if words is None:
        return _absent(view, query, match, k, window)
    if window != WHOLE:
        return listed_spans(view, query, words, match, k, window)
    found = nearest_spans(view, query, words, match, view.encode.sense(query), k)
    notice = f"{query.text!r} does not occur in these documents; these are other words in a similar sense"
    return found or _of_any_word(view, query, k, notice)


def _of_any_word(view: View, query: TargetQuery, k: int, notice: str | None = None) -> HitList[OccurrenceHit]:
    sense, identity = view.encode.sense(query), view.encode.identity(query)
    hits = view.hits(nearest_any(view.collection, view.scope, sense, identity, k), Match.ANY, notice)
    hits.total = view.count_occurrences()
    return hits


def _missing(view: View, query: TargetQuery) -> str:
    """Return the notice for a target that the collection lacks."""
    if not query.stored and not view.settings.function_words:
        return f"function words such as {query.text!r} are not indexed here; these are other words"
    return f"{query.text!r} does not occur in this collection; these are other words in a similar sense"


def _reranked(
    view: View, query: TargetQuery, found: HitList[OccurrenceHit], layer: Layer, k: int
) -> HitList[OccurrenceHit]:
    """Order hits by another layer, of which the collection stores no vectors, and keep k of them."""
    sentences = [query.tokens, *(view.tokens(hit) for hit in found)]
    raw = raw_vectors(view.context.encoder, layer, [[token.text for token in tokens] for tokens in sentences])
    target = unit(unit(raw[0].tokens[list(query.encoded)]).mean(axis=0))  # (d,)
    scores = np.empty(len(found), np.float32)
    for n, hit in enumerate(found):
        positions = query_for_hit(sentences[n + 1], hit, view.settings.function_words).encoded
        scores[n] = unit(unit(raw[n + 1].tokens[list(positions)]).mean(axis=0)) @ target
    by_id = {hit.occurrence_id: hit for hit in found}
    best = ranked(np.array([hit.occurrence_id for hit in found], np.int64), scores, k)
    hits = [
        replace(by_id[key], rank=rank, score=score)
        for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1)
    ]
    note = f"the {len(found)} nearest by {view.settings.layer}, in the order of layer {layer}"
    return HitList(hits, found.match, "; ".join(filter(None, [found.notice, note])))


def holds_words(view: View, words: Query, match: Match) -> bool:
    """Return whether a word, or several words in a row, occur inside the filters. See `Searcher.holds`."""
    function_words = view.settings.function_words
    query = query_for_words(view.analyser, words, function_words) if isinstance(words, str) else view.target(words)
    if query is None:
        return False
    if query.is_single_word(match):
        return bool(query.stored) and view.holds(query.tokens[query.stored[0]].text, match)
    found = find_phrase_words(view, query, match)
    return found is not None and bool(find_spans(view, query, found, match))
