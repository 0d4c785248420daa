"""Metadata fields -> what the page offers to filter by, and back to the filters of the command line. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...indexer.errors import QueryError
from ...search.query.filters import Condition, Operator, parse_where, where_texts

FEW = 8
"""Different numbers or dates up to which they are picked one by one."""
SHORT = 30
"""Values up to which a field is offered at once; the others lie under "More fields"."""
LONGEST = 1000
"""Values up to which they are listed; above, the value is typed."""
_DATE = re.compile(r"\d{4}-\d\d(-\d\d)?")


class FacetKind(StrEnum):
    """How a field is asked for."""

    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"
    TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Facet:
    """A field to filter by. options: its values, in order, with the number of documents of each.

    For NUMBER and DATE, low and high are the least and the greatest value; for the others they are empty.
    """

    field: str
    kind: FacetKind
    options: Mapping[str, int]
    low: str = ""
    high: str = ""

    @property
    def short(self) -> bool:
        """Whether the field is offered at once."""
        return self.kind in (FacetKind.NUMBER, FacetKind.DATE) or len(self.options) <= SHORT

    @property
    def whole(self) -> bool:
        """Whether all values of a NUMBER are whole numbers."""
        return self.kind is FacetKind.NUMBER and all(float(value).is_integer() for value in self.options)


Selection = tuple[str, ...]
"""CHOICE: the chosen values; NUMBER, DATE: both ends, "" for an open one; TYPED: what was typed. Empty: no filter."""


def facet(field: str, values: Mapping[str, int]) -> Facet | None:
    """What to offer for a field with these values; None where no filter can name it."""
    options = {value: count for value, count in values.items() if _sayable(field, value)}
    if not options:
        return None
    for kind, fits in ((FacetKind.NUMBER, _number), (FacetKind.DATE, _date)):
        keys = {value: fits(value) for value in values}
        if len(values) > FEW and all(key is not None for key in keys.values()):
            ordered = sorted(values, key=lambda value: keys[value] or 0.0)
            return Facet(field, kind, dict(values), ordered[0], ordered[-1])
    if len(options) > LONGEST:
        return Facet(field, FacetKind.TYPED, {})
    numbers = {value: _number(value) for value in options}
    if all(number is not None for number in numbers.values()):
        options = {value: options[value] for value in sorted(options, key=lambda value: numbers[value] or 0.0)}
    return Facet(field, FacetKind.CHOICE, options)


def facets(values: Mapping[str, Mapping[str, int]]) -> list[Facet]:
    """The facets of all fields: those offered at once first, ranges before choices."""
    found = [item for item in (facet(field, counts) for field, counts in values.items()) if item is not None]
    rank = {FacetKind.NUMBER: 0, FacetKind.DATE: 0, FacetKind.CHOICE: 1, FacetKind.TYPED: 2}
    return sorted(found, key=lambda item: (not item.short, rank[item.kind], item.field))


def select(where: Sequence[str], offered: Sequence[Facet]) -> tuple[dict[str, Selection], tuple[str, ...]]:
    """What the filters mean for each facet, by field, and the filters that no facet can show."""
    chosen: dict[str, Selection] = {}
    rest = []
    by_field = {item.field: item for item in offered}
    for text in where:
        field = text.partition("=")[0].strip()
        found = _selection(text, by_field[field]) if field in by_field and field not in chosen else None
        if found is None:
            rest.append(text)
        else:
            chosen[field] = found
    return chosen, tuple(rest)


def filters(chosen: Mapping[str, Selection], offered: Sequence[Facet], rest: Sequence[str]) -> tuple[str, ...]:
    """The filters of these selections; `select` gives them back."""
    texts = []
    for item in offered:
        values = chosen.get(item.field, ())
        if not any(values):
            continue
        if item.kind is FacetKind.TYPED:
            texts.append(f"{item.field}={values[0]}")
            continue
        operator = Operator.ONE_OF if item.kind is FacetKind.CHOICE else Operator.RANGE
        texts += where_texts([Condition(item.field, operator, values)])
    return (*texts, *rest)


def _selection(text: str, offered: Facet) -> Selection | None:
    try:
        (condition,) = parse_where(text)
    except QueryError:
        return None
    if offered.kind is FacetKind.TYPED:
        typed = text.partition("=")[2]
        return (typed,) if condition.operator is not Operator.NONE_OF and typed else None
    if offered.kind is FacetKind.CHOICE:
        listed = condition.operator is Operator.ONE_OF and all(value in offered.options for value in condition.values)
        return condition.values if listed else None
    if condition.operator is Operator.RANGE:
        ends = condition.values
    elif condition.operator is Operator.ONE_OF and len(condition.values) == 1:
        ends = condition.values * 2
    else:
        return None
    read = _number if offered.kind is FacetKind.NUMBER else _partial_date
    return ends if all(not end or read(end) is not None for end in ends) else None


def _sayable(field: str, value: str) -> bool:
    """Whether FIELD=VALUE asks for that value: one with | or .. in it cannot be written."""
    try:
        return parse_where(f"{field}={value}") == (Condition(field, Operator.ONE_OF, (value,)),)
    except QueryError:
        return False


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number - number == 0 else None  # neither infinite nor "nan"


def _date(text: str) -> float | None:
    try:
        return float(datetime.date.fromisoformat(text.strip()[:10]).toordinal())
    except ValueError:
        return None


def _partial_date(text: str) -> float | None:
    return 0.0 if re.fullmatch(r"\d{4}", text) or _DATE.fullmatch(text) else None
