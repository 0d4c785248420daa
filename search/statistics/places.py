"""Find the places that are counted: of a word, of several words in a row, or of a pattern.

In a collection with streams, all tokens count, also function words. Without streams (format versions 1 and 2) only
indexed words are known, so these alone are counted, and a word is the only thing that can be asked for.
"""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...indexer.collection.queries import lemmas_of_form, types_of_occurrences
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Ids, Mask
from ..context import View, parse_option
from ..hits import Match
from ..query.scope import Members, Scope
from ..query.target import check_text
from ..retrieval.exact import Rows
from ..retrieval.patterns import Found, inside_filters, pattern_places

COUNTED = (Match.LEMMA, Match.FORM, Match.PATTERN)
"""What can be counted: a lemma, a form, or a pattern."""
WITHOUT_STREAM = (
    "this collection stores only indexed words, so only these are counted; `polyseme reencode` adds all tokens"
)
"""Notice of counts in a collection of format version 1 or 2."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The n places of a word or pattern inside the filters.

    Attributes:
        name: The lemma or form as stored, or the pattern.
        documents: Key of the document of each place.  (n,)
        sentences: Id of the sentence of each place.  (n,)
        positions: Number of its first token in the sentence. 0 in a collection without streams.  (n,)
        found: The places by segment. Empty in a collection without streams.
        notice: A remark for the user.
    """

    name: str
    match: Match
    documents: Ids
    sentences: Ids
    positions: Ids
    found: tuple[Found, ...] = ()
    notice: str | None = None

    def __len__(self) -> int:
        return len(self.documents)


def find_places(view: View, text: str, match: str, within: Container[int] | None = None) -> Places:
    """Find all places of a word, of several words in a row, or of a pattern, inside the filters.

    Args:
        text: With match `lemma`, a lemma or a form that is lemmatised. With match `pattern`, a pattern in CQL.
        match: `lemma`, `form` or `pattern`.
        within: Ids of the only occurrences that count. None for all.

    Raises:
        QueryError: There are none in the collection, the filters match no document, or a collection without streams
            cannot answer.
    """
    view.require_documents()
    wanted = parse_option(Match, match, "match", COUNTED)
    inside = view if within is None else only(view, within)
    if not view.settings.has_stream:
        return _indexed_places(inside, text, wanted)
    notices: list[str] = []
    if wanted is Match.PATTERN:
        name, (places, notices) = text, pattern_places(inside, text)
    else:
        name, places = _word_places(inside, text, wanted)
    found = [inside_filters(inside, each) for each in places]
    made = _joined(name, wanted, found, "; ".join(notices) or None)
    if not len(made):
        whole = view.unfiltered()
        if (view is whole and within is None) or not _occurs(whole, text, wanted):
            path = view.collection.path
            raise QueryError(f"{path} does not hold {text[:60]!r}; try another form, or --match pattern")
    return made


def only(view: View, ids: Container[int]) -> View:
    """Return a view narrowed to some occurrences, as a named sense narrows it."""
    kept = set(ids)
    types = sorted(types_of_occurrences(view.collection.db, sorted(kept)))
    rows = view.unfiltered().rows(types)
    chosen = {
        item.segment.key: np.sort(item.rows[np.isin(item.ids, np.array(sorted(kept), np.int64))]) for item in rows
    }
    scope = view.scope
    return replace(view, scope=Scope(scope.snapshot, scope.documents, (*scope.senses, Members(chosen, False))))


def document_tokens(view: View) -> Ids:
    """Count the tokens of each live document inside the filters of documents, by its key.  (largest key + 1,)

    Filters by sense or part of speech narrow what is counted, not the text that it is counted in. Without streams,
    indexed words count.
    """
    totals = np.zeros(len(view.snapshot.live), np.int64)
    for segment in view.snapshot.segments.values():
        if segment.stream is not None:
            lengths = np.diff(segment.stream.starts)  # (m,)
        else:
            lengths = np.bincount(segment.token_sentences.whole(), minlength=len(segment.sentence_ids))
        allowed = view.scope.documents_mask(segment)
        if allowed is not None:
            lengths = np.where(allowed, lengths, 0)
        totals += np.bincount(segment.sentence_documents, lengths, len(totals)).astype(np.int64)
    return totals


def live_documents(view: View) -> Mask:
    """Return which documents are live and inside the filters of documents, by key.  (largest key + 1,)"""
    live = view.snapshot.live
    return live if view.scope.documents is None else live & view.scope.documents


