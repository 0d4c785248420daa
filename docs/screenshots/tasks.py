"""Take the pictures of the tasks in docs/guide/page.md, light and dark, in a headless browser.

    python docs/screenshots/tasks.py [--only NAME]

| picture | shows |
|---|---|
| task_entry | the senses of *charge*, edited by hand, with names and definitions |
| task_time | *cell* over time from 1950 |
| task_words | other words for the *charge* of a sentence |
| task_files | what became of forty files, of which three cannot be read |
| task_phone | the lines of a sense on a phone |

Each picture has a second one for dark screens, such as `task_time_dark.png`. The texts are those of the tests.
Needs are those of `take.py`. Pillow, which matplotlib brings, makes the files small.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from take import BROWSERS, DONE, ROOT, SENSES, SETTLED, serving

sys.path.insert(0, str(ROOT / "tests"))
import task_texts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LAPTOP, PHONE = (1366, 768), (390, 844)
COLOURS = 128
"""Number of colours of a picture. Text stays sharp with them."""
DEFINITIONS = {
    "price": (task_texts.FEE, "Money that is asked for a service."),
    "accusation": (task_texts.CRIME, "A claim by the law that a person has done wrong."),
    "electricity": (task_texts.POWER, "The electricity that a thing holds."),
    "attack": (task_texts.ATTACK, "A rush of soldiers at an enemy."),
}


@dataclass(frozen=True, slots=True)
class Task:
    """A picture: the parameters of the address, what to do after it, and the window."""

    name: str
    address: str
    act: Callable[[Page], None]
    size: tuple[int, int] = LAPTOP


def show_entry(page: Page) -> None:
    """Wait for the senses."""
    page.wait_for_selector(SENSES)


def show_time(page: Page) -> None:
    """Show the rates of each decade."""
    page.wait_for_selector(SENSES)
    page.get_by_role("radio", name="Over time").click()
    page.wait_for_selector(".pol-time")
    page.get_by_role("radio", name="per million tokens").click()


def show_words(page: Page) -> None:
    """Click a word of the sentence, and ask for other words in its sense."""
    page.wait_for_selector(".pol-line")
    page.locator(".st-key-words").get_by_role("button", name="charge", exact=True).click()
    page.wait_for_selector(SENSES)
    page.wait_for_selector(DONE)
    page.get_by_role("button", name="Other words in this sense").click()
    page.wait_for_selector(".pol-word")


def show_files(page: Page) -> None:
    """Add forty files, and wait until they are indexed."""
    page.wait_for_selector("input[type=file]", state="attached")
    sent = [{"name": name, "mimeType": "", "buffer": content} for name, content in task_texts.files().items()]
    page.locator("input[type=file]").set_input_files(sent)  # type: ignore[arg-type]
    page.get_by_role("button", name="Index into").click()
    page.wait_for_selector(".pol-files", timeout=240_000)


def show_phone(page: Page) -> None:
    """Choose a sense."""
    page.wait_for_selector(SENSES)
    page.locator('.pol-badge[data-sense="3"]').click()


TASKS = (
    Task("task_entry", "collection=edited.pol&q=%5Bcharge%5D", show_entry),
    Task("task_time", "collection=cells.pol&q=%5Bcell%5D&where=year=1950..", show_time),
    Task("task_words", "collection=charges.pol&q=He+denied+the+charge+of+theft+in+court.", show_words),
    Task("task_phone", "collection=charges.pol&q=%5Bcharge%5D", show_phone, PHONE),
)
FILES = Task("task_files", "", show_files)


def main() -> int:
    """Build the collections, start the page, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[task.name for task in (*TASKS, FILES)])
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"no browser found; install one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        build_collections(Path(folder))
        with serving(Path(folder) / "charges.pol") as address:
            for task in TASKS:
                for dark in (False, True):
                    if given.only in (None, task.name):
                        take_task(browser, address, task, dark)
        for dark in (False, True):
            if given.only in (None, FILES.name):
                with serving(Path(folder) / ("dark" if dark else "light") / "leak.pol") as address:
                    take_task(browser, address, FILES, dark)
        browser.close()
    return 0


def build_collections(folder: Path) -> None:
    """Build the collections of the tasks. The senses of one are edited."""
    from polyseme.indexer.build import build
    from polyseme.search.searcher import Searcher

    build(folder / "cells.pol", task_texts.cells())
    for name in ("charges.pol", "edited.pol"):
        build(folder / name, task_texts.charges())
    with Searcher.open(folder / "edited.pol") as searcher:
        hits = searcher.occurrences("[charge]", 100)
        for name, (lines, definition) in DEFINITIONS.items():
            searcher.annotate([hit.occurrence_id for hit in hits if hit.sentence in lines], sense=name)
            searcher.edit_sense("charge", name, None, definition)
        chosen = [one.hit.occurrence_id for each in searcher.good_examples("charge").values() for one in each]
        searcher.annotate(chosen, mark="good")


def take_task(browser: Browser, address: str, task: Task, dark: bool) -> None:
    """Do a task, and take its picture once the page is at rest."""
    context = browser.new_context(
        viewport={"width": task.size[0], "height": task.size[1]}, color_scheme="dark" if dark else "light"
    )
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(f"{address}/?{task.address}")
    page.wait_for_selector(".pol-top")
    page.wait_for_timeout(1000)
    page.wait_for_selector(DONE)
    task.act(page)
    page.wait_for_timeout(500)
    page.wait_for_selector(DONE)
    page.wait_for_function(SETTLED)
    page.wait_for_timeout(1000)
    output = Path(__file__).with_name(f"{task.name}{'_dark' if dark else ''}.png")
    page.screenshot(path=output)
    context.close()
    shrink(output)
    print(f"{output}: {output.stat().st_size:,} bytes", file=sys.stderr)


def shrink(path: Path) -> None:
    """Write a picture again with few colours."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    raise SystemExit(main())
