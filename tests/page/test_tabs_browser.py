"""Tests of the tabs' files and clicks in a real browser. They are skipped without playwright and Chromium."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from browsers import opened
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.search.searcher import Searcher

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)


@pytest.fixture
def page(new_page: Page) -> Page:
    return new_page


def test_historian_gets_figure_and_numbers_from_a_link(
    page: Page, address: str, library: Path, default_encoder: ElmoEncoder
) -> None:
    page.goto(f"{address}/?q=%5Bbank%5D&tab=time&measure=per-million&smooth=3&period=10&figure=1")
    expect(page.locator("img.pol-figure")).to_be_visible()
    assert page.locator("img.pol-figure").evaluate("(image) => image.naturalWidth") > 1000
    with page.expect_download() as svg:
        page.get_by_role("button", name="SVG").click()
    content = svg.value.path().read_text(encoding="utf-8")
    assert svg.value.suggested_filename == "polyseme-bank-time.svg"
    assert "occurrences per million tokens" in content
    assert "weighted moving averages over 3 periods" in content
    with page.expect_download() as numbers:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(numbers.value.path().read_text(encoding="utf-8-sig"))))
    with Searcher.open(library / "banks.pol", default_encoder) as searcher:
        found = searcher.timeline(searcher.senses("bank"), "year", 10)
    names = ("from", "count", "per_million", "per_million_low", "per_million_high")
    wanted = [["" if row[name] is None else str(row[name]) for name in names] for row in found.rows(3)]
    assert [[row[name] for name in names] for row in rows] == wanted
    assert {row["citation"] for row in rows} == {str(found.cited)}


def test_click_on_a_collocate_shows_its_lines(page: Page, address: str) -> None:
    opened(page, address, "[bank]", "&tab=words&left=0&right=4")
    page.locator("[data-collocate]").filter(has_text="river").click()
    expect(page.locator(".pol-found")).to_contain_text("10 ")
    expect(page.locator(".pol-line").first).to_contain_text("river")
    expect(page).to_have_url(re.compile("lines="))
    expect(page).to_have_url(re.compile("tab=words"))
