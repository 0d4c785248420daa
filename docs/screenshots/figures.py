"""Draw the figures of docs/guide/statistics.md from the sample documents.

    python docs/screenshots/figures.py [--collection my.pol]

| picture | shows |
|---|---|
| figure_time.png | the senses of *bank* by decade |
| figure_graph.png | the collocates of *charge* around it, with the colours of its senses |
| figure_frequency.png | occurrences of *bank* per million tokens, by genre |

Without `--collection`, the sample documents are indexed first, which takes about a minute.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from polyseme.search.searcher import Searcher

import polyseme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = Path(__file__).parents[2]
DPI = 150
"""Dots per inch of a picture in the guide."""


def graph(searcher: Searcher, word: str) -> Figure:
    """Draw the collocates of a word as a graph, with the colours of its senses."""
    senses = searcher.senses(word)
    found = searcher.collocates(word, left=10, right=10).with_senses(senses.assignments, senses.sense_names())
    return found.plot(figure="graph")


PICTURES: dict[str, Callable[[Searcher], Figure]] = {
    "figure_time": lambda searcher: searcher.timeline(searcher.senses("bank")).plot(),
    "figure_graph": lambda searcher: graph(searcher, "charge"),
    "figure_frequency": lambda searcher: searcher.frequency("bank", by="genre").plot(),
}


def main() -> None:
    """Draw the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path, help="a collection of the sample documents")
    given = parser.parse_args().collection
    with tempfile.TemporaryDirectory() as folder:
        path = given or Path(folder) / "sample.pol"
        if given is None:
            polyseme.build(path, [ROOT / "data" / "documents"])
        with polyseme.open(path) as searcher:
            for name, draw in PICTURES.items():
                out = io.BytesIO()
                draw(searcher).savefig(out, format="png", dpi=DPI)
                (Path(__file__).parent / f"{name}.png").write_bytes(out.getvalue())


if __name__ == "__main__":
    main()
