"""Hundreds of chosen and marked lines in a real browser: the address stays short, and opens after a restart.

It needs playwright, and Chromium or Chrome on this machine, and is skipped without them.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from browsers import address_of, parameters, serving, settled
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.search.searcher import Searcher

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, BrowserContext, Page, expect  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)
QUERY = "The [bank] closed."
LONGEST_ADDRESS = 2000
"""What every mail program, browser, server and proxy takes, in characters."""


def _visit(browser: Browser, address: str) -> tuple[BrowserContext, Page]:
    context = browser.new_context(viewport={"width": 1300, "height": 1500}, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".pol-lines").first).to_be_visible()
    settled(page)
    return context, page


def _documents(page: Page) -> list[str]:
    return page.locator(".pol-line .pol-open bdi").all_inner_texts()


def _marked(page: Page) -> set[int]:
    found = page.locator('[data-mark="1"][aria-pressed="true"]')
    return {int(key) for key in found.evaluate_all("(all) => all.map((each) => each.dataset.key)")}


def _copied(page: Page) -> str:
    page.get_by_role("button", name="Copy address").click()
    expect(page.get_by_role("button", name="Copied: it opens on this machine only")).to_be_visible()
    text = str(page.evaluate("navigator.clipboard.readText()"))
    assert text == page.url
    assert len(text) < LONGEST_ADDRESS
    return text


def test_many_lines_are_kept_under_a_short_name(browser: Browser, tmp_path: Path, tiny_folder: Path) -> None:
    path = tmp_path / "many.pol"
    documents = [Document(f"d{n:03}", f"The bank number {n} closed. Nobody came.", {"n": n}) for n in range(200)]
    build(path, documents, model=str(tiny_folder))
    with Searcher.open(path) as searcher:
        keys = sorted(hit.occurrence_id for hit in searcher.occurrences(QUERY, 1000))
    marks = "-".join(map(str, keys[:180]))
    with serving(path) as server:
        here = address_of(server)
        context, page = _visit(browser, f"{here}/?q={quote(QUERY)}&tab=map&k=1000&plus={marks}")
        expect(page).to_have_url(re.compile("&marks=[a-z2-7]{10}"))  # written without a new entry of the history
        assert "plus" not in parameters(page)
        dots = page.locator(".pol-dot")
        expect(dots.first).to_be_visible()
        page.wait_for_timeout(500)  # the page scrolls to the answer, and then stays
        box = page.locator(".pol-map").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 1, box["y"] + 1)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] - 2, steps=8)
        page.mouse.up()
        expect(page).to_have_url(re.compile("selection=[a-z2-7]{10}"))
        settled(page)
        assert "lines" not in parameters(page)
        shown = _documents(page)
        assert 100 < len(shown) < 200
        expect(page.locator(".pol-dot[data-in]")).to_have_count(len(shown))
        names = {name: parameters(page)[name] for name in ("selection", "marks")}
        pressed = _marked(page)
        # Two clicks write nothing. The address has them beside the name.
        buttons = page.locator('[data-mark="1"][aria-pressed="true"]')
        cleared = int(str(buttons.first.get_attribute("data-key")))
        buttons.first.click()
        expect(page).to_have_url(re.compile(f"cleared={cleared}(&|$)"))
        settled(page)
        assert {name: parameters(page)[name] for name in names} == names
        copied = _copied(page)
        page.go_back()
        expect(page.locator(".pol-line")).to_have_count(200)
        assert "selection" not in parameters(page)
        page.go_forward()
        expect(page.locator(".pol-line")).to_have_count(len(shown))
        settled(page)
        assert parameters(page)["selection"] == names["selection"]
        context.close()
    with serving(path) as server:
        there = urlsplit(copied)._replace(netloc=urlsplit(address_of(server)).netloc).geturl()
        context, page = _visit(browser, there)
        expect(page.locator(".pol-line")).to_have_count(len(shown))
        expect(page.locator(f'[data-mark="1"][data-key="{cleared}"]')).to_have_attribute("aria-pressed", "false")
        assert _documents(page) == shown
        assert _marked(page) == pressed - {cleared}
        expect(page.locator(".stAlert")).to_have_count(0)
        assert _copied(page) == there
        context.close()
        context, page = _visit(browser, there.replace(names["selection"][0], "abcdefghij"))
        expect(page.locator(".stAlert")).to_contain_text("the address has abcdefghij in the place of lines")
        expect(page.locator(".pol-line")).to_have_count(200)
        context.close()
