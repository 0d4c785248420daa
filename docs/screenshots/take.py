"""Take the pictures of docs/screenshots: the page on the sample collection, in a headless browser.

    python docs/screenshots/take.py [--collection my.pol] [--only NAME]

| picture | shows |
|---|---|
| page.png, dark.png | a word with its senses and lines |
| sentences.png | a sentence, and the sentences of similar meaning |
| map.png | its occurrences as a map |
| time.png | its senses over time |
| graph.png | the collocates of a word as a graph |
| document.png | a line in its document |
| phone.png | a narrow window |

This needs playwright (in the `dev` extra) and an installed Chromium or Chrome. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
BANK = "She sat on the river [bank] and watched the boats."
LOAN = "the bank would lend money to every flooded house"
SPRING = "The [spring] came up through the rock."
CHARGE = "[charge]"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DONE = ".stApp[data-test-script-state=notRunning]"
SENSES = ".st-key-senses .pol-title"
# The page has loaded its font and moved every node to the middle of its line. In a narrow window the lines wrap.
SETTLED = """() => document.fonts.status === "loaded" && [...document.querySelectorAll(".pol-kwic .pol-text")].every(
  (text) => {
    const [whole, node] = [text, text.querySelector(".pol-node")].map((e) => e.getBoundingClientRect());
    const wrapped = getComputedStyle(text).whiteSpace !== "nowrap";
    return wrapped || Math.abs(whole.left + whole.width / 2 - node.left - node.width / 2) < 2;
  })"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: the query, the elements to click after it, and the window."""

    name: str
    query: str
    clicks: tuple[str, ...] = ()
    size: tuple[int, int] = (1400, 900)
    dark: bool = False
    more: str = ""
    """Further parameters of the address, such as `&senses=4`."""
    has_senses: bool = True


PICTURES = (
    Picture("page", BANK),
    Picture("dark", BANK, dark=True),
    Picture("sentences", LOAN, has_senses=False),
    Picture("map", SPRING, ("text=Map",)),
    Picture("time", SPRING, ("text=Over time",)),
    Picture("graph", CHARGE, ("text=Collocates",), more="&view=graph&left=10&right=10"),
    Picture("document", SPRING, ("[data-open='2']",)),
    Picture("phone", BANK, size=(390, 844)),
)


def main() -> int:
    """Index the sample documents unless a collection is given, start the page, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path)
    parser.add_argument("--only", choices=[picture.name for picture in PICTURES])
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"no browser found; install one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with serving(given.collection or sample(Path(folder))) as address:
            for picture in PICTURES:
                if given.only in (None, picture.name):
                    take(browser, address, picture)
        browser.close()
    return 0


def sample(folder: Path) -> Path:
    """Build a collection of the sample documents."""
    from polyseme.indexer.build import build

    collection = folder / "sample.pol"
    build(collection, [ROOT / "data" / "documents"])
    return collection


@contextmanager
def serving(collection: Path) -> Iterator[str]:
    """Serve the page, and yield its address."""
    code = (
        "import sys; from pathlib import Path; from polyseme.ui.page.server import launch\n"
        "launch(Path(sys.argv[1]), browser=False)"
    )
    command = [sys.executable, "-c", code, str(collection)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            address = next((line.split()[3] for line in process.stderr if line.startswith("Polyseme is at ")), None)
            if address is None:
                raise SystemExit("the page did not start")
            yield address
        finally:
            process.send_signal(signal.SIGINT)


def take(browser: Browser, address: str, picture: Picture) -> None:
    """Take one picture, once its lines are visible and in place."""
    context = browser.new_context(
        viewport={"width": picture.size[0], "height": picture.size[1]},
        color_scheme="dark" if picture.dark else "light",
    )
    page = context.new_page()
    page.goto(f"{address}/?q={urllib.parse.quote(picture.query)}{picture.more}")
    page.wait_for_selector(".pol-line", timeout=120_000)
    if picture.has_senses:  # they come after the lines
        page.wait_for_selector(SENSES, timeout=120_000)
    page.wait_for_selector(DONE, timeout=120_000)
    for click in picture.clicks:
        page.click(click)
    page.wait_for_selector(DONE, timeout=120_000)
    page.wait_for_function(SETTLED)
    page.wait_for_timeout(1000)
    output = Path(__file__).with_name(f"{picture.name}.png")
    page.screenshot(path=output)
    context.close()
    print(f"{output}: {output.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
