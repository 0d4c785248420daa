"""Print and plot how the cost of indexing and searching grows: collections of 1, 10 and 100 times N words.

    python -m benchmarks.search.scale [CORPUS] [--words N] [--times 1,10,100] [--work FOLDER] [--plot FILE.svg]
                                      [--json FILE]

CORPUS is a folder of texts `NAME.txt.xz` with one paragraph or sentence a line, by default `shared/corpus` beside the
repository. Each collection is built from the first words of the corpus with the bundled model, in a fresh process.
Searches run on one thread.

The last column extrapolates to a hundred million occurrences. Time and space follow a + b n, fitted by non-negative
least squares. The constant is needed because fixed costs dominate at the smallest size. Latencies continue the growth
between the last two sizes. The slope is that of the line through the logarithms of the last two sizes. A slope of 1
means growth in proportion to the collection, and 0 means no growth.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from polyseme.indexer.elmo import Precision
from polyseme.search.figures.style import check_figure_file

from benchmarks.lib.corpus import index_corpus
from benchmarks.lib.fresh_process import in_fresh_process
from benchmarks.lib.paths import CORPUS
from benchmarks.search.measures import any_word, disk, memory, queries_of, same_word, sentences

TARGET = 100_000_000
"""Number of occurrences to which the table extrapolates."""


@dataclass(frozen=True, slots=True)
class Size:
    """Cost of a collection of one size (seconds, bytes), and its latencies (milliseconds)."""

    precision: str
    occurrences: int
    sentences: int
    seconds: float
    cpu: float
    other_cpu: float  # part of `cpu` outside the encoder
    peak: float
    on_disk: float
    served: float  # anonymous memory after every kind of search
    same_word_p50: float
    same_word_p99: float
    any_word_p50: float
    any_word_p99: float
    sentences_p50: float
    sentences_p99: float


COLUMNS = {
    "seconds": "indexing, wall s",
    "cpu": "indexing, CPU s",
    "other_cpu": "of it outside the encoder",
    "peak": "peak memory of indexing, MiB",
    "on_disk": "on disk, MiB",
    "served": "memory of searching, MiB",
    "same_word_p50": "same word, p50 ms",
    "same_word_p99": "same word, p99 ms",
    "any_word_p50": "any word, p50 ms",
    "any_word_p99": "any word, p99 ms",
    "sentences_p50": "sentences, p50 ms",
    "sentences_p99": "sentences, p99 ms",
}
_MIB = ("peak", "on_disk", "served")
_LATENCIES = ("same_word_p50", "same_word_p99", "any_word_p50", "any_word_p99", "sentences_p50", "sentences_p99")


def measured(corpus: Path, path: Path, words: int, precision: str) -> Size:
    """Index this number of words and measure the collection."""
    built = in_fresh_process(index_corpus, corpus, path, words, precision)
    queries = in_fresh_process(queries_of, path)
    same, found, whole = (
        in_fresh_process(same_word, path),
        in_fresh_process(any_word, path),
        in_fresh_process(sentences, path),
    )
    return Size(
        precision=precision,
        occurrences=built.occurrences,
        sentences=built.sentences,
        seconds=built.seconds,
        cpu=built.cpu,
        other_cpu=built.cpu - built.encoder_cpu,
        peak=built.peak,
        on_disk=sum(disk(path).values()),
        served=in_fresh_process(memory, path, queries).served,
        same_word_p50=same.known.p50_ms,
        same_word_p99=same.known.p99_ms,
        any_word_p50=found.known.p50_ms,
        any_word_p99=found.known.p99_ms,
        sentences_p50=whole.known.p50_ms,
        sentences_p99=whole.known.p99_ms,
    )


def slope(occurrences: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of the line through the logarithms of the last two sizes, or 1 for a single size."""
    if len(values) < 2:
        return 1.0
    (x, y), (u, v) = (np.log(np.maximum(pair[-2:], 1e-9)) for pair in (occurrences, values))
    return float((v - u) / (y - x))


