"""Exact answers by brute force: the reference for recall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from polyseme.indexer.vectors.arrays import Array, Half, Ids, row_products, top
from polyseme.indexer.vectors.rows import SCAN_ROWS

from benchmarks.lib.stored import Stored

SLACK = 1e-5
"""Maximum rounding difference between two ways of computing one cosine."""


class StoredSentences(Protocol):
    """The part of a segment that search by sentence reads."""

    @property
    def sentences(self) -> Half:
        """Unit vectors.  (n, e)"""

    @property
    def sentence_ids(self) -> Ids:
        """Id of each row.  (n,)"""


def best_stored(stored: Stored, scores: Array, k: int) -> list[int]:
    """Return the ids of the k best scores.  (n,)"""
    return list(map(int, stored.ids[top(scores, k, stored.ids)]))


class Lemmas:
    """Brute force search among the occurrences of one lemma."""

    def __init__(self, stored: Stored) -> None:
        self.lemmas = np.array(stored.lemmas)  # (types,)
        self.stored = stored

    def best(self, lemma: str, sense: Array, k: int) -> list[int]:
        """Return the ids of the lemma's k occurrences with the highest cosine to a unit vector (d,)."""
        rows = np.flatnonzero((self.lemmas == lemma)[self.stored.types])  # (n,)
        ids = self.stored.ids[rows]
        return list(map(int, ids[top(row_products(self.stored.sense[rows], sense), k, ids)]))


def best_sentences(segments: Sequence[StoredSentences], queries: Array, k: int) -> list[list[int]]:
    """Return the ids of the k nearest sentences for each unit vector (q, e), reading each block of rows once.

    A product of the whole block selects candidates. They are scored again one by one, as search does. So equal scores
    are ordered by id here too.
    """
    ids = [np.zeros(0, np.int64)] * len(queries)
    scores = [np.zeros(0, np.float32)] * len(queries)
    for keys, rows in _blocks(segments):
        for n, products in enumerate(queries @ rows.T):  # (rows,)
            near = np.flatnonzero(products >= _kth_score(products, scores[n], k) - SLACK)
            ids[n] = np.concatenate([ids[n], keys[near]])
            scores[n] = np.concatenate([scores[n], row_products(rows[near], queries[n])])
            best = top(scores[n], k, ids[n])
            ids[n], scores[n] = ids[n][best], scores[n][best]
    return [found.tolist() for found in ids]


def _blocks(segments: Sequence[StoredSentences]) -> Iterator[tuple[Ids, Array]]:
    """Yield ids (m,) and vectors (m, e) of at most SCAN_ROWS sentences."""
    for segment in segments:
        for first in range(0, len(segment.sentences), SCAN_ROWS):
            part = slice(first, first + SCAN_ROWS)
            yield np.asarray(segment.sentence_ids[part]), np.asarray(segment.sentences[part], np.float32)


def _kth_score(products: Array, best: Array, k: int) -> float:
    """Return a lower bound of the k-th best score, from this block (rows,) and the best of earlier blocks (<= k,)."""
    edges = [float(best[-1])] if len(best) == k else []
    if len(products) >= k:
        edges.append(float(np.partition(products, -k)[-k]))
    return max(edges, default=-np.inf)
