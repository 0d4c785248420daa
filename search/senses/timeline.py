"""Count the occurrences of each sense by period."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.collection.queries import live_occurrences, metadata_values
from ...indexer.errors import QueryError
from ..citation import Citation
from ..context import View
from ..statistics.measures import poisson, rate, wilson
from ..statistics.parts import find_parts, year_of
from ..statistics.places import document_tokens
from ..tables import Records
from .inventory import SenseInventory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATE_FIELD = "year"
"""Metadata field of the dates, unless another one is named."""
MEASURES = ("share", "count", "per-million")
"""What a timeline shows of each sense."""
_COLUMNS = (
    "from",
    "to",
    "sense",
    "count",
    "share",
    "low",
    "high",
    "per_million",
    "per_million_low",
    "per_million_high",
    "tokens",
)
_AXES = {
    "share": "share of the word's occurrences",
    "count": "occurrences",
    "per-million": "occurrences per million tokens",
}


@dataclass(frozen=True, slots=True)
class Period:
    """A period of years and its occurrences of each sense. Each tuple has one entry for each sense, sense 1 first.

    Attributes:
        start: First year.
        end: Last year, inclusive.
        counts: Number of occurrences.
        shares: Share of the period's occurrences that have a sense. It is 0 if the period has none.
        lows: Lower bound of the share's 95 % interval (Wilson 1927). It is 0 if the period has none.
        highs: Upper bound. It is 1 if the period has none.
        ids: Ids of the occurrences.
        tokens: Number of all tokens of the period's documents. 0 if they were not counted.
    """

    start: int
    end: int
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    ids: tuple[tuple[int, ...], ...]
    tokens: int = 0

    def value(self, number: int, measure: str) -> tuple[float, float, float] | None:
        """Return a measure of a sense with its 95 % interval, or None if the period has no text for it.

        Args:
            number: Number of the sense, from 1.
            measure: `share` (Wilson interval), `count` or `per-million` (exact Poisson intervals).
        """
        count, total = self.counts[number - 1], sum(self.counts)
        if measure == "share":
            return (self.shares[number - 1], self.lows[number - 1], self.highs[number - 1]) if total else None
        low, high = poisson(count)
        if measure == "count":
            return float(count), low, high
        return (rate(count, self.tokens), rate(low, self.tokens), rate(high, self.tokens)) if self.tokens else None


@dataclass(frozen=True, slots=True)
class Timeline(Records):
    """The senses of a word over time.

    Attributes:
        field: Metadata field that holds the date.
        periods: Consecutive periods from the first to the last dated occurrence.
        undated: Number of occurrences without a date, of each sense.
        undated_ids: Their ids, of each sense.
        word: The lemma or form. Empty if it is unknown.
        names: Name of each sense for figures, such as its labels.
        cited: What to cite.
    """

    field: str
    periods: tuple[Period, ...]
    undated: tuple[int, ...]
    undated_ids: tuple[tuple[int, ...], ...] = ()
    word: str = ""
    names: tuple[str, ...] = ()
    cited: Citation | None = dataclass_field(default=None, compare=False)

    def rows(self, smoothing: int = 1) -> list[dict[str, object]]:
        """Return one row for each period and sense, then one for each sense for undated occurrences, without years.

        Args:
            smoothing: Number of periods of the moving window. The ids are those of the middle period.
        """
        rows: list[dict[str, object]] = []
        for span, plain in zip(self.smoothed(smoothing).periods, self.periods, strict=True):
            for number, ids in enumerate(plain.ids, start=1):
                per_million, low, high = span.value(number, "per-million") or (None, None, None)
                rows.append(
                    {
                        "from": plain.start,
                        "to": plain.end,
                        "sense": number,
                        "count": span.counts[number - 1],
                        "share": span.shares[number - 1],
                        "low": span.lows[number - 1],
                        "high": span.highs[number - 1],
                        "per_million": per_million,
                        "per_million_low": low,
                        "per_million_high": high,
                        "tokens": span.tokens or None,
                        "occurrence_ids": list(ids),
                    }
                )
        for number, ids in enumerate(self.undated_ids, start=1):
            undated: dict[str, object] = dict.fromkeys(_COLUMNS)
            rows.append(undated | {"sense": number, "count": len(ids), "occurrence_ids": list(ids)})
        return rows

    def smoothed(self, periods: int) -> Timeline:
        """Return the timeline in which each period has the occurrences and tokens of a window around it.

        Shares and rates are then moving averages, weighted by the size of each period, with the intervals of the
        window. At both ends the window is shorter.

        Args:
            periods: Number of periods of the window, which is odd. 1 changes nothing.

        Raises:
            QueryError: The number is even, or below 1.
        """
        if periods < 1 or periods % 2 == 0:
            raise QueryError(f"smoothing is {periods} periods; give an odd number, such as 3")
        if periods == 1:
            return self
        reach = periods // 2
        wide = []
        for place, middle in enumerate(self.periods):
            near = self.periods[max(0, place - reach) : place + reach + 1]
            ids = tuple(tuple(key for each in near for key in each.ids[sense]) for sense in range(len(middle.counts)))
            tokens = sum(each.tokens for each in near)
            wide.append(_period(middle.start, middle.end - middle.start + 1, ids, tokens))
        return replace(self, periods=tuple(wide))

    def plot(self, measure: str = "share", smoothing: int = 1, title: str | None = None) -> Figure:
        """Draw the senses over time, with intervals.

        Args:
            measure: `share`, `count` or `per-million`.
            smoothing: Number of periods of the moving window. The figure says so.
            title: Title instead of the word and the collection.

        Raises:
            QueryError: The measure is unknown, or the tokens of the periods were not counted.
        """
        from ..figures.lines import Line, draw_lines

        if measure not in MEASURES:
            raise QueryError(f"measure is {measure!r}; choose one of {', '.join(MEASURES)}")
        found = self.smoothed(smoothing)
        if measure == "per-million" and not any(span.tokens for span in found.periods):
            raise QueryError("the tokens of the periods were not counted; make the timeline with `Searcher.timeline`")
        names = self.names or tuple(f"sense {number}" for number in range(1, len(self.undated) + 1))
        lines = [
            Line(name, [span.value(number, measure) for span in found.periods])
            for number, name in enumerate(names, start=1)
        ]
        notes = [f"bars are 95 % {'Wilson' if measure == 'share' else 'Poisson'} intervals"]
        if smoothing > 1:
            what = "sums" if measure == "count" else "weighted moving averages"
            notes.append(f"points are {what} over {smoothing} periods")
        if any(self.undated):
            notes.append(f"{sum(self.undated):,} occurrences without a date are left out")
        what = f"senses of {self.word}" if self.word else "senses"
        title = title or (what if self.cited is None else f"{what} in {self.cited.name}")
        spans = [(span.start, span.end) for span in found.periods]
        return draw_lines(spans, lines, _AXES[measure], title, self.field, notes, self.cited, measure == "share")

    def to_dicts(self) -> list[dict[str, object]]:
        """Return `rows()` without a window, for tables and data frames."""
        return self.rows()

    def column_types(self) -> Mapping[str, type]:
        """Return the types of the columns of `to_dicts`."""
        counts = dict.fromkeys(("from", "to", "sense", "count", "tokens"), int)
        rates = ("share", "low", "high", "per_million", "per_million_low", "per_million_high")
        return {**counts, **dict.fromkeys(rates, float), "occurrence_ids": list}


def find_timeline(
    view: View, inventory: SenseInventory, field: str, period: int, cited: Citation | None = None
) -> Timeline:
    """Count an inventory's live occurrences by period and sense. See `Searcher.timeline`."""
    fields = view.collection.fields()
    if field not in fields:
        raise QueryError(f"no document has a field {field!r}; the fields are {', '.join(fields) or 'none'}")
    live = live_occurrences(view.collection.db, list(inventory.assignments))
    values = metadata_values(view.collection.db, sorted(live), field)
    numbers = {key: number for key, number in inventory.assignments.items() if key in live}
    found = make_timeline(field, period, len(inventory.senses), numbers, values)
    tokens = period_tokens(view, field, period) if found.periods else {}
    return replace(
        found,
        periods=tuple(replace(span, tokens=tokens.get(span.start, 0)) for span in found.periods),
        word=inventory.word,
        names=inventory.sense_names(),
        cited=cited,
    )


