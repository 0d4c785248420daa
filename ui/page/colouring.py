"""Divide the occurrences on a map into groups of one colour: by sense, by mark, or by a metadata field."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from . import cache
from .facets import Facet, FacetKind, Selection, filters
from .html.base import COLOURS
from .language import say

MARKS = "marks"
"""Name of the colouring by mark, in the address."""
FIELD = "field:"
"""What precedes the name of the field of a colouring, in the address."""
RANGES = 5
"""Number of ranges into which numbers and dates are divided."""


@dataclass(frozen=True, slots=True)
class Colouring:
    """Groups of occurrences.

    Args:
        numbers: Occurrence id -> number of its group from 1. Those in no group are None or left out.
        names: Name of each group, and then of the occurrences that are in none.
    """

    numbers: Mapping[int, int | None]
    names: Sequence[str]


def offered(facets: Sequence[Facet]) -> list[str]:
    """Return the colourings that a map offers, as the address names them. "" is by sense."""
    usable = [item for item in facets if item.kind is not FacetKind.TYPED and len(item.options) > 1]
    return ["", MARKS, *(FIELD + item.field for item in usable)]


def by_sense(inventory: SenseInventory) -> Colouring:
    """Return the senses of a word as groups."""
    return Colouring(inventory.assignments, [*inventory.sense_names(), say("no sense")])


def by_mark(marks: Mapping[int, int]) -> Colouring:
    """Return the lines marked + and those marked - as groups."""
    names = [say("marked +"), say("marked \N{MINUS SIGN}"), say("not marked")]
    return Colouring({key: 1 if sign > 0 else 2 for key, sign in marks.items()}, names)


def by_field(searcher: Searcher, inventory: SenseInventory, facet: Facet) -> Colouring:
    """Return the occurrences of each value, or range of values, of a metadata field as groups."""
    numbers: dict[int, int | None] = {}
    names = []
    for name, selection in groups_of(facet):
        where = filters({facet.field: selection}, [facet], ())
        question = ("within", inventory.word, inventory.match, where)
        names.append(name)
        for key in cache.cached(searcher, question, functools.partial(searcher.within, inventory, where)):
            numbers.setdefault(key, len(names))  # a document may have several values
    return Colouring(numbers, [*names, say("another value, or none")])


def groups_of(facet: Facet) -> list[tuple[str, Selection]]:
    """Return the groups of a field with their names: its most frequent values, or ranges with equal shares."""
    most = COLOURS - 1  # one colour is left for the occurrences in no group
    if facet.kind is FacetKind.CHOICE:
        frequent = sorted(facet.options, key=lambda value: -facet.options[value])[:most]
        return [(value, (value,)) for value in facet.options if value in frequent]
    read = float if facet.kind is FacetKind.NUMBER else str
    total, before = sum(facet.options.values()), 0
    ranges: dict[int, list[str]] = {}
    # Texts of one number, such as 1 and 1.0, are in one range.
    for _, values in itertools.groupby(sorted(facet.options, key=read), key=read):
        same = list(values)
        ranges.setdefault(RANGES * before // total, []).extend(same)
        before += sum(facet.options[value] for value in same)
    return [(_range_name(part), (part[0], part[-1])) for part in ranges.values()]


def _range_name(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{values[0]}\N{EN DASH}{values[-1]}"
