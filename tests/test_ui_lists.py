"""Lists of the page that no typed sentence orders: searched again, saved senses, other words; and what is told of them.

Driven without a browser: what the page shows is what the searcher gives, and what it says of it is so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_ui_app import MONEY, RIVER, app, html

from indexer.build import build
from indexer.documents import Document
from search.hits import Match
from search.searcher import Searcher
from ui.actions import word_of
from ui.address import PageQuery

QUERY = "She sat on the river [bank]."
SHORE = "The shore was steep and green. They walked along the shores until it grew dark. Two banks of mud rose there."


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    path = tmp_path_factory.mktemp("lists") / "lists.pol"
    documents = [
        Document(f"{genre}/{n}", text, {"title": f"{genre} {n}", "year": year, "genre": genre})
        for genre, text, years in [
            ("letter", RIVER, ("1950", "1951", "1962", "c. 1960")),
            ("news", MONEY, ("1990", "1991", "1992", "n.d.")),
            ("shore", SHORE, ("1970", "1971", "1972", "1973")),
        ]
        for n, year in enumerate(years)
    ]
    build(path, documents, model=str(tiny_folder))
    return path


@pytest.fixture(scope="module")
def searcher(collection: Path) -> Iterator[Searcher]:
    with Searcher.open(collection) as found:
        yield found


@pytest.fixture
def page(collection: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return app(collection, monkeypatch)


def opened(page: AppTest, **parameters: str | list[str]) -> AppTest:
    for name, value in parameters.items():
        page.query_params[name] = value
    return page.run()


def test_marked_sentences_are_not_offered_as_a_sense(page: AppTest, searcher: Searcher) -> None:
    opened(page, q="bank")
    assert "Senses of <i>bank</i>" in html(page)
    page.session_state["marks"] = {searcher.sentences("bank", 1)[0].sentence_id: 1}
    page.run()
    assert "1 line marked +" in html(page)
    assert "sense-name" not in {box.key for box in page.text_input}
    opened(page, q="[bank]")
    page.session_state["marks"] = {searcher.occurrences("[bank]", 1)[0].occurrence_id: 1}
    page.run()
    assert "sense-name" in {box.key for box in page.text_input}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PageQuery("bank", like=(3,), unlike=(4,)), PageQuery("[bank]")),
        (PageQuery("a [bank]", Match.ANY, like=(3,), unlike=(4,)), PageQuery("a [bank]")),
        (PageQuery("a [bank]", Match.FORM, like=(3,)), PageQuery("a [bank]", Match.FORM, like=(3,))),
        (PageQuery(where=("sense=mine",), like=(3,)), PageQuery(where=("sense=mine",), like=(3,))),
    ],
)
def test_a_sense_of_the_word_leaves_behind_what_was_marked_among_other_lines(
    before: PageQuery, after: PageQuery
) -> None:
    assert word_of(before) == after
