"""Divide the documents of a collection into parts: by the values of a metadata field, or by periods of a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cmp_to_key

import numpy as np

from ...indexer.collection.queries import document_keys, documents_by_value
from ...indexer.errors import QueryError
from ...indexer.values import json_list
from ...indexer.vectors.arrays import Ids
from ..context import View
from ..query.filters import compare_values
from ..query.scope import DOCUMENT
from .places import live_documents

_YEAR = re.compile(r"\s*([+-]?\d{1,6})(?:[-/.T].*)?\s*", re.DOTALL)
MOST_PERIODS = 20_000
"""Maximum number of periods between the first and the last date."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Live documents inside the filters that have a value, or a date in a period.

    Attributes:
        value: The value, or the years of the period, such as `1990-1999`. None for documents without the field.
        start: First year of a period, else None.
        end: Its last year, inclusive.
        documents: Keys of the documents.  (d,)
    """

    value: str | None
    start: int | None
    end: int | None
    documents: Ids


def year_of(value: str) -> int | None:
    """Return the year of a date or number such as 1987, 1987-03-04 or 1987/03. None for other text."""
    found = _YEAR.fullmatch(value)
    return int(found[1]) if found else None


def years_text(start: int, end: int) -> str:
    """Return the years of a period as text: `1990` or `1990-1999`."""
    return str(start) if start == end else f"{start}-{end}"


def whole(view: View) -> Part:
    """Return all live documents inside the filters as one part."""
    return Part(None, None, None, np.flatnonzero(live_documents(view)))


def find_parts(view: View, field: str, period: int | None = None) -> list[Part]:
    """Divide the live documents inside the filters by a field. Documents without it are the last part.

    Each item of a list is a value, so that a document may be in several parts. Values are in the order of numbers,
    dates or text. Periods follow one another, also those without documents.

    Args:
        field: A metadata field, or `document` for each document by its id.
        period: Length of a period in years. None to divide by values. Periods begin at multiples of it.

    Raises:
        QueryError: No document has the field, no date is in it, the period is below 1 year, or the filters match no
            document.
    """
    view.require_documents()
    if period is not None and period < 1:
        raise QueryError(f"period is {period}; ask for at least 1 year")
    live = live_documents(view)
    rows = _values(view, field)
    kept = [(value, key) for value, key in rows if key < len(live) and live[key]]
    if period is not None:
        return _periods(live.nonzero()[0], kept, field, period)
    inside: dict[str, list[int]] = {}
    for value, key in kept:
        if json_list(value) is None:
            inside.setdefault(value, []).append(key)
    ordered = sorted(inside, key=cmp_to_key(compare_values))
    parts = [Part(value, None, None, np.unique(inside[value])) for value in ordered]
    return parts + _without(live.nonzero()[0], [part.documents for part in parts])


def _values(view: View, field: str) -> list[tuple[str, int]]:
    if field == DOCUMENT:
        return document_keys(view.collection.db)
    rows = documents_by_value(view.collection.db, field)
    if not rows:
        fields = ", ".join([*view.collection.fields(), DOCUMENT])
        raise QueryError(f"no document has a field {field[:60]!r}; the fields are {fields}")
    return rows


def _periods(live: Ids, values: list[tuple[str, int]], field: str, period: int) -> list[Part]:
    """Divide documents by the year of their first value, in the order of text, as timelines do."""
    first: dict[int, str] = {}
    for value, key in values:
        first[key] = min(first.get(key, value), value)
    inside: dict[int, list[int]] = {}
    for key, value in first.items():
        year = year_of(value)
        if year is not None:
            inside.setdefault(year // period, []).append(key)
    if not inside:
        raise QueryError(f"the field {field[:60]!r} has no years here; leave out the period, or name another field")
    numbers = range(min(inside), max(inside) + 1)
    if len(numbers) > MOST_PERIODS:
        raise QueryError(f"there are {len(numbers):,} periods of {period} years; give a longer period")
    parts = []
    for number in numbers:
        start, end = number * period, number * period + period - 1
        parts.append(Part(years_text(start, end), start, end, np.array(sorted(inside.get(number, [])), np.int64)))
    return parts + _without(live, [part.documents for part in parts])


def _without(live: Ids, parts: list[Ids]) -> list[Part]:
    rest = np.setdiff1d(live, np.concatenate([np.zeros(0, np.int64), *parts]))
    return [Part(None, None, None, rest)] if len(rest) else []