def period_tokens(view: View, field: str, period: int) -> dict[int, int]:
    """Count the tokens of the documents inside the filters by the first year of each period."""
    tokens = document_tokens(view)
    parts = find_parts(view, field, period)
    return {part.start: int(np.sum(tokens[part.documents])) for part in parts if part.start is not None}


def make_timeline(
    field: str, period: int, senses: int, numbers: Mapping[int, int | None], values: Mapping[int, str]
) -> Timeline:
    """Count occurrences by period and sense.

    Args:
        period: Length of a period in years. Periods begin at multiples of it.
        senses: Number of senses.
        numbers: Occurrence id -> number of its sense from 1. None is not counted.
        values: Occurrence id -> text of the field. Occurrences without it are undated.

    Raises:
        QueryError: The period is below 1 year.
    """
    if period < 1:
        raise QueryError(f"period is {period}; ask for at least 1 year")
    inside: dict[int, list[list[int]]] = {}
    undated: list[list[int]] = [[] for _ in range(senses)]
    for key, number in sorted(numbers.items()):
        if number is None:
            continue
        year = year_of(values.get(key, ""))
        if year is None:
            undated[number - 1].append(key)
        else:
            inside.setdefault(year // period, [[] for _ in range(senses)])[number - 1].append(key)
    empty: list[list[int]] = [[] for _ in range(senses)]
    numbered = range(min(inside), max(inside) + 1) if inside else range(0)
    periods = tuple(_period(number * period, period, inside.get(number, empty)) for number in numbered)
    return Timeline(field, periods, *_undated(undated))


def restricted(found: Timeline, inside: Collection[int]) -> Timeline:
    """Return the timeline of only those occurrences whose ids are given. Numbers of tokens stay."""

    def kept(groups: Sequence[Sequence[int]]) -> list[list[int]]:
        return [[key for key in group if key in inside] for group in groups]

    periods = [
        _period(period.start, period.end - period.start + 1, kept(period.ids), period.tokens)
        for period in found.periods
    ]
    dated = [place for place, period in enumerate(periods) if any(period.counts)]
    span = periods[dated[0] : dated[-1] + 1] if dated else []
    undated, undated_ids = _undated(kept(found.undated_ids))
    return replace(found, periods=tuple(span), undated=undated, undated_ids=undated_ids)


def _undated(groups: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    return tuple(map(len, groups)), tuple(map(tuple, groups))


def _period(start: int, length: int, groups: Sequence[Sequence[int]], tokens: int = 0) -> Period:
    counts = tuple(map(len, groups))
    total = sum(counts)
    bounds = [wilson(count, total) for count in counts]
    return Period(
        start,
        start + length - 1,
        counts,
        tuple(count / total if total else 0.0 for count in counts),
        tuple(low for low, _ in bounds),
        tuple(high for _, high in bounds),
        tuple(tuple(ids) for ids in groups),
        tokens,
    )
