"""Find keywords: words that are more frequent in some documents than in the rest of a collection."""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.errors import QueryError
from ...indexer.text import TokenKind
from ...indexer.vectors.arrays import Ids, Mask
from ..citation import Citation
from ..context import View
from ..query.filters import Where, parse_where, where_texts
from ..query.scope import SENSE, document_mask
from ..tables import Records
from .measures import log_likelihood, log_ratio, p_value, rate
from .places import live_documents

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST = 5
"""Default minimum number of occurrences of a keyword."""
UNITS = ("lemma", "form")
"""What a keyword is."""
ORDERS = ("log_likelihood", "log_ratio")
"""What orders keywords: how sure the difference is, or how large."""
MOST_BARS = 30
"""Maximum number of keywords in a figure."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word that is more frequent in some documents than in others.

    Attributes:
        word: Lemma or form.
        count: Number of occurrences in the documents.
        rest: Number of occurrences in the others.
        per_million: Occurrences per million tokens in the documents.
        rest_per_million: The same in the others.
        log_likelihood: Signed G2 (Dunning 1993), negative for a word that is rarer in the documents.
        log_ratio: log2 of the ratio of both rates (Hardie 2014). A count of 0 counts as 0.5.
        low: Lower bound of its 95 % interval.
        high: Upper bound.
        p_value: Probability of such a G2 by chance, if occurrences were independent of each other.
        documents: Number of the documents that have the word.
    """

    word: str
    count: int
    rest: int
    per_million: float
    rest_per_million: float
    log_likelihood: float
    log_ratio: float
    low: float
    high: float
    p_value: float
    documents: int


