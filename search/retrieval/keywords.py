"""Keyword ranks of sentences: FTS5 and BM25, for the hybrid order."""

from __future__ import annotations

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.schema import State, id_set
from ...indexer.text.analyser import TextAnalyser, TokenKind
from ...indexer.vectors.arrays import Ids
from ..query.scope import Scope


def match_expression(text: str, analyser: TextAnalyser) -> str:
    """An FTS5 expression that any content word of the text satisfies; every word is quoted, so it is never syntax."""
    tokens = analyser.tokens(text)
    words = [t.text for t in tokens if t.kind in (TokenKind.WORD, TokenKind.NUMBER)]
    words = words or [t.text for t in tokens if t.kind is TokenKind.FUNCTION]
    distinct = sorted({word.replace("\0", " ").replace('"', '""') for word in words})
    return " OR ".join(f'"{word}"' for word in distinct)


def keyword_ranks(collection: Collection, analyser: TextAnalyser, scope: Scope, text: str, k: int) -> Ids:
    """Ids of the k best sentences that may answer by BM25, best first; ties in the order of ids."""
    expression = match_expression(text, analyser)
    if not expression:
        return np.zeros(0, np.int64)
    sql = (
        "SELECT f.rowid FROM sentences_fts f JOIN sentences s ON s.id = f.rowid"
        " JOIN documents d ON d.id = s.document {} WHERE f.sentences_fts MATCH ? AND d.state = ?"
        " ORDER BY bm25(sentences_fts), f.rowid LIMIT ?"
    )
    parameters = (expression, int(State.LIVE), k)
    if scope.senses:
        with id_set(collection.db, "chosen_sentences", _sentence_ids(scope)) as table:
            rows = collection.db.execute(sql.format(f"JOIN {table} c ON c.id = s.id"), parameters).fetchall()
    elif scope.documents is not None:
        chosen = np.flatnonzero(scope.documents & scope.snapshot.live).tolist()
        with id_set(collection.db, "chosen_documents", chosen) as table:
            rows = collection.db.execute(sql.format(f"JOIN {table} c ON c.id = d.id"), parameters).fetchall()
    else:
        rows = collection.db.execute(sql.format(""), parameters).fetchall()
    return np.array([key for (key,) in rows], dtype=np.int64)


def _sentence_ids(scope: Scope) -> list[int]:
    """Ids of all sentences that may answer."""
    found: list[int] = []
    for segment in scope.snapshot.segments.values():
        mask = scope.sentence_mask(segment)
        found += (segment.sentence_ids if mask is None else segment.sentence_ids[mask]).tolist()
    return found
