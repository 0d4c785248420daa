"""How indexing and searching grow with the collection: documents times 1, 10, 100. Prints a table, draws a plot.

    python benchmarks/scale.py [CORPUS] [--words N] [--times 1,10,100] [--work FOLDER] [--plot FILE.svg] [--json FILE]

CORPUS: a folder of texts `NAME.txt.xz`, a paragraph or sentence a line; by default `shared/corpus` beside the
repository. Each collection is made anew from its first N words, ten times and a hundred times as many, with the bundled
model, each in a process of its own; questions are asked on one thread.

What a hundred million occurrences would need: time and room follow a + b n, with a and b of least squares and not below
zero, for at the smallest size what is done once is most of it; latencies go on as between the last two sizes. The
slope, between the last two sizes too, is that of a line through the logarithms: 1 grows as the collection does, 0 not
at all.
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
from polyseme.ui.cli.score_plot import check_plot

from benchmarks.lib.corpus import index_corpus
from benchmarks.lib.fresh_process import alone
from benchmarks.lib.paths import CORPUS
from benchmarks.search.measures import any_word, disk, memory, queries_of, same_word, sentences

TARGET = 100_000_000
"""Occurrences that the lines are drawn on to."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a collection of one size cost, and how quick its answers are: seconds, bytes, milliseconds."""

    precision: str
    occurrences: int
    sentences: int
    seconds: float
    cpu: float
    other_cpu: float  # of it beside the encoder's
    peak: float
    on_disk: float
    served: float  # anonymous memory after every kind of question
    same_word_p50: float
    same_word_p99: float
    any_word_p50: float
    any_word_p99: float
    sentences_p50: float
    sentences_p99: float


COLUMNS = {
    "seconds": "indexing, s by the clock",
    "cpu": "indexing, s of the processor",
    "other_cpu": "of it beside the encoder's",
    "peak": "memory of indexing, MiB at most",
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
    """Index so many words and ask of them."""
    built = alone(index_corpus, corpus, path, words, precision)
    queries = alone(queries_of, path)
    same, found, whole = alone(same_word, path), alone(any_word, path), alone(sentences, path)
    return Size(
        precision=precision,
        occurrences=built.occurrences,
        sentences=built.sentences,
        seconds=built.seconds,
        cpu=built.cpu,
        other_cpu=built.cpu - built.encoder_cpu,
        peak=built.peak,
        on_disk=sum(disk(path).values()),
        served=alone(memory, path, queries).served,
        same_word_p50=same.known.p50_ms,
        same_word_p99=same.known.p99_ms,
        any_word_p50=found.known.p50_ms,
        any_word_p99=found.known.p99_ms,
        sentences_p50=whole.known.p50_ms,
        sentences_p99=whole.known.p99_ms,
    )


def slope(occurrences: Sequence[float], values: Sequence[float]) -> float:
    """Of the line through the logarithms of the last two sizes; 1 where there is but one."""
    if len(values) < 2:
        return 1.0
    (x, y), (u, v) = (np.log(np.maximum(pair[-2:], 1e-9)) for pair in (occurrences, values))
    return float((v - u) / (y - x))


def fixed_and_each(occurrences: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """What is needed in any case, and for each occurrence: least squares, neither below zero."""
    from scipy.optimize import nnls

    if len(values) < 2:
        return 0.0, values[0] / occurrences[0]
    parts = np.array(occurrences, float) / max(occurrences)  # (sizes,)
    (fixed, largest), _ = nnls(np.column_stack([np.ones(len(parts)), parts]), np.array(values, float))
    return float(fixed), float(largest / max(occurrences))


def drawn_on(name: str, occurrences: Sequence[float], values: Sequence[float]) -> float:
    """A column's value at `TARGET`; a latency is not taken to fall."""
    if name in _LATENCIES:
        return float(values[-1] * (TARGET / occurrences[-1]) ** max(slope(occurrences, values), 0.0))
    fixed, each = fixed_and_each(occurrences, values)
    return fixed + each * TARGET


def print_table(found: Sequence[Size]) -> None:
    print(f"{'':34}" + "".join(f"{size.occurrences:>14,}" for size in found) + f"{'slope':>8}{TARGET:>16,}")
    occurrences = [size.occurrences for size in found]
    for name, title in COLUMNS.items():
        unit = 2**20 if name in _MIB else 1
        values = [getattr(size, name) / unit for size in found]
        print(f"{title:34}" + "".join(f"{value:14,.1f}" for value in values), end="")
        print(f"{slope(occurrences, values):8.2f} {drawn_on(name, occurrences, values):15,.0f}")


def plot(found: Sequence[Size], path: Path) -> None:
    """Three panels, both axes logarithmic: time, room, latency."""
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
@click.option("--words", type=click.IntRange(1000), default=50_000, show_default=True)
@click.option("--times", default="1,10,100", show_default=True, metavar="A,B,...")
@click.option("--work", type=click.Path(path_type=Path), help="Where the collections are made.  [a temporary folder]")
@click.option("--precision", type=click.Choice([p.value for p in Precision]), default="float32", show_default=True)
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--json", "file", type=click.Path(path_type=Path))
def main(
    corpus: Path, words: int, times: str, work: Path | None, precision: str, picture: Path | None, file: Path | None
) -> None:
    """Print the table."""
    if picture:
        check_plot(picture)
    if work:
        work.mkdir(parents=True, exist_ok=True)
    found: list[Size] = []
    with tempfile.TemporaryDirectory(dir=work) as folder:
        for factor in map(int, times.split(",")):
            found.append(measured(corpus, Path(folder) / f"{factor}.pol", words * factor, precision))
            if file:  # what is measured stays if the rest is interrupted
                file.write_text(json.dumps([asdict(size) for size in found], indent=1) + "\n", encoding="utf-8")
    print(f"products in {precision}")
    print_table(found)
    if picture:
        plot(found, picture)


if __name__ == "__main__":
    main()
