"""Senses over time: how many occurrences of each sense fall into each period. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ...indexer.errors import QueryError

Z = 1.959963984540054
"""Standard normal quantile of a 95 % interval."""
_YEAR = re.compile(r"\s*([+-]?\d{1,6})(?:[-/.T].*)?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Period:
    """Years start to end, both inside, and what falls into them, one entry a sense: that of sense 1 first.

    counts; shares of the period's occurrences that have a sense, with Wilson's 95 % bounds (an empty period has shares
    of 0 between 0 and 1); ids of the occurrences.
    """

    start: int
    end: int
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    ids: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Periods without gaps from the first to the last dated occurrence; undated: those of each sense without a date.

    undated_ids: their ids, one entry a sense.
    """

    field: str
    periods: tuple[Period, ...]
    undated: tuple[int, ...]
    undated_ids: tuple[tuple[int, ...], ...] = ()


def wilson(count: int, total: int, z: float = Z) -> tuple[float, float]:
    """Bounds of a share (Wilson 1927); (0, 1) when there is nothing."""
    if not total:
        return 0.0, 1.0
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return (0.0 if not count else centre - half), (1.0 if count == total else centre + half)


def year_of(value: str) -> int | None:
    """The year of a date or number: 1987, 1987-03-04, 1987/03; None for other text."""
    found = _YEAR.fullmatch(value)
    return int(found[1]) if found else None


def make_timeline(
    field: str, period: int, senses: int, numbers: Mapping[int, int | None], values: Mapping[int, str]
) -> Timeline:
    """Count occurrences by period and sense.

    numbers: occurrence id -> sense from 1, None for none (not counted); values: occurrence id -> the field's text,
    where there is one. Periods begin at multiples of ``period`` years.
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
    span = range(min(inside), max(inside) + 1) if inside else range(0)
    periods = tuple(_period(slot * period, period, inside.get(slot, empty)) for slot in span)
    return _timeline(field, periods, undated)


def restricted(found: Timeline, inside: Collection[int]) -> Timeline:
    """The timeline of those of its occurrences alone that are among some ids."""

    def left(groups: Sequence[Sequence[int]]) -> list[list[int]]:
        return [[key for key in group if key in inside] for group in groups]

    periods = [_period(slot.start, slot.end - slot.start + 1, left(slot.ids)) for slot in found.periods]
    held = [place for place, slot in enumerate(periods) if any(slot.counts)]
    kept = periods[held[0] : held[-1] + 1] if held else []
    return _timeline(found.field, tuple(kept), left(found.undated_ids))


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
