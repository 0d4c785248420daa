"""Hostile queries: any text that is parsed gives an answer or a one-line error, in bounded time.

The environment variable POLYSEME_FUZZ sets the number of inputs of each fuzz test.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from fakes import FakeEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import PolysemeError, QueryError
from polyseme.indexer.text import TextAnalyser
from polyseme.search.query.encode import read_target_query
from polyseme.search.query.filters import LONGEST_FILTER, MOST_FILTERS, Condition, Operator, compare_values, parse_where
from polyseme.search.query.target import LONGEST_QUERY, parse_query, parse_target
from polyseme.search.retrieval.keywords import match_expression
from polyseme.search.searcher import Searcher

FUZZ = settings(max_examples=int(os.environ.get("POLYSEME_FUZZ", "50")))
CHARACTERS = st.text(st.characters(), max_size=60)  # with control characters and lone surrogates
SYNTAX = st.text('[]\\"*:^+-(){}|=!.,; \0\n\ud800\u202eNEAR OR AND NOT bank', max_size=60)
LONG = st.builds(lambda text, n: text * n, st.text(min_size=1, max_size=3), st.integers(1, 40_000))
TEXT = CHARACTERS | SYNTAX | LONG
VALUE = TEXT | st.sampled_from(
    [
        "1e400",
        "nan",
        "-inf",
        "0x10",
        "1_0",
        "٣",
        "9" * 400,
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00+23:59",
        "2023-02-31",
    ]
)
FIELD = st.sampled_from(["year", "date", "sense", "document", "title", "colour"]) | TEXT
FILTER = TEXT | st.builds(
    lambda field, sign, low, joiner, high: f"{field}{sign}{low}{joiner}{high}",
    FIELD,
    st.sampled_from(["=", "!=", "==", ""]),
    VALUE,
    st.sampled_from(["..", "|", "", "..."]),
    VALUE,
)


@pytest.fixture(scope="module")
def hostile_searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("hostile") / "c.pol"
    texts = ["She sat on the river bank.", "The bank lent 7 crowns.\nThe NEAR bank OR shore."]
    documents = [
        Document(f"d{n}", text, metadata={"year": 1950 + n, "date": f"195{n}-03-04", "title": text[:7]})
        for n, text in enumerate(texts)
    ]
    build(path, documents, model=FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as found:
        yield found


def one_line(error: PolysemeError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) <= 1000


@FUZZ
@given(TEXT)
def test_any_text_is_a_query_or_an_error(text: str) -> None:
    analyser = TextAnalyser("en")
    for read in (parse_query, parse_target, lambda found: read_target_query(analyser, found, True)):
        try:
            read(text)
        except QueryError as error:
            one_line(error)


@FUZZ
@given(st.lists(FILTER, max_size=4), VALUE)
def test_any_filter_holds_or_not_or_is_an_error(filters: list[str], value: str) -> None:
    try:
        conditions = parse_where(filters)
    except QueryError as error:
        one_line(error)
        return
    for condition in conditions:
        assert condition.holds(value) in (True, False)


@given(st.lists(VALUE | st.sampled_from(["7", "7.0", "2020-01-01", "2020-01-01T00:00Z"]), min_size=1), VALUE)
def test_a_value_is_one_of_those_that_compare_as_equal(values: list[str], value: str) -> None:
    condition = Condition("f", Operator.ONE_OF, tuple(values))
    assert condition.holds(value) is any(compare_values(value, wanted) == 0 for wanted in values)


@FUZZ
@given(text=CHARACTERS | SYNTAX, filters=st.lists(FILTER, max_size=2))
def test_any_search_answers_or_is_an_error(hostile_searcher: Searcher, text: str, filters: list[str]) -> None:
    """The keyword query is in the hybrid search: no text of a query is FTS5 syntax."""
    for ask in (
        lambda: hostile_searcher.sentences(text, hybrid=True, where=filters),
        lambda: hostile_searcher.occurrences(f"the [bank] {text}", where=filters),
        lambda: hostile_searcher.holds(text),
        lambda: hostile_searcher.senses(text, where=filters),
    ):
        try:
            ask()
        except PolysemeError as error:
            one_line(error)


def test_a_long_keyword_query_is_answered(hostile_searcher: Searcher) -> None:
    words = " ".join(f"w{n}" for n in range(4000)) + " shore"
    assert match_expression(words, hostile_searcher.analyser).count(" OR ") == 4000
    found = hostile_searcher.sentences(words, k=1, hybrid=True)
    assert "shore" in found[0].sentence or len(found) == 1


@pytest.mark.parametrize("text", ["x" * 10**6, "[" * 100_000, "[bank]" + "]" * 100_000, "[bank] " * 20_000])
def test_a_query_that_is_too_long_is_refused_at_once(hostile_searcher: Searcher, text: str) -> None:
    start = time.process_time()
    for ask in (
        lambda: hostile_searcher.sentences(text),
        lambda: hostile_searcher.occurrences(text),
        lambda: hostile_searcher.occurrences((text, 0)),
        lambda: hostile_searcher.holds(text),
    ):
        with pytest.raises(QueryError, match=f"shorten it to at most {LONGEST_QUERY:,}"):
            ask()
    assert time.process_time() - start < 10


def test_too_many_and_too_long_filters_are_refused() -> None:
    with pytest.raises(QueryError, match=r"there are 10,000 filters; give at most 50"):
        parse_where(["year=1950"] * 10_000)
    assert len(parse_where(["year=1950"] * MOST_FILTERS)) == MOST_FILTERS
    with pytest.raises(QueryError, match="a filter has 1,000,006 characters"):
        parse_where("title=" + "x" * 10**6)
    assert len(LONGEST_FILTER // 2 * "x|") == LONGEST_FILTER


def test_a_filter_of_many_values_is_quick() -> None:
    (condition,) = parse_where("document=" + "|".join(f"doc{n}" for n in range(10_000)))
    start = time.process_time()
    assert sum(condition.holds(f"doc{n}") for n in range(0, 100_000, 10)) == 1000
    assert time.process_time() - start < 20


@pytest.mark.parametrize("key", [-1, 2**63, 2**64, -(2**63) - 1, 10**400])
def test_ids_that_no_database_can_hold_are_unknown(hostile_searcher: Searcher, key: int) -> None:
    with pytest.raises(QueryError, match="has no occurrence"):
        hostile_searcher.hits([1, key])
    assert hostile_searcher.live_hits([key]) == []
    assert hostile_searcher.live_hits([key], sentences=True) == []


def test_a_query_of_broken_bytes_is_refused(hostile_searcher: Searcher) -> None:
    for ask in (
        lambda: hostile_searcher.sentences("b\udcffnk"),
        lambda: hostile_searcher.occurrences("[b\udcffnk]"),
        lambda: hostile_searcher.sentences("bank", where="title=\ud800"),
        lambda: hostile_searcher.sentences("bank", where={"\ud800": "x"}),
        lambda: hostile_searcher.senses("b\udcffnk"),
    ):
        with pytest.raises(QueryError, match="not text; type it again"):
            ask()
