"""Senses of a word, induced from its occurrences: groups of sense vectors, with central lines, labels, collocates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.text.analyser import TextAnalyser
from ...indexer.vectors.arrays import Array, Ids
from ..hits import Match, OccurrenceHit
from ..retrieval.exact import Rows
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked
from .clustering import NONE, SAMPLE, centres_of, cluster, nearest_centre, row_products_by, stability
from .labels import Collocate, SenseWords, WordTopics, no_topics, sense_words

FEWEST = 10
"""Occurrences below which no senses are told apart."""
CENTRAL_LINES = 5
METHOD = "Potts model of cosines, gated by SigClust"
NOT_CLUSTERED = "not clustered"


@dataclass(frozen=True, slots=True)
class Sense:
    """A group of occurrences judged alike. share: of all occurrences; score of a hit: cosine with the centre.

    number: its number among the senses of the word, from 1.

    labels: content words nearby that tell it from the word's other senses; stability: how well it is found again in
    bootstrap samples, in [0, 1], None where nothing was clustered; collocates: words nearby, by logDice.
    """

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

    assignments: occurrence id -> number of its sense (None: it fits none); scores: occurrence id -> cosine with that
    centre (of none: with the nearest); notice: what the asker should know, or None; method: how they were told apart.
    """

    word: str
    match: Match
    senses: tuple[Sense, ...]
    assignments: dict[int, int | None] = field(repr=False)
    scores: dict[int, float] = field(repr=False)
    notice: str | None
    method: str = ""


def induce_senses(
    collection: Collection,
    analyser: TextAnalyser,
    word: str,
    match: Match,
    rows: Sequence[Rows],
    topics: WordTopics = no_topics,
) -> SenseInventory:
    """The senses of the occurrences in some rows of the collection; topics: as the encoder tells them, for labels."""
    ids, vectors = rows_vectors(rows)
    few = len(ids) < FEWEST
    clusters = np.zeros(len(ids), np.int64) if few else cluster(vectors)  # (n,)
    stable = [None] * (int(clusters.max()) + 1) if few else stability(vectors, clusters)
    centres = centres_of(vectors, clusters)  # (s, d)
    nearest = np.where(clusters == NONE, nearest_centre(vectors, centres), clusters)  # (n,)
    scores = row_products_by(vectors, centres, nearest)  # (n,)
    groups = [ids[clusters == place] for place in range(len(centres))]
    words = sense_words(collection, analyser, groups, topics)
    senses = []
    for place, group in enumerate(groups):
        inside = scores[clusters == place]
        best = np.lexsort((group, -inside))[:CENTRAL_LINES]
        central = occurrence_hits(collection, Ranked(group[best], inside[best]))
        senses.append(_sense(place + 1, len(group), len(ids), words[place], central, stable[place]))
    return SenseInventory(
        word,
        match,
        tuple(senses),
        dict(zip(ids.tolist(), sense_numbers(clusters), strict=True)),
        dict(zip(ids.tolist(), scores.tolist(), strict=True)),
        _notice(clusters),
        NOT_CLUSTERED if few else METHOD,
    )


def rows_vectors(rows: Sequence[Rows]) -> tuple[Ids, Array]:
    """Ids and vectors of rows in the order of the ids.  (n,), (n, d)"""
    ids = np.concatenate([item.ids for item in rows])
    vectors = np.concatenate([np.asarray(item.segment.tokens[item.rows], np.float32) for item in rows])
    order = np.argsort(ids)
    return ids[order], vectors[order]


def sense_numbers(clusters: Ids) -> list[int | None]:
    """Number of the sense of each occurrence, from 1, None where it fits none.  (n,)"""
    return [None if place == NONE else place + 1 for place in clusters.tolist()]


def _notice(clusters: Ids) -> str | None:
    total = len(clusters)
    if total < FEWEST:
        return f"only {total} occurrences; senses are told apart from {FEWEST} on"
    notes = []
    if total > SAMPLE:
        notes.append(f"told apart by {SAMPLE:,} of {total:,} occurrences; the others went to the nearest sense")
    alone = int((clusters == NONE).sum())
    if alone:
        notes.append(f"{alone} of {total:,} occurrences fit no sense")
    return "; ".join(notes) or None


def _sense(
    number: int, size: int, total: int, words: SenseWords, central: Sequence[OccurrenceHit], stability: float | None
) -> Sense:
    return Sense(number, size, size / total, words.labels, tuple(central), stability, words.collocates)
