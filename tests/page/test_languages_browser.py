"""Tests of the page's languages in a real browser. They are skipped without playwright and Chromium."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from browsers import PATIENCE, choose, settled

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)
QUESTION = urllib.parse.quote("She sat on the river [bank] and fished.")
CUT = """(all) => {
  const cut = (e) => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth + 1;
  return all.filter(cut).map((e) => e.value || e.textContent);
}"""
"""Returns the texts of the elements that do not fit."""


@contextmanager
def visit(browser: Browser, locale: str, address: str, width: int = 1300) -> Iterator[Page]:
    context = browser.new_context(locale=locale, viewport={"width": width, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".pol-lines").first).to_be_visible()
    settled(page)
    yield page
    context.close()


@pytest.mark.parametrize(
    ("locale", "code", "found", "copy", "copied", "skip"),
    [
        ("de-AT", "de", "Vorkommen", "Adresse kopieren", "Kopiert: ", "Zu den Zeilen springen"),
        ("fr-CA", "fr", "occurrences de", "Copier l’adresse", "Copiée", "Aller aux lignes"),
        ("es-MX", "es", "apariciones", "Copiar la dirección", "Copiada: ", "Ir a las líneas"),
        ("ja-JP", "en", "occurrences of", "Copy address", "Copied: ", "Skip to the lines"),
    ],
)
def test_browser_chooses_the_language(
    browser: Browser, address: str, locale: str, code: str, found: str, copy: str, copied: str, skip: str
) -> None:
    with visit(browser, locale, f"{address}/?q={QUESTION}") as page:
        expect(page.locator("html")).to_have_attribute("lang", code)
        expect(page.locator(".pol-line .pol-text").first).to_have_attribute("lang", "en")
        expect(page.locator(".pol-found")).to_contain_text(found)
        expect(page.locator(".pol-skip")).to_have_text(skip)
        page.get_by_role("button", name=copy).click()
        expect(page.locator(".pol-copy")).to_contain_text(copied)
        expect(page.locator(".pol-copy")).to_have_text(copy)
        assert "language" not in page.url


def test_another_language_keeps_what_was_chosen(browser: Browser, address: str) -> None:
    """A list of choices holds texts in the browser. Those of the old language must not come back as answers."""
    with visit(browser, "en-US", f"{address}/?q={QUESTION}&tab=time") as page:
        choose(page, "Order", "Order: date")
        expect(page).to_have_url(re.compile("sort=date"))
        choose(page, "Lines per page", "50 lines per page")
        expect(page).to_have_url(re.compile("k=50"))
        page.locator(".pol-line [data-mark='1']").nth(1).click()
        expect(page.locator(".st-key-marked")).to_be_visible()
        choose(page, "Language", "Deutsch")
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.get_by_role("combobox", name="Reihenfolge")).to_have_value("Reihenfolge: Datum")
        expect(page.get_by_role("combobox", name="Zeilen je Seite")).to_have_value("50 Zeilen je Seite")
        mark = page.get_by_role("button", name="Zeile 2 mit Plus markieren")
        expect(mark).to_have_attribute("aria-pressed", "true")
        choose(page, "Reihenfolge", "Reihenfolge: Dokument")
        expect(page).to_have_url(re.compile("sort=document"))
        choose(page, "Jahre je Zeitraum", "10")
        expect(page).to_have_url(re.compile("period=10"))
        for part in ("sort=document", "k=50", "language=de", "plus="):
            expect(page).to_have_url(re.compile(part))
        page.go_back()
        page.go_back()
        expect(page.get_by_role("combobox", name="Reihenfolge")).to_have_value("Reihenfolge: Datum")
        choose(page, "Sprache", "English")
        expect(page.get_by_role("combobox", name="Order")).to_have_value("Order: date")
        expect(page).not_to_have_url(re.compile("language"))


@pytest.mark.parametrize("locale", ["de-DE", "es-ES", "fr-FR"])
def test_longer_words_fit(browser: Browser, address: str, locale: str) -> None:
    parts = ".st-key-choices button, .st-key-above button, .st-key-marked button, .st-key-choices input"
    for question in (QUESTION, "They+walked+along+the+river.&group=1", "The+bank+lends+money.&by=document"):
        with visit(browser, locale, f"{address}/?q={question}") as page:
            assert page.locator(parts).evaluate_all(CUT) == []
            page.locator("[data-mark='1']").first.click()
            bar, side = page.locator(".st-key-marked"), page.locator('[data-testid="stSidebar"]')
            expect(bar).to_be_visible()
            edges = [element.evaluate("(e) => e.getBoundingClientRect()") for element in (side, bar)]
            assert edges[0]["right"] <= edges[1]["left"]
    with visit(browser, locale, f"{address}/?q={QUESTION}", width=400) as page:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
