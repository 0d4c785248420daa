"""Tests of the page in a real browser, by typing, clicking, dragging, and with the keyboard alone.

They need playwright, and Chromium or Chrome on this machine, and are skipped without them. All tests share a server.
"""

from __future__ import annotations

import csv
import json
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from browsers import PATIENCE, choose, open_list, opened, parameters, settled
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.search.hits import OccurrenceHit, SentenceHit
from polyseme.search.searcher import Searcher

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Dialog, Download, FilePayload, Locator, Page, expect  # noqa: E402

# A loaded machine may miss a click, a double click or the moment of a signal. A fault fails three times.
pytestmark = pytest.mark.flaky(reruns=2)
VIEWPORT = (1300, 900)
BANK = "She sat on the river [bank] and fished."
BOX = "A word, a sentence, or one [word] in a sentence"
TWICE = "The bank by the river bank was shut."
PAYLOADS = (
    "<script>window.evil = 1</script>",
    "<img src=x onerror='window.evil = 1'>",
    "'\"><svg onload=window.evil=1>",
    "</style></title></textarea><script>window.evil = 1</script>",
    "<iframe srcdoc='<script>parent.evil = 1</script>'></iframe>",
    "<a href='javascript:window.evil = 1' autofocus onfocus=window.evil=1>a</a>",
    "<base href='https://evil.example/'><link rel=stylesheet href='https://evil.example/a.css'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<b style='background:url(https://evil.example/b.png)'>b</b>",
    "[a](javascript:window.evil=1) [b](https://evil.example/b)",
    "![a](https://evil.example/c.png)",
    "$\\href{javascript:window.evil=1}{x}$ $$y$$",
    ":material/delete: :red[red] :smile: :red-badge[x] ->",
    "# h **bold** ~~no~~ `code` | a | b |",
    "&lt;script&gt;window.evil = 1&lt;/script&gt; &#60;img src=x onerror=window.evil=1&#62;",
    "\u202eright\u202c \u2066left \u200f \x07\x1b[31m \u2028 \ufeff",
    "{{window.evil = 1}} ${window.evil = 1} %3Cscript%3E",
)
"""Texts that a page without escapes would run, load, format or turn around."""
TRACES = (
    "[onerror], [onload], [onfocus], [style*=evil], [src*=evil], [href*=evil], [href^='javascript:' i], iframe, base,"
    " meta[http-equiv=refresh i], .katex, .stMarkdown img, .stMarkdown del, .stMarkdown code, .stMarkdownBadge,"
    " .stMarkdownColoredText"
)
"""Elements that only a payload makes."""


@pytest.fixture(scope="session")
def searcher(library: Path, default_encoder: ElmoEncoder) -> Iterator[Searcher]:
    with Searcher.open(library / "banks.pol", default_encoder) as found:
        yield found


@pytest.fixture
def page(new_page: Page) -> Page:
    return new_page


def folded(hits: Sequence[SentenceHit]) -> list[str]:
    return [re.sub(r"\s+", " ", hit.sentence).strip() for hit in hits]


def shows(page: Page, hits: Sequence[SentenceHit]) -> None:
    """Wait until the lines of the page are these hits, word for word, in their order."""
    expect(page.locator(".pol-line .pol-text")).to_have_text([_cut(hit) for hit in hits])
    settled(page)


def _cut(hit: SentenceHit) -> str | re.Pattern[str]:
    if len(hit.sentence) < 140:
        return folded([hit])[0]
    start, end = (hit.start, hit.end) if isinstance(hit, OccurrenceHit) else (0, 20)
    return re.compile(re.escape(hit.sentence[max(0, start - 8) : end]))


def of_sense(searcher: Searcher, number: int, query: str = BANK) -> list[OccurrenceHit]:
    numbers = searcher.senses("bank").assignments
    return [hit for hit in searcher.occurrences(query, 1000) if numbers[hit.occurrence_id] == number]


def test_typed_sentence_then_clicked_word(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address)
    box = page.get_by_label(BOX)
    box.fill(TWICE)
    box.press("Enter")
    shows(page, searcher.sentences(TWICE, 20))
    page.locator(".st-key-words").get_by_role("button", name="bank", exact=True).nth(1).click()
    shows(page, searcher.occurrences((TWICE, 5), 20))
    expect(box).to_have_value("The bank by the river [bank] was shut.")
    page.locator(".st-key-words").get_by_role("button", name="bank", exact=True).nth(0).click()
    shows(page, searcher.occurrences((TWICE, 1), 20))
    expect(box).to_have_value("The [bank] by the river bank was shut.")


