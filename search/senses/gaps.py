"""What a dictionary lacks: lines that are far from every sense of their word, best candidates first, in groups.

A line is smoothed with its nearest lines of the same word. So a single odd line ranks below a group of lines that are
alike and far from every sense. Measured by leaving senses out (docs/results/dictionary.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.dictionaries import StoredDictionary, StoredSense, lemmas_of_dictionary
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Array, Doubles, Ids, unit
from ..context import SAME_WORD, View, check_k, parse_option
from ..hits import Match, OccurrenceHit
from ..retrieval.exact import rows_vectors
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked
from .clustering import GRAIN
from .dictionary import read_dictionary_of, read_word
from .disambiguation import priors, tag_probabilities
from .tree import TreeSettings, grow

NEIGHBOURS = 5
"""Number of lines that a line is smoothed with, itself included."""
FREQUENCY = 0.05
"""Weight of the logarithm of a sense's frequency. A line must be nearer to a rare sense to belong to it."""
POS = 0.035
"""Weight of the logarithm of the probability of a line's part of speech, as in `disambiguation.CHOSEN` per cosine."""
LEAST_SHARE = 0.01
"""Minimum share of a sense in that logarithm."""
FEWEST = 20
"""Minimum number of lines of a word that is looked at if no word is named."""
MOST_WORDS = 1_000
"""Maximum number of words that are looked at if no word is named, the most frequent first."""
MOST_LINES = 20_000
"""Maximum number of lines of a word that are looked at, spread evenly."""
CANDIDATES = 0.1
"""Share of a word's lines that are candidates, those farthest from every sense."""
LEAST_CANDIDATES = 10
"""Minimum number of candidates of a word, or all its lines if there are fewer."""
MOST_CANDIDATES = 200
"""Maximum number of candidates of a word. Grouping compares each with each."""
LEAST_GROUP = 3
"""Minimum number of lines of a group."""
SMALL_GROUPS = TreeSettings(fewest=LEAST_GROUP, few=LEAST_GROUP)
"""Parameters of the tree of candidates. Its groups may be smaller than senses."""
LINES = 5
"""Number of lines that a group lists."""
CLOSED = frozenset(("ADP", "CCONJ", "DET", "NUM", "PART", "PRON", "SCONJ", "SYM", "X"))
"""Parts of speech whose lines are no candidates if no word is named and the dictionary has none of that part.

WordNet, for one, has no prepositions, and *like* as one would fill the list.
"""
_BLOCK = 500  # rows that are compared with all others at once


