"""Parse, evaluate and write filters such as `year=1950..1979`."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ...indexer.errors import QueryError
from .target import SURROGATE

MOST_FILTERS = 50
"""Maximum number of filters of a query."""
LONGEST_FILTER = 100_000
"""Maximum length of a filter, in characters."""
_SHOWN = 60
"""Number of characters of a filter that an error message shows."""
_PARTIAL_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ].*)?)?)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]|$)")
_EPOCH = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)


class Operator(StrEnum):
    """How a condition compares a value."""

    ONE_OF = "one of"
    NONE_OF = "none of"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter on one field. RANGE has two values, both inclusive, "" for an open end."""

    field: str
    operator: Operator
    values: tuple[str, ...]

    def holds(self, value: str) -> bool:
        """Return whether a value satisfies the condition (for NONE_OF: is not one of the excluded values)."""
        if self.operator is Operator.RANGE:
            low, high = self.values
            above = not low or compare_values(*_same_precision(low, value)) <= 0
            return above and (not high or compare_values(*_same_precision(value, high)) <= 0)
        equal = _equal_key(value) in _equal_keys(self.values)
        return equal is (self.operator is Operator.ONE_OF)


Where = Mapping[str, "str | int | float | Sequence[str | int | float]"] | Sequence[str] | str | None
"""Filters as callers give them. See `parse_where`."""


def parse_where(where: Where) -> tuple[Condition, ...]:
    """Return the conditions of a query, all of which must hold.

    Args:
        where: A mapping such as `{"year": "1999..", "genre": ["news", "letters"], "author": "!Anon"}`, or texts as the
            command line and the page write them, such as `"year=1999.."` and `"author!=Anon"`.

    Raises:
        QueryError: A filter cannot be understood, is too long, or there are too many.
    """
    if where is None:
        return ()
    if isinstance(where, str):
        where = [where]
    if len(where) > MOST_FILTERS:
        raise QueryError(f"there are {len(where):,} filters; give at most {MOST_FILTERS}")
    if isinstance(where, Mapping):
        found = tuple(_condition(field, value) for field, value in where.items())
    else:
        found = tuple(_parse_condition(text) for text in where)
    for condition in found:
        if any(map(SURROGATE.search, (condition.field, *condition.values))):
            raise QueryError(f"the filter on {condition.field[:_SHOWN]!r} has bytes that are not text; type it again")
    return found


def _parse_condition(text: str) -> Condition:
    if len(text) > LONGEST_FILTER:
        raise QueryError(f"a filter has {len(text):,} characters; shorten it to at most {LONGEST_FILTER:,}")
    field, sign, value = text.partition("=")
    negated = field.endswith("!")
    field = field.removesuffix("!").strip()
    if not sign or not field:
        raise QueryError(f"{text[:_SHOWN]!r} is no filter; write FIELD=VALUE, FIELD!=VALUE, FIELD=A..B or FIELD=A|B")
    return _from_text(field, value, negated)


def _condition(field: str, value: str | int | float | Sequence[str | int | float]) -> Condition:
    if isinstance(value, str):
        return _from_text(field, value.removeprefix("!"), value.startswith("!"))
    if isinstance(value, int | float):
        return Condition(field, Operator.ONE_OF, (str(value),))
    if not isinstance(value, Sequence):
        kind = type(value).__name__
        raise QueryError(f"the filter on {field[:_SHOWN]!r} is {kind}; give text, a number or a list of them")
    return Condition(field, Operator.ONE_OF, tuple(str(item) for item in value))


def _from_text(field: str, value: str, negated: bool) -> Condition:
    low, dots, high = value.partition("..")
    if dots and not negated:
        if not (low.strip() or high.strip()):
            written = f"{field[:_SHOWN]}={value[:_SHOWN]}"
            raise QueryError(f"{written!r} has no end; write FIELD=A..B, FIELD=A.. or FIELD=..B")
        return Condition(field, Operator.RANGE, (low.strip(), high.strip()))
    return Condition(field, Operator.NONE_OF if negated else Operator.ONE_OF, tuple(value.split("|")))


@lru_cache(maxsize=64)
def _equal_keys(values: tuple[str, ...]) -> frozenset[float | str | tuple[float]]:
    return frozenset(map(_equal_key, values))


def _equal_key(text: str) -> float | str | tuple[float]:
    """Return a key that two values share if `compare_values` takes them for equal: a number, a date, or the text."""
    number = _number(text)
    if number is not None:
        return number
    date = _date(text)
    return text if date is None else (date,)


def compare_values(a: str, b: str) -> int:
    """Return -1, 0 or 1. Two numbers are compared as numbers, two ISO dates as dates, everything else as text."""
    for read in (_number, _date):
        first, second = read(a), read(b)
        if first is not None and second is not None:
            return (first > second) - (first < second)
    return (a > b) - (a < b)


def _same_precision(a: str, b: str) -> tuple[str, str]:
    """Cut two dates to the same precision, so that 1987-03-04 is inside ..1987 and ..1987-03."""
    if _PARTIAL_DATE.fullmatch(a) and _PARTIAL_DATE.fullmatch(b):
        length = min(len(a), len(b))
        return a[:length], b[:length]
    return a, b


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _date(text: str) -> float | None:
    """Return an ISO date, with or without time, as seconds since the year 1. Without a zone it is in UTC."""
    if not _DATE.match(text):
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return (aware - _EPOCH).total_seconds()


def where_texts(conditions: Iterable[Condition]) -> list[str]:
    """Write conditions as the command line and the page's address do. `parse_where` reads them back."""
    texts = []
    for condition in conditions:
        sign = "!=" if condition.operator is Operator.NONE_OF else "="
        joiner = ".." if condition.operator is Operator.RANGE else "|"
        texts.append(f"{condition.field}{sign}{joiner.join(condition.values)}")
    return texts
