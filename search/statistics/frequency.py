"""Count a word, several words or a pattern in the parts of a collection, and compare two such counts."""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Ids
from ..citation import Citation
from ..context import View
from ..tables import Records
from .measures import PER_MILLION, log_likelihood, log_ratio, p_value, poisson, rate
from .parts import Part, find_parts, whole
from .places import document_tokens, find_places

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURES = ("per-million", "count")
"""What a figure of frequencies shows."""
INTERVAL = "bars are 95 % Poisson intervals"
"""Note of figures."""
MOST_BARS = 30
"""Maximum number of values in a figure."""


@dataclass(frozen=True, slots=True)
class PartFrequency:
    """How often a word occurs in a part of a collection.

    Attributes:
        value: Value of the field, or the years of the period. None for documents without the field, and for a whole.
        start: First year of a period, else None.
        end: Its last year, inclusive.
        count: Number of occurrences of the word.
        tokens: Number of all tokens of the part.
        documents: Number of its documents.
        documents_with: Number of its documents that have the word.
        per_million: Occurrences per million tokens.
        low: Lower bound of the 95 % interval of `per_million` (Garwood 1936, exact Poisson).
        high: Upper bound.
    """

    value: str | None
    start: int | None
    end: int | None
    count: int
    tokens: int
    documents: int
    documents_with: int
    per_million: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Frequency(Records):
    """How often a word occurs, in all documents of the question and in parts of them.

    Attributes:
        word: The lemma or form as stored, or the pattern.
        match: `lemma`, `form` or `pattern`.
        field: Metadata field of the parts. None without parts.
        period: Length of each period in years. None if parts are values.
        parts: Frequencies in the parts. Those of a field with lists may have documents in common.
        total: Frequency in all documents.
        notice: A remark for the user.
        cited: What to cite.
    """

    word: str
    match: str
    field: str | None
    period: int | None
    parts: tuple[PartFrequency, ...]
    total: PartFrequency
    notice: str | None = None
    cited: Citation | None = dataclass_field(default=None, compare=False)

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row for each part, or one for the total if there are no parts."""
        return [{"word": self.word} | asdict(part) for part in self.parts or (self.total,)]

    def compare(self, other: Frequency) -> FrequencyComparison:
        """Compare with the same word in other documents, or with another word in the same ones.

        Raises:
            QueryError: The two are not divided in the same way.
        """
        return compare_frequencies(self, other)

    def plot(self, measure: str = "per-million", title: str | None = None) -> Figure:
        """Draw the frequencies of the parts: a line over periods, else a bar for each value.

        Args:
            measure: `per-million` or `count`.
            title: Title instead of the word and the collection.
        """
        return _plotted([(self.word, self)], measure, title, self.cited)


@dataclass(frozen=True, slots=True)
class ComparedPart:
    """Two frequencies side by side.

    Attributes:
        value: Value or period of the part. None for the totals, and for documents without the field.
        ratio: How many times as frequent the first one is, per token. A count of 0 counts as 0.5.
        low: Lower bound of its 95 % interval.
        high: Upper bound.
        log_ratio: log2 of the ratio (Hardie 2014), an effect size.
        log_likelihood: Signed G2 (Dunning 1993), negative if the first one is rarer.
        p_value: Probability of such a G2 by chance, if occurrences were independent of each other.
    """

    value: str | None
    first: PartFrequency
    second: PartFrequency
    ratio: float
    low: float
    high: float
    log_ratio: float
    log_likelihood: float
    p_value: float


@dataclass(frozen=True, slots=True)
class FrequencyComparison(Records):
    """Two frequencies compared, part by part and in total.

    Attributes:
        names: What distinguishes the first and the second: two words, or two filters.
    """

    first: Frequency
    second: Frequency
    names: tuple[str, str]
    parts: tuple[ComparedPart, ...]
    total: ComparedPart

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row for each part, then one for the totals, with the value `(all)`."""
        named = [*((part.value, part) for part in self.parts), ("(all)", self.total)]
        return [
            {"value": value, "first": self.names[0], "second": self.names[1]}
            | {f"{name}_{key}": getattr(each, key) for name, each in _sides(part) for key in _COLUMNS}
            | {key: getattr(part, key) for key in _MEASURES}
            for value, part in named
        ]

    def plot(self, measure: str = "per-million", title: str | None = None) -> Figure:
        """Draw both frequencies side by side. See `Frequency.plot`."""
        both = list(zip(self.names, (self.first, self.second), strict=True))
        title = title or _title(f"{self.names[0]} and {self.names[1]}", self.first.cited)
        return _plotted(both, measure, title, self.first.cited)


_COLUMNS = ("count", "tokens", "per_million", "low", "high")
_MEASURES = ("ratio", "low", "high", "log_ratio", "log_likelihood", "p_value")


def _sides(part: ComparedPart) -> list[tuple[str, PartFrequency]]:
    return [("first", part.first), ("second", part.second)]


def find_frequency(
    view: View,
    word: str,
    match: str,
    by: str | None = None,
    period: int | None = None,
    within: Container[int] | None = None,
    cited: Citation | None = None,
) -> Frequency:
    """Count a word in all documents and in parts of them. See `Searcher.frequency`."""
    if period is not None and by is None:
        raise QueryError("a period needs the field with the date; name it too")
    parts = [] if by is None else find_parts(view, by, period)
    places = find_places(view, word, match, within)
    counts = np.bincount(places.documents, minlength=len(view.snapshot.live))  # (largest key + 1,)
    tokens = document_tokens(view)
    return Frequency(
        places.name,
        str(places.match),
        by,
        period,
        tuple(_frequency(part, counts, tokens) for part in parts),
        _frequency(whole(view), counts, tokens),
        places.notice,
        cited,
    )