def test_single_typed_word_shows_its_senses_and_lines(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address)
    box = page.get_by_label(BOX)
    box.fill("bank")
    box.press("Enter")
    shows(page, searcher.occurrences("[bank]", 20, order="text"))
    expect(box).to_have_value("[bank]")
    expect(page.locator(".pol-badge")).to_have_count(len({*searcher.senses("bank").assignments.values()}))


def test_clicking_a_word_of_a_line_searches_for_it_and_back_returns(
    page: Page, address: str, searcher: Searcher
) -> None:
    opened(page, address, BANK)
    hits = searcher.occurrences(BANK, 20)
    place = next(n for n, hit in enumerate(hits) if "muddy" in hit.sentence)
    line = page.locator(".pol-line").nth(place)
    line.get_by_text("boat", exact=True).click()
    asked = hits[place].sentence.replace("boat", "[boat]")
    box = page.get_by_label(BOX)
    expect(box).to_have_value(asked)
    boats = searcher.occurrences(asked, 20)
    shows(page, boats)
    page.locator(".pol-line").first.get_by_text("Reeds", exact=True).click()
    expect(box).to_have_value(asked.replace("[boat]", "boat").replace("Reeds", "[Reeds]"))
    page.go_back()
    expect(box).to_have_value(asked)
    shows(page, boats)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(box).to_have_value(BANK)
    shows(page, hits)
    page.get_by_role("button", name="Forward", exact=True).click()
    shows(page, boats)


def test_word_of_a_pattern_is_searched_for(page: Page, address: str, searcher: Searcher) -> None:
    pattern = '[pos="DET"] [lemma="bank" & pos="NOUN"] "of"'
    opened(page, address)
    box = page.get_by_label(BOX)
    box.fill(pattern)
    box.press("Enter")
    hits = searcher.pattern(pattern, 20)
    shows(page, hits)
    expect(page.get_by_text("Understood: a pattern")).to_be_visible()
    word = page.locator(".pol-line").first.locator(".pol-node [data-hop]").nth(1)
    expect(word).to_have_text("bank")
    word.click()
    query = (
        hits[0].sentence[: hits[0].start] + hits[0].token.replace("bank", "[bank]") + hits[0].sentence[hits[0].end :]
    )
    shows(page, searcher.occurrences(query, 20))
    settled(page)
    assert parameters(page)["q"] == [query]
    page.get_by_role("button", name="Back", exact=True).click()
    shows(page, hits)
    page.locator(".pol-line .pol-text").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(":focus")).to_have_text(hits[0].token.split()[0])


