"""Test of a journalist's task in a real browser: forty files dropped on a page with a password, and a link.

It needs playwright and Chromium. The page has a server of its own, which others may reach.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
import task_texts
from browsers import PATIENCE, address_of, program, serving
from polyseme.search.searcher import Searcher
from polyseme.ui.page import server

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, BrowserContext, Page, expect  # noqa: E402

# A loaded machine may miss a click or the moment of a signal. A fault fails three times.
pytestmark = pytest.mark.flaky(reruns=2)
PASSWORD = "correct horse battery"
DROP = """async (zone, files) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  for (const kind of ["dragenter", "dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""
"""Drops files on an element, as a hand with a mouse would."""


def settled(page: Page) -> None:
    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")


def logged_in(context: BrowserContext, link: str) -> Page:
    """Open a link, and type the password that the page asks for."""
    page = context.new_page()
    page.goto(link)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Open the page").click()
    expect(page.get_by_label("Password", exact=True)).to_have_count(0)
    return page


def test_journalist_drops_forty_files_and_sends_a_link(browser: Browser, tmp_path: Path) -> None:
    program()
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(f'[polyseme]\npassword = "{PASSWORD}"\n')
    made = task_texts.files()
    assert len(made) == 40
    port = server.free_port(server.LOCALHOST, 0)
    with serving(tmp_path / "leak.pol", port, "0.0.0.0", tmp_path) as served:
        address = re.sub(r"//[^:/]+", "//127.0.0.1", address_of(served))
        contexts = [browser.new_context(viewport={"width": 1366, "height": 768}) for _ in range(2)]
        for context in contexts:
            context.set_default_timeout(PATIENCE)
        contexts[0].grant_permissions(["clipboard-read", "clipboard-write"])
        page = logged_in(contexts[0], address)
        expect(page.get_by_role("heading", name="Nothing indexed yet")).to_be_visible()
        zone = page.get_by_test_id("stFileUploaderDropzone")
        zone.evaluate(DROP, [[name, base64.b64encode(content).decode()] for name, content in made.items()])
        expect(page.get_by_text("40 files chosen")).to_be_visible()
        page.get_by_role("button", name="Index into leak.pol").click()
        expect(page.get_by_text("Done: 37 added, 0 replaced, 0 unchanged, 3 skipped")).to_be_visible(
            timeout=3 * PATIENCE
        )
        rows = page.locator(".pol-files tbody tr")
        expect(rows).to_have_count(40)
        # Those with a problem come first. Each has a reason in words, without a path of the server.
        for n in range(3):
            cells = rows.nth(n).locator("td").all_inner_texts()
            assert cells[0] in task_texts.BROKEN
            assert len(cells[5].split()) >= 3, f"{cells[0]} has no reason"
            assert str(tmp_path) not in cells[5]
            assert "Traceback" not in cells[5]
        assert {rows.nth(n).locator("td").first.inner_text() for n in range(3)} == set(task_texts.BROKEN)
        page.get_by_role("button", name="Search this collection").click()
        box = page.get_by_label("A word, a sentence, or one [word] in a sentence")
        box.fill("He denied the [charge] of theft in court.")
        box.press("Enter")
        expect(page.locator(".pol-senses")).to_be_visible()
        settled(page)
        page.locator(".pol-badge").nth(1).click()
        page.wait_for_url(re.compile("sense="))
        settled(page)
        page.get_by_role("button", name="Copy address").click()
        link = str(page.evaluate("navigator.clipboard.readText()"))
        assert link == page.url
        lines = page.locator(".pol-line .pol-text").all_inner_texts()
        assert len(lines) > 3
        there = logged_in(contexts[1], link)
        expect(there.locator(".pol-line .pol-text")).to_have_text([re.sub(r"\s+", " ", line).strip() for line in lines])
        expect(there.locator('.pol-badge[aria-pressed="true"]')).to_have_count(1)
        with Searcher.open(tmp_path / "leak.pol") as searcher:
            assert len(list(searcher.collection.documents())) == 37
        for context in contexts:
            context.close()
