"""Compare ways to find the article of a web page: words of the article lost, and words of menus kept.

    python -m benchmarks.quality.articles FOLDER [--pages N] [--worst N]

FOLDER is `test/test-pages` of Mozilla's readability, with `source.html` and `expected.html` for each page. Words are
counted, and their order is not compared. Polyseme itself does not need trafilatura, resiliparse and readability-lxml.
Libraries that are not installed are left out.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import click
from polyseme.indexer.readers.html import html_blocks, html_page

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Tally:
    """Counts of words over all pages."""

    wanted: int = 0
    lost: int = 0
    extra: int = 0
    pages_with_loss: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


def words(text: str) -> Counter[str]:
    """Return the number of each word of a text."""
    return Counter(_WORD.findall(text.lower().replace("\u00ad", "")))


def whole(markup: str) -> str:
    """Return the whole page, as Polyseme reads it with `--whole-page`."""
    return "\n\n".join(html_page(markup, whole=True)[0])


def polyseme(markup: str) -> str:
    """Return what Polyseme keeps of the page."""
    return "\n\n".join(html_page(markup)[0])


def trafilatura(markup: str) -> str:
    """Return trafilatura's text."""
    library = importlib.import_module("trafilatura")
    return str(library.extract(markup, include_comments=False, favor_recall=True) or "")


def resiliparse(markup: str) -> str:
    """Return resiliparse's text."""
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(markup, main_content=True, alt_texts=False))


def readability(markup: str) -> str:
    """Return the text of the element that readability-lxml chooses."""
    library = importlib.import_module("readability")
    return "\n\n".join(html_blocks(library.Document(markup).summary()))


SYSTEMS: dict[str, tuple[str, Callable[[str], str]]] = {
    "whole page": ("", whole),
    "polyseme": ("", polyseme),
    "trafilatura": ("trafilatura", trafilatura),
    "resiliparse": ("resiliparse", resiliparse),
    "readability-lxml": ("readability", readability),
}


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--pages", type=int, default=0, help="Number of pages. The default is all.")
@click.option("--worst", type=int, default=0, help="Number of pages to show for each way, those that lose most first.")
def main(folder: Path, pages: int, worst: int) -> None:
    """Print a table of all ways."""
    cases = [
        ((page.parent / "source.html").read_text("utf-8", "replace"), words(whole(page.read_text("utf-8"))), page)
        for page in sorted(folder.glob("*/expected.html"))[: pages or None]
    ]
    print(f"{len(cases)} pages, {sum(wanted.total() for _, wanted, _ in cases)} words of articles")
    print(f"{'way':24} {'lost':>7} {'%':>6} {'extra':>7} {'%':>6} {'pages losing 5 %':>17} {'s':>6} {'slowest':>8}")
    for name, (module, read) in SYSTEMS.items():
        if module and importlib.util.find_spec(module) is None:
            continue
        report(name, read, cases, worst)


def report(name: str, read: Callable[[str], str], cases: list[tuple[str, Counter[str], Path]], worst: int) -> None:
    """Print the row of one way."""
    tally, rows = Tally(), []
    for markup, wanted, page in cases:
        started = time.process_time()
        try:
            found = words(read(markup))
        except Exception as error:  # a page that a library cannot read is a page lost
            found = Counter()
            print(f"{name}: {page.parent.name}: {type(error).__name__}: {error}")
        seconds = time.process_time() - started
        lost, extra = (wanted - found).total(), (found - wanted).total()
        tally.wanted += wanted.total()
        tally.lost += lost
        tally.extra += extra
        tally.pages_with_loss += lost > wanted.total() / 20
        tally.seconds += seconds
        tally.slowest = max(tally.slowest, seconds)
        rows.append((lost, extra, wanted.total(), page.parent.name))
    label = name
    with suppress(PackageNotFoundError):
        label += f" {version(name)}"
    kept = tally.wanted - tally.lost + tally.extra
    print(
        f"{label:24} {tally.lost:7} {100 * tally.lost / tally.wanted:6.2f} {tally.extra:7} "
        f"{100 * tally.extra / max(1, kept):6.2f} {tally.pages_with_loss:17} {tally.seconds:6.1f} {tally.slowest:8.2f}"
    )
    for lost, extra, total, title in sorted(rows, reverse=True)[:worst]:
        print(f"    {title:40} lost {lost:6} extra {extra:6} of {total:6}")
    if worst:
        print(f"    median lost {median(row[0] for row in rows)}, extra {median(row[1] for row in rows)}")


if __name__ == "__main__":
    main()
