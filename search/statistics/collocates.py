"""Find collocates: words near the occurrences of a word, of a sense, or of a pattern, counted by their position."""

from __future__ import annotations

import math
from collections.abc import Collection as Container
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.collection.queries import types_of_occurrences
from ...indexer.errors import QueryError
from ...indexer.text import TokenKind
from ...indexer.vectors.arrays import Ids, Mask
from ..citation import Citation
from ..context import View
from ..figures.radial import GraphLink, GraphWord
from ..hits import Match, OccurrenceHit
from ..retrieval.exact import Rows
from ..retrieval.patterns import Found, place_hits
from ..tables import Records
from .links import DISTINCTIVE, LINKED, CollocateLinks, distinct_words, distinctive_sense, find_links, pair_counts
from .measures import log_dice, log_likelihood, mutual_information
from .places import document_tokens, find_places

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOW = 5
"""Default number of tokens on each side, the usual window of concordancers."""
WIDEST = 50
"""Maximum number of tokens on each side."""
FEWEST_TOGETHER = 2
"""Default minimum number of occurrences that a collocate is near."""
MEASURES = ("log_dice", "log_likelihood", "mutual_information", "count")
"""Measures that order collocates."""
MOST_BARS = 30
"""Maximum number of collocates in a figure of bars."""
MOST_IN_GRAPH = 40
"""Maximum number of collocates in a graph. Links are looked for between these."""
FIGURES = ("bars", "graph")
"""Figures of collocates."""
NEARNESS = {"log_dice": "logDice", "log_likelihood": "log-likelihood", "mutual_information": "mutual information"}
"""Names of the measures in a figure."""


@dataclass(frozen=True, slots=True)
class Collocate:
    """A word near the occurrences of a group.

    Those of a sense have only the first four values (`group_collocates`). `find_collocates` counts all of them but
    `sense`, which `Collocates.with_senses` adds.

    Attributes:
        count: Number of the group's occurrences that the word is near.
        log_likelihood: Signed G2 (Dunning 1993), negative if the word is rarer near the group. It compares with the
            word's other senses for a sense, else with the rest of the text.
        log_dice: logDice with the group (Rychlý 2008), at most 14.
        pos: Part of speech of the collocate. Empty if it is unknown.
        tokens: Number of tokens of the collocate near the group. One that is near two occurrences counts once.
        frequency: Number of its tokens inside the filters.
        left: Number of occurrences that have it on the left.
        right: Number of occurrences that have it on the right.
        mutual_information: log2 of `tokens` by the number that chance would give (Church & Hanks 1990).
        positions: Pairs of a position and the number of occurrences that have it there. A position is a distance in
            tokens, negative on the left.
        occurrence_ids: Ids of the occurrences that it is near. Occurrences without a vector are left out.
        examples: The first occurrences that it is near.
        sense: Number of the sense in whose lines it is most over-represented. None if it is so in none.
    """

    lemma: str
    count: int
    log_likelihood: float
    log_dice: float
    pos: str = ""
    tokens: int = 0
    frequency: int = 0
    left: int = 0
    right: int = 0
    mutual_information: float = 0.0
    positions: tuple[tuple[int, int], ...] = ()
    occurrence_ids: tuple[int, ...] = ()
    examples: tuple[OccurrenceHit, ...] = ()
    sense: int | None = None

    @property
    def balance(self) -> float:
        """How much it is on one side, from -1 (always on the left) to 1: its mean position by its mean distance."""
        distance = sum(abs(place) * times for place, times in self.positions)
        return sum(place * times for place, times in self.positions) / distance if distance else 0.0


