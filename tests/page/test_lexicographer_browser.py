"""Test of a lexicographer's task in a real browser: the entry of *charge*, from the first search to the file.

It needs playwright and Chromium. The page has a server of its own, which is started again in the middle.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import pytest
import task_texts
from browsers import PATIENCE, address_of, program, serving
from polyseme.indexer.build import build
from polyseme.search.searcher import Searcher
from polyseme.ui.page import server

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

# A loaded machine may miss a click or the moment of a signal. A fault fails three times.
pytestmark = pytest.mark.flaky(reruns=2)
GIVEN = {"fee": task_texts.FEE, "crime": task_texts.CRIME, "power": task_texts.POWER, "attack": task_texts.ATTACK}
"""The senses as a person sees them, with their lines."""
FINAL = {
    "price": "Money that is asked for a service.",
    "accusation": "A claim by the law that a person has done wrong.",
    "electricity": "The electricity that a thing holds.",
    "attack": "A rush of soldiers at an enemy.",
}
"""The names and the definitions that the senses get at last, in the same order."""


def settled(page: Page) -> None:
    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")


def opened(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=%5Bcharge%5D&k=50")
    expect(page.locator(".pol-senses")).to_be_visible()
    settled(page)


def given(page: Page, name: str, is_new: bool, button: str) -> None:
    """Give lines a sense, a new one or a known one. The button opens the form of the marked lines or of all lines."""
    page.get_by_role("button", name=button, exact=True).click()
    sense = page.get_by_role("combobox", name="Sense", exact=True)
    sense.fill(name)
    if is_new:
        sense.press("Enter")
    else:
        page.get_by_role("option", name=name, exact=True).click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(sense).to_have_count(0)
    settled(page)


def exported(page: Page, name: str) -> bytes:
    with page.expect_download() as saved:
        page.get_by_role("button", name=name, exact=True).click()
    return bytes(saved.value.path().read_bytes())


def test_lexicographer_writes_the_entry_of_charge(browser: Browser, tmp_path: Path) -> None:
    import docx

    program()
    collection = tmp_path / "charges.pol"
    build(collection, task_texts.charges())
    context = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    with serving(collection, server.free_port(server.LOCALHOST, 0)) as first, Searcher.open(collection) as searcher:
        opened(page, address_of(first))
        _correct(page, searcher)
        _describe(page)
        _choose_examples(page, searcher)
        page.get_by_role("button", name="Entry", exact=True).click()
        _check_entry(exported(page, "Markdown").decode())
        parts = docx.Document(io.BytesIO(exported(page, "Word (DOCX)"))).paragraphs
        written = "\n".join(part.text for part in parts)
        assert all(name in written and text in written for name, text in FINAL.items())
    with serving(collection, server.free_port(server.LOCALHOST, 0)) as again:
        opened(page, address_of(again))
        rows = page.locator(".pol-senses .pol-labels")
        for name, text in FINAL.items():
            expect(rows.filter(has_text=name).filter(has_text=text)).to_have_count(1)
        expect(page.locator('.pol-line .pol-chip[data-kind="mark"]')).to_have_count(12)
        page.get_by_role("button", name="Entry", exact=True).click()
        _check_entry(exported(page, "Markdown").decode())
    context.close()


def _correct(page: Page, searcher: Searcher) -> None:
    """Name the groups of lines that the page has found, and then move the lines that are in a wrong one."""
    lines = {hit.occurrence_id: hit.sentence for hit in searcher.occurrences("[charge]", 100)}
    wanted = {key: next(name for name, every in GIVEN.items() if lines[key] in every) for key in lines}
    while unjudged := lines.keys() - _judged(searcher).keys():
        # The other lines are grouped again after each judgement.
        numbers = searcher.senses("charge", known=searcher.judged_senses("charge")).assignments
        number = numbers[min(unjudged)]
        page.locator(f'.pol-badge[data-sense="{number or 0}"]').click()
        page.wait_for_url(re.compile(r"sense=\d"))
        group = [key for key, own in numbers.items() if own == number]
        expect(page.locator(".pol-line")).to_have_count(len(group))
        settled(page)
        name = Counter(wanted[key] for key in group).most_common(1)[0][0]
        button = "Annotate all lines" if len(group) > 1 else "Annotate the line"
        given(page, name, name not in _judged(searcher).values(), button)
        page.get_by_role("button", name="Show all lines").click()
        page.wait_for_url(re.compile(r"^(?!.*&sense=).*$"))
        settled(page)
    judged = _judged(searcher)
    wrong = [key for key in lines if judged[key] != wanted[key]]
    assert wrong, "no line was in a wrong group, so none is moved"
    for name in dict.fromkeys(wanted[key] for key in wrong):
        keys = [key for key in wrong if wanted[key] == name]
        for key in keys:
            plus = page.locator(f'[data-mark="1"][data-key="{key}"]')
            plus.click()
            expect(plus).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_text(re.compile(rf"^{len(keys)} lines? marked \+"))).to_be_visible()
        settled(page)
        given(page, name, name not in judged.values(), "Annotate")
    assert _judged(searcher) == wanted


def _judged(searcher: Searcher) -> dict[int, str]:
    return {key: sense.name for sense in searcher.judged_senses("charge") for key in sense.lines}


def _describe(page: Page) -> None:
    """Rename the senses and write their definitions."""
    rows = page.locator(".pol-senses .pol-labels")
    for old, (name, text) in zip(GIVEN, FINAL.items(), strict=True):
        page.locator(".st-key-edited").get_by_role("button", name=re.compile(rf"^{old} \d+$")).click()
        page.get_by_role("textbox", name="Name", exact=True).fill(name)
        page.get_by_role("textbox", name="Definition").fill(text)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(rows.filter(has_text=name).filter(has_text=text)).to_have_count(1)
        settled(page)


def _choose_examples(page: Page, searcher: Searcher) -> None:
    """Mark three lines of each sense as good examples, those that the page offers."""
    page.get_by_role("button", name="Three examples of each sense").click()
    expect(page.locator(".pol-line")).to_have_count(12)
    expect(page.locator(".pol-line").first).to_be_in_viewport()
    settled(page)
    page.get_by_role("button", name="Annotate all lines").click()
    page.get_by_role("radio", name="good example").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator('.pol-line .pol-chip[data-kind="mark"]')).to_have_count(12)
    settled(page)
    good = {line.occurrence_id for line in searcher.annotations() if any(each.mark for each in line.annotations)}
    by_sense = {sense.name: len(good & set(sense.lines)) for sense in searcher.judged_senses("charge")}
    assert by_sense == dict.fromkeys(FINAL, 3)


def _check_entry(text: str) -> None:
    """Check that an entry has each sense with its definition, and three of its own lines."""
    assert text.startswith("# charge")
    for name, lines in zip(FINAL, GIVEN.values(), strict=True):
        assert name in text
        assert FINAL[name] in text
        plain = text.replace("**", "").replace("*", "").replace("_", "")
        assert sum(line in plain for line in lines) >= 3, name
