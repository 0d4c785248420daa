"""Keyword ranks of sentences: FTS5 and BM25, for the hybrid order."""

from __future__ import annotations

import numpy as np

from indexer.collection.collection import Collection, Snapshot
from indexer.collection.schema import State, id_set
from indexer.collection.vectors import Ids, Mask
from indexer.text import TextAnalyser, TokenKind


def match_expression(text: str, analyser: TextAnalyser) -> str:
    """An FTS5 expression that any content word of the text satisfies; every word is quoted, so it is never syntax."""
    tokens = analyser.tokens(text)
    words = [t.text for t in tokens if t.kind in (TokenKind.WORD, TokenKind.NUMBER)]
    words = words or [t.text for t in tokens if t.kind is TokenKind.FUNCTION]
    distinct = sorted({word.replace("\0", " ").replace('"', '""') for word in words})
    return " OR ".join(f'"{word}"' for word in distinct)


def keyword_ranks(
    collection: Collection, analyser: TextAnalyser, snapshot: Snapshot, text: str, k: int, documents: Mask | None
) -> Ids:
    """Ids of the k best live sentences by BM25, best first; ties in the order of ids."""
    expression = match_expression(text, analyser)
    if not expression:
        return np.zeros(0, np.int64)
    sql = (
        "SELECT f.rowid FROM sentences_fts f JOIN sentences s ON s.id = f.rowid"
        " JOIN documents d ON d.id = s.document {} WHERE f.sentences_fts MATCH ? AND d.state = ?"
        " ORDER BY bm25(sentences_fts), f.rowid LIMIT ?"
    )
    parameters = (expression, int(State.LIVE), k)
    if documents is None:
        rows = collection.db.execute(sql.format(""), parameters).fetchall()
    else:
        with id_set(collection.db, "chosen_documents", np.flatnonzero(documents & snapshot.live).tolist()) as table:
            rows = collection.db.execute(sql.format(f"JOIN {table} c ON c.id = d.id"), parameters).fetchall()
    return np.array([key for (key,) in rows], dtype=np.int64)
