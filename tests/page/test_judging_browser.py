"""Tests of judging lines in a real browser: annotate, undo, edit senses, filter, examples, entry, and agreement.

They share the server and the browser of `test_browser.py`, and are skipped without playwright and Chromium. What the
page says is compared with what the collection has, which another process reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import browsers
import pytest
from browsers import open_list, parameters, settled
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.search.searcher import Searcher

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect  # noqa: E402

BANK = "[bank]"
LINES = (
    "She sat on the bank of the river and fished for trout in the cold water.",
    "Reeds and willows hid the muddy bank where the small boat was moored.",
    "They walked along the grassy bank until the stream grew dark and cold.",
    "The bank refused the farmer a loan and kept all of his money for years.",
    "His bank charged him interest on the account every month of the year.",
    "She went to the bank with a cheque to pay in her wages for the week.",
)


@pytest.fixture(scope="module")
def searcher(library: Path, default_encoder: ElmoEncoder) -> Iterator[Searcher]:
    texts = [Document(f"{n}.txt", f"{text} {text.lower()}", {"year": 1950 + n}) for n, text in enumerate(LINES)]
    build(library / "judged.pol", texts, model=default_encoder)
    with Searcher.open(library / "judged.pol", default_encoder) as found:
        yield found


@pytest.fixture
def page(new_page: Page, searcher: Searcher) -> Page:
    """A page of a collection in which nothing is judged: what an earlier test has said is undone."""
    for author in (None, "ann", "bob"):
        while searcher.annotation_state() and searcher.undo(author) is not None:
            pass
    return new_page


def opened(page: Page, address: str, query: str, more: str = "") -> Page:
    return browsers.opened(page, address, query, f"&collection=judged.pol{more}")


def keys_are(page: Page, ids: Sequence[int]) -> None:
    """Wait until the lines are these occurrences, in their order."""
    lines = page.locator(".pol-line")
    expect(lines).to_have_count(len(ids))
    page.wait_for_function(
        "(wanted) => [...document.querySelectorAll('.pol-line')].map((e) => e.dataset.key).join() === wanted",
        arg=",".join(map(str, ids)),
    )
    settled(page)


def mark(page: Page, *numbers: int) -> None:
    for number in numbers:
        page.get_by_role("button", name=f"Mark line {number} plus").click()
    expect(page.get_by_text(re.compile(rf"^{len(numbers)} lines? marked \+"))).to_be_visible()
    settled(page)


def test_lines_are_annotated_undone_and_found_again(page: Page, address: str, searcher: Searcher) -> None:
    ids = [hit.occurrence_id for hit in searcher.occurrences(BANK, 100, order="text")]
    opened(page, address, BANK)
    place = "(line) => line.getBoundingClientRect().top + scrollY"
    last = page.locator(".pol-line").last
    before = last.evaluate(place)
    mark(page, 1, 2)
    page.get_by_role("button", name="Annotate", exact=True).click()
    sense = page.get_by_role("combobox", name="Sense", exact=True)
    sense.fill("of a <river>")
    sense.press("Enter")
    page.get_by_role("textbox", name="Label").fill("water")
    page.get_by_role("radio", name="good example").click()
    page.get_by_role("textbox", name="Note").fill("checked\ntwice")
    page.get_by_role("button", name="Save", exact=True).click()
    chips = page.locator(".pol-line").first.locator(".pol-chip")
    expect(chips).to_have_text(["of a <river>", "water", "good", "note"])
    settled(page)
    assert abs(last.evaluate(place) - before) < 400, "the senses panel grows by its menu at most"
    saved = {line.occurrence_id: line.annotations for line in searcher.annotations()}
    assert saved.keys() == set(ids[:2])
    for said in saved.values():
        assert [(each.sense, each.label, each.mark, each.note) for each in said] == [
            ("of a <river>", "water", "good", "checked\ntwice")
        ]
    expect(chips.last).to_have_attribute("title", re.compile("checked\ntwice"))
    page.reload()
    expect(page.locator(".pol-line").nth(1).locator(".pol-chip").first).to_have_text("of a <river>")
    settled(page)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".pol-chip")).to_have_count(0)
    settled(page)
    assert searcher.annotations() == []
    page.get_by_role("button", name="Redo", exact=True).click()
    expect(page.locator(".pol-line .pol-chip")).to_have_count(8)


def test_lines_are_annotated_by_keys_alone(page: Page, address: str, searcher: Searcher) -> None:
    hits = searcher.occurrences(BANK, 100, order="text")
    opened(page, address, BANK)
    page.locator(".pol-line .pol-text").nth(2).focus()
    page.keyboard.press("g")
    sense = page.get_by_role("combobox", name="Sense", exact=True)
    expect(sense).to_be_focused()
    page.keyboard.type("shore")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    label = page.get_by_role("textbox", name="Label")
    label.focus()
    page.keyboard.type("wet")
    page.keyboard.press("Enter")
    expect(page.locator(".pol-line").nth(2).locator(".pol-chip")).to_have_text(["shore", "wet"])
    settled(page)
    (line,) = searcher.annotations()
    assert line.occurrence_id == hits[2].occurrence_id
    page.locator(".pol-line .pol-text").nth(2).focus()
    page.keyboard.press("u")
    expect(page.locator(".pol-chip")).to_have_count(0)
    settled(page)
    assert searcher.annotations() == []


def test_a_judgement_waits_for_nobody_and_says_why(page: Page, address: str, searcher: Searcher) -> None:
    opened(page, address, BANK)
    mark(page, 1)
    page.get_by_role("button", name="Annotate", exact=True).click()
    page.get_by_role("textbox", name="Label").fill("late")
    with searcher.collection.writing():
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".stAlert")).to_contain_text("is being written by another process")
    settled(page)
    assert page.locator(".stException").count() == 0
    assert searcher.annotations() == []


def test_edited_senses_are_renamed_described_merged_and_forgotten(page: Page, address: str, searcher: Searcher) -> None:
    ids = [hit.occurrence_id for hit in searcher.occurrences(BANK, 100, order="text")]
    searcher.annotate(ids[:3], sense="shore", author="ann")
    searcher.annotate(ids[-3:], sense="lender", author="ann")
    searcher.annotate(ids[3:4], sense="slope", author="ann")
    searcher.annotate(ids[:2], sense="lender", author="bob")
    opened(page, address, BANK)
    rows = page.locator(".pol-senses .pol-labels")
    expect(rows.filter(has_text="shore")).to_have_count(1)
    expect(rows.filter(has_text="lender")).to_have_count(1)
    alpha = searcher.agreement("bank").alpha
    expect(page.locator(".pol-agreement")).to_contain_text(f"alpha {alpha:.2f}")
    page.get_by_role("button", name="slope 1").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("hillside")
    page.get_by_role("textbox", name="Definition").fill("ground that <slopes>")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(rows.filter(has_text="hillside")).to_contain_text("ground that <slopes>")
    settled(page)
    page.get_by_role("button", name="hillside 1").click()
    open_list(page, "Give its lines to")
    page.get_by_role("option", name="shore").click()
    page.get_by_role("button", name="Merge").click()
    expect(rows.filter(has_text="hillside")).to_have_count(0)
    settled(page)
    judged = {sense.name: sense.lines for sense in searcher.judged_senses("bank")}
    assert ids[3] in judged["shore"]
    inventory = searcher.senses("bank", known=searcher.judged_senses("bank"))
    (number,) = (sense.number for sense in inventory.senses if sense.name == "shore")
    assert all(inventory.assignments[key] == number for key in judged["shore"])
    shown = page.locator(f'.pol-line[data-key="{ids[3]}"] > .pol-s')
    expect(shown).to_have_text(str(number))
    page.get_by_role("button", name=re.compile("^lender")).click()
    page.get_by_text("Forget this sense").click()
    page.get_by_role("button", name="Forget", exact=True).click()
    expect(rows.filter(has_text="lender")).to_have_count(0)
    settled(page)
    assert [sense.name for sense in searcher.judged_senses("bank")] == ["shore"]
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(rows.filter(has_text="lender")).to_have_count(1)


def test_lines_are_filtered_by_annotation_and_listed_as_examples(page: Page, address: str, searcher: Searcher) -> None:
    ids = [hit.occurrence_id for hit in searcher.occurrences(BANK, 100, order="text")]
    searcher.annotate(ids[1:4], label="wet", mark="good", author="ann")
    searcher.annotate(ids[5:6], label="dry", mark="bad", author="bob")
    opened(page, address, BANK)
    open_list(page, "Label")
    page.get_by_role("option", name="wet (3)").click()
    page.wait_for_url(re.compile(r"where=annotation\.label%3Dwet"))
    keys_are(page, ids[1:4])
    page.keyboard.press("Escape")  # the list stays open, and hides the rest of the page from roles
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="JSONL").click()
    rows = [json.loads(line) for line in Path(saved.value.path()).read_text(encoding="utf-8").splitlines()]
    assert [row["annotations"]["label"] for row in rows] == [["wet"]] * 3
    opened(page, address, BANK, "&sort=examples&k=50")
    judged = searcher.occurrences(BANK, 100, order="text")  # with the marks, which come first or last
    wanted = [each.hit.occurrence_id for each in searcher.by_examples(judged)]
    keys_are(page, wanted)
    assert set(wanted[:3]) == set(ids[1:4])
    assert wanted[-1] == ids[5]
    expect(page.locator(".pol-found")).to_contain_text("good examples first")
    page.get_by_role("button", name="Three examples of each sense").click()
    chosen = {one.hit.occurrence_id for each in searcher.good_examples("bank").values() for one in each}
    keys_are(page, [key for key in wanted if key in chosen])
    page.get_by_role("button", name="Ask me ten lines").click()
    asked = {hit.occurrence_id for hit in searcher.to_judge("bank")}
    keys_are(page, [key for key in wanted if key in asked])


def test_chosen_filter_stays_while_its_number_of_lines_grows(page: Page, address: str, searcher: Searcher) -> None:
    ids = [hit.occurrence_id for hit in searcher.occurrences(BANK, 100, order="text")]
    searcher.annotate(ids[:2], label="wet")
    opened(page, address, BANK)
    open_list(page, "Label")
    page.get_by_role("option", name="wet (2)").click()
    keys_are(page, ids[:2])
    page.keyboard.press("Escape")
    searcher.annotate(ids[2:3], label="wet")
    page.get_by_role("radio", name="Map").click()
    keys_are(page, ids[:3])
    expect(page.get_by_text("wet (3)")).to_be_visible()
    page.get_by_role("radio", name="Lines only").click()
    keys_are(page, ids[:3])
    assert parameters(page)["where"] == ["annotation.label=wet"]


def test_entry_is_downloaded_in_every_format(page: Page, address: str) -> None:
    opened(page, address, BANK)
    page.get_by_role("button", name="Entry", exact=True).click()
    starts = {
        "Markdown": b"# bank",
        "Word (DOCX)": b"PK",
        "HTML": b"<!DOCTYPE",
        "JSON": b"{",
        "LMF": b"<?xml",
        "TEI Lex-0": b"<?xml",
    }
    for name, start in starts.items():
        with page.expect_download() as saved:
            page.get_by_role("button", name=name, exact=True).click()
        content = Path(saved.value.path()).read_bytes()
        assert content[: len(start)].upper() == start.upper()
        assert b"bank" in content or name == "Word (DOCX)"
