"""Induce the senses of a word from its occurrences: groups of sense vectors with central lines, labels, collocates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...indexer.errors import QueryError
from ...indexer.runtime import with_one_blas_thread
from ...indexer.vectors.arrays import Array, Ids
from ..citation import Citation
from ..context import SAME_WORD, View, parse_option
from ..hits import Match, OccurrenceHit
from ..query.parts_of_speech import parts_of_rows
from ..retrieval.exact import rows_vectors
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked
from ..statistics.collocates import Collocate
from ..statistics.measures import wilson
from ..tables import Records
from .branches import grow_branches, part_of
from .clustering import by_size, centres_of, nearest_centre, row_products_by, stability
from .expected import expected_words
from .labels import sense_collocates, sense_words
from .nearby import NearbyWords, Places
from .tree import NONE, SenseTree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST = 10
"""Minimum number of occurrences to cluster. A word with fewer gets one sense."""
CENTRAL_LINES = 5
"""Number of central occurrences that a sense lists."""
CENTRAL_CANDIDATES = 50
"""Maximum number of occurrences that are read to find sentences that differ."""
METHOD = "a tree of average linkage by cosine, gated by SigClust"
"""Name of the method by which words are clustered."""
NAMED_WORDS = 4
"""Number of labels that name a sense in a figure."""
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
        central: Occurrences nearest to the centre, in different sentences. Their score is the cosine with it.
        stability: How well the sense is found again in bootstrap samples of the group from which it was split, in
            [0, 1]. None if nothing was clustered, or if the inventory is not described.
        collocates: Words nearby, by logDice. Those of several senses are empty if the inventory is not described.
        name: Name of the named sense that was held fixed in it. None if none was.
        expected: Words that the language models expect in its place, more than in the place of the other senses. Empty
            if the model does not predict words, or if the inventory is not described.
        phrases: Phrases with the word that distinguish the sense, such as "supreme court". Empty if the collection has
            no parts of speech.
        pos: Most frequent part of speech of its occurrences. "" if the collection has none.
    """

    number: int
    size: int
    share: float
    labels: tuple[Collocate, ...]
    central: tuple[OccurrenceHit, ...]
    stability: float | None = None
    collocates: tuple[Collocate, ...] = ()
    name: str | None = None
    expected: tuple[str, ...] = ()
    pos: str = ""
    phrases: tuple[Collocate, ...] = ()


class KnownLabels(Protocol):
    """What is known about the senses of a word. See `known.KnownSenses`."""

    @property
    def names(self) -> tuple[str | None, ...]:
        """Name of each known sense. None for lines that share a sense."""
        ...

    def labels(self, word: str, ids: Ids, vectors: Array, parts: Sequence[str]) -> Ids:
        """Return the number of the known sense of each occurrence, or `NONE`."""
        ...


