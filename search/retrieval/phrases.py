"""Targets of several words: the places where the same forms or lemmas stand one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.schema import id_set
from ...indexer.pipeline import form_of
from ...indexer.text.analyser import TextAnalyser, Token
from ...indexer.vectors.arrays import Array, Ids, unit
from ..hits import Match
from .exact import Rows


@dataclass(frozen=True, slots=True)
class PhraseWord:
    """A stored word of the target: its distance from the target's first token, its types, its live rows."""

    offset: int
    types: Sequence[int]
    rows: Sequence[Rows]


@dataclass(frozen=True, slots=True)
class Span:
    """A place of the phrase: sentence, position of its first token, ids of its stored words (as PhraseWords)."""

    sentence: int
    position: int
    ids: tuple[int, ...]


def find_spans(
    collection: Collection,
    analyser: TextAnalyser,
    target: Sequence[Token],
    words: Sequence[PhraseWord],
    match: Match,
) -> list[Span]:
    """Every place where the target's tokens follow one another, by form or by lemma, in the order of sentences."""
    anchor = min(words, key=lambda word: sum(len(item.rows) for item in word.rows))
    ids = [int(i) for item in anchor.rows for i in item.ids]
    columns = ", ".join(f"o{n}.id" for n in range(len(words)))
    joins = " ".join(
        f"JOIN occurrences o{n} ON o{n}.sentence = a.sentence"
        f" AND o{n}.position = a.position + {word.offset - anchor.offset}"
        f" AND o{n}.type IN ({','.join(map(str, word.types))})"
        for n, word in enumerate(words)
    )
    with id_set(collection.db, "anchors", ids) as table:
        rows = collection.db.execute(
            f"SELECT a.sentence, a.position, {columns} FROM {table} t JOIN occurrences a ON a.id = t.id {joins}"
            " ORDER BY a.sentence, a.position"
        ).fetchall()
    spans = [Span(row[0], row[1] - anchor.offset, tuple(row[2:])) for row in rows]
    if len(words) == len(target):
        return spans
    return [span for span in spans if _follow(collection, analyser, target, span, match)]


def _follow(collection: Collection, analyser: TextAnalyser, target: Sequence[Token], span: Span, match: Match) -> bool:
    """Whether also the words that have no vector (of, the, a comma) stand in their places."""
    tokens = analyser.tokens(collection.sentence_text(span.sentence))
    there = tokens[max(span.position, 0) : span.position + len(target)]
    if span.position < 0 or len(there) != len(target):
        return False
    return all(same_word(a, b, match) for a, b in zip(there, target, strict=True))


def same_word(a: Token, b: Token, match: Match) -> bool:
    """Equal lemmas, or forms equal after case folding."""
    return a.lemma == b.lemma if match is Match.LEMMA else form_of(a) == form_of(b)


def vectors_of(rows: Sequence[Rows], ids: Ids) -> Array:
    """Stored vectors of occurrences that are known to be among the rows.  (n,) -> (n, d) float32"""
    all_ids = np.concatenate([item.ids for item in rows])
    sources = np.concatenate([np.full(len(item.rows), n) for n, item in enumerate(rows)])
    places = np.concatenate([item.rows for item in rows])
    order = np.argsort(all_ids)
    found = order[np.searchsorted(all_ids, ids, sorter=order)]  # (n,)
    out = np.empty((len(ids), rows[0].segment.tokens.shape[1]), np.float32)
    for n, item in enumerate(rows):
        here = sources[found] == n
        out[here] = item.segment.tokens[places[found[here]]]
    return out


def span_vectors(words: Sequence[PhraseWord], spans: Sequence[Span]) -> Array:
    """Unit means of the vectors of each span's stored words.  (len(spans), d)"""
    total = sum(
        vectors_of(word.rows, np.array([span.ids[n] for span in spans], np.int64)) for n, word in enumerate(words)
    )
    return unit(total)
