"""Fixtures of the tests in a real browser: one server, one library of small collections, and one browser for all."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsers import PATIENCE, address_of, program, serving
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo.encoder import ElmoEncoder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

RIVER = (
    "She sat on the bank of the river and fished for trout.",
    "Reeds and willows hid the muddy bank where the boat was moored.",
    "They walked along the grassy bank until the stream grew dark.",
    "The flood broke the bank and the water ran over the meadow.",
    "A heron stood on the far bank of the river, waiting for fish.",
)
MONEY = (
    "The bank refused the farmer a loan and kept his money.",
    "His bank charged him interest on the account every month.",
    "She went to the bank with a cheque to pay in her wages.",
    "The manager of the bank lends money to customers with accounts.",
    "Robbers took cash and gold from the vault of the bank.",
)
EVIL = (
    "<script>window.evil = 1</script><img src=x onerror='window.evil = 2'> the bank **bold** $x$ :smile: [a](b)."
    " \u202eright to left\u202c bank \U0001f9d1\u200d\U0001f9d1 bank. " + "w" * 10_000 + " bank ends."
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A folder, and the page's server. The server starts while the collections in the folder are built."""
    program()
    folder = tmp_path_factory.mktemp("library")
    with serving(folder / "banks.pol") as found:
        yield folder, found


@pytest.fixture(scope="session")
def library(server: tuple[Path, subprocess.Popen[str]], default_encoder: ElmoEncoder) -> Path:
    """The folder, with two small collections that were built with the bundled model."""
    folder, _ = server
    documents = [
        Document(f"{genre}/{year}.txt", " ".join((*lines[shift:], *lines[:shift])), _about(genre, year))
        for genre, lines, years in (("river", RIVER, range(1950, 1990, 8)), ("money", MONEY, range(1954, 1994, 8)))
        for shift, year in enumerate(years)
    ]
    evil = Document("evil", EVIL, {"title": "<i>Evil</i> & co", "genre": "odd"})
    build(folder / "banks.pol", [*documents, evil], model=default_encoder)
    other = [Document("other", "Another bank stands here. The bank is old.", {})]
    build(folder / "other.pol", other, model=default_encoder)
    return folder


def _about(genre: str, year: int) -> dict[str, str | int | float]:
    return {"title": f"{genre.title()} of {year}", "year": year, "genre": genre}


@pytest.fixture(scope="session")
def address(library: Path, server: tuple[Path, subprocess.Popen[str]]) -> str:
    return address_of(server[1])


@pytest.fixture(scope="module")  # an open browser keeps an event loop, which tests of other files cannot share
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        # A graphics card in software takes time that the page needs.
        found = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox", "--disable-gpu"])
        sync_api.expect.set_options(timeout=PATIENCE)
        yield found
        found.close()


@pytest.fixture(scope="module")
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """One browser profile for all tests of a file, so that Streamlit's scripts load once. Each tab is another visit.

    It asks for less motion: Streamlit's animations are slow to draw. A file may set `VIEWPORT`, the width and height of
    its windows in pixels.
    """
    width, height = getattr(request.module, "VIEWPORT", (1366, 768))
    found = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    found.grant_permissions(["clipboard-read", "clipboard-write"])
    found.set_default_timeout(PATIENCE)
    yield found
    found.close()


@pytest.fixture
def new_page(context: BrowserContext) -> Iterator[Page]:
    """A tab that the test's own file calls `page`, a name that the tests without a browser use too."""
    found = context.new_page()
    yield found
    found.close()