@dataclass(frozen=True, slots=True)
class Collocates(Records):
    """The collocates of a word, the strongest first.

    Attributes:
        word: The lemma or form as stored, or the pattern.
        left: Number of tokens of the window on the left.
        right: Number of tokens on the right. The window ends with the sentence.
        occurrences: Number of occurrences of the word.
        measure: What orders the collocates.
        notice: A remark for the user.
        cited: What to cite.
        links: Pairs of the first collocates that are near the same occurrences.
        occurrence_ids: Ids of the occurrences of the word. Occurrences without a vector are left out.
        sense_names: Names of the senses that the collocates were compared with. None before `with_senses`.
    """

    word: str
    match: str
    left: int
    right: int
    occurrences: int
    measure: str
    words: tuple[Collocate, ...]
    notice: str | None = None
    cited: Citation | None = field(default=None, compare=False)
    links: CollocateLinks = field(default_factory=CollocateLinks, repr=False)
    occurrence_ids: tuple[int, ...] = field(default=(), repr=False)
    sense_names: tuple[str, ...] | None = None

    def with_senses(self, assignments: Mapping[int, int | None], names: Sequence[str] = ()) -> Collocates:
        """Return the same collocates, each with the sense in whose lines it is most over-represented.

        Args:
            assignments: Occurrence id -> number of its sense, as a sense inventory has them.
            names: Name of each sense, for the figure.
        """
        senses = max((number or 0 for number in assignments.values()), default=0)

        def lines(ids: Sequence[int]) -> Ids:
            numbers = np.fromiter((assignments.get(key) or 0 for key in ids), np.int64, len(ids))
            return np.bincount(numbers, minlength=senses + 1)

        sizes = lines(self.occurrence_ids)
        words = (replace(word, sense=distinctive_sense(lines(word.occurrence_ids), sizes)) for word in self.words)
        return replace(self, words=tuple(words), sense_names=tuple(names))

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row for each collocate, with a column for each position and the text of the examples."""
        left_out = ["positions", "examples", "occurrence_ids", *(["sense"] if self.sense_names is None else [])]
        reach = [place for place in range(-self.left, self.right + 1) if place]
        return [
            {"word": self.word, "collocate": word.lemma}
            | {each.name: getattr(word, each.name) for each in fields(word)[1:] if each.name not in left_out}
            | {f"{-place}L" if place < 0 else f"{place}R": dict(word.positions).get(place, 0) for place in reach}
            | {"examples": [hit.sentence for hit in word.examples], "occurrence_ids": list(word.occurrence_ids)}
            for word in self.words
        ]

    def graph_words(self) -> list[GraphWord]:
        """Return the first collocates for a graph. Counts and log-likelihoods are drawn on a scale of logarithms."""
        shown = self.words[:MOST_IN_GRAPH]
        names = distinct_words([(word.lemma, word.pos) for word in shown])
        values = [float(getattr(word, self.measure)) for word in shown]
        if self.measure in ("log_likelihood", "count"):
            values = [math.log2(max(value, 1.0)) for value in values]
        lowest = min(filter(math.isfinite, values), default=0.0)
        return [
            GraphWord(name, max(value, lowest), word.balance, word.count, word.sense)
            for name, value, word in zip(names, values, shown, strict=True)
        ]

    def graph_links(self) -> list[GraphLink]:
        """Return the links for a graph. The weight is the Dice coefficient."""
        return [GraphLink(link.first, link.second, 2 ** (link.log_dice - 14)) for link in self.links.links]

    def plot(self, title: str | None = None, figure: str = "bars") -> Figure:
        """Draw how many occurrences each collocate is near, on the left and on the right, or a graph of collocates.

        Args:
            title: Title instead of the word and the collection.
            figure: `bars`, or `graph` for a collocation network. After `with_senses` it has their colours.

        Raises:
            QueryError: There is no such figure.
        """
        if figure not in FIGURES:
            raise QueryError(f"figure is {figure!r}; choose one of {', '.join(FIGURES)}")
        what = f"collocates of {self.word}"
        title = title or (what if self.cited is None else f"{what} in {self.cited.name}")
        notes = [f"{self.occurrences:,} occurrences, window {self.left} left and {self.right} right"]
        return self._draw_bars(title, notes) if figure == "bars" else self._draw_graph(title, notes)

    def _draw_bars(self, title: str, notes: list[str]) -> Figure:
        from ..figures.bars import Bar, Bars, draw_bars

        shown = self.words[:MOST_BARS]
        notes.append(f"ordered by {self.measure.replace('_', ' ')}")
        names = [f"{word.lemma} {word.pos}".strip() for word in shown]
        sides = [
            Bars(side, [Bar(float(getattr(word, side)), None, None) for word in shown]) for side in ("left", "right")
        ]
        return draw_bars(names, sides, "occurrences with the collocate", title, notes, self.cited)

    def _draw_graph(self, title: str, notes: list[str]) -> Figure:
        from ..figures.graph import draw_graph

        notes.append(f"the nearer to {self.word}, the higher the {NEARNESS.get(self.measure, 'number')}")
        notes.append("circles grow with the number of occurrences, and words are on their usual side")
        notes.append(f"links join words near the same occurrences (log-likelihood at least {LINKED}, p < 0.0001)")
        if self.sense_names:
            notes.append(f"colours: over-represented in a sense (log-likelihood at least {DISTINCTIVE}, p < 0.05)")
        return draw_graph(
            self.word,
            self.graph_words(),
            self.graph_links(),
            self.sense_names or (),
            len(self.words),
            title,
            notes,
            self.cited,
        )


def find_collocates(
    view: View,
    word: str,
    match: str,
    within: Container[int] | None,
    left: int,
    right: int,
    k: int,
    fewest: int,
    measure: str,
    pos: Container[str],
    function_words: bool,
    examples: int,
    cited: Citation | None,
) -> Collocates:
    """Count the words near the occurrences of a word. See `Searcher.collocates`."""
    _check(view, left, right, k, fewest, measure)
    places = find_places(view, word, match, within)
    near = _Near(view, places.found, left, right)
    nodes = () if places.match is Match.PATTERN else (places.name, *places.name.split(" "))
    near.keep(places.match, frozenset(nodes), frozenset(pos), function_words)
    size, total = len(places), int(document_tokens(view).sum())
    frequent = near.frequencies(np.flatnonzero(near.counts >= fewest))
    found = []
    for group, frequency in frequent.items():
        count, tokens = int(near.counts[group]), int(near.tokens[group])
        expected = near.window * frequency / total if total else 0.0
        name, tag = near.name(group)
        found.append(
            (
                group,
                Collocate(
                    name,
                    count,
                    log_likelihood(tokens, near.window, frequency - tokens, total - near.window),
                    log_dice(min(count, frequency), size, frequency),
                    tag,
                    tokens,
                    frequency,
                    mutual_information=mutual_information(tokens, expected),
                ),
            )
        )
    found.sort(key=lambda item: (-getattr(item[1], measure), -item[1].count, item[1].lemma, item[1].pos))
    words = tuple(near.complete(group, word, examples) for group, word in found[:k])
    first = found[: min(k, MOST_IN_GRAPH)]
    pairs = near.pairs([group for group, _ in first])
    links = find_links([(word.lemma, word.pos) for _, word in first], pairs, size)
    return Collocates(
        places.name,
        str(places.match),
        left,
        right,
        size,
        measure,
        words,
        places.notice,
        cited,
        CollocateLinks(places.name, len(first), links, cited),
        tuple(near.place_ids()),
    )


def group_collocates(view: View, groups: Sequence[Ids]) -> list[list[Collocate]]:
    """Count the lemmas near each group of a word's occurrences, by logDice. The groups are compared with each other.

    All occurrences count, and frequencies are those of the whole collection. The window is the usual one. Parts of
    speech do not count, as in labels.

    Args:
        groups: Ids of the occurrences of each group. The collection has streams.
    """
    whole = view.unfiltered()
    every = np.concatenate([np.zeros(0, np.int64), *groups])
    sizes = np.array([len(ids) for ids in groups], np.int64)
    order = np.argsort(every, kind="stable")
    of_group = np.repeat(np.arange(len(groups)), sizes)[order]
    places, numbers = [], [np.zeros(0, np.int64)]
    for item in whole.rows(sorted(types_of_occurrences(view.collection.db, every.tolist()))):
        at = np.minimum(np.searchsorted(every, item.ids, sorter=order), max(len(every) - 1, 0))
        inside = every[order[at]] == item.ids
        places.append(_first_tokens(item, inside))
        numbers.append(of_group[at[inside]])
    near = _Near(whole, places, WINDOW, WINDOW, by_pos=False)
    near.keep(Match.LEMMA, near.node_lemmas(), frozenset(), False)
    counts = near.counts_in(np.concatenate(numbers), len(groups))  # (groups, G)
    frequent = near.frequencies(np.flatnonzero((counts >= FEWEST_TOGETHER).any(axis=0)))
    out = []
    for row, size in zip(counts, sizes.tolist(), strict=True):
        found = []
        for group in np.flatnonzero(row >= FEWEST_TOGETHER).tolist():
            count, frequency, outside = int(row[group]), frequent[group], int(counts[:, group].sum() - row[group])
            likelihood = log_likelihood(count, size, outside, len(every) - size)
            strength = log_dice(min(count, frequency), size, frequency)
            found.append(Collocate(near.name(group)[0], count, likelihood, strength))
        out.append(sorted(found, key=lambda item: (-item.log_dice, -item.count, item.lemma)))
    return out


def _first_tokens(rows: Rows, inside: Mask) -> Found:
    """Return the places of some of the occurrences in some rows."""
    segment, stream = rows.segment, rows.segment.stream
    assert stream is not None  # the collection has streams
    first = np.asarray(stream.token_places[rows.rows[inside]], np.int64)
    return Found(segment, stream, first, np.ones(len(first), np.int64), stream.sentences_of(first))


def _check(view: View, left: int, right: int, k: int, fewest: int, measure: str) -> None:
    path = view.collection.path
    if not view.settings.has_stream:
        raise QueryError(f"{path} does not store all tokens, which collocates need; run `polyseme reencode {path}`")
    for side, tokens in (("left", left), ("right", right)):
        if not 0 <= tokens <= WIDEST:
            raise QueryError(f"the window is {tokens} tokens on the {side}; give a number from 0 to {WIDEST}")
    if not left + right:
        raise QueryError("the window is empty; give at least 1 token on one side")
    for name, number in (("k", k), ("the minimum number of occurrences", fewest)):
        if number < 1:
            raise QueryError(f"{name} is {number}; ask for at least 1")
    if measure not in MEASURES:
        raise QueryError(f"measure is {measure!r}; choose one of {', '.join(MEASURES)}")


class _Near:
    """Tokens near places: pairs of a place and a token, by their *group*, a lemma with a part of speech or without.

    Attributes:
        counts: Number of places that each group is near.  (G,)
        tokens: Number of tokens of each group near places, each token once.  (G,)
        window: Number of all tokens near places, each once.
    """

    def __init__(self, view: View, found: Sequence[Found], left: int, right: int, by_pos: bool = True) -> None:
        self._view, self._found = view, found
        words = view.collection.words()
        lemmas, tags = words.column("lemma"), words.column("pos")
        values, tag_codes = (tags.values, tags.codes) if by_pos else ([""], np.zeros(len(words), np.int32))
        size = max(len(values), 1)
        self._codes, group = np.unique(lemmas.codes.astype(np.int64) * size + tag_codes, return_inverse=True)  # (G,)
        self._group = np.append(group.reshape(-1), -1)  # (V + 1,), the last one for unknown words
        self._lemmas, self._tags = lemmas.values, values
        starts = np.cumsum([0, *(len(each.first) for each in found)])
        place, distance, kind, source, token = [], [], [], [], []
        for number, each in enumerate(found):
            row_of = words.rows(each.stream.word_ids)
            bounds = each.stream.starts[each.row], each.stream.starts[each.row + 1]
            for step in [-n for n in range(1, left + 1)] + list(range(1, right + 1)):
                at = each.first + step if step < 0 else each.first + each.length - 1 + step
                inside = (at >= bounds[0]) & (at < bounds[1])
                chosen = at[inside]
                place.append(np.flatnonzero(inside) + starts[number])
                distance.append(np.full(len(chosen), step, np.int64))
                kind.append(row_of[each.stream.words[chosen]])
                source.append(np.full(len(chosen), number, np.int64))
                token.append(chosen)
        nothing = np.zeros(0, np.int64)
        self._place, self._distance = np.concatenate([nothing, *place]), np.concatenate([nothing, *distance])
        self._word, self._source = np.concatenate([nothing, *kind]), np.concatenate([nothing, *source])
        self._token = np.concatenate([nothing, *token])
        self.window = len(np.unique(self._source * (1 << 32) + self._token))
        self._kept = np.zeros(len(words) + 1, bool)
        self.counts = self.tokens = self._groups = np.zeros(len(self._codes), np.int64)
        self._by_token: dict[int, tuple[Ids, Ids]] = {}

    def name(self, group: int) -> tuple[str, str]:
        """Return the lemma and the part of speech of a group. The latter is empty if they are not told apart."""
        lemma, tag = divmod(int(self._codes[group]), max(len(self._tags), 1))
        return self._lemmas[lemma], self._tags[tag]

    def counts_in(self, parts: Ids, n: int) -> Ids:
        """Count the places that each group is near, in each of n parts of the places.

        Args:
            parts: Part of each place, from 0.

        Returns:
            The counts (n, G).
        """
        number = len(self._codes)
        pairs = np.unique(self._place * max(number, 1) + self._groups)  # each place and group once
        cells = parts[pairs // max(number, 1)] * number + pairs % max(number, 1)
        return np.bincount(cells, minlength=n * number).reshape(n, number)

    def node_lemmas(self) -> frozenset[str]:
        """Return the lemmas of the first tokens of the places."""
        words = self._view.collection.words()
        column = words.column("lemma")
        rows = [words.rows(each.stream.word_ids)[np.unique(each.stream.words[each.first])] for each in self._found]
        found = np.unique(np.concatenate([np.zeros(0, np.int64), *rows]))
        return frozenset(column.values[column.codes[row]] for row in found.tolist() if row >= 0)

    def keep(self, match: Match, nodes: frozenset[str], pos: frozenset[str], function_words: bool) -> None:
        """Keep the words that may be collocates: content words that are not the node itself.

        Args:
            match: Whether `nodes` are lemmas or forms.
            nodes: Words that are left out. Empty for a pattern.
            pos: Parts of speech to keep. Empty for all.
        """
        words, analyser = self._view.collection.words(), self._view.analyser
        forms, lemmas, tags = words.column("form"), words.column("lemma"), words.column("pos")
        for row in np.unique(self._word[self._word >= 0]).tolist():
            form, lemma = forms.values[forms.codes[row]], lemmas.values[lemmas.codes[row]]
            kind = analyser.kind(form)
            is_content = kind is TokenKind.WORD or (function_words and kind is not TokenKind.PUNCTUATION)
            own = lemma if match is Match.LEMMA else analyser.folding.form(form) or form
            self._kept[row] = is_content and own not in nodes and (not pos or tags.values[tags.codes[row]] in pos)
        kept = self._kept[self._word]
        self._place, self._distance, self._word = self._place[kept], self._distance[kept], self._word[kept]
        self._source, self._token = self._source[kept], self._token[kept]
        self._groups = self._group[self._word]
        number = len(self._codes)
        pairs = np.unique(self._place * max(number, 1) + self._groups)  # each place and group once
        self.counts = np.bincount(pairs % max(number, 1), minlength=number)
        _, first = np.unique(self._source * (1 << 32) + self._token, return_index=True)
        self.tokens = np.bincount(self._groups[first], minlength=number)

    def pairs(self, groups: Sequence[int]) -> Ids:
        """Count the places that each two of some groups are near.  (g, g)"""
        column = np.full(len(self._codes) + 1, -1, np.int64)
        column[list(groups)] = np.arange(len(groups))
        words = column[self._groups]
        kept = words >= 0
        return pair_counts(self._place[kept], words[kept], len(groups))

    def place_ids(self) -> list[int]:
        """Return the ids of the occurrences at the places, ascending."""
        return self._ids(self._found)

    def frequencies(self, groups: Ids) -> dict[int, int]:
        """Count the tokens of some groups inside the filters of documents."""
        wanted = np.zeros(len(self._codes) + 1, bool)  # the last one for unknown words
        wanted[groups] = True
        totals = np.zeros(len(self._codes), np.int64)
        for segment in self._view.snapshot.segments.values():
            stream = segment.stream
            if stream is None:
                continue
            group = self._group[self._view.collection.words().rows(stream.word_ids)]  # (W,)
            allowed = self._view.scope.documents_mask(segment)
            if allowed is None:
                kept = group >= 0
                totals += np.bincount(group[kept], stream.counts[kept], len(totals)).astype(np.int64)
                continue
            tokens = stream.tokens_of(wanted[group])
            tokens = tokens[allowed[stream.sentences_of(tokens)]]
            totals += np.bincount(group[stream.words[tokens]], minlength=len(totals))
        return {group: int(totals[group]) for group in groups.tolist()}

    def complete(self, group: int, word: Collocate, examples: int) -> Collocate:
        """Return a collocate with its positions, its occurrences and the first examples."""
        here = self._groups == group
        place, distance = self._place[here], self._distance[here]
        pairs = np.unique(np.stack([place, distance], axis=1), axis=0)  # (p, 2)
        steps, times = np.unique(pairs[:, 1], return_counts=True)
        left, right = (len(np.unique(place[chosen])) for chosen in (distance < 0, distance > 0))
        chosen = self._narrowed(np.unique(place))
        hits = place_hits(self._view, chosen, examples) if examples else []
        return Collocate(
            word.lemma,
            word.count,
            word.log_likelihood,
            word.log_dice,
            word.pos,
            word.tokens,
            word.frequency,
            left,
            right,
            word.mutual_information,
            tuple(zip(steps.tolist(), times.tolist(), strict=True)),
            tuple(self._ids(chosen)),
            tuple(hits),
        )

    def _narrowed(self, places: Ids) -> list[Found]:
        """Return some of the places."""
        out, before = [], 0
        for each in self._found:
            rows = places[(places >= before) & (places < before + len(each.first))] - before
            out.append(Found(each.segment, each.stream, each.first[rows], each.length[rows], each.row[rows]))
            before += len(each.first)
        return out

    def _ids(self, found: Sequence[Found]) -> list[int]:
        """Return the ids of the occurrences at the first tokens of places, ascending. Others are left out."""
        ids = [np.zeros(0, np.int64)]
        for each in found:
            if not len(each.first):
                continue
            rows = self._rows_of(each)
            ids.append(np.asarray(each.segment.token_ids[rows[rows >= 0]]))
        return sorted(np.concatenate(ids).tolist())

    def _rows_of(self, found: Found) -> Ids:
        """Return the token row at the first token of each place, or -1.  (n,)"""
        key = found.segment.key
        if key not in self._by_token:
            places = np.asarray(found.stream.token_places.whole(), np.int64)
            order = np.argsort(places)
            self._by_token[key] = places[order], order
        known, order = self._by_token[key]
        at = np.minimum(np.searchsorted(known, found.first), max(len(known) - 1, 0))
        if not len(known):
            return np.full(len(found.first), -1, np.int64)
        return np.where(known[at] == found.first, order[at], -1)
