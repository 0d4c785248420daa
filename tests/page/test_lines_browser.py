"""Tests of the lines in a real browser: counts and pages, marks, orders, colours, keys, and axe-core in every state.

They share the server and the browser of `test_browser.py`, and are skipped without playwright and Chromium.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from browsers import PATIENCE, open_list, opened, settled
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.search.hits import OccurrenceHit
from polyseme.search.searcher import Searcher

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)
BANK = "She sat on the river [bank] and fished."
BOX = "A word, a sentence, or one [word] in a sentence"
AXE_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture(scope="module")
def searcher(library: Path, default_encoder: ElmoEncoder) -> Iterator[Searcher]:
    with Searcher.open(library / "banks.pol", default_encoder) as found:
        yield found


@pytest.fixture
def page(new_page: Page) -> Page:
    return new_page


def keys_are(page: Page, hits: Sequence[OccurrenceHit]) -> None:
    """Wait until the lines are these occurrences, in their order."""
    wanted = [str(hit.occurrence_id) for hit in hits]
    page.wait_for_function(
        "(wanted) => JSON.stringify([...document.querySelectorAll('.pol-line')].map((e) => e.dataset.key))"
        " === JSON.stringify(wanted)",
        arg=wanted,
    )
    settled(page)


def test_count_is_shown_and_pages_reach_the_last_line(page: Page, address: str, searcher: Searcher) -> None:
    everything = searcher.occurrences("[bank]", 1000, order="text")
    opened(page, address, "[bank]", "&k=7")
    expect(page.locator(".pol-found")).to_contain_text(f"{len(everything)} occurrences of bank")
    expect(page.locator(".pol-found")).to_contain_text("in the order of the documents")
    page.get_by_role("button", name="Last", exact=True).click()
    keys_are(page, everything[(len(everything) - 1) // 7 * 7 :])
    expect(page.locator(".pol-rank").last).to_have_text(str(len(everything)))
    assert re.search(rf"page={-(-len(everything) // 7)}\b", page.url)
    field = page.get_by_role("spinbutton", name="Page")
    field.fill("2")
    field.press("Enter")
    keys_are(page, everything[7:14])
    assert page.locator(".pol-sure, .pol-value").count() == 0, "a word without context has scores"


def test_absent_word_is_named_and_other_words_are_offered(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, "[platypus]")
    expect(page.get_by_text("'platypus' does not occur in this collection")).to_be_visible()
    assert page.locator(".pol-line").count() == 0
    page.get_by_role("button", name="Other words in a similar sense").click()
    expect(page.locator(".pol-word").first).to_have_text(
        re.compile(re.escape(searcher.occurrences("[platypus]", 1, "any")[0].lemma))
    )


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        (BANK, "a word in context"),
        ("[bank]", "a word without context"),
        ("on the [far bank] of it", "a phrase in context"),
        ("They fished.", "a sentence"),
        ('[lemma="bank"]', "a pattern"),
    ],
)
def test_box_says_what_it_understood(page: Page, address: str, query: str, kind: str) -> None:
    opened(page, address, query)
    expect(page.get_by_text(f"Understood: {kind}.")).to_be_visible()


def test_marks_never_move_lines_and_outlive_everything(page: Page, address: str, searcher: Searcher) -> None:
    hits = searcher.occurrences(BANK, 1000)
    opened(page, address, BANK)
    expect(page.locator(".pol-line .pol-s[data-s]").first).to_be_visible()
    place = "(line) => line.getBoundingClientRect().top + scrollY"
    line = page.locator(".pol-line").nth(2)
    line.scroll_into_view_if_needed()
    before = [each.evaluate(place) for each in (line, page.locator(".pol-line").last)]
    button = page.get_by_role("button", name="Mark line 3 plus")
    button.click()
    expect(page.get_by_text("1 line marked +, 0 marked")).to_be_visible()
    settled(page)
    after = [each.evaluate(place) for each in (line, page.locator(".pol-line").last)]
    assert after == before, "a mark moves the lines"
    expect(page).to_have_url(re.compile(rf"plus={hits[2].occurrence_id}\b"))
    pressed = page.locator(f'[data-key="{hits[2].occurrence_id}"][data-mark="1"]')
    page.reload()
    expect(pressed).to_have_attribute("aria-pressed", "true")
    box = page.get_by_label(BOX)
    box.fill("They sold the [boat].")
    box.press("Enter")
    expect(page.locator(".pol-found")).to_contain_text("boat")
    settled(page)
    expect(page.get_by_text("1 line marked +")).to_have_count(0)
    page.go_back()
    expect(pressed).to_have_attribute("aria-pressed", "true")
    page.locator("label").filter(has_text="Only marked").click()
    keys_are(page, [hits[2]])
    expect(page.locator(".pol-found")).to_contain_text(f"1 of {len(hits)} occurrences")
    page.get_by_role("button", name="Clear marks").click()
    keys_are(page, hits[:20])
    expect(page).not_to_have_url(re.compile("plus="))  # the marks come after the lines


def test_address_holds_orders_samples_and_context(page: Page, address: str, searcher: Searcher) -> None:
    hits = searcher.occurrences(BANK, 1000)
    shuffled = searcher.occurrences(BANK, 1000, order="random", seed=7)
    opened(page, address, BANK, "&sort=random&seed=7")
    keys_are(page, shuffled[:20])
    opened(page, address, BANK, "&sample=5&seed=7")
    keys_are(page, shuffled[:5])
    expect(page.locator(".pol-found")).to_contain_text(f"5 of {len(hits)} occurrences of bank a random sample, seed 7")
    opened(page, address, BANK, "&sort=levels&levels=1R-1L&k=100")

    def beside(hit: OccurrenceHit) -> tuple[list[str], list[str]]:
        words = [
            re.findall(r"\w+(?:['’\-]\w+)*", part.casefold())
            for part in (hit.sentence[hit.end :], hit.sentence[: hit.start])
        ]
        return words[0][:1], words[1][-1:]

    keys_are(page, sorted(hits, key=beside)[:100])
    opened(page, address, BANK, "&context=20&where=genre=river")
    left = page.locator(".pol-line .pol-text").first.inner_text().split("bank")[0]
    assert len(left.strip("…")) <= 20
    opened(page, address, BANK, "&whole=1&where=genre=river")
    sentence = searcher.occurrences(BANK, 1, where="genre=river")[0].sentence
    expect(page.locator(".pol-line .pol-text").first).to_have_text(sentence)
    assert page.locator(".pol-aligned").count() == 0


def test_copied_lines_are_text_without_buttons(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK, "&k=3&where=genre=river")
    hits = searcher.occurrences(BANK, 3, where="genre=river")
    expect(page.locator(".pol-line .pol-s[data-s]").first).to_be_visible()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.pol-lines'))")
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert [line.strip() for line in copied.splitlines() if line.strip()] == [hit.sentence for hit in hits]


def test_other_words_in_this_sense_are_one_click_away(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    inventory = searcher.senses("bank")
    nearest = inventory.assignments[searcher.occurrences(BANK, 1)[0].occurrence_id]
    assert nearest is not None
    page.get_by_role("button", name="Other words in this sense").click()
    others = searcher.same_sense_other_words(inventory, nearest, 20)
    words = list(dict.fromkeys(hit.lemma for hit in others))
    expect(page.locator(".pol-word bdi")).to_have_text(words)
    keys_are(page, sorted(others, key=lambda hit: words.index(hit.lemma)))


def test_work_is_announced_at_the_question_itself(page: Page, address: str) -> None:
    opened(page, address, BANK)
    busy = page.locator(".pol-busy")
    expect(busy).to_be_hidden()
    # Records how long after the key the page says that it works. The server has no part in it.
    page.evaluate(
        "() => { let asked = 0;"
        " addEventListener('keydown', (e) => { if (e.key === 'Enter') asked = e.timeStamp; }, true);"
        " const look = () => { const shown = getComputedStyle(document.querySelector('.pol-busy')).visibility;"
        " if (asked && shown === 'visible') window.said ??= performance.now() - asked; requestAnimationFrame(look); };"
        " look(); }"
    )
    box = page.get_by_label(BOX)
    box.fill("He sold the [boat].")
    box.press("Enter")
    expect(page.locator(".pol-lines .pol-node").first).to_have_text("boat")
    settled(page)
    assert page.evaluate("said") is not None
    expect(busy).to_be_hidden()


def test_lines_are_reached_with_few_keys(page: Page, address: str) -> None:
    opened(page, address, BANK)
    page.keyboard.press("Tab")
    expect(page.locator(".pol-skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".pol-line .pol-text").first).to_be_focused()
    page.get_by_label(BOX).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".pol-line .pol-text").first).to_be_focused()


def test_answer_to_a_click_is_on_a_small_screen(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 780}, has_touch=True)
    context.set_default_timeout(PATIENCE)
    page = opened(context.new_page(), address, BANK)
    page.locator('.pol-badge[data-sense="1"]').click()
    page.wait_for_url(re.compile("sense=1"))
    settled(page)
    expect(page.locator(".pol-line").first).to_be_in_viewport()
    context.close()


def test_documents_are_found_edited_and_removed(page: Page, address: str, library: Path) -> None:
    from polyseme.indexer.build import build
    from polyseme.indexer.documents import Document

    documents = [
        Document(f"{n}.txt", f"A bank of the year {n}.", {"title": f"Bank {n}", "year": n}) for n in (3, 20, 100)
    ]
    build(library / "listed.pol", documents)
    page.goto(f"{address}/?collection=listed.pol")
    page.get_by_role("button", name="Documents", exact=True).click()
    rows = page.locator(".pol-documents tbody th")
    expect(rows).to_have_text(["Bank 100", "Bank 20", "Bank 3"])
    open_list(page, "Sort by")
    page.get_by_role("option", name="year").click()
    expect(rows).to_have_text(["Bank 3", "Bank 20", "Bank 100"])
    field = page.get_by_label("Search in title, id and metadata")
    field.fill("20")
    field.press("Enter")
    expect(rows).to_have_text(["Bank 20"])
    settled(page)
    page.get_by_role("button", name="Choose Bank 20").click()
    form = page.get_by_label(re.compile("^Metadata of Bank 20"))
    expect(form).to_have_value("title=Bank 20\nyear=20")
    form.fill("title=Old bank\nyear=1920\nplace=20 High Street")
    page.get_by_role("button", name="Save metadata").click()
    expect(rows).to_have_text(["Old bank"])
    settled(page)
    page.get_by_role("button", name="Remove 1 document").click()
    expect(page.get_by_text("Remove Old bank from the collection?")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("1 document removed")).to_be_visible()
    with Searcher.open(library / "listed.pol") as found:
        assert [each.document_id for each in found.collection.documents()] == ["100.txt", "3.txt"]


def test_filters_are_kept_as_a_subcorpus(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK, "&where=genre=river")
    page.get_by_role("button", name="Keep these filters").click()
    page.get_by_label("Name of the subcorpus").fill("riverside")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.wait_for_url(re.compile("where=in%3Driverside"))
    keys_are(page, searcher.occurrences(BANK, 20, where="genre=river"))
    assert searcher.subcorpora() == {"riverside": ("genre=river",)}
    page.get_by_role("button", name="Remove a subcorpus").click()
    page.get_by_role("button", name="Remove riverside").click()
    keys_are(page, searcher.occurrences(BANK, 20))
    assert searcher.subcorpora() == {}


CONTRAST = """(element) => {
  const pixel = document.createElement("canvas").getContext("2d");
  const read = (colours) => { for (const c of colours) { pixel.fillStyle = c; pixel.fillRect(0, 0, 1, 1); }
    return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = (rgb) => rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = [];
  for (let e = element; e; e = e.parentElement) behind.unshift(getComputedStyle(e).backgroundColor);
  const ground = read(["white", ...behind]);
  const text = read([`rgb(${ground})`, getComputedStyle(element).color]);
  const [a, b] = [light(ground), light(text)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_has_a_violation_of_axe(page: Page, address: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found: list[str] = []

    def check(state: str) -> None:
        settled(page)
        page.evaluate(source)
        result = page.evaluate("(rules) => axe.run(document, { runOnly: rules })", AXE_RULES)
        for each in result["violations"]:
            found.append(f"{state}: {each['id']}: {[node['html'][:120] for node in each['nodes'][:2]]}")

    opened(page, address, BANK)
    expect(page.locator(".pol-line .pol-s[data-s]").first).to_be_visible()
    page.get_by_role("button", name="Mark line 1 plus").click()
    expect(page.get_by_text("1 line marked +")).to_be_visible()
    check("lines of a word with a mark")
    page.get_by_role("radio", name="Over time").click()
    expect(page.locator(".pol-time")).to_be_visible()
    check("over time")
    page.get_by_role("radio", name="Collocates").click()
    expect(page.locator(".pol-counts")).to_be_visible()
    check("collocates")
    page.get_by_role("radio", name="Graph").click()
    expect(page.locator(".pol-graph")).to_be_visible()
    check("collocates as a graph")
    words = page.locator(".pol-collocate:visible bdi, .pol-collocate:visible .pol-s:not(:empty), .pol-middle")
    assert min(words.nth(n).evaluate(CONTRAST) for n in range(words.count())) >= 4.5
    page.get_by_role("radio", name="Lines only").click()
    settled(page)
    page.locator(".pol-open").nth(1).click()
    expect(page.locator(".pol-document")).to_be_visible()
    check("document")
    marks = page.locator(".pol-document .pol-node, .pol-document .pol-sentence")
    assert min(marks.nth(n).evaluate(CONTRAST) for n in range(marks.count())) >= 4.5
    opened(page, address, BANK, "&match=any")
    check("any word")
    opened(page, address, "They fished at the bank.")
    check("sentences")
    opened(page, address, "[platypus]")
    check("absent word")
    page.get_by_role("button", name="Documents", exact=True).click()
    expect(page.locator(".pol-documents")).to_be_visible()
    check("documents")
    assert found == [], "\n".join(found)
