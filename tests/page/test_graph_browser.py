"""The graph of the collocates in a real browser: its room, clicks, keys, links and files.

It needs playwright, and Chromium or Chrome on this machine, and is skipped without them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from browsers import PATIENCE, opened, parameters, settled
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.search.searcher import Searcher
from polyseme.search.statistics.collocates import Collocates

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Locator, Page, expect  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)
GRAPH = "&tab=words&view=graph"
BOXES = """(kinds) => kinds.map((kind) => [...document.querySelectorAll(kind)].filter((e) => e.checkVisibility())
  .map((e) => e.getBoundingClientRect()).map(({ left, top, right, bottom }) => [left, top, right, bottom]))"""
"""Returns the boxes of all visible elements of each kind, at one moment, because the page may still scroll."""
CUT = "(all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"
"""Returns the texts of the elements that are cut."""


@pytest.fixture
def page(new_page: Page) -> Page:
    return new_page


@pytest.fixture(scope="module")
def found(library: Path, default_encoder: ElmoEncoder) -> Iterator[Collocates]:
    with Searcher.open(library / "banks.pol", default_encoder) as searcher:
        inventory = searcher.senses("bank")
        yield searcher.collocates("bank").with_senses(inventory.assignments, inventory.sense_names())


def shown(page: Page) -> Locator:
    return page.locator(".pol-collocate:visible")


def check_room(page: Page) -> None:
    """Check that no word covers another one or the node, that all are in the graph, and that each can be hit."""
    settled(page)
    page.evaluate("document.fonts.ready")
    (around,), node, words = page.evaluate(BOXES, [".pol-graph", ".pol-middle", ".pol-collocate"])
    for left, top, right, bottom in words:
        assert around[0] - 1 <= left < right <= around[2] + 1
        assert around[1] - 1 <= top < bottom <= around[3] + 1
        assert min(right - left, bottom - top) >= 24 - 0.01
    for one, other in combinations([*node, *words], 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


def test_words_of_a_graph_have_their_room_on_a_usual_screen(page: Page, address: str, found: Collocates) -> None:
    opened(page, address, "[bank]", GRAPH)
    words = found.graph_words()
    assert {word.group for word in words} >= {1, 2}
    expect(shown(page)).to_have_count(len(words))
    signs = page.locator(".pol-collocate .pol-s").all_text_contents()
    assert signs == [str(word.group or "") for word in words]
    check_room(page)
    assert page.locator(".pol-collocate:visible bdi").evaluate_all(CUT) == []
    (middle,), circles = page.evaluate(BOXES, [".pol-middle", ".pol-collocate .pol-s"])
    x, y = (middle[0] + middle[2]) / 2, (middle[1] + middle[3]) / 2
    distances = []
    for number, (left, top, right, bottom) in enumerate(circles):
        circle = (left + right) / 2
        distances.append(((circle - x) ** 2 + ((top + bottom) / 2 - y) ** 2) ** 0.5)
        assert (circle - x) * words[number].balance > 0 or words[number].balance == 0
    assert all(after >= before - 1 for before, after in pairwise(distances))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_of_a_graph_have_their_room_on_a_phone(browser: Browser, address: str, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    opened(page, address, "[bank]", GRAPH)
    expect(shown(page).nth(20)).to_be_visible()
    check_room(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    context.close()


def test_hostile_words_of_a_graph_are_text_in_their_room(page: Page, address: str) -> None:
    opened(page, address, "[bank]", GRAPH + "&where=genre%3Dodd")
    expect(shown(page).first).to_be_visible()
    check_room(page)
    assert page.evaluate("window.evil === undefined")
    for each in shown(page).all():
        name = each.get_attribute("aria-label")
        assert name
        assert (each.locator("bdi").text_content() or "").rstrip("…") in name


def test_click_on_a_word_of_the_graph_keeps_its_lines(page: Page, address: str, found: Collocates) -> None:
    number = next(n for n, word in enumerate(found.words) if word.lemma == "river")
    wanted = sorted(found.words[number].occurrence_ids)
    opened(page, address, "[bank]", GRAPH)
    page.locator(f"[data-collocate='{number}']").click()
    settled(page)
    expect(page).to_have_url(re.compile("lines="))
    assert [int(key) for key in parameters(page)["lines"][0].split("-")] == wanted
    assert parameters(page)["view"] == ["graph"]
    expect(page.locator(".pol-line").first).to_contain_text("river")
    expect(page.locator(".pol-graph")).to_be_visible()


def test_table_and_graph_are_chosen_and_reached_by_keys(page: Page, address: str, found: Collocates) -> None:
    opened(page, address, "[bank]", "&tab=words")
    expect(page.locator(".pol-counts")).to_be_visible()
    page.get_by_role("radio", name="Graph").click()
    settled(page)
    expect(page).to_have_url(re.compile("view=graph"))
    group = page.get_by_role("group", name="Collocates of bank as a graph")
    first = found.words[0]
    expect(group.get_by_role("button").first).to_have_accessible_name(
        re.compile(rf"^{first.lemma}, {first.count} lines?, logDice {first.log_dice:.1f}")
    )
    group.get_by_role("button").first.focus()
    page.keyboard.press("Tab")
    second = page.locator(":focus")
    expect(second).to_have_attribute("data-collocate", "1")
    expect(second).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    settled(page)
    expect(page).to_have_url(re.compile("lines="))
    assert [int(key) for key in parameters(page)["lines"][0].split("-")] == sorted(found.words[1].occurrence_ids)
    page.get_by_role("radio", name="Table").click()
    settled(page)
    expect(page.locator(".pol-counts")).to_be_visible()
    assert "view" not in parameters(page)


def test_links_of_a_word_stand_out_where_it_is_pointed_at(page: Page, address: str, found: Collocates) -> None:
    link = found.links.links[0]
    opened(page, address, "[bank]", GRAPH)
    ends = f".pol-links[data-window='wide'] [data-ends='{link.first} {link.second}']"
    expect(page.locator(ends)).not_to_have_attribute("data-lit", "")
    page.locator(f"[data-collocate='{link.first}']").hover()
    expect(page.locator(ends)).to_have_attribute("data-lit", "")
    expect(page.locator(f"[data-collocate='{link.second}']")).to_have_attribute("data-lit", "")
    page.locator(".pol-found").hover()
    expect(page.locator(".pol-link[data-lit]")).to_have_count(0)


def test_files_of_the_graph_have_its_words_and_links(page: Page, address: str, found: Collocates) -> None:
    opened(page, address, "[bank]", GRAPH)
    with page.expect_download() as svg:
        page.get_by_role("button", name="SVG").click()
    content = svg.value.path().read_text(encoding="utf-8")
    assert svg.value.suggested_filename == "polyseme-bank-collocates-graph.svg"
    assert all(f">{word.name}<" in content for word in found.graph_words()[:20])
    with page.expect_download() as links:
        page.get_by_role("button", name="Links as CSV").click()
    assert links.value.suggested_filename == "polyseme-bank-collocates-graph-links.csv"
    rows = list(csv.DictReader(io.StringIO(links.value.path().read_text(encoding="utf-8-sig"))))
    assert [(row["source"], row["target"], row["weight"]) for row in rows] == [
        (link.source, link.target, str(link.together)) for link in found.links.links
    ]
    assert rows
