"""The colours of the map: groups of values, of ranges, and of marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.search.searcher import Searcher
from polyseme.ui.page import colouring
from polyseme.ui.page.facets import FacetKind, facet
from polyseme.ui.page.html.base import COLOURS


@given(st.dictionaries(st.integers(1000, 2100), st.integers(1, 50), min_size=9, max_size=60))
def test_ranges_hold_every_value_once_in_order(years: dict[int, int]) -> None:
    found = facet("year", {str(year): count for year, count in years.items()})
    assert found is not None
    assert found.kind is FacetKind.NUMBER
    groups = colouring.groups_of(found)
    assert 1 <= len(groups) <= colouring.RANGES
    ordered = sorted(years)
    held = []
    for name, (first, last) in groups:
        inside = [year for year in ordered if int(first) <= year <= int(last)]
        assert name in (first, f"{first}–{last}")
        held += inside
    assert held == ordered


def test_texts_of_one_number_are_in_one_range() -> None:
    found = facet("size", dict.fromkeys(["-3", "0.5", "1", "1.0", "1.00", "2", "3", "4", "5", "6", "7"], 1))
    assert found is not None
    ends = [selection for _, selection in colouring.groups_of(found)]
    assert sum(float(first) <= 1 <= float(last) for first, last in ends) == 1


def test_the_most_frequent_values_get_the_colours() -> None:
    found = facet("genre", {f"g{n:02}": n + 1 for n in range(20)})
    assert found is not None
    names = [name for name, _ in colouring.groups_of(found)]
    assert names == [f"g{n:02}" for n in range(20 - COLOURS + 1, 20)]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("colours") / "c.pol"
    documents = [
        Document(f"d{n}", f"The bank number {n} stood by the river.", {"year": 1900 + n, "genre": "abc"[n % 3]})
        for n in range(30)
    ]
    build(path, [*documents, Document("none", "A bank without a year.", {})], model=str(tiny_folder))
    with Searcher.open(path) as found:
        yield found


@pytest.mark.parametrize("field", ["genre", "year"])
def test_occurrences_get_the_group_of_their_document(searcher: Searcher, field: str) -> None:
    values = facet(field, searcher.collection.values(field))
    assert values is not None
    inventory = searcher.senses("bank")
    found = colouring.by_field(searcher, inventory, values)
    for hit in searcher.occurrences("[bank]", 100):
        number = found.numbers.get(hit.occurrence_id)
        name = found.names[-1 if number is None else number - 1]
        value = hit.metadata.get(field)
        if value is None:
            assert name == "another value, or none"
        elif field == "genre":
            assert name == value
        else:
            first, last = name.split("–")
            assert int(first) <= int(str(value)) <= int(last)


def test_marks_and_senses_are_groups_too(searcher: Searcher) -> None:
    marked = colouring.by_mark({3: 1, 4: -1})
    assert [marked.names[(marked.numbers.get(key) or 0) - 1] for key in (3, 4, 5)] == [
        "marked +",
        "marked −",
        "not marked",
    ]
    inventory = searcher.senses("bank")
    assert len(colouring.by_sense(inventory).names) == len(inventory.senses) + 1
    assert colouring.offered([item for item in [facet("genre", {"a": 1, "b": 2}), facet("one", {"a": 3})] if item]) == [
        "",
        colouring.MARKS,
        "field:genre",
    ]