def _occurs(view: View, text: str, match: Match) -> bool:
    places = pattern_places(view, text)[0] if match is Match.PATTERN else _word_places(view, text, match)[1]
    return any(len(each.first) for each in places)


def _joined(name: str, match: Match, found: Sequence[Found], notice: str | None) -> Places:
    """Join the places of several segments, in the order of their sentences."""
    nothing = np.zeros(0, np.int64)
    documents = np.concatenate([nothing, *(each.segment.sentence_documents[each.row] for each in found)])
    sentences = np.concatenate([nothing, *(each.segment.sentence_ids[each.row] for each in found)])
    positions = np.concatenate([nothing, *(each.first - each.stream.starts[each.row] for each in found)])
    order = np.lexsort((positions, sentences))
    return Places(name, match, documents[order], sentences[order], positions[order], tuple(found), notice)


def _word_places(view: View, text: str, match: Match) -> tuple[str, list[Found]]:
    """Find the places of one word, or of several in a row: their lemmas or forms as stored, and the places."""
    tokens = view.analyser.tokens(check_text(text).strip())
    if not tokens:
        raise QueryError("there is no word to count; give a word, several words, or --match pattern")
    known = [word_mask(view, token.text, match) for token in tokens]
    name = " ".join(value for value, _ in known)
    rows_of = view.collection.words().rows
    found = []
    for segment in view.snapshot.segments.values():
        stream = segment.stream
        if stream is None:
            continue
        rows = rows_of(stream.word_ids)
        local = [np.append(mask, False)[rows] for _, mask in known]  # each (W,)
        counts = [int(stream.counts[mask].sum()) for mask in local]
        rarest = int(np.argmin(counts))
        first = stream.tokens_of(local[rarest])
        row = stream.sentences_of(first)
        first = first - rarest
        kept = (first >= stream.starts[row]) & (first + len(known) <= stream.starts[row + 1])
        first, row = first[kept], row[kept]
        for distance, mask in enumerate(local):
            if distance != rarest:
                kept = mask[stream.words[first + distance]]
                first, row = first[kept], row[kept]
        allowed = view.scope.documents_mask(segment)
        if allowed is not None:
            first, row = first[allowed[row]], row[allowed[row]]
        found.append(Found(segment, stream, first, np.full(len(first), len(known), np.int64), row))
    return name, found


def word_mask(view: View, word: str, match: Match) -> tuple[str, Mask]:
    """Return a word's lemma or form as stored, and which words of the table have it.  (V,)

    Args:
        word: With match `lemma`, a lemma if the collection has it, else a form that is lemmatised.
    """
    words, folding = view.collection.words(), view.analyser.folding
    value = folding.form(word) or word
    if match is Match.FORM:
        column = words.column("form")
        fits = np.array([(folding.form(form) or form) == value for form in column.values], bool)
        return value, fits[column.codes] if len(words) else np.zeros(0, bool)
    column = words.column("lemma")
    if words.code("lemma", value) is None:
        form, value = value, view.analyser.lemma(word)
        if words.code("lemma", value) is None and view.settings.tagged_lemmas:
            value = next(iter(lemmas_of_form(view.collection.db, form)), value)
    code = words.code("lemma", value)
    return value, np.zeros(len(words), bool) if code is None else column.codes == code


def _indexed_places(view: View, text: str, match: Match) -> Places:
    """Find the occurrences of a word in a collection without streams.

    Raises:
        QueryError: It has several words, is a pattern, or does not occur.
    """
    tokens = view.analyser.tokens(check_text(text).strip())
    if match is Match.PATTERN or len(tokens) != 1:
        path = view.collection.path
        raise QueryError(f"{path} does not store all tokens; count one word, or run `polyseme reencode {path}`")
    name, rows = view.find_word(text, match)
    if not any(len(item.rows) for item in rows):
        view.unfiltered().require_word(text, match)  # a word that only the filters leave out counts 0
    documents, sentences = _documents_and_sentences(rows)
    order = np.argsort(sentences, kind="stable")
    positions = np.zeros(len(order), np.int64)
    return Places(name, match, documents[order], sentences[order], positions, (), WITHOUT_STREAM)


def _documents_and_sentences(rows: Sequence[Rows]) -> tuple[Ids, Ids]:
    nothing = np.zeros(0, np.int64)
    places = [(item.segment, np.asarray(item.segment.token_sentences[item.rows], np.int64)) for item in rows]
    documents = [segment.sentence_documents[row] for segment, row in places]
    sentences = [segment.sentence_ids[row] for segment, row in places]
    return np.concatenate([nothing, *documents]), np.concatenate([nothing, *sentences])
