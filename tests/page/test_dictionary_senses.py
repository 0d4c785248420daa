"""Tests of the senses of a dictionary on the page, without a browser and in one."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from browsers import PATIENCE, address_of, open_list, program, serving
from dictionary_files import write_tsv
from pages import MONEY, RIVER, address, app, ask, expected, html, lines
from polyseme.indexer.build import build
from polyseme.indexer.dictionaries.records import DictionarySense
from polyseme.indexer.documents import Document
from polyseme.search.hits import OccurrenceHit
from polyseme.search.searcher import Searcher

BANK = "They sat on the [bank]."
EVERY = 1000
SENSES = (
    DictionarySense("b1", "bank", "NOUN", "land beside a <b>river</b>", ("They sat on the [bank] of the river.",), 3),
    DictionarySense("b2", "bank", "NOUN", "a house that lends money", ("The [bank] lent him money.",), 3),
    DictionarySense("b3", "bank", "VERB", "to lean in a turn", ()),
)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dictionary")
    documents = [
        Document(f"{genre}/{n}", text, {"genre": genre, "year": 1950 + 10 * n})
        for n in range(3)
        for genre, text in (("river", RIVER), ("money", MONEY))
    ]
    build(folder / "c.pol", documents)
    with Searcher.open(folder / "c.pol") as searcher:
        searcher.import_dictionary(write_tsv(folder / "own.tsv", SENSES), "own")
    return folder / "c.pol"


@pytest.fixture(scope="module")
def searcher(collection: Path) -> Iterator[Searcher]:
    with Searcher.open(collection) as found:
        yield found


def of_sense(searcher: Searcher, number: int, where: str | None = None) -> list[OccurrenceHit]:
    numbers = searcher.dictionary_senses("bank", "own").inventory.assignments
    return [hit for hit in searcher.occurrences(BANK, EVERY, where=where) if numbers[hit.occurrence_id] == number]


def test_address_shows_the_senses_of_a_dictionary_with_their_lines(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ask(app(collection, monkeypatch), BANK)
    assert "land beside" not in html(page)
    page.selectbox(key="dictionary").set_value("own").run()
    assert address(page)["dictionary"] == ["own"]
    found = searcher.dictionary_senses("bank", "own").inventory
    rows = re.findall(r'data-sense="(\d+)".*?<b>(\d+) lines?</b>', html(page))
    assert rows == [(str(sense.number), str(sense.size)) for sense in found.senses if sense.size]
    shown = unescape(re.sub("<[^>]*>", "", html(page)))
    for sense, entry in zip(found.senses, SENSES, strict=True):
        assert (f"bank {sense.number} ({'verb' if entry.pos == 'VERB' else 'noun'}): {entry.definition}" in shown) is (
            sense.size > 0
        )
    assert "<b>river" not in html(page)
    page.query_params["sense"] = "2"
    again = app(collection, monkeypatch)
    for name, value in address(page).items():
        again.query_params[name] = value
    again.run()
    assert lines(again) == expected(of_sense(searcher, 2)[:20])
    again.query_params["where"] = "year=1960"
    filtered = app(collection, monkeypatch)
    for name, value in address(again).items():
        filtered.query_params[name] = value
    filtered.run()
    here = of_sense(searcher, 2, "year=1960")
    assert lines(filtered) == expected(here[:20])
    assert f"{len(here)} here" in html(filtered)


def test_words_and_dictionaries_that_are_missing_get_induced_senses(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = app(collection, monkeypatch)
    page.query_params["q"], page.query_params["dictionary"] = "The [river] was green.", "own"
    page.run()
    assert "The dictionary own has no sense of river. These come from the texts." in html(page)
    page = app(collection, monkeypatch)
    page.query_params["q"], page.query_params["dictionary"] = BANK, "<i>none</i>"
    page.run()
    assert "The dictionary &lt;i&gt;none&lt;/i&gt; has no sense of bank" in html(page)


def test_a_visitor_chooses_a_dictionary_a_sense_and_a_period(collection: Path, searcher: Searcher) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    path = program()
    with serving(collection) as server, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        sync_api.expect.set_options(timeout=PATIENCE)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address_of(server)}/?q={urllib.parse.quote(BANK)}")
        open_list(page, "Senses from")
        page.get_by_role("option", name="own").click()
        sync_api.expect(page.locator(".pol-badge").first).to_contain_text("land beside a <b>river</b>")
        page.locator('.pol-badge[data-sense="2"]').click()
        inside = of_sense(searcher, 2)
        texts = page.locator(".pol-line .pol-text")
        sync_api.expect(texts).to_have_text([re.sub(r"\s+", " ", hit.sentence) for hit in inside[:20]])
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)
        assert (query["dictionary"], query["sense"]) == (["own"], ["2"])
        page.get_by_role("button", name="Show all lines").click()
        page.get_by_role("radio", name="Over time").click()
        sync_api.expect(page.locator(".pol-time tbody th").nth(1)).to_contain_text("bank 2: a house that lends")
        inventory = searcher.dictionary_senses("bank", "own").inventory
        timeline = searcher.timeline(inventory, "year", 5)
        place = next(n for n, period in enumerate(timeline.periods) if period.counts[1])
        page.locator(f'.pol-point[data-period="{place}"][data-of="2"]').click()
        ids = set(timeline.periods[place].ids[1])
        sync_api.expect(texts).to_have_count(len(ids))
        hits = [hit for hit in searcher.occurrences(BANK, EVERY) if hit.occurrence_id in ids]
        sync_api.expect(texts).to_have_text([re.sub(r"\s+", " ", hit.sentence) for hit in hits])
        browser.close()