def fixed_and_each(occurrences: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Return the fixed cost and the cost of each occurrence, by non-negative least squares."""
    from scipy.optimize import nnls

    if len(values) < 2:
        return 0.0, values[0] / occurrences[0]
    parts = np.array(occurrences, float) / max(occurrences)  # (sizes,)
    (fixed, largest), _ = nnls(np.column_stack([np.ones(len(parts)), parts]), np.array(values, float))
    return float(fixed), float(largest / max(occurrences))


def extrapolated(name: str, occurrences: Sequence[float], values: Sequence[float]) -> float:
    """Return a column's value at `TARGET`. A latency never falls."""
    if name in _LATENCIES:
        return float(values[-1] * (TARGET / occurrences[-1]) ** max(slope(occurrences, values), 0.0))
    fixed, each = fixed_and_each(occurrences, values)
    return fixed + each * TARGET


def print_table(found: Sequence[Size]) -> None:
    """Print a row for each figure and a column for each size."""
    print(f"{'':34}" + "".join(f"{size.occurrences:>14,}" for size in found) + f"{'slope':>8}{TARGET:>16,}")
    occurrences = [size.occurrences for size in found]
    for name, title in COLUMNS.items():
        unit = 2**20 if name in _MIB else 1
        values = [getattr(size, name) / unit for size in found]
        print(f"{title:34}" + "".join(f"{value:14,.1f}" for value in values), end="")
        print(f"{slope(occurrences, values):8.2f} {extrapolated(name, occurrences, values):15,.0f}")


def plot(found: Sequence[Size], path: Path) -> None:
    """Draw three panels with logarithmic axes: time, space, latency."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    panels = {
        "seconds": ("seconds", "cpu", "other_cpu"),
        "MiB": _MIB,
        "milliseconds": ("same_word_p50", "any_word_p50", "sentences_p50"),
    }
    x = [size.occurrences for size in found]
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "polyseme", "font.size": 9}):
        figure = Figure(figsize=(12, 3.6), layout="constrained")
        for axes, (unit, names) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
            for name, mark in zip(names, "osv", strict=True):
                values = [getattr(size, name) / (2**20 if name in _MIB else 1) for size in found]
                axes.plot(x, values, marker=mark, ms=4, lw=1.2, label=COLUMNS[name])
            axes.set(xscale="log", yscale="log", xlabel="occurrences", ylabel=unit)
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8, frameon=False)
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


@click.command()
@click.argument("corpus", type=click.Path(path_type=Path, exists=True, file_okay=False), default=CORPUS)
@click.option(
    "--words", type=click.IntRange(1000), default=50_000, show_default=True, help="Words of the smallest size."
)
@click.option("--times", default="1,10,100", show_default=True, metavar="A,B,...", help="Multiples of that size.")
@click.option(
    "--work", type=click.Path(path_type=Path), help="Build the collections in this folder.  [a temporary one]"
)
@click.option("--precision", type=click.Choice([p.value for p in Precision]), default="float32", show_default=True)
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="FILE", help="Draw the table into FILE.")
@click.option("--json", "file", type=click.Path(path_type=Path), metavar="FILE", help="Write all figures to FILE.")
def main(
    corpus: Path, words: int, times: str, work: Path | None, precision: str, picture: Path | None, file: Path | None
) -> None:
    """Print how indexing and searching the texts of CORPUS grow."""
    if picture:
        check_figure_file(picture)
    if work:
        work.mkdir(parents=True, exist_ok=True)
    found: list[Size] = []
    with tempfile.TemporaryDirectory(dir=work) as folder:
        for factor in map(int, times.split(",")):
            found.append(measured(corpus, Path(folder) / f"{factor}.pol", words * factor, precision))
            if file:  # after each size, so that an interrupted run keeps its figures
                file.write_text(json.dumps([asdict(size) for size in found], indent=1) + "\n", encoding="utf-8")
    print(f"products in {precision}")
    print_table(found)
    if picture:
        plot(found, picture)


if __name__ == "__main__":
    main()
