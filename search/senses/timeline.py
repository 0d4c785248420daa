"""Count the occurrences of each sense by period."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ...indexer.collection.queries import live_occurrences, metadata_values
from ...indexer.errors import QueryError
from ..context import View
from ..tables import Records
from .inventory import SenseInventory

Z = 1.959963984540054
"""Standard normal quantile of a 95 % interval."""
_YEAR = re.compile(r"\s*([+-]?\d{1,6})(?:[-/.T].*)?\s*", re.DOTALL)


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
    """

    start: int
    end: int
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    ids: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline(Records):
    """The senses of a word over time.

    Attributes:
        field: Metadata field that holds the date.
        periods: Consecutive periods from the first to the last dated occurrence.
        undated: Number of occurrences without a date, of each sense.
        undated_ids: Their ids, of each sense.
    """

    field: str
    periods: tuple[Period, ...]
    undated: tuple[int, ...]
    undated_ids: tuple[tuple[int, ...], ...] = ()

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row per period and sense, then one per sense for undated occurrences, without years."""
        rows: list[dict[str, object]] = []
        for span in self.periods:
            figures = zip(span.counts, span.shares, span.lows, span.highs, span.ids, strict=True)
            for number, (count, share, low, high, ids) in enumerate(figures, start=1):
                row = {"from": span.start, "to": span.end, "sense": number, "count": count, "share": share}
                rows.append(row | {"low": low, "high": high, "occurrence_ids": list(ids)})
        for number, ids in enumerate(self.undated_ids, start=1):
            undated: dict[str, object] = dict.fromkeys(["from", "to", "sense", "count", "share", "low", "high"])
            rows.append(undated | {"sense": number, "count": len(ids), "occurrence_ids": list(ids)})
        return rows

    def column_types(self) -> Mapping[str, type]:
        """Return the types of the columns of `to_dicts`."""
        counts = dict.fromkeys(("from", "to", "sense", "count"), int)
        return {**counts, **dict.fromkeys(("share", "low", "high"), float), "occurrence_ids": list}


def wilson(count: int, total: int, z: float = Z) -> tuple[float, float]:
    """Return the bounds of a share (Wilson 1927), or (0, 1) if total is 0.

    Args:
        z: Standard normal quantile of the interval.
    """
    if not total:
        return 0.0, 1.0
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return (0.0 if not count else centre - half), (1.0 if count == total else centre + half)


def year_of(value: str) -> int | None:
    """Return the year of a date or number such as 1987, 1987-03-04 or 1987/03. None for other text."""
    found = _YEAR.fullmatch(value)
    return int(found[1]) if found else None


def find_timeline(view: View, inventory: SenseInventory, field: str, period: int) -> Timeline:
    """Count an inventory's live occurrences by period and sense. See `Searcher.timeline`."""
    fields = view.collection.fields()
    if field not in fields:
        raise QueryError(f"no document has a field {field!r}; the fields are {', '.join(fields) or 'none'}")
    live = live_occurrences(view.collection.db, list(inventory.assignments))
    values = metadata_values(view.collection.db, sorted(live), field)
    numbers = {key: number for key, number in inventory.assignments.items() if key in live}
    return make_timeline(field, period, len(inventory.senses), numbers, values)


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
    return _timeline(field, periods, undated)


def restricted(found: Timeline, inside: Collection[int]) -> Timeline:
    """Return the timeline of only those occurrences whose ids are given."""

    def kept(groups: Sequence[Sequence[int]]) -> list[list[int]]:
        return [[key for key in group if key in inside] for group in groups]

    periods = [_period(period.start, period.end - period.start + 1, kept(period.ids)) for period in found.periods]
    dated = [place for place, period in enumerate(periods) if any(period.counts)]
    span = periods[dated[0] : dated[-1] + 1] if dated else []
    return _timeline(found.field, tuple(span), kept(found.undated_ids))


def _timeline(field: str, periods: tuple[Period, ...], undated: Sequence[Sequence[int]]) -> Timeline:
    return Timeline(field, periods, tuple(map(len, undated)), tuple(map(tuple, undated)))


def _period(start: int, length: int, groups: Sequence[Sequence[int]]) -> Period:
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
    )
