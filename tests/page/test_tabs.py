"""Tests of the tabs of the senses panel: what the address keeps, their numbers, and the files for a paper."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import streamlit
from hypothesis import given
from hypothesis import strategies as st
from pages import MONEY, RIVER, address, app, html, navigate_history
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.search.hits import Match
from polyseme.search.searcher import Searcher
from polyseme.search.senses.timeline import restricted
from polyseme.ui.page import actions, figures, keywords, session, tab
from polyseme.ui.page.address import PageQuery, read_address, write_address
from polyseme.ui.page.download import question_of
from polyseme.ui.page.html import counts, graph
from polyseme.ui.page.tab import Tab
from streamlit.testing.v1 import AppTest

TABS = st.builds(
    Tab,
    name=st.sampled_from(list(tab.TABS)),
    figure=st.booleans(),
    field=st.text(max_size=9),
    period=st.integers(0, tab.MAX_PERIOD),
    measure=st.sampled_from(["", *tab.MEASURES]),
    smoothing=st.sampled_from(tab.SMOOTHING),
    projection=st.sampled_from(tab.PROJECTIONS),
    counted=st.sampled_from(list(tab.COUNTED)),
    other=st.text(max_size=9),
    against=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    left=st.integers(0, tab.MAX_WINDOW),
    right=st.integers(0, tab.MAX_WINDOW),
    pos=st.lists(st.text(min_size=1, max_size=9), max_size=3, unique=True).map(tuple),
    order=st.sampled_from(["", *tab.ORDERS]),
    view=st.sampled_from(list(tab.VIEWS)),
)


@given(TABS)
def test_address_keeps_every_setting_of_a_tab(settings: Tab) -> None:
    query = PageQuery("a [bank]", tab=settings)
    written = write_address(query)
    lists = {name: [value] if isinstance(value, str) else value for name, value in written.items()}
    assert read_address(lists) == (query, ())


@pytest.mark.parametrize(
    "name", ["tab", "measure", "smooth", "projection", "counted", "rank", "view", "left", "period"]
)
def test_invalid_setting_is_reported_and_ignored(name: str) -> None:
    query, problems = read_address({"q": ["bank"], name: ["-2"]})
    assert query == PageQuery("bank")
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}=-2 ")


@dataclass
class Made:
    """The files of the tab that was drawn last."""

    what: str = ""
    plot: Any = None
    rows: Any = None
    links: Any = list
    cited: str = ""

    def numbers(self) -> list[dict[str, str]]:
        content = figures.numbers_file(self.rows, None).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(content)))


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    path = tmp_path_factory.mktemp("tabs") / "tabs.pol"
    documents = [
        Document(f"{genre}/{year}", text, {"title": f"{genre} of {year}", "year": year, "genre": genre})
        for genre, text, years in (("letter", RIVER, (1950, 1961, 1972)), ("news", MONEY, (1951, 1970, 1990)))
        for year in years
    ]
    build(path, documents, model=str(tiny_folder))
    return path


@pytest.fixture(scope="module")
def searcher(collection: Path) -> Iterator[Searcher]:
    with Searcher.open(collection) as found:
        yield found


@pytest.fixture(scope="module")
def visited(collection: Path) -> Iterator[AppTest]:
    """One visit for all tests, because a new one loads the page again."""
    with pytest.MonkeyPatch.context() as patch:
        yield app(collection, patch).run()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    found, draw = Made(), figures.draw

    def drawn(
        searcher: Any, query: Any, what: str, plot: Any, rows: Any, cited: Any, description: str, links: Any = None
    ) -> None:
        found.what, found.plot, found.rows, found.links, found.cited = what, plot, rows, links, str(cited)
        draw(searcher, query, what, plot, rows, cited, description, links)

    monkeypatch.setattr(figures, "draw", drawn)
    return found


def opened(visit: AppTest, **parameters: str | list[str]) -> AppTest:
    for name in list(visit.query_params):
        del visit.query_params[name]
    with pytest.MonkeyPatch.context() as patch:
        navigate_history(visit, patch, **{"q": "[bank]", **parameters})
    assert not visit.exception
    assert not visit.warning
    return visit


def as_text(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> list[list[str]]:
    return [["" if row[name] is None else str(row[name]) for name in names] for row in rows]


def test_link_reproduces_the_timeline_with_its_measure_and_smoothing(
    visited: AppTest, searcher: Searcher, made: Made
) -> None:
    where = ["genre=news"]
    opened(visited, tab="time", measure="per-million", smooth="3", period="10", where=where)
    inventory = searcher.senses("bank")
    inside = searcher.within(inventory, where)
    found = restricted(searcher.timeline(inventory, "year", 10, where), inside)
    names = ["from", "to", "sense", "count", "share", "low", "per_million", "per_million_high", "tokens"]
    assert as_text(made.numbers(), names) == as_text(found.rows(3), names)
    assert "where genre=news" in made.cited
    assert made.cited in html(visited).replace("&#x27;", "'")
    assert "moving average over 3 periods" in html(visited)
    labels = made.plot().axes[0].get_ylabel()
    assert labels == "occurrences per million tokens"
    visited.selectbox(key="tab-smoothing").set_value(1).run()
    assert "smooth" not in address(visited)
    assert address(visited)["measure"] == ["per-million"]
    assert "moving average" not in html(visited)
    visited.button_group(key="tab-measure").set_value("count").run()
    assert address(visited)["measure"] == ["count"]


def test_counts_are_those_of_the_searcher(visited: AppTest, searcher: Searcher, made: Made) -> None:
    opened(visited, tab="counts", field="genre")
    names = ["value", "count", "tokens", "per_million", "low", "high"]
    found = searcher.frequency("bank", "genre")
    assert as_text(made.numbers(), names) == as_text(found.to_dicts(), names)
    table = re.findall(r'<th scope="row"><bdi>(.*?)</bdi></th><td>(\d+)</td>', html(visited))
    assert table == [(str(part.value), str(part.count)) for part in found.parts] + [
        ("all documents", str(found.total.count))
    ]
    opened(visited, tab="counts", field="year", period="10", where="genre=news")
    decades = searcher.frequency("bank", "year", 10, where="genre=news")
    assert as_text(made.numbers(), names) == as_text(decades.to_dicts(), names)
    visited.text_input(key="tab-other").set_value("river").run()
    assert address(visited)["with"] == ["river"]
    other = decades.compare(searcher.frequency("river", "year", 10, where="genre=news"))
    names = ["value", "first_count", "second_count", "ratio", "log_ratio", "p_value"]
    assert as_text(made.numbers(), names) == as_text(other.to_dicts(), names)
    opened(visited, tab="counts", field="genre", against="year=1970..")
    assert {row["second"] for row in made.numbers()} == {"year=1970.."}


def test_dispersion_has_a_strip_for_each_document(visited: AppTest, searcher: Searcher, made: Made) -> None:
    opened(visited, tab="counts", counted="dispersion")
    found = searcher.dispersion("bank")
    rows = made.numbers()
    assert [row["value"] for row in rows] == [part.value for part in found.parts]
    assert {row["dp"] for row in rows} == {str(found.dp)}
    assert html(visited).count('class="pol-strip"') == len(found.parts)


def test_click_on_a_collocate_keeps_its_lines(visited: AppTest, searcher: Searcher, made: Made) -> None:
    opened(visited, tab="words", left="3", right="0", rank="count", near="NOUN", where="genre=letter")
    opened(visited, tab="words", left="3", right="2", rank="count", where="genre=letter")
    found = searcher.collocates("bank", where="genre=letter", left=3, right=2, measure="count")
    assert [row["collocate"] for row in made.numbers()] == [word.lemma for word in found.words]
    assert [row["count"] for row in made.numbers()] == [str(word.count) for word in found.words]
    assert re.findall(r'data-collocate="\d+".*?<bdi>(.*?)</bdi>', html(visited)) == [w.lemma for w in found.words]
    state = {
        session.QUERY: visited.session_state[session.QUERY],
        actions.COLLOCATES: visited.session_state[actions.COLLOCATES],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamlit, "session_state", state)
        actions.pick_collocate(len(found.words))
        assert session.current().picked == ()
        actions.pick_collocate(1)
        assert session.current().picked == tuple(sorted(found.words[1].occurrence_ids))
        assert session.current().tab.left == 3


def test_the_graph_has_the_collocates_and_senses_of_the_searcher(
    visited: AppTest, searcher: Searcher, made: Made
) -> None:
    opened(visited, tab="words", rank="log_likelihood")
    assert "pol-graph" not in html(visited)
    assert made.what == "collocates"
    visited.button_group(key="tab-view").set_value("graph").run()
    assert address(visited)["view"] == ["graph"]
    inventory = searcher.senses("bank")
    found = searcher.collocates("bank", measure="log_likelihood")
    found = found.with_senses(inventory.assignments, inventory.sense_names())
    shown = re.findall(r'data-collocate="(\d+)".*?aria-label="(.*?), (\d+) lines?, log-likelihood', html(visited))
    names = [word.name for word in found.graph_words()]
    assert [(names[int(n)], str(found.words[int(n)].count)) for n, _, _ in shown] == [(w, c) for _, w, c in shown]
    assert len(shown) > 5
    assert [int(number) for number, _, _ in shown] == sorted({int(number) for number, _, _ in shown})
    assert made.what == "collocates-graph"
    assert [row["sense"] for row in made.numbers()] == [str(word.sense or "") for word in found.words]
    assert made.links() == found.links.to_dicts()
    assert names[0] in figures.figure_file(made.plot, "svg").decode()
    opened(visited, tab="words", view="graph", where="genre=letter", sense="1")
    assert 'data-s="0"' not in re.sub(r'(?s)^.*<div class="pol-network">', "", html(visited)).partition("</div>")[0]
    visited.button_group(key="tab-view").set_value("table").run()
    assert "view" not in address(visited)
    assert "pol-counts" in html(visited)


def test_keywords_are_offered_where_filters_choose_documents(visited: AppTest, searcher: Searcher, made: Made) -> None:
    opened(visited, tab="keywords")
    assert "Keywords" not in visited.button_group(key="pane").options
    assert made.what == ""
    opened(visited, tab="keywords", where="genre=letter", rank="log_ratio")
    found = searcher.keywords("genre=letter", order="log_ratio")
    names = ["word", "count", "rest", "log_ratio", "log_likelihood"]
    assert as_text(made.numbers(), names) == as_text(found.to_dicts(), names)
    query = PageQuery("bank", where=("sense=x", "pos=NOUN", "year=1950..", "annotation.mark=good", "[", "genre!=a"))
    assert keywords.filters_of(query) == ("year=1950..", "genre!=a")


def test_map_has_the_places_inside_the_filters_as_numbers(visited: AppTest, searcher: Searcher, made: Made) -> None:
    opened(visited, tab="map", where="genre=news", figure="1")
    inventory = searcher.senses("bank")
    inside = searcher.within(inventory, "genre=news")
    assert {int(row["occurrence_id"]) for row in made.numbers()} == inside
    assert 'src="data:image/png;base64,iVBOR' in html(visited)
    assert "ap of bank (lemma), by pca, where genre=news." in made.cited


def test_tab_and_its_settings_leave_the_lines(visited: AppTest) -> None:
    opened(visited)
    before = re.findall(r'class="pol-line" data-key="(\d+)"', html(visited))
    visited.button_group(key="pane").set_value("counts").run()
    assert address(visited)["tab"] == ["counts"]
    assert re.findall(r'class="pol-line" data-key="(\d+)"', html(visited)) == before


def test_files_have_what_to_cite(searcher: Searcher) -> None:
    found = searcher.frequency("bank", "genre")
    svg = figures.figure_file(found.plot, "svg").decode()
    assert "Frequency of bank" in svg
    rows = list(csv.DictReader(io.StringIO(figures.numbers_file(found.to_dicts, found.cited).decode("utf-8-sig"))))
    assert {row["citation"] for row in rows} == {str(found.cited)}
    assert figures.figure_file(found.plot, "pdf").startswith(b"%PDF")
    assert figures.figure_file(found.plot, "png").startswith(b"\x89PNG")


def test_question_of_a_list_names_what_chose_its_lines() -> None:
    query = PageQuery("a [bank]", where=("genre=x",), sense=2, picked=(1, 2))
    assert question_of(query, Match.LEMMA) == "lines of a [bank], match lemma, of sense 2, of 2 picked, where genre=x"


def test_tables_escape_values_of_documents(tmp_path: Path, tiny_folder: Path) -> None:
    evil = "<script>alert(1)</script>"
    build(tmp_path / "evil.pol", [Document(evil, RIVER, {"genre": evil, "title": evil})], model=str(tiny_folder))
    with Searcher.open(tmp_path / "evil.pol") as searcher:
        frequency = searcher.frequency("bank", "genre")
        tables = (
            counts.frequency(frequency, "count"),
            counts.comparison(frequency.compare(searcher.frequency("river", "genre"))),
            counts.dispersion(searcher.dispersion("bank")),
            counts.collocates(searcher.collocates("bank")),
            graph.collocates(found := searcher.collocates("bank"), graph.arrangements(found), "logDice"),
        )
    assert all("<script" not in each for each in tables)
    assert "&lt;script" in tables[0]


def test_every_setting_has_an_address() -> None:
    other: dict[str, Any] = {"str": "x", "bool": True, "int": 7, "tuple[str, ...]": ("x",)}
    for each in fields(Tab):
        changed = Tab(**{each.name: other[str(each.type)]})
        assert len(tab.tab_address(changed)) == 1
