"""Turn metadata fields into the filter widgets that the page offers, and their values into filter strings.

All functions are pure.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...indexer.errors import QueryError
from ...search.hits import is_translation
from ...search.query.filters import Condition, Operator, parse_where, where_texts

FEW = 8
"""Maximum number of different numbers or dates that are chosen one by one. More become a range."""
SHORT = 30
"""Maximum number of values of a field that is shown at once. Other fields are under "More fields"."""
MAX_LISTED = 1000
"""Maximum number of values that a list offers. With more, the visitor types the value."""
_DATE = re.compile(r"\d{4}-\d\d(-\d\d)?")


class FacetKind(StrEnum):
    """The widget that a field gets."""

    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"
    TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Facet:
    """A field to filter by.

    Args:
        options: The values in order, with the number of documents of each.
        low: The smallest value of a NUMBER or DATE, else "".
        high: The greatest value of a NUMBER or DATE, else "".
    """

    field: str
    kind: FacetKind
    options: Mapping[str, int]
    low: str = ""
    high: str = ""

    @property
    def short(self) -> bool:
        """Whether the field is shown at once, not under "More fields"."""
        return self.kind in (FacetKind.NUMBER, FacetKind.DATE) or len(self.options) <= SHORT

    @property
    def whole(self) -> bool:
        """Whether this is a NUMBER with whole values only."""
        return self.kind is FacetKind.NUMBER and all(float(value).is_integer() for value in self.options)


Selection = tuple[str, ...]
"""The value of a facet. Empty: no filter.

CHOICE: the chosen values. NUMBER and DATE: both ends, "" for an open one. TYPED: the typed text.
"""


def facet(field: str, values: Mapping[str, int]) -> Facet | None:
    """Return the facet of a field with these values, or None if no filter string can name any of them."""
    options = {value: count for value, count in values.items() if _is_expressible(field, value)}
    if not options:
        return None
    for kind, fits in ((FacetKind.NUMBER, _number), (FacetKind.DATE, _date)):
        keys = {value: fits(value) for value in values}
        if len(values) > FEW and all(key is not None for key in keys.values()):
            ordered = sorted(values, key=lambda value: keys[value] or 0.0)
            return Facet(field, kind, dict(values), ordered[0], ordered[-1])
    if len(options) > MAX_LISTED:
        return Facet(field, FacetKind.TYPED, {})
    numbers = {value: _number(value) for value in options}
    if all(number is not None for number in numbers.values()):
        options = {value: options[value] for value in sorted(options, key=lambda value: numbers[value] or 0.0)}
    return Facet(field, FacetKind.CHOICE, options)


def facets(values: Mapping[str, Mapping[str, int]]) -> list[Facet]:
    """Return the facets of all fields but translations: those that are shown at once first, ranges before choices."""
    shown = {field: counts for field, counts in values.items() if not is_translation(field)}
    found = [item for item in (facet(field, counts) for field, counts in shown.items()) if item is not None]
    rank = {FacetKind.NUMBER: 0, FacetKind.DATE: 0, FacetKind.CHOICE: 1, FacetKind.TYPED: 2}
    return sorted(found, key=lambda item: (not item.short, rank[item.kind], item.field))


def select(where: Sequence[str], offered: Sequence[Facet]) -> tuple[dict[str, Selection], tuple[str, ...]]:
    """Return the selection of each facet by field, and the filter strings that no facet can show."""
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
    """Return the filter strings of these selections. The inverse of `select`."""
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


def _is_expressible(field: str, value: str) -> bool:
    """Return whether `FIELD=VALUE` means that value. A value that contains `|` or `..` cannot be written."""
    try:
        return parse_where(f"{field}={value}") == (Condition(field, Operator.ONE_OF, (value,)),)
    except QueryError:
        return False


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number - number == 0 else None  # infinity and NaN are not numbers here


def _date(text: str) -> float | None:
    try:
        return float(datetime.date.fromisoformat(text.strip()[:10]).toordinal())
    except ValueError:
        return None


def _partial_date(text: str) -> float | None:
    return 0.0 if re.fullmatch(r"\d{4}", text) or _DATE.fullmatch(text) else None