@dataclass(frozen=True, slots=True)
class Keywords(Records):
    """The keywords of some documents, the strongest first.

    Attributes:
        tokens: Number of tokens of the documents.
        rest_tokens: Number of tokens of the others.
        documents: Number of the documents.
        rest_documents: Number of the others.
        unit: `lemma` or `form`.
        compared: Number of words that were frequent enough to be compared.
        cited: What to cite.
    """

    words: tuple[Keyword, ...]
    tokens: int
    rest_tokens: int
    documents: int
    rest_documents: int
    unit: str
    compared: int
    cited: Citation | None = field(default=None, compare=False)

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row for each keyword."""
        return [asdict(word) for word in self.words]

    def plot(self, title: str | None = None) -> Figure:
        """Draw the log ratio of each keyword with its interval.

        Args:
            title: Title instead of the name of the collection.
        """
        from ..figures.bars import Bar, Bars, draw_bars

        title = title or ("keywords" if self.cited is None else f"keywords in {self.cited.name}")
        shown = self.words[:MOST_BARS]
        notes = [f"{self.documents:,} documents against {self.rest_documents:,}", "bars are 95 % intervals"]
        bars = Bars(self.unit, [Bar(word.log_ratio, word.low, word.high) for word in shown])
        axis = "log ratio (1 is twice as frequent as in the rest)"
        return draw_bars([word.word for word in shown], [bars], axis, title, notes, self.cited)


def find_keywords(
    view: View,
    against: Where,
    unit: str,
    k: int,
    fewest: int,
    order: str,
    pos: Container[str],
    function_words: bool,
    rarer: bool,
    cited: Citation | None,
) -> Keywords:
    """Compare the documents inside the filters with other documents. See `Searcher.keywords`."""
    _check(view, unit, k, fewest, order)
    view.require_documents()
    inside = live_documents(view)
    outside = view.snapshot.live & ~inside
    if against is not None:
        conditions = parse_where(against)
        if any(condition.field == SENSE for condition in conditions):
            raise QueryError("keywords compare documents; name the other documents by metadata, not by a sense")
        chosen = document_mask(view.collection, view.snapshot, conditions)
        outside = view.snapshot.live if chosen is None else chosen & view.snapshot.live
        replace(
            view, scope=replace(view.scope, documents=outside), filters=tuple(where_texts(conditions))
        ).require_documents()
    counted = _Counted(view, unit, inside, outside)
    for size, name in ((counted.tokens[0], "inside the filter"), (counted.tokens[1], "to compare with")):
        if not size:
            raise QueryError(f"there are no documents {name}; give a filter that divides the collection")
    counted.keep_content(fewest, frozenset(pos), function_words)
    groups = np.flatnonzero(counted.counts[1 if rarer else 0] >= fewest)
    compared = len(groups)
    scores = [
        (log_likelihood(one, counted.tokens[0], two, counted.tokens[1]), int(group))
        for group, one, two in zip(groups, *counted.counts[:, groups].tolist(), strict=True)
    ]
    sign = -1 if rarer else 1
    scores = [(score, group) for score, group in scores if score * sign > 0]
    ratio_of = {group: counted.ratio(group) for _, group in scores} if order == "log_ratio" else {}
    scores.sort(key=lambda item: (-sign * (ratio_of[item[1]][0] if ratio_of else item[0]), counted.names[item[1]]))
    best = scores[:k]
    spread = counted.documents([group for _, group in best])
    words = tuple(counted.keyword(group, score, spread[group]) for score, group in best)
    return Keywords(words, *counted.tokens, int(inside.sum()), int(outside.sum()), unit, compared, cited)


def _check(view: View, unit: str, k: int, fewest: int, order: str) -> None:
    path = view.collection.path
    if not view.settings.has_stream:
        raise QueryError(f"{path} does not store all tokens, which keywords count; run `polyseme reencode {path}`")
    if view.scope.senses:
        raise QueryError("keywords compare documents; filter by metadata, not by sense or part of speech")
    for name, value, allowed in (("unit", unit, UNITS), ("order", order, ORDERS)):
        if value not in allowed:
            raise QueryError(f"{name} is {value!r}; choose one of {', '.join(allowed)}")
    for name, number in (("k", k), ("the minimum number of occurrences", fewest)):
        if number < 1:
            raise QueryError(f"{name} is {number}; ask for at least 1")


class _Counted:
    """Counts of lemmas or forms (*groups*) inside and outside.

    Attributes:
        names: Lemma or form of each group.
        counts: Number of tokens inside and outside.  (2, G)
        tokens: Number of all tokens inside and outside.
    """

    def __init__(self, view: View, unit: str, inside: Mask, outside: Mask) -> None:
        self._view, self._inside = view, inside
        words = view.collection.words()
        column = words.column(unit)
        if unit == "lemma":
            self.names: Sequence[str] = column.values
            self._group = np.asarray(column.codes, np.int64)  # (V,)
        else:
            number: dict[str, int] = {}
            form = view.analyser.folding.form
            of_value = np.array(
                [number.setdefault(form(each) or each, len(number)) for each in column.values], np.int64
            )
            self.names = list(number)
            self._group = of_value[column.codes] if len(words) else of_value
        self._of_word = np.zeros((2, len(words) + 1), np.int64)  # the last one for unknown words
        for segment in view.snapshot.segments.values():
            stream = segment.stream
            if stream is None:
                continue
            lengths, rows = np.diff(stream.starts), words.rows(stream.word_ids)
            for side, documents in enumerate((inside, outside)):
                chosen = documents[segment.sentence_documents]  # (m,)
                local = (
                    stream.counts if chosen.all() else _chosen_counts(stream.words.whole(), chosen, lengths, len(rows))
                )
                np.add.at(self._of_word[side], rows, local)
        self.tokens = int(self._of_word[0].sum()), int(self._of_word[1].sum())
        self._kept = np.zeros(len(words), bool)  # (V,)
        self.counts = self._grouped(self._of_word[:, :-1])

    def keep_content(self, fewest: int, pos: frozenset[str], function_words: bool) -> None:
        """Count only content words, in groups with enough tokens of any kind.

        Args:
            pos: Parts of speech that count. Empty for all.
            function_words: Whether function words and numbers count too.
        """
        words, kind = self._view.collection.words(), self._view.analyser.kind
        rows = np.flatnonzero((self.counts.sum(axis=0) >= fewest)[self._group])
        forms, tags = words.column("form"), words.column("pos")
        for row in rows.tolist():
            found = kind(forms.values[forms.codes[row]])
            is_content = found is TokenKind.WORD or (function_words and found is not TokenKind.PUNCTUATION)
            self._kept[row] = is_content and (not pos or tags.values[tags.codes[row]] in pos)
        self.counts = self._grouped(np.where(self._kept, self._of_word[:, :-1], 0))

    def _grouped(self, counts: Ids) -> Ids:
        """Sum the counts of words by group.  (2, V) -> (2, G)"""
        return np.stack([np.bincount(self._group, each, len(self.names)) for each in counts]).astype(np.int64)

    def ratio(self, group: int) -> tuple[float, float, float]:
        """Return the log ratio of a group and its interval."""
        one, two = self.counts[:, group].tolist()
        return log_ratio(one, self.tokens[0], two, self.tokens[1])

    def documents(self, groups: Sequence[int]) -> dict[int, int]:
        """Count the documents inside that have each of some groups."""
        wanted = np.zeros(len(self.names), bool)
        wanted[list(groups)] = True
        of_word = np.append(wanted[self._group] & self._kept, False)  # (V + 1,)
        group_of = np.append(self._group, -1)
        found = [np.zeros((0, 2), np.int64)]
        for segment in self._view.snapshot.segments.values():
            stream = segment.stream
            if stream is None:
                continue
            rows = self._view.collection.words().rows(stream.word_ids)
            tokens = stream.tokens_of(of_word[rows])
            owners = segment.sentence_documents[stream.sentences_of(tokens)]
            inside = self._inside[owners]
            group = group_of[rows[stream.words[tokens[inside]]]]
            found.append(np.unique(np.stack([group, owners[inside]], axis=1), axis=0))
        pairs = np.unique(np.concatenate(found), axis=0)
        counts = np.bincount(pairs[:, 0], minlength=len(self.names))
        return {group: int(counts[group]) for group in groups}

    def keyword(self, group: int, score: float, documents: int) -> Keyword:
        """Return the keyword of a group."""
        one, two = self.counts[:, group].tolist()
        rates = rate(one, self.tokens[0]), rate(two, self.tokens[1])
        return Keyword(self.names[group], one, two, *rates, score, *self.ratio(group), p_value(score), documents)


def _chosen_counts(words: Ids, chosen: Mask, lengths: Ids, size: int) -> Ids:
    """Count the tokens of each word in some sentences.  (T,), (m,), (m,) -> (size,)"""
    return np.bincount(words[np.repeat(chosen, lengths)], minlength=size)
