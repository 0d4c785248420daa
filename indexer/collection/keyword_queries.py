"""Every SELECT that search runs against a keyword index: the FTS5 table `sentences_fts`, whose row ids are sentences.

The index also holds sentences of deleted documents, until they are removed. Callers leave those out by their ids.
"""

from __future__ import annotations

import sqlite3

import numpy as np

from ..vectors.arrays import Array, Ids


def keyword_scores(db: sqlite3.Connection, expression: str) -> tuple[Ids, Array]:
    """Return all sentences that match an FTS5 expression, by id, and their BM25. Higher is better.  (n,), (n,)"""
    sql = "SELECT rowid, -bm25(sentences_fts) FROM sentences_fts WHERE sentences_fts MATCH ? ORDER BY rowid"
    found = np.fromiter(db.execute(sql, (expression,)), dtype=np.dtype([("id", "<i8"), ("score", "<f8")]))
    return found["id"].copy(), found["score"].astype(np.float32)


def matching_sentences(db: sqlite3.Connection, expression: str) -> Ids:
    """Return all sentences that match an FTS5 expression, by id.  (n,)"""
    sql = "SELECT rowid FROM sentences_fts WHERE sentences_fts MATCH ? ORDER BY rowid"
    return np.fromiter((key for (key,) in db.execute(sql, (expression,))), np.int64)
