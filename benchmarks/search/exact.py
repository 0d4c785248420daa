"""What search must find: everything that is stored scored, block by block or word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.vectors.arrays import Array, Half, Ids, row_products, top
from polyseme.indexer.vectors.rows import SCAN_ROWS

from benchmarks.lib.stored import Stored

SLACK = 1e-5
"""By which two ways to compute one cosine may differ."""


class StoredSentences(Protocol):
    """The part of a segment that search by sentence reads."""

    @property
    def sentences(self) -> Half:
        """Unit vectors.  (n, e)"""

    @property
    def sentence_ids(self) -> Ids:
        """Id of each row.  (n,)"""


def best_stored(stored: Stored, scores: Array, k: int) -> list[int]:
    """Ids of the k best of everything."""
    return list(map(int, stored.ids[top(scores, k, stored.ids)]))


class Lemmas:
    """Brute force among the occurrences of one lemma."""

    def __init__(self, collection: Collection, stored: Stored) -> None:
        rows = collection.db.execute("SELECT lemma FROM types ORDER BY id").fetchall()  # as load_stored orders them
        self.lemmas = np.array([lemma for (lemma,) in rows])  # (types,)
        self.stored = stored

    def best(self, lemma: str, sense: Array, k: int) -> list[int]:
        """Ids of the lemma's k best by cosine with a unit vector (d,)."""
        rows = np.flatnonzero((self.lemmas == lemma)[self.stored.types])  # (n,)
        ids = self.stored.ids[rows]
        return list(map(int, ids[top(row_products(self.stored.sense[rows], sense), k, ids)]))


def best_sentences(segments: Sequence[StoredSentences], queries: Array, k: int) -> list[list[int]]:
    """Ids of the k sentences nearest to each unit vector (q, e), whatever their number, in one reading.

    Products of whole blocks tell which rows can be among them; those are scored as search scores them, so that equal
    ones stand in the order of their ids there as here.
    """
    ids = [np.zeros(0, np.int64)] * len(queries)
    scores = [np.zeros(0, np.float32)] * len(queries)
    for keys, rows in _blocks(segments):
        for n, products in enumerate(queries @ rows.T):  # (rows,)
            near = np.flatnonzero(products >= _edge(products, scores[n], k) - SLACK)
            ids[n] = np.concatenate([ids[n], keys[near]])
            scores[n] = np.concatenate([scores[n], row_products(rows[near], queries[n])])
            best = top(scores[n], k, ids[n])
            ids[n], scores[n] = ids[n][best], scores[n][best]
    return [found.tolist() for found in ids]


def _blocks(segments: Sequence[StoredSentences]) -> Iterator[tuple[Ids, Array]]:
    """Ids (m,) and vectors (m, e) of some sentences at a time."""
    for segment in segments:
        for first in range(0, len(segment.sentences), SCAN_ROWS):
            part = slice(first, first + SCAN_ROWS)
            yield np.asarray(segment.sentence_ids[part]), np.asarray(segment.sentences[part], np.float32)


def _edge(products: npt.NDArray[np.float32], best: Array, k: int) -> float:
    """A score that k rows reach, in a block or before it."""
    edges = [float(best[-1])] if len(best) == k else []
    if len(products) >= k:
        edges.append(float(np.partition(products, -k)[-k]))
    return max(edges, default=-np.inf)
