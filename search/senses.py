"""Senses of a word, induced from its occurrences: groups of sense vectors, with central lines and labels.

Average-link agglomerative clustering of the cosine distances; the number of senses is the one with the best mean
silhouette (Rousseeuw 1987), and one sense where even the best is low. All choices are deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.collection.collection import Collection
from indexer.collection.vectors import Array, Ids, unit
from indexer.text import TextAnalyser, TokenKind
from search.collocates import Collocate, collocates
from search.hits import Match, OccurrenceHit
from search.ranking import Ranked
from search.retrieval import Rows
from search.rows import occurrence_hits

FEWEST = 10
"""Occurrences below which no senses are told apart."""
SAMPLE = 1500
"""Occurrences that are clustered; the others join the nearest group."""
MOST_SENSES = 6
LEAST_SILHOUETTE = 0.08
SMALLEST_SHARE = 0.02
CENTRAL_LINES = 5
LABELS = 6
CONTEXT = 10
LABEL_LINES = 400

NONE = -1
"""The number of occurrences that belong to no sense."""


@dataclass(frozen=True, slots=True)
class Sense:
    """A group of occurrences judged alike. share: of all occurrences; score of a hit: cosine with the centre."""

    number: int
    size: int
    share: float
    labels: tuple[Collocate, ...]
    central: tuple[OccurrenceHit, ...]
    stability: float | None = None
    collocates: tuple[Collocate, ...] = ()


@dataclass(frozen=True, slots=True)
class SenseInventory:
    """The senses of a word, largest first.

    assignments: occurrence id -> number of its sense (-1: none); scores: occurrence id -> cosine with that centre.
    """

    word: str
    match: Match
    senses: tuple[Sense, ...]
    assignments: dict[int, int]
    scores: dict[int, float]
    notice: str | None
    method: str = ""


def induce_senses(
    collection: Collection, analyser: TextAnalyser, word: str, match: Match, rows: Sequence[Rows]
) -> SenseInventory:
    """The senses of the occurrences in some rows of the collection."""
    ids = np.concatenate([item.ids for item in rows])  # (n,)
    vectors = np.concatenate([np.asarray(item.segment.tokens[item.rows], np.float32) for item in rows])  # (n, d)
    order = np.argsort(ids)
    ids, vectors = ids[order], vectors[order]
    notice = None
    if len(ids) < FEWEST:
        notice = f"only {len(ids)} occurrences; senses are told apart from {FEWEST} on"
        numbers = np.zeros(len(ids), np.int64)
    else:
        numbers = cluster(vectors)
    labels = _labels(collection, analyser, ids, numbers)
    near: dict[int, float] = {}
    senses = []
    for number in range(int(numbers.max()) + 1):
        inside = numbers == number
        centre = unit(vectors[inside].mean(axis=0))  # (d,)
        scores = vectors[inside] @ centre
        near.update(zip(ids[inside].tolist(), scores.tolist(), strict=True))
        best = np.lexsort((ids[inside], -scores))[:CENTRAL_LINES]
        central = occurrence_hits(collection, Ranked(ids[inside][best], scores[best]))
        size = int(inside.sum())
        senses.append(Sense(number, size, size / len(ids), tuple(labels[number]), tuple(central)))
    assignments = dict(zip(ids.tolist(), numbers.tolist(), strict=True))
    return SenseInventory(word, match, tuple(senses), assignments, near, notice)


def cluster(vectors: Array) -> Ids:
    """Sense numbers of unit vectors (n, d), n >= 2: 0 for the largest group, and so on.  -> (n,)"""
    n = len(vectors)
    chosen = np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64))
    labels = _best_partition(vectors[chosen])  # (sample,)
    centres = np.stack([unit(vectors[chosen][labels == label].mean(axis=0)) for label in np.unique(labels)])
    numbers = (vectors @ centres.T).argmax(axis=1)  # (n,)
    return _by_size(numbers)


def _best_partition(vectors: Array) -> Ids:
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import silhouette_score

    distances = np.clip(1 - vectors @ vectors.T, 0, 2).astype(np.float64)  # (n, n)
    np.fill_diagonal(distances, 0)
    best, best_score = np.zeros(len(vectors), np.int64), LEAST_SILHOUETTE
    for k in range(2, min(MOST_SENSES, len(vectors) - 1) + 1):
        model = AgglomerativeClustering(n_clusters=k, metric="precomputed", linkage="average")
        labels = _absorb(vectors, model.fit_predict(distances))
        if len(np.unique(labels)) < 2:
            continue
        score = float(silhouette_score(distances, labels, metric="precomputed"))
        if score > best_score:
            best, best_score = labels, score
    return best


def _absorb(vectors: Array, labels: Ids) -> Ids:
    """Let groups too small to be a sense join the nearest of the others."""
    least = max(3, int(np.ceil(SMALLEST_SHARE * len(vectors))))
    names, counts = np.unique(labels, return_counts=True)
    large = names[counts >= least]
    if not len(large):
        return np.zeros(len(vectors), np.int64)
    centres = unit(np.stack([vectors[labels == name].mean(axis=0) for name in large]))
    nearest: Ids = large[(vectors @ centres.T).argmax(axis=1)]
    return np.where(np.isin(labels, large), labels, nearest)


def _by_size(numbers: Ids) -> Ids:
    """Number groups from 0, largest first; equal sizes in the order of their first member."""
    names, firsts, places, counts = np.unique(numbers, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), np.int64)
    rank[np.lexsort((firsts, -counts))] = np.arange(len(names))
    ordered: Ids = rank[places]
    return ordered


def _labels(collection: Collection, analyser: TextAnalyser, ids: Ids, numbers: Ids) -> dict[int, list[Collocate]]:
    """Words that tell each group from the others, from content words near a sample of its occurrences."""
    contexts: dict[int, list[list[str]]] = {}
    for number in range(int(numbers.max()) + 1):
        members = ids[numbers == number]
        sample = members[np.unique(np.linspace(0, len(members) - 1, min(len(members), LABEL_LINES)).astype(int))]
        hits = occurrence_hits(collection, Ranked(sample, np.zeros(len(sample), np.float32)))
        contexts[number] = [_context(analyser, hit) for hit in hits]
    out = {}
    for number, inside in contexts.items():
        outside = [context for other, found in contexts.items() if other != number for context in found]
        out[number] = collocates(inside, outside, LABELS)
    return out


def _context(analyser: TextAnalyser, hit: OccurrenceHit) -> list[str]:
    tokens = analyser.tokens(hit.sentence)
    near = tokens[max(0, hit.position - CONTEXT) : hit.position + CONTEXT + 1]
    return [t.lemma for t in near if t.kind is TokenKind.WORD and t.lemma != hit.lemma]
