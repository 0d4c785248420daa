"""Takes docs/screenshots/page.png: the page on the sample collection, in a browser without a window.

    python docs/screenshots/take.py [--collection my.pol] [--query "..."] [--output page.png]

Needs playwright (in the `dev` extra) and Chromium or Chrome on this machine; nothing is downloaded.
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
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUERY = "She sat on the river [bank] and watched the boats."
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Nodes stand in the middle of their lines once the page has loaded its font; in a narrow window the lines wrap.
SETTLED = """() => document.fonts.status === "loaded" && [...document.querySelectorAll(".pol-kwic .pol-run")].every(
  (run) => {
    const [whole, node] = [run.parentElement, run.querySelector(".pol-node")].map((e) => e.getBoundingClientRect());
    const wrapped = getComputedStyle(run).whiteSpace !== "pre";
    return wrapped || Math.abs(whole.left + whole.width / 2 - node.left - node.width / 2) < 1;
  })"""


def main() -> int:
    """Index the sample documents unless a collection is given, start the page, take its picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path)
    parser.add_argument("--query", default=QUERY)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("page.png"))
    parser.add_argument("--size", default="1400x900", help="width and height in pixels")
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        collection = given.collection or sample(Path(folder))
        with serving(collection) as address:
            take(f"{address}/?q={urllib.parse.quote(given.query)}", given.output, (width, height), given.dark)
    print(f"{given.output}: {given.output.stat().st_size:,} bytes", file=sys.stderr)
    return 0


def sample(folder: Path) -> Path:
    """A collection made of the sample documents."""
    from indexer.build import build

    collection = folder / "sample.pol"
    build(collection, [ROOT / "data" / "documents"])
    return collection


@contextmanager
def serving(collection: Path) -> Iterator[str]:
    """The page's address while it is served."""
    code = (
        "import sys; from pathlib import Path; from ui.server import launch; launch(Path(sys.argv[1]), browser=False)"
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


def take(address: str, output: Path, size: tuple[int, int], dark: bool) -> None:
    """The picture of one address, once its hits are there and in place."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"no browser found; install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector(".pol-line", timeout=120_000)
        page.wait_for_selector("[data-testid=stStatusWidget]", state="detached")
        page.wait_for_function(SETTLED)
        page.wait_for_timeout(1000)
        output.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=output)
        browser.close()


if __name__ == "__main__":
    raise SystemExit(main())
