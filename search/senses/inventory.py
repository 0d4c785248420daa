"""Induce the senses of a word from its occurrences: groups of sense vectors with central lines, labels, collocates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...indexer.vectors.arrays import Array, Ids
from ..context import SAME_WORD, View, parse_option
from ..hits import Match, OccurrenceHit
from ..retrieval.exact import Rows, rows_vectors
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked
from .clustering import NONE, SAMPLE, centres_of, cluster, nearest_centre, row_products_by, stability
from .labels import Collocate, sense_words

FEWEST = 10
"""Minimum number of occurrences to cluster. A word with fewer gets one sense."""
CENTRAL_LINES = 5
"""Number of central occurrences that a sense lists."""
METHOD = "Potts model of cosines, gated by SigClust"
"""Name of the method by which words are clustered."""
NOT_CLUSTERED = "not clustered"
"""Name of the method for words with too few occurrences."""


@dataclass(frozen=True, slots=True)
class Sense:
    """An induced sense: a group of occurrences with similar sense vectors.

    Attributes:
        number: Number among the senses of the word, from 1, the largest first.
        size: Number of occurrences.
        share: Share of all occurrences of the word.
        labels: Content words nearby that distinguish the sense from the word's other senses.
        central: Occurrences nearest to the centre. Their score is the cosine with it.
        stability: How well the sense is found again in bootstrap samples, in [0, 1]. None if nothing was clustered.
        collocates: Words nearby, by logDice.
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
    """The induced senses of a word, largest first.

    Attributes:
        word: The lemma or form, as stored.
        assignments: Occurrence id -> number of its sense from 1. None if it fits no sense.
        scores: Occurrence id -> cosine with the centre of its sense, or with the nearest centre if it fits no sense.
        notice: A remark for the user. None if no remark is needed.
        method: How the senses were induced.
    """

    word: str
    match: Match
    senses: tuple[Sense, ...]
    assignments: dict[int, int | None] = field(repr=False)
    scores: dict[int, float] = field(repr=False)
    notice: str | None
    method: str = ""


def find_senses(view: View, word: str, match: str) -> SenseInventory:
    """Induce the senses of a word inside the filters. See `Searcher.senses`."""
    wanted = parse_option(Match, match, "match", SAME_WORD)
    value, rows = view.require_word(word, wanted)
    return induce_senses(view, value, wanted, rows)


def word_vectors(view: View, word: str, match: str) -> tuple[str, Array]:
    """Read the vectors of a word's occurrences inside the filters: its lemma or form as stored, and (n, d).

    Raises:
        QueryError: There are none.
    """
    value, rows = view.require_word(word, parse_option(Match, match, "match", SAME_WORD))
    return value, rows_vectors(rows)[1]


def induce_senses(view: View, word: str, match: Match, rows: Sequence[Rows]) -> SenseInventory:
    """Induce the senses of the occurrences in some rows."""
    ids, vectors = rows_vectors(rows)
    few = len(ids) < FEWEST
    clusters = np.zeros(len(ids), np.int64) if few else cluster(vectors)  # (n,)
    stable = [None] * (int(clusters.max()) + 1) if few else stability(vectors, clusters)
    centres = centres_of(vectors, clusters)  # (s, d)
    nearest = np.where(clusters == NONE, nearest_centre(vectors, centres), clusters)  # (n,)
    scores = row_products_by(vectors, centres, nearest)  # (n,)
    groups = [ids[clusters == place] for place in range(len(centres))]
    words = sense_words(view, groups)
    senses = []
    for place, group in enumerate(groups):
        inside = scores[clusters == place]
        best = np.lexsort((group, -inside))[:CENTRAL_LINES]
        central = tuple(occurrence_hits(view.collection, Ranked(group[best], inside[best])))
        labels, collocates = words[place].labels, words[place].collocates
        share = len(group) / len(ids)
        senses.append(Sense(place + 1, len(group), share, labels, central, stable[place], collocates))
    return SenseInventory(
        word,
        match,
        tuple(senses),
        dict(zip(ids.tolist(), sense_numbers(clusters), strict=True)),
        dict(zip(ids.tolist(), scores.tolist(), strict=True)),
        _notice(clusters),
        NOT_CLUSTERED if few else METHOD,
    )


def sense_numbers(clusters: Ids) -> list[int | None]:
    """Convert cluster numbers from 0 (n,) to sense numbers from 1, with None for `NONE`."""
    return [None if place == NONE else place + 1 for place in clusters.tolist()]


def _notice(clusters: Ids) -> str | None:
    total = len(clusters)
    if total < FEWEST:
        return f"only {total} occurrences; at least {FEWEST} are needed to tell senses apart"
    notes = []
    if total > SAMPLE:
        notes.append(f"{SAMPLE:,} of {total:,} occurrences were clustered; the others joined the nearest sense")
    unassigned = int((clusters == NONE).sum())
    if unassigned:
        notes.append(f"{unassigned} of {total:,} occurrences fit no sense")
    return "; ".join(notes) or None