@dataclass(frozen=True, slots=True)
class SenseInventory(Records):
    """The induced senses of a word, largest first.

    Attributes:
        word: The lemma or form, as stored.
        assignments: Occurrence id -> number of its sense from 1. None if it fits no sense.
        scores: Occurrence id -> cosine with the centre of its sense, or with the nearest centre if it fits no sense.
        notice: A remark for the user. None if no remark is needed.
        method: How the senses were induced.
        grain: Lowest grain that gives these senses, a cosine from -1. Groups with a lower mean cosine are apart.
        usual: Number of senses of the default cut.
        most: Number of senses of the finest cut.
        tree: All groups of the occurrences, in the order of `assignments`. None if nothing was clustered.
        cited: What to cite.
        is_described: Whether the senses have their stability, their collocates and their expected words.
    """

    word: str
    match: Match
    senses: tuple[Sense, ...]
    assignments: dict[int, int | None] = field(repr=False)
    scores: dict[int, float] = field(repr=False)
    notice: str | None
    method: str = ""
    grain: float = -1.0
    usual: int = 1
    most: int = 1
    tree: SenseTree | None = field(default=None, repr=False, compare=False)
    cited: Citation | None = field(default=None, compare=False)
    is_described: bool = True

    def sense_names(self) -> tuple[str, ...]:
        """Return a name of each sense for figures: its number, with its own name or its labels."""
        words = [item.name or ", ".join(word.lemma for word in item.labels[:NAMED_WORDS]) for item in self.senses]
        return tuple(f"{number}: {text}" if text else f"sense {number}" for number, text in enumerate(words, start=1))

    def plot(self, title: str | None = None) -> Figure:
        """Draw the share of each sense with its 95 % interval (Wilson 1927).

        Args:
            title: Title instead of the word and the collection.
        """
        from ..figures.bars import Bar, Bars, draw_bars

        total = len(self.assignments)
        bars = [Bar(sense.share, *wilson(sense.size, total)) for sense in self.senses]
        what = f"senses of {self.word}"
        title = title or (what if self.cited is None else f"{what} in {self.cited.name}")
        notes = [f"{total:,} occurrences", "bars are 95 % Wilson intervals"]
        return draw_bars(
            self.sense_names(), [Bars(self.word, bars)], "share of the occurrences", title, notes, self.cited, True
        )

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row for each sense. Labels, collocates and central sentences are lists of texts."""
        return [
            {
                "word": self.word,
                "sense": item.number,
                "pos": item.pos,
                "size": item.size,
                "share": item.share,
                "stability": item.stability,
                "name": item.name,
                "labels": [label.lemma for label in item.labels],
                "expected": list(item.expected),
                "phrases": [phrase.lemma for phrase in item.phrases],
                "collocates": [word.lemma for word in item.collocates],
                "central": [hit.sentence for hit in item.central],
            }
            for item in self.senses
        ]

    def column_types(self) -> Mapping[str, type]:
        """Return the types of the columns of `to_dicts`."""
        numbers = {"sense": int, "size": int, "share": float, "stability": float}
        return {
            "word": str,
            "pos": str,
            **numbers,
            "name": str,
            **dict.fromkeys(("labels", "expected", "phrases", "collocates", "central"), list),
        }

    @property
    def _title(self) -> str:
        return f"Senses of {self.word}"


@dataclass(frozen=True, slots=True, eq=False)
class ArrangedWord:
    """The occurrences of a word in a tree, ready to be cut into few or many senses.

    Attributes:
        word: The lemma or form, as stored.
        ids: Occurrence ids (n,).
        vectors: Their unit vectors (n, d).
        parts: Part of speech of each, "" where none is stored. Empty if the collection has none.
        labels: Number of the known sense of each, or `NONE` (n,).
        names: Name of each known sense. None for lines that share a sense.
        tree: All groups of the occurrences. None if they are too few to cluster.
        usual: Number of senses of the default cut.
        stable: Stability of the nodes that cuts have measured so far.
        nearby: What cuts have read so far for labels and expected words.
    """

    word: str
    match: Match
    ids: Ids
    vectors: Array
    parts: tuple[str, ...]
    labels: Ids
    names: tuple[str | None, ...]
    tree: SenseTree | None
    usual: int
    stable: dict[int, float] = field(default_factory=dict)
    nearby: NearbyWords = field(default_factory=NearbyWords)


@with_one_blas_thread
def arrange_word(
    view: View, word: str, match: str, read_known: Callable[[str], KnownLabels] | None = None
) -> ArrangedWord:
    """Arrange the occurrences of a word inside the filters in a tree. See `Searcher.arrange`.

    Args:
        read_known: Function from the lemma or form, as stored, to what is known about its senses.
    """
    wanted = parse_option(Match, match, "match", SAME_WORD)
    value, rows = view.require_word(word, wanted)
    ids, vectors = rows_vectors(rows)
    known = None if read_known is None else read_known(value)
    by_segment = {item.segment: item.rows for item in rows}
    parts = tuple(parts_of_rows(view.collection, by_segment)) if view.settings.has_stream else ()
    labels = np.full(len(ids), NONE, np.int64) if known is None else known.labels(value, ids, vectors, parts)  # (n,)
    tree, usual = (None, 1) if len(ids) < FEWEST else grow_branches(vectors, parts, labels)
    names = () if known is None else known.names
    nearby = NearbyWords(Places.of_rows(by_segment) if view.settings.has_stream else None)
    return ArrangedWord(value, wanted, ids, vectors, parts, labels, names, tree, usual, nearby=nearby)


def find_senses(
    view: View,
    word: str,
    match: str,
    grain: float | None = None,
    number: int | None = None,
    read_known: Callable[[str], KnownLabels] | None = None,
) -> SenseInventory:
    """Induce the senses of a word inside the filters. See `Searcher.senses`.

    Args:
        read_known: Function from the lemma or form, as stored, to what is known about its senses.
    """
    check_cut(grain, number)
    return cut_word(view, arrange_word(view, word, match, read_known), grain, number)


def check_cut(grain: float | None, number: int | None) -> None:
    """Check how finely senses are wanted.

    Raises:
        QueryError: Both are given, the grain is not a cosine, or the number is below 1.
    """
    if grain is not None and number is not None:
        raise QueryError("the grain and the number of senses are both given; give one of them")
    if grain is not None and not -1 <= grain <= 1:
        raise QueryError(f"the grain is {grain}; give a number from -1 (one sense) to 1 (the finest senses)")
    if number is not None and number < 1:
        raise QueryError(f"the number of senses is {number}; ask for at least 1")


def word_vectors(view: View, word: str, match: str) -> tuple[str, Array]:
    """Read the vectors of a word's occurrences inside the filters: its lemma or form as stored, and (n, d).

    Raises:
        QueryError: There are none.
    """
    value, rows = view.require_word(word, parse_option(Match, match, "match", SAME_WORD))
    return value, rows_vectors(rows)[1]


@with_one_blas_thread
def cut_word(
    view: View, arranged: ArrangedWord, grain: float | None = None, number: int | None = None, describe: bool = True
) -> SenseInventory:
    """Cut the tree of a word into senses. See `Searcher.cut`.

    Args:
        describe: Whether to find what `describe_senses` adds.

    Raises:
        QueryError: Both grain and number are given, or one is out of its range. Or the collection was compacted since
            the word was arranged.
    """
    check_cut(grain, number)
    _check_arranged(view, arranged)
    ids, vectors, tree = arranged.ids, arranged.vectors, arranged.tree
    wanted = _wanted(tree, arranged.usual, grain, number)
    clusters = np.zeros(len(ids), np.int64) if tree is None else by_size(tree.cut(wanted))  # (n,)
    if tree is None and (arranged.labels != NONE).any():  # too few lines to group: they follow those that are known
        clusters = _following(vectors, arranged.labels)
    centres = centres_of(vectors, clusters)  # (s, d)
    nearest = np.where(clusters == NONE, nearest_centre(vectors, centres), clusters)  # (n,)
    scores = row_products_by(vectors, centres, nearest)  # (n,)
    members = [np.flatnonzero(clusters == place) for place in range(len(centres))]
    words = sense_words(view, [ids[rows] for rows in members], arranged.nearby)
    central = []
    for rows in members:
        best = rows[np.lexsort((ids[rows], -scores[rows]))]
        central.append(central_hits(view, ids[best], scores[best]))
    senses = tuple(
        Sense(
            place + 1,
            len(rows),
            len(rows) / len(ids),
            words[place].labels,
            central[place],
            collocates=words[place].collocates,
            name=_known_name(arranged.names, arranged.labels[rows]),
            pos=part_of([arranged.parts[row] for row in rows.tolist()]) if arranged.parts else "",
            phrases=words[place].phrases,
        )
        for place, rows in enumerate(members)
    )
    found = SenseInventory(
        arranged.word,
        arranged.match,
        senses,
        dict(zip(ids.tolist(), sense_numbers(clusters), strict=True)),
        dict(zip(ids.tolist(), scores.tolist(), strict=True)),
        _notice(clusters, number),
        NOT_CLUSTERED if tree is None else METHOD,
        -1.0 if tree is None else tree.grain_of(wanted),
        arranged.usual,
        1 if tree is None else tree.most,
        tree,
        is_described=False,
    )
    return describe_senses(view, arranged, found) if describe else found


@with_one_blas_thread
def describe_senses(view: View, arranged: ArrangedWord, inventory: SenseInventory) -> SenseInventory:
    """Add stability, collocates and expected words to each sense. See `Searcher.describe`."""
    _check_arranged(view, arranged)
    collocates = [sense.collocates for sense in inventory.senses]
    if len(collocates) > 1:  # those of a single sense are known, since they label it
        numbers = np.array([number or 0 for number in inventory.assignments.values()], np.int64)  # (n,)
        members = [arranged.ids[numbers == sense.number] for sense in inventory.senses]
        collocates = sense_collocates(view, members, arranged.nearby)
    stable = sense_stability(arranged, inventory)
    expected = expected_words(view, [sense.central for sense in inventory.senses], arranged.nearby.contexts)
    senses = tuple(
        replace(sense, stability=stable[place], collocates=collocates[place], expected=expected[place])
        for place, sense in enumerate(inventory.senses)
    )
    return replace(inventory, senses=senses, is_described=True)


def _check_arranged(view: View, arranged: ArrangedWord) -> None:
    """Check that the segments of a word are those of the snapshot.

    Raises:
        QueryError: Segments were merged since the word was arranged. Some occurrences may have gone.
    """
    places = arranged.nearby.places
    if places is not None and not set(np.unique(places.segments).tolist()) <= view.snapshot.segments.keys():
        raise QueryError(f"{view.collection.path} has changed since {arranged.word!r} was arranged; arrange it again")


def central_hits(view: View, ids: Ids, scores: Array) -> tuple[OccurrenceHit, ...]:
    """Return the first `CENTRAL_LINES` occurrences with different sentences.

    A sentence may have the word twice, and documents may repeat a sentence.

    Args:
        ids: Occurrence ids, the most central first (n,).
        scores: Their cosines with the centre (n,).
    """
    found: dict[str, OccurrenceHit] = {}
    for first in range(0, min(len(ids), CENTRAL_CANDIDATES), CENTRAL_LINES):
        part = slice(first, first + CENTRAL_LINES)
        for hit in occurrence_hits(view.collection, Ranked(ids[part], scores[part])):
            found.setdefault(" ".join(hit.sentence.split()), hit)
        if len(found) >= CENTRAL_LINES:
            break
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(list(found.values())[:CENTRAL_LINES], start=1))


def _known_name(names: Sequence[str | None], labels: Ids) -> str | None:
    """Return the name of the known sense among the occurrences of a group, if it has one."""
    held = labels[labels != NONE]
    return names[int(held[0])] if names and len(held) else None


def _following(vectors: Array, labels: Ids) -> Ids:
    """Return the group of each row: that of its known sense, else the known sense with the nearest centre.

    Args:
        vectors: Unit rows (n, d).
        labels: Known sense of each, `NONE` where it is not known, but not everywhere (n,).
    """
    groups = by_size(labels)
    return np.where(groups == NONE, nearest_centre(vectors, centres_of(vectors, groups)), groups)


def _wanted(tree: SenseTree | None, usual: int, grain: float | None, number: int | None) -> int:
    """Return the number of senses of the cut that was asked for."""
    if tree is None:
        return 1
    if number is None:
        return usual if grain is None else tree.number_at(grain)
    return max(tree.fixed + 1, min(number, tree.most))


@with_one_blas_thread
def sense_stability(arranged: ArrangedWord, inventory: SenseInventory) -> list[float | None]:
    """Return the stability of each sense. None if nothing was clustered. What is measured is kept in `arranged`."""
    stable: list[float | None] = [None] * len(inventory.senses)
    if arranged.tree is None:
        return stable
    number = len(inventory.senses)
    groups = arranged.tree.cut(number)  # (n,)
    found = stability(arranged.vectors, arranged.tree, number, known=arranged.stable)
    clusters = by_size(groups)
    for old, new in set(zip(groups.tolist(), clusters.tolist(), strict=True)):
        if new != NONE:
            stable[new] = found[old]
    return stable


def sense_numbers(clusters: Ids) -> list[int | None]:
    """Convert cluster numbers from 0 (n,) to sense numbers from 1, with None for `NONE`."""
    return [None if place == NONE else place + 1 for place in clusters.tolist()]


def _notice(clusters: Ids, number: int | None) -> str | None:
    total = len(clusters)
    if total < FEWEST:
        return f"only {total} occurrences; at least {FEWEST} are needed to tell senses apart"
    notes = []
    found = int(clusters.max()) + 1
    if number is not None and found < number:
        notes.append(f"{found} senses, not {number}: smaller groups would have too few occurrences")
    if number is not None and found > number:
        notes.append(f"{found} senses, not {number}: so many are known")
    unassigned = int((clusters == NONE).sum())
    if unassigned:
        notes.append(f"{unassigned} of {total:,} occurrences fit no sense")
    return "; ".join(notes) or None