def _frequency(part: Part, counts: Ids, tokens: Ids) -> PartFrequency:
    count, size = int(counts[part.documents].sum()), int(tokens[part.documents].sum())
    low, high = poisson(count)
    return PartFrequency(
        part.value,
        part.start,
        part.end,
        count,
        size,
        len(part.documents),
        int((counts[part.documents] > 0).sum()),
        rate(count, size),
        rate(low, size),
        rate(high, size),
    )


def compare_frequencies(
    first: Frequency, second: Frequency, names: tuple[str, str] | None = None
) -> FrequencyComparison:
    """Compare two frequencies part by part.

    Args:
        names: What distinguishes the two. None for their words.

    Raises:
        QueryError: They are not divided by the same field and period.
    """
    if (first.field, first.period) != (second.field, second.period):
        raise QueryError("the two frequencies are divided by different fields or periods; divide both in the same way")
    one, two = ({part.value: part for part in each.parts} for each in (first, second))
    shared = {**one, **two}
    values = sorted(shared, key=lambda value: _place(value, first, second))
    parts = tuple(
        _compared(value, one.get(value, _empty(shared[value])), two.get(value, _empty(shared[value])))
        for value in values
    )
    return FrequencyComparison(
        first, second, names or (first.word, second.word), parts, _compared(None, first.total, second.total)
    )


def _place(value: str | None, first: Frequency, second: Frequency) -> tuple[bool, int, int]:
    """Return the place of a part: periods by year, values in the order of the first one, then of the second one."""
    for number, each in enumerate((first, second)):
        for place, part in enumerate(each.parts):
            if part.value == value:
                return (value is None, 0, part.start) if part.start is not None else (value is None, number, place)
    return (True, 0, 0)


def _empty(part: PartFrequency) -> PartFrequency:
    return PartFrequency(part.value, part.start, part.end, 0, 0, 0, 0, 0.0, 0.0, 0.0)


def _compared(value: str | None, first: PartFrequency, second: PartFrequency) -> ComparedPart:
    counts = first.count, first.tokens, second.count, second.tokens
    effect, low, high = log_ratio(*counts)
    likelihood = log_likelihood(*counts) if first.tokens and second.tokens else 0.0
    return ComparedPart(value, first, second, 2**effect, 2**low, 2**high, effect, likelihood, p_value(likelihood))


def _title(what: str, cited: Citation | None) -> str:
    return what if cited is None else f"{what} in {cited.name}"


def _plotted(
    several: Sequence[tuple[str, Frequency]], measure: str, title: str | None, cited: Citation | None
) -> Figure:
    """Draw one or two frequencies. A period, or a value, is a place on the axis."""
    from ..figures.bars import Bar, Bars, draw_bars
    from ..figures.lines import Line, draw_lines

    if measure not in MEASURES:
        raise QueryError(f"measure is {measure!r}; choose one of {', '.join(MEASURES)}")
    first = several[0][1]
    name = "occurrences per million tokens" if measure == "per-million" else "occurrences"
    title = title or _title(first.word, cited)
    notes = [INTERVAL]
    if first.period is not None:
        every = [part for _, each in several for part in each.parts]
        dated = sorted({(part.start, part.end) for part in every if part.start is not None and part.end is not None})
        lines = []
        for label, each in several:
            of_start = {part.start: _shown(part, measure) for part in each.parts if part.tokens}
            points = [of_start.get(start) for start, _ in dated]
            lines.append(Line(label, points))
        undated = sum(part.count for _, each in several for part in each.parts if part.start is None)
        if undated:
            notes.append(f"{undated:,} occurrences without a date are left out")
        return draw_lines(dated, lines, name, title, first.field or "", notes, cited)
    named = [(part.value if part.value is not None else f"without {first.field}") for part in first.parts] or ["all"]
    bars = []
    for label, each in several:
        shown = {
            (part.value if part.value is not None else f"without {each.field}") if each.parts else "all": part
            for part in each.parts or (each.total,)
        }
        named += [value for value in shown if value not in named]
        bars.append((label, shown))
    if len(named) > MOST_BARS:
        rates = {
            value: max((each[value].per_million for _, each in bars if value in each), default=0.0) for value in named
        }
        best = set(sorted(named, key=lambda value: (-rates[value], value))[:MOST_BARS])
        notes.append(f"the {MOST_BARS} of {len(named):,} values with the highest rates")
        named = [value for value in named if value in best]
    groups = [
        Bars(label, [Bar(*_shown(shown[value], measure)) if value in shown else None for value in named])
        for label, shown in bars
    ]
    return draw_bars(named, groups, name, title, notes, cited)


def _shown(part: PartFrequency, measure: str) -> tuple[float, float, float]:
    """Return what a figure shows of a part: the measure and its interval."""
    if measure == "count":
        return float(part.count), part.low * part.tokens / PER_MILLION, part.high * part.tokens / PER_MILLION
    return part.per_million, part.low, part.high