@dataclass(frozen=True, slots=True)
class Gap:
    """A group of lines of a word that are far from every sense of the dictionary.

    Attributes:
        score: Mean distance of its smoothed lines from the nearest sense. The higher, the better.
        size: Number of its lines.
        nearest: Id of the sense that is nearest to its centre.
        definition: What that sense means.
        lines: The lines farthest from every sense. Their score is that distance.
        ids: Occurrence ids of all its lines, farthest first.
    """

    word: str
    score: float
    size: int
    nearest: str
    definition: str
    lines: tuple[OccurrenceHit, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    word: str
    score: float
    ids: Ids
    scores: Array
    nearest: str
    definition: str


def find_gaps(view: View, dictionary: str, word: str | None, k: int, match: str) -> list[Gap]:
    """Find the k best groups of lines that a dictionary has no sense for. See `Searcher.dictionary_gaps`."""
    check_k(k)
    wanted = parse_option(Match, match, "match", SAME_WORD)
    found = read_dictionary_of(view, dictionary)
    groups = []
    for lemma in [word] if word is not None else frequent_words(view, found):
        groups += _groups(view, found, lemma, wanted if word is not None else Match.LEMMA, word is not None)
    groups.sort(key=lambda group: (-group.score, group.word, int(group.ids[0])))
    return [_gap(view, group) for group in groups[:k]]


def frequent_words(view: View, dictionary: StoredDictionary) -> list[str]:
    """Return the most frequent lemmas that the dictionary has senses of."""
    lemmas = lemmas_of_dictionary(view.collection.db, dictionary.key)
    return [lemma for lemma, count in lemmas if count >= FEWEST][:MOST_WORDS]


def _groups(view: View, dictionary: StoredDictionary, word: str, match: Match, is_named: bool) -> list[_Group]:
    """Return the groups of a word's candidates inside the filters."""
    try:
        value, reading = read_word(view, dictionary, word, match)
        inside, _ = rows_vectors(view.require_word(word, match)[1])
    except QueryError:
        if is_named:
            raise
        return []  # the filters, or removed documents, leave no line of it
    kept = np.flatnonzero(np.isin(reading.ids, inside))
    if not is_named:
        left_out = CLOSED - {sense.pos for sense in reading.senses}
        kept = kept[np.array([reading.parts[row] not in left_out for row in kept.tolist()], bool)]
        if not len(kept):
            return []
    kept = kept[np.unique(np.linspace(0, len(kept) - 1, min(len(kept), MOST_LINES)).astype(np.int64))]
    ids, vectors = reading.ids[kept], reading.vectors[kept]
    centroids = np.stack([sense.vector for sense in reading.senses])  # (s, d)
    parts = [reading.parts[row] for row in kept.tolist()]
    far = distances(vectors, centroids, priors(reading.senses), fits_of_tags(reading.senses, parts))  # (n,)
    most = min(max(LEAST_CANDIDATES, int(CANDIDATES * len(ids))), MOST_CANDIDATES, len(ids))
    chosen = np.lexsort((ids, -far))[:most]  # farthest first
    numbers = grouped(vectors[chosen])
    found = []
    for number in range(int(numbers.max()) + 1):
        rows = chosen[numbers == number]
        if len(rows) < min(LEAST_GROUP, len(ids)):
            continue
        nearest = reading.senses[int(np.argmax(centroids @ unit(vectors[rows].mean(axis=0))))]
        score = float(far[rows].mean())
        found.append(_Group(value, score, ids[rows], far[rows], nearest.id, nearest.definition))
    return found


def fits_of_tags(senses: Sequence[StoredSense], parts: Sequence[str]) -> Doubles:
    """Return the logarithm of how well a line's part of speech fits each sense, 0 for the best one.  (n, s)"""
    chances = {pos: tag_probabilities(senses, pos) for pos in set(parts)}
    found = np.array([chances[pos] for pos in parts])  # (n, s)
    return np.asarray(np.log(found / found.max(axis=1, keepdims=True)))


def distances(vectors: Array, centroids: Array, shares: Doubles, fits: Doubles | float = 0.0) -> Array:
    """Return the distance of each smoothed line from the nearest sense.  (n, d), (s, d), (s,) -> (n,)

    It is 1 - cosine, more for rare senses and for those of another part of speech.

    Args:
        shares: Prior probability of each sense.
        fits: What `fits_of_tags` returns (n, s).
    """
    cosines = smoothed(vectors) @ centroids.T + FREQUENCY * np.log(np.maximum(shares, LEAST_SHARE)) + POS * fits
    return np.asarray(1 - cosines.max(axis=1), np.float32)


def smoothed(vectors: Array) -> Array:
    """Return the unit mean of each line and its nearest lines.  (n, d) -> (n, d)"""
    count = min(NEIGHBOURS, len(vectors))
    found = np.empty_like(vectors)
    for first in range(0, len(vectors), _BLOCK):
        cosines = vectors[first : first + _BLOCK] @ vectors.T  # (block, n)
        near = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        found[first : first + _BLOCK] = vectors[near].mean(axis=1)
    return unit(found)


def grouped(vectors: Array) -> Ids:
    """Group candidates by the usual cut of their tree. Groups are numbered from 0, strays are -1.  (n, d) -> (n,)"""
    if len(vectors) < 2 * LEAST_GROUP:
        return np.zeros(len(vectors), np.int64)
    tree = grow(vectors, settings=SMALL_GROUPS)
    return tree.cut(tree.number_at(GRAIN))


def _gap(view: View, group: _Group) -> Gap:
    best: Sequence[OccurrenceHit] = occurrence_hits(view.collection, Ranked(group.ids[:LINES], group.scores[:LINES]))
    return Gap(
        group.word,
        group.score,
        len(group.ids),
        group.nearest,
        group.definition,
        tuple(best),
        tuple(group.ids.tolist()),
    )