def test_lines_are_selectable_text_with_aligned_nodes(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    hits = searcher.occurrences(BANK, 20)
    shows(page, hits)
    assert page.locator("iframe, canvas").count() == 0
    expect(page.locator(".pol-line .pol-node")).to_have_text([hit.token for hit in hits])
    page.wait_for_function(
        """() => { const at = [...document.querySelectorAll('.pol-line .pol-node')].map((node) => {
          const box = node.getBoundingClientRect(); return box.left + box.width / 2; });
          return Math.max(...at) - Math.min(...at) < 2; }"""
    )
    line = page.locator(".pol-line .pol-text").first
    selected = line.evaluate(
        "(text) => { getSelection().selectAllChildren(text); const found = getSelection().toString();"
        " getSelection().removeAllRanges(); return found; }"
    )
    assert selected.strip() == folded(hits)[0]
    assert page.evaluate(f"window.find({json.dumps(hits[0].sentence[: hits[0].end])})")


def double_clicked(page: Page, word: Locator) -> bool:
    """Double-click, and return whether the second click came in time. A busy machine may be too slow."""
    page.evaluate("window.clicks = []; addEventListener('click', (event) => clicks.push(event.timeStamp), true)")
    word.dblclick()
    first, second = page.evaluate("window.clicks")
    return bool(second - first < 200)


def test_selecting_text_of_a_line_does_not_search(page: Page, address: str) -> None:
    for _ in range(10):
        opened(page, address, BANK)
        before = page.url
        word = page.locator(".pol-line").nth(1).locator("[data-hop]").nth(1)
        text = (word.text_content() or "").strip()
        if double_clicked(page, word):
            break
    else:
        pytest.fail("no double click was quick enough")
    page.wait_for_timeout(600)  # longer than the time in which a second click makes a double click
    settled(page)
    assert page.url == before
    assert page.evaluate("getSelection().toString().trim()") == text


def test_pages_together_hold_all_lines_in_every_order(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    everything = searcher.occurrences(BANK, 1000)
    assert len(everything) > 40
    shows(page, everything[:20])
    page.get_by_role("button", name="Next", exact=True).click()
    shows(page, everything[20:40])
    page.get_by_role("button", name="Last", exact=True).click()
    shows(page, everything[len(everything) // 20 * 20 :])
    page.get_by_role("button", name="First", exact=True).click()
    shows(page, everything[:20])
    choose(page, "Order", "Order: date")
    dated = sorted(everything, key=lambda hit: int(str(hit.metadata.get("year", 9999))))
    shows(page, dated[:20])
    choose(page, "Order", "Order: right context")
    shows(page, sorted(everything, key=lambda hit: re.findall(r"\w+", hit.sentence[hit.end :].casefold())[:8])[:20])


def test_line_opens_in_its_document_with_buttons_to_its_neighbours(
    page: Page, address: str, searcher: Searcher
) -> None:
    opened(page, address, BANK)
    hits = searcher.occurrences(BANK, 20)
    page.locator(".pol-line").nth(1).locator(".pol-open").click()
    for hit, step in ((hits[1], "Next hit"), (hits[2], "Previous hit"), (hits[1], "")):
        expect(page.locator(".pol-document .pol-sentence")).to_have_text(hit.sentence)
        expect(page.locator(".pol-document .pol-node")).to_have_text(hit.token)
        expect(page.locator(".pol-document .pol-node")).to_be_in_viewport()
        expect(page.locator(".pol-head")).to_contain_text(hit.document)
        if step:
            page.get_by_role("button", name=step).click()
    page.get_by_text("Explain the score").click()
    expect(page.locator(".pol-why")).to_contain_text("Cosine by layer")
    page.keyboard.press("Escape")
    expect(page.locator(".pol-document")).to_have_count(0)


def test_marked_lines_are_searched_again(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    hits = searcher.occurrences(BANK, 20)
    page.get_by_role("button", name="Mark line 12 plus").click()
    expect(page.get_by_role("button", name="Mark line 12 plus")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Mark line 1 minus").click()
    expect(page.get_by_text("1 line marked +, 1 marked")).to_be_visible()
    page.get_by_role("button", name="Search again from these").click()
    shows(page, searcher.more_like([hits[11]], [hits[0]], 20))
    assert parameters(page)["like"] == [str(hits[11].occurrence_id)]
    page.get_by_role("button", name="Clear marks").click()
    shows(page, hits)


def test_sense_filters_the_lines_and_the_address_reproduces_them(
    page: Page, browser: Browser, address: str, searcher: Searcher
) -> None:
    opened(page, address, BANK)
    inventory = searcher.senses("bank")
    assert len(inventory.senses) >= 2
    expect(page.locator(".pol-badge")).to_have_count(len({*inventory.assignments.values()}))
    page.locator('.pol-badge[data-sense="2"]').click()
    inside = of_sense(searcher, 2)
    shows(page, inside[:20])
    expect(page.locator(".pol-found")).to_contain_text(f"{len(inside)} of {len(inventory.assignments)} occurrences")
    page.get_by_role("button", name="Copy address").click()
    expect(page.get_by_role("button", name="Copied: it opens on this machine only")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    there = browser.new_context().new_page()
    there.goto(page.url)
    shows(there, inside[:20])
    there.context.close()
    page.get_by_role("button", name="Other words in this sense").click()
    shows(page, searcher.same_sense_other_words(inventory, 2, 20))
    page.get_by_role("button", name="Show all lines").click()
    shows(page, searcher.occurrences(BANK, 20))


def test_sense_of_a_word_typed_as_sentence_shows_its_occurrences(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, "bank")
    page.get_by_role("button", name="Mark line 2 plus").click()
    page.get_by_role("button", name="Search again from these").click()
    shows(page, searcher.more_like([searcher.sentences("bank", 2)[1]], k=20))
    page.locator('.pol-badge[data-sense="1"]').click()
    numbers = searcher.senses("bank").assignments
    listed = searcher.occurrences("[bank]", 1000, order="text")
    shows(page, [hit for hit in listed if numbers[hit.occurrence_id] == 1][:20])
    assert "like" not in parameters(page)


def test_points_of_the_map_filter_the_lines(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    page.get_by_role("radio", name="Map").click()
    dots = page.locator(".pol-dot")
    hits = searcher.occurrences(BANK, 1000)
    expect(dots).to_have_count(len(hits))
    dots.first.focus()
    page.keyboard.press("Enter")
    picked = int(dots.first.get_attribute("data-pick") or "")
    shows(page, [hit for hit in hits if hit.occurrence_id == picked])
    expect(dots.first).to_have_attribute("data-in", "1")
    frame = page.locator(".pol-map").bounding_box()
    assert frame is not None
    x, y, width, height = frame["x"], frame["y"], frame["width"], frame["height"]
    page.mouse.move(x + 1, y + 1)
    page.mouse.down()
    page.mouse.move(x + width / 2, y + height - 2, steps=4)
    inside = page.evaluate(
        "(edge) => [...document.querySelectorAll('.pol-dot')].filter((dot) => { const at = dot.getBoundingClientRect();"
        " return at.left + at.width / 2 <= edge; }).map((dot) => Number(dot.dataset.pick))",
        x + width / 2,
    )
    page.mouse.up()
    assert 1 < len(inside) < len(hits)
    shows(page, [hit for hit in hits if hit.occurrence_id in inside][:20])
    assert parameters(page)["lines"] == ["-".join(map(str, sorted(inside)))]


def test_cells_of_the_timeline_filter_the_lines(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    page.get_by_role("radio", name="Over time").click()
    found = searcher.timeline(searcher.senses("bank"), "year", 5)
    expect(page.locator(".pol-time thead th")).to_have_count(len(found.periods) + 2)
    place = next(n for n, period in enumerate(found.periods) if period.counts[0])
    page.locator(f'.pol-point[data-period="{place}"][data-of="1"]').click()
    ids = found.periods[place].ids[0]
    shows(page, [hit for hit in searcher.occurrences(BANK, 1000) if hit.occurrence_id in ids])
    page.locator('.pol-time thead [data-period="-1"]').click()
    ids = tuple(key for group in found.undated_ids for key in group)
    shows(page, [hit for hit in searcher.occurrences(BANK, 1000) if hit.occurrence_id in ids])
    expect(page.locator('.pol-time thead [data-period="-1"]')).to_be_focused()


def test_collocates_are_shown_for_each_sense(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    page.get_by_role("radio", name="Collocates").click()
    senses = searcher.senses("bank").senses
    expect(page.locator(".pol-collocates table")).to_have_count(len(senses))
    heights = "(rows) => rows.map((row) => row.getBoundingClientRect().height)"
    rows = page.locator(".pol-collocates tbody tr").evaluate_all(heights)
    assert max(rows) - min(rows) < 2, "a short table is stretched to the height of a long one"
    first = (senses[0].collocates or senses[0].labels)[0]
    expect(page.locator(".pol-collocates tbody td").first).to_have_text(first.lemma)


def test_named_sense_is_saved_filters_and_is_deleted(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK, "&sense=1")
    page.get_by_role("button", name="Name this sense").click()
    page.get_by_label("Name", exact=True).fill("side_of_water")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as side_of_water")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()
    settled(page)
    page.get_by_role("button", name="Show all lines").click()
    shows(page, searcher.occurrences(BANK, 20))
    open_list(page, "Only lines in the sense")
    page.get_by_role("option", name="side_of_water").click()
    page.wait_for_url(re.compile("where=sense%3Dside_of_water"))
    shows(page, searcher.occurrences(BANK, 20, where="sense=side_of_water"))
    page.get_by_role("button", name="Delete a named sense").click()
    page.get_by_role("button", name="Delete side_of_water").click()
    expect(page.get_by_role("heading", name="Named senses")).to_have_count(0)
    shows(page, searcher.occurrences(BANK, 20))
    assert not searcher.named_senses()


def test_filters_match_and_keywords_change_the_list(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    start = page.get_by_label("year from")
    start.fill("1970")
    start.press("Enter")
    shows(page, searcher.occurrences(BANK, 20, where="year=1970.."))
    page.get_by_role("button", name="Clear all filters").click()
    shows(page, searcher.occurrences(BANK, 20))
    page.get_by_role("radio", name="Any word").click()
    page.wait_for_url(re.compile("match=any"))
    shows(page, searcher.occurrences(BANK, 20, "any"))
    page.get_by_role("button", name="the whole sentence").click()
    shows(page, searcher.sentences(BANK.replace("[", "").replace("]", ""), 20))
    choose(page, "Ranked by", "Ranked by: keywords")
    shows(page, searcher.sentences(BANK.replace("[", "").replace("]", ""), 20, order="keywords"))
    assert parameters(page)["order"] == ["keywords"]


def test_words_that_meet_are_marked_and_explained_by_keyboard(page: Page, address: str, searcher: Searcher) -> None:
    text = "She fished at the bank of the river."
    opened(page, address, text)
    hits = searcher.sentences(text, 20)
    shows(page, hits)
    met = [dict.fromkeys((each.start, each.token) for each in hit.meetings) for hit in hits]
    assert any(met)
    expect(page.locator(".pol-line mark.pol-met")).to_have_text([token for one in met for _, token in one])
    place = next(n for n, one in enumerate(met) if one)
    line = page.locator(".pol-line").nth(place)
    line.locator(".pol-text").focus()
    for _ in hits[place].sentence.split():
        page.keyboard.press("ArrowRight")
        if page.evaluate("document.activeElement.matches('.pol-met')"):
            break
    first = min(hits[place].meetings, key=lambda each: each.start)
    said = page.evaluate("getComputedStyle(document.activeElement, '::after').content")
    assert f"met: {first.token} ~ {first.query_token} {first.similarity:.2f}" in said
    expect(page.locator(".pol-query [data-lit]").first).to_have_text(first.query_token)
    expect(line.locator(".pol-said").first).to_contain_text(f"{first.token} ~ {first.query_token}")


def test_neighbours_and_documents_are_shown(page: Page, address: str, searcher: Searcher) -> None:
    text = "She fished at the bank of the river."
    opened(page, address, text)
    hits = searcher.sentences(text, 20)
    line = page.locator(".pol-line").first
    line.locator(".pol-text").focus()
    page.keyboard.press("c")
    _, whole = searcher.collection.document(hits[0].document_id)
    around = whole[: hits[0].sentence_start].split(". ")[-1], whole[hits[0].sentence_start + len(hits[0].sentence) :]
    expected = around[1].strip().split(". ")[0] or around[0].strip()
    expect(line.locator(".pol-around").last).to_contain_text(expected.removesuffix("."))
    button = line.get_by_role("button", name="Sentences around line 1")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(button).to_be_focused()  # the keys go on from there
    page.keyboard.press("ArrowDown")
    expect(page.locator(".pol-line .pol-text").nth(1)).to_be_focused()
    button.focus()
    page.keyboard.press("c")
    expect(line.locator(".pol-around")).to_have_count(0)
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(line.locator(".pol-around")).to_have_count(0)
    page.get_by_role("radio", name="Documents").click()
    page.wait_for_url(re.compile("by=document"))
    documents = searcher.documents(text, 20)
    expect(page.locator(".pol-under .pol-open")).to_have_text([document.document for document in documents])
    passages = [hit for document in documents for hit in document.passages]
    shows(page, passages)
    page.get_by_role("button", name="Open the document at line 2", exact=True).click()
    expect(page.locator(".pol-document .pol-sentence")).to_have_text(passages[1].sentence)


def test_address_holds_match_size_filters_and_layer(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK, "&match=form&k=7&where=year=1960..&where=genre!=odd&layer=1")
    shows(page, searcher.occurrences(BANK, 7, "form", ["year=1960..", "genre!=odd"], "1"))


def test_heading_stays_in_view_and_never_covers_the_focus(page: Page, address: str) -> None:
    opened(page, address, BANK, "&k=100")
    page.locator(".pol-line").last.scroll_into_view_if_needed()
    expect(page.locator(".pol-top")).to_be_in_viewport()
    expect(page.locator(".pol-top")).to_contain_text("11 documents")
    expect(page.locator(".pol-top")).to_contain_text("model default")
    expect(page.locator(".pol-top")).to_contain_text("layer sense")
    # When the keyboard moves back up, the focused element is below the heading, not under it.
    word = page.locator(".st-key-words button").first
    for target in (word, page.locator(".pol-text").first):
        page.locator(".pol-line").last.scroll_into_view_if_needed()
        target.focus()
        places = [part.bounding_box() for part in (target, page.locator(".pol-top"))]
        assert places[0] is not None
        assert places[1] is not None
        assert places[0]["y"] >= places[1]["y"] + places[1]["height"]


def downloaded(page: Page, name: str) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    found: Download = waiting.value
    return Path(found.path()).rename(Path(found.path()).with_name(found.suggested_filename))


def test_exported_files_hold_all_lines_and_the_query(page: Page, address: str, searcher: Searcher) -> None:
    from openpyxl import load_workbook

    opened(page, address, BANK, "&sense=1&sort=date")
    inside = sorted(of_sense(searcher, 1), key=lambda hit: int(str(hit.metadata.get("year", 9999))))
    assert len(inside) > 20
    page.get_by_role("button", name="Export").click()
    table = downloaded(page, "CSV").read_text("utf-8-sig")
    rows = list(csv.DictReader(table.splitlines()))
    assert [int(row["occurrence_id"]) for row in rows] == [hit.occurrence_id for hit in inside]
    assert {row["query.q"] for row in rows} == {BANK}
    assert {(row["sense"], row["query.sense"]) for row in rows} == {("1", "1")}
    lines = [json.loads(line) for line in downloaded(page, "JSONL").read_text().splitlines()]
    assert [line["occurrence_id"] for line in lines] == [hit.occurrence_id for hit in inside]
    book = load_workbook(downloaded(page, "Excel (XLSX)"))
    assert book["lines"].max_row == len(inside) + 1


def test_text_of_documents_is_never_markup(page: Page, address: str) -> None:
    opened(page, address, BANK, "&where=genre=odd")
    expect(page.locator(".pol-lines")).to_contain_text("<script>window.evil = 1</script>")
    expect(page.locator(".pol-open").first).to_have_text("<i>Evil</i> & co")
    page.locator(".pol-open").first.click()
    expect(page.locator(".pol-document")).to_contain_text("onerror='window.evil = 2'")
    expect(page.locator(".pol-head h2")).to_have_text("<i>Evil</i> & co")
    assert page.evaluate("window.evil") is None
    assert page.locator(".pol-document img, .pol-lines img").count() == 0


@pytest.mark.parametrize(
    ("query", "more", "message"),
    [
        ("The [platypus] swam.", "", "does not occur in this collection"),
        (BANK, "&where=year=3000..", "No hit within the filters"),
        ("two [marks] in [one]", "", "2 words are marked"),
        (BANK, "&where=colour=red", "no document has a field"),
        ("x", "&collection=none.pol", "No such collection"),
    ],
)
def test_notices_and_errors_are_shown_without_traceback(
    page: Page, address: str, query: str, more: str, message: str
) -> None:
    page.goto(f"{address}/?q={urllib.parse.quote(query)}{more}")
    expect(page.get_by_text(message).first).to_be_visible()
    assert page.get_by_text("Traceback").count() == 0


def test_keyboard_alone_reaches_every_action(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address)
    box = page.get_by_label(BOX)
    _tab_to(page, box)
    page.keyboard.type(BANK)
    page.keyboard.press("Enter")
    hits = searcher.occurrences(BANK, 20)
    shows(page, hits)
    _tab_to(page, page.locator('.pol-badge[data-sense="1"]'))
    page.keyboard.press("Enter")
    inside = of_sense(searcher, 1)
    shows(page, inside[:20])
    line = page.locator(".pol-line .pol-text")
    _tab_to(page, line.first)
    page.keyboard.press("ArrowDown")
    expect(line.nth(1)).to_be_focused()
    page.keyboard.press("+")
    expect(page.get_by_role("button", name="Mark line 2 plus")).to_have_attribute("aria-pressed", "true")
    settled(page)
    line.nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    word = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(box).to_have_value(re.compile(re.escape(f"[{word}]")))
    settled(page)
    line.first.focus()
    page.keyboard.press("o")
    expect(page.locator(".pol-document")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".pol-document")).to_have_count(0)


def _tab_to(page: Page, target: Locator) -> None:
    expect(target).to_be_visible()
    for _ in range(120):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached with the Tab key")


@pytest.mark.parametrize(("width", "height"), [(390, 800), (650, 450)])
def test_narrow_and_zoomed_windows_need_no_horizontal_scrolling(
    browser: Browser, address: str, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=2)
    context.set_default_timeout(PATIENCE)
    page = opened(context.new_page(), address, BANK)
    expect(page.locator(".pol-line .pol-node").first).to_be_attached()
    wide = "(list) => list.filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML)"
    page.locator(".pol-line .pol-node").first.scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    assert page.locator(".pol-line .pol-text, .pol-where, .pol-marks, .pol-badge, .pol-top").evaluate_all(wide) == []
    pieces = page.locator(".pol-line .pol-node").evaluate_all("(all) => all.map((e) => e.getClientRects().length)")
    assert set(pieces) == {1}, "a node is broken over two lines"
    expect(page.locator(".pol-line .pol-s").first).to_be_visible()
    page.locator(".pol-open").nth(1).click()
    for part in (page.get_by_text("In its document"), page.locator(".pol-document .pol-node")):
        expect(part).to_be_in_viewport()
    context.close()


CONTRAST = """(elements) => {
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const read = (colours) => {
    pixel.clearRect(0, 0, 1, 1);
    for (const colour of colours) { pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1); }
    return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  return elements.filter((e) => e.offsetParent && e.textContent.trim()).map((element) => {
    const behind = [];
    for (let e = element; e; e = e.parentElement) behind.unshift(getComputedStyle(e).backgroundColor);
    const ground = read(["white", ...behind]);
    const text = read([`rgb(${ground})`, getComputedStyle(element).color]);
    const [a, b] = [light(ground), light(text)].sort((x, y) => y - x);
    return { ratio: (a + 0.05) / (b + 0.05), html: element.outerHTML.slice(0, 120) };
  }).filter((found) => found.ratio < 4.5);
}"""


FOCUSED = """async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)));
  await drawn();
  const element = document.activeElement;
  const around = [element, element.parentElement, element.parentElement?.parentElement].filter(Boolean);
  const look = () => JSON.stringify(around.map((e) => { const s = getComputedStyle(e);
    return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor]; }));
  const focused = look();
  element.blur();
  await drawn();
  const changed = look() !== focused;
  element.focus();
  return [changed, element.outerHTML.slice(0, 120)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_labels_and_target_sizes_meet_wcag(page: Page, address: str, scheme: str) -> None:
    dark = scheme == "dark"
    page.emulate_media(color_scheme="dark" if dark else "light")
    opened(page, address, BANK, "&sense=1")
    page.get_by_role("radio", name="Over time").click()
    expect(page.locator(".pol-time")).to_be_visible()
    texts = page.locator(
        ".pol-top p, .pol-found, .pol-found span, .pol-quiet, .pol-text, .pol-node, .pol-open, .pol-facts, .pol-rank,"
        " .pol-score, .pol-s, .pol-labels, .pol-size, .pol-time td, .pol-time th, .pol-marks button, .pol-info dt,"
        " .pol-columns span, .st-key-words button p, label p, h2, button:enabled p, .pol-copy, summary"
    )
    assert texts.evaluate_all(CONTRAST) == []
    unnamed = page.locator("button:visible, input:visible, textarea:visible").evaluate_all(
        "(all) => all.filter((e) => !e.textContent.trim() && !e.getAttribute('aria-label') && !e.title"
        " && !e.labels?.length && !e.getAttribute('aria-labelledby')).map((e) => e.outerHTML.slice(0, 200))"
    )
    assert unnamed == []
    small = page.locator(".pol-marks button, .pol-open, .pol-badge, .pol-point").evaluate_all(
        "(all) => all.filter((e) => e.getBoundingClientRect().height < 23.5).map((e) => e.outerHTML.slice(0, 120))"
    )
    assert small == []
    expect(page.locator(".stMainBlockContainer")).to_have_css("color", re.compile(r"23[0-9]" if dark else r"\(31"))
    heights = [page.get_by_role("button", name=name).bounding_box() for name in ("Export", "Copy address")]
    middles = {round(place["y"] + place["height"] / 2) for place in heights if place is not None}
    assert max(middles) - min(middles) <= 2, "the controls above the lines are not in one row"


def test_focus_is_always_visible(page: Page, address: str) -> None:
    opened(page, address, BANK)
    expect(page.locator(".pol-badge").first).to_be_visible()
    page.add_style_tag(content="* { transition: none !important; }")
    page.get_by_label(BOX).focus()
    unseen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen, html = page.evaluate(FOCUSED)
        if not seen:
            unseen.append(html)
    assert unseen == [], "\n".join(unseen)


def test_choosing_another_collection_searches_it(page: Page, address: str) -> None:
    opened(page, address, BANK)
    choose(page, "Collection", "other.pol")
    expect(page.locator(".pol-top")).to_contain_text("1 document")
    expect(page.locator(".pol-line")).to_have_count(2)
    assert parameters(page)["collection"] == ["other.pol"]


def test_documents_are_indexed_from_the_page(page: Page, address: str, library: Path) -> None:
    opened(page, address)
    page.get_by_role("button", name="Add documents").click()
    expect(page.get_by_role("combobox", name="Into")).to_be_visible()
    settled(page)
    choose(page, "Into", "A new collection")
    page.get_by_label("Its name").fill("../fresh")
    page.get_by_label("Its name").press("Enter")
    expect(page.get_by_role("button", name="Index into fresh.pol", exact=True)).to_be_visible()
    settled(page)
    letter = FilePayload(name="..\\..\\letter.txt", mimeType="text/plain", buffer=b"The new bank opened. A sand bank.")
    picture = FilePayload(name="picture.xyz", mimeType="text/plain", buffer=b"?")
    page.locator("input[type=file]").set_input_files([letter, picture])
    button = page.get_by_role("button", name="Index into fresh.pol", exact=True)
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text("Done: 1 added")).to_be_visible()
    expect(page.locator(".pol-words")).to_contain_text("picture.xyz")
    expect(page.locator(".pol-words")).to_contain_text("unknown file type '.xyz'")
    assert (library / "fresh.pol").is_dir()
    assert sorted(path.name for path in (library / "fresh.pol.files").iterdir()) == ["letter.txt", "picture.xyz"]
    page.get_by_role("button", name="Search this collection").click()
    expect(page.locator(".pol-top")).to_contain_text("fresh.pol")
    expect(page.locator(".pol-top")).to_contain_text("1 document")


def test_no_text_runs_as_a_script_or_is_formatted(page: Page, address: str, library: Path, tiny_folder: Path) -> None:
    name = "<img src=x onerror='window.evil=1'> **a** :smile: $x$.pol"
    documents = [
        Document(f"{text} {n}", f"The bank {text} closed.", {"title": text, "note": text, f"{text[:40]}{n}": text})
        for n, text in enumerate(PAYLOADS)
    ]
    build(library / name, documents, model=str(tiny_folder))
    with Searcher.open(library / name) as found:
        inventory = found.senses("bank")
        for text in PAYLOADS:
            found.save_named_sense(re.sub(r"[^ -~]|[!|=,;[\]]|\.\.", "", text)[:60], inventory, 1, replace=True)
    foreign: list[str] = []
    dialogs: list[str] = []

    def seen(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", seen)
    page.on("request", lambda request: foreign.append(request.url))

    def harmless() -> None:
        settled(page)
        assert page.evaluate("typeof window.evil") == "undefined"
        made = page.locator(TRACES).evaluate_all("(all) => all.map((e) => e.outerHTML.slice(0, 200))")
        assert made == []
        assert dialogs == []
        assert [url for url in foreign if not url.startswith((address, "data:", "blob:", "ws:"))] == []

    chosen = f"&collection={urllib.parse.quote(name)}"
    opened(page, address, "The [bank].", chosen + "&k=40")
    expect(page.locator(".pol-line")).to_have_count(len(PAYLOADS))
    shown = page.locator(".pol-line .pol-text").all_inner_texts()
    assert any("<script>window.evil = 1</script> closed" in text for text in shown)
    assert any("![a](https://evil.example/c.png)" in text for text in shown)
    harmless()
    page.locator(".pol-line").nth(1).locator(".pol-open").click()
    expect(page.locator(".pol-document")).to_be_visible()
    harmless()
    quoted = [urllib.parse.quote(text) for text in PAYLOADS]
    opened(page, address, " ".join(re.sub(r"[][\\]", r"\\\g<0>", text) for text in PAYLOADS), chosen)
    harmless()
    fields = (
        *("match", "k", "layer", "sort", "page", "sense", "list", "lines", "like", "unlike"),
        *("selection", "marks", "unknown"),
    )
    opened(page, address, "bank", chosen + "".join(f"&{field}={quoted[n]}" for n, field in enumerate(fields)))
    harmless()
    for more, shown_text in ((f"&where={quoted[0]}{chosen}", "script"), (f"&collection={quoted[1]}", "No such")):
        page.goto(f"{address}/?q=bank{more}")
        expect(page.locator(".stMain").get_by_text(shown_text).first).to_be_visible()
        harmless()
    opened(page, address, "", chosen)
    page.get_by_role("button", name="Add documents").click()
    expect(page.get_by_role("combobox", name="Into")).to_be_visible()
    sent = [FilePayload(name=text.replace("/", "") + ".xyz", mimeType="x/y", buffer=b"?") for text in PAYLOADS[:12]]
    page.locator("input[type=file]").set_input_files(sent)
    button = page.get_by_role("button", name=re.compile("Index into"))
    expect(button).to_be_enabled()
    harmless()
    button.click()
    expect(page.locator(".pol-words")).to_contain_text("unknown file type '.xyz'")
    harmless()


def test_indexing_can_be_cancelled_and_resumed(page: Page, address: str, library: Path, tmp_path: Path) -> None:
    # A run checks for cancellation between batches. Before the first batch it imports TensorFlow.
    (tmp_path / "long.txt").write_text("".join(f"The {n}th bank stood by water number {n}.\n" for n in range(6_000)))
    opened(page, address)
    page.get_by_role("button", name="Add documents").click()
    expect(page.get_by_role("combobox", name="Into")).to_be_visible()
    settled(page)
    choose(page, "Into", "A new collection")
    page.get_by_label("Its name").fill("long")
    page.get_by_label("Its name").press("Enter")
    expect(page.get_by_role("button", name="Index into long.pol", exact=True)).to_be_visible()
    settled(page)
    page.get_by_label("Or a folder or file on this machine").fill(str(tmp_path))
    page.get_by_label("Or a folder or file on this machine").press("Enter")
    page.get_by_role("button", name="Index into long.pol", exact=True).click()
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("sentences")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Committed documents stay")).to_be_visible(timeout=3 * PATIENCE)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("sentences")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Committed documents stay")).to_be_visible(timeout=3 * PATIENCE)
