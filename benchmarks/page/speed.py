"""Print how soon the page answers in a browser, and what its server computes meanwhile.

    python -m benchmarks.page.speed COLLECTION [--words 12]

The words are content words of 100 to 1,000 occurrences, drawn at random. Every run draws the same ones. Each word is
typed without a sentence, as most visitors do, after another word. Wall times are those of the browser, from the key or
the click until the new element is painted. CPU times are those of the server's process, until its script has ended.
It needs playwright, and Chromium or Chrome on this machine. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from polyseme.indexer.collection.queries import lemmas_by_frequency
from polyseme.indexer.errors import PolysemeError
from polyseme.search.searcher import Searcher

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FEWEST, MOST = 100, 1000
"""Occurrences of a drawn word."""
PATIENCE = 120_000
"""Time limit of an answer, in milliseconds."""
GOALS = {
    "new word: sign of work": 0.1,
    "new word: first line": 0.3,
    "new word: senses": 0.7,
    "most frequent word: first line": 0.3,
    "most frequent word: senses": 0.8,
    "same word again: senses": 0.15,
    "click on a sense: lines": 0.3,
    "map": 0.3,
    "over time": 0.3,
}
"""Goals of the medians, in seconds."""
GOAL_CPU = 1.0
"""Goal of the server's CPU time for a new word, in seconds."""
# Marks what is shown, waits for what replaces it, and keeps the time of each. A frame after it, it has been painted.
WATCH = """
(wanted) => {
  const shown = document.querySelectorAll(".pol-line, .pol-senses, .pol-map, .st-key-tab .stHtml");
  shown.forEach((e) => { e.dataset.old = "1"; });
  const started = performance.now();
  window.polysemeTimes = {};
  const look = () => {
    for (const [name, selector] of Object.entries(wanted)) {
      if (name in window.polysemeTimes) continue;
      const seen = (e) => e.checkVisibility({ visibilityProperty: true });
      const found = [...document.querySelectorAll(selector)].some(seen);
      if (found) window.polysemeTimes[name] = (performance.now() - started) / 1000;
    }
    if (Object.keys(window.polysemeTimes).length < Object.keys(wanted).length) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""
NEW_LINE = ".pol-line:not([data-old])"
NEW_SENSES = ".pol-senses:not([data-old])"
BUSY = ".pol-busy, .pol-working"


@dataclass
class Times:
    """Seconds of each kind of answer, in the browser and in the server."""

    wall: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


class Visit:
    """A visit of the page, whose answers are timed."""

    def __init__(self, page: Page, server: int, times: Times) -> None:
        self.page, self.server, self.times = page, server, times

    def timed(self, kind: str, wanted: dict[str, str], act: Callable[[], object]) -> None:
        """Act, wait until all wanted elements are there and the server rests, and keep the times."""
        self.page.evaluate(WATCH, wanted)
        before = cpu_seconds(self.server)
        act()
        # The page's policy forbids `wait_for_function`, which evaluates a text.
        for _ in range(PATIENCE // 50):
            if len(self.page.evaluate("window.polysemeTimes")) == len(wanted):
                break
            self.page.wait_for_timeout(50)
        else:
            raise SystemExit(f"speed: {kind}: no answer within {PATIENCE / 1000:.0f} seconds")
        self.rest()
        self.times.cpu[kind].append(cpu_seconds(self.server) - before)
        for name, seconds in self.page.evaluate("window.polysemeTimes").items():
            self.times.wall[f"{kind}: {name}" if name else kind].append(seconds)

    def rest(self) -> None:
        """Wait until the page has answered, and half a second more."""
        self.page.wait_for_selector('.stApp[data-test-script-state="notRunning"]', timeout=PATIENCE)
        self.page.wait_for_timeout(500)

    def type(self, word: str) -> None:
        """Type a word into the search box, and press Enter."""
        box = self.page.get_by_role("textbox", name="A word, a sentence")
        box.fill(word)
        box.press("Enter")

    def ask(self, kind: str, word: str) -> None:
        """Time a typed word until its lines and its senses are there."""
        wanted = {"sign of work": BUSY, "first line": NEW_LINE, "senses": NEW_SENSES}
        self.timed(kind, wanted, lambda: self.type(word))

    def click(self, kind: str, selector: str, wanted: str) -> None:
        """Time a click until the wanted element is there."""
        self.timed(kind, {"": wanted}, lambda: self.page.locator(selector).first.click())

    def tab(self, kind: str, name: str, wanted: str) -> None:
        """Time a click on a tab until its content is there."""
        self.timed(kind, {"": wanted}, lambda: self.page.get_by_role("radio", name=name, exact=True).click())


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds of a process and its children (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    own = sum(int(fields[n]) for n in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return own + sum(cpu_seconds(int(child)) for child in children)


@contextmanager
def serving(collection: Path) -> Iterator[tuple[int, str]]:
    """Run the page's server. Yield its process and its address."""
    command = [sys.executable, "-m", "polyseme", "ui", str(collection), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        address = next((line.split()[3] for line in server.stdout if line.startswith("Polyseme is at ")), None)
        if address is None:
            raise SystemExit("speed: the page did not start")
        try:
            yield server.pid, address
        finally:
            server.send_signal(signal.SIGINT)
            server.stdout.read()


def drawn_words(collection: Path, number: int) -> tuple[list[str], str]:
    """Return words of medium frequency, and the most frequent content word."""
    with Searcher.open(collection) as searcher:
        db = searcher.collection.db
        usual = [word for word in lemmas_by_frequency(db, FEWEST, MOST, 10_000) if word.isalpha()]
        top = [word for word in lemmas_by_frequency(db, 1, 10**9, 50) if word.isalpha() and len(word) > 2]
    return random.Random(1).sample(usual, min(number, len(usual))), top[0]


def measure(collection: Path, words: list[str], frequent: str) -> Times:
    """Open the page, and time every kind of answer."""
    times = Times()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"speed: no browser: none of {', '.join(BROWSERS)} is installed")
    with serving(collection) as (server, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(PATIENCE)
        visit = Visit(page, server, times)
        for _ in range(2):  # the first visit also loads Streamlit's scripts, which the browser then keeps
            page.goto(address)
            page.locator(".pol-top").wait_for()
            visit.rest()
        visit.ask("first word", words[0])
        for word in words[1:]:
            visit.ask("new word", word)
            if page.locator(".pol-badge").count() > 1:  # the only sense of a word has the lines that are shown
                visit.click("click on a sense: lines", ".pol-senses li:last-child .pol-badge", NEW_LINE)
            visit.tab("map", "Map", ".pol-map:not([data-old])")
            visit.tab("over time", "Over time", ".st-key-tab .stHtml:not([data-old])")
            page.get_by_role("radio", name="Lines only", exact=True).click()
            visit.rest()
        for word in words[1:]:
            visit.ask("same word again", word)
        visit.ask("most frequent word", frequent)
        browser.close()
    return times


def print_times(times: Times) -> None:
    """Print a row for each kind of answer."""
    print(f"{'seconds':36}{'median':>8}{'highest':>9}{'goal':>7}{'CPU of the server':>20}")
    for kind, found in times.wall.items():
        cpu = times.cpu.get(kind) or (times.cpu[kind.partition(":")[0]] if kind.endswith(": senses") else None)
        goal = f"{GOALS[kind]:.2f}" if kind in GOALS else ""
        computed = f"{statistics.median(cpu):.2f}" if cpu else ""
        print(f"{kind:36}{statistics.median(found):8.2f}{max(found):9.2f}{goal:>7}{computed:>20}")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Print how soon the page answers in a browser.")
    parser.add_argument("collection", type=Path, help="folder of the collection")
    parser.add_argument("--words", type=int, default=12, help="number of words of medium frequency")
    arguments = parser.parse_args()
    try:
        words, frequent = drawn_words(arguments.collection, arguments.words + 1)
        print(f"{len(words) - 1} words, and the most frequent: {frequent}\n")
        print_times(measure(arguments.collection, words, frequent))
    except PolysemeError as error:
        print(f"speed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
