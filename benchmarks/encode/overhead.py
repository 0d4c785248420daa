"""Measure indexing outside the encoder, and cold starts of the command line. Used by `speed.py`."""

from __future__ import annotations

import cProfile
import io
import pstats
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.documents import Document, Source, read_documents
from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.runtime import freezing_gc

from benchmarks.lib.fresh_process import in_fresh_process
from benchmarks.lib.paths import DOCUMENTS
from benchmarks.lib.stopwatch import Stopwatch, around, encoder_clock

QUESTION = "She sat on the river [bank] and watched the boats."
_WARM_UP = 3
"""Number of documents that are indexed first, so that importing libraries is not measured."""


@dataclass(frozen=True, slots=True)
class Overhead:
    """CPU microseconds for each token, of the faster of two runs.

    Attributes:
        other_us_per_token: Cost outside the encoder: reading, tokenising, lemmas, SQLite and FAISS.
        each_us_per_token: The same without fixed costs of a collection, such as fitting transforms. It is measured as
            the difference between all documents and half of them.
        encoder_us_per_token: Cost of the bundled encoder.
    """

    tokens: int
    other_us_per_token: float
    each_us_per_token: float
    encoder_us_per_token: float


@dataclass(frozen=True, slots=True)
class _Spent:
    tokens: int
    other: float
    encoder: float


def overhead(sources: Sequence[Path]) -> Overhead:
    """Index texts with the bundled model into a temporary collection. Run it with `in_fresh_process`."""
    documents = _documents(sources)
    with tempfile.TemporaryDirectory() as folder:
        encoder = load_encoder("default")
        build(Path(folder) / "first", documents[:_WARM_UP], BuildConfig(), encoder)
        watch = encoder_clock(encoder)
        runs = [
            [_spent(Path(folder) / f"{name}{n}", some, encoder, watch) for n in range(2)]
            for name, some in (("half", documents[::2]), ("whole", sources))
        ]
    half, whole = (min(run, key=lambda spent: spent.other) for run in runs)
    each = (whole.other - half.other) / max(whole.tokens - half.tokens, 1)
    us = 1e6 / max(whole.tokens, 1)
    return Overhead(whole.tokens, us * whole.other, 1e6 * each, us * whole.encoder)


def _spent(path: Path, sources: Sequence[Source], encoder: Encoder, watch: Stopwatch) -> _Spent:
    before, cpu = watch.seconds, time.process_time()
    report = build(path, sources, BuildConfig(), encoder, freezing_gc())  # as the command line does
    spent = watch.seconds - before
    return _Spent(report.tokens, time.process_time() - cpu - spent, spent)


def profiled(sources: Sequence[Path], functions: int = 12) -> str:
    """Profile indexing without the encoder, and return the functions with the most own time.

    Profiling makes functions that are called often look slower than they are. Run it with `in_fresh_process`.
    """
    profile, printed = cProfile.Profile(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        encoder = load_encoder("default")
        build(Path(folder) / "first", _documents(sources)[:_WARM_UP], BuildConfig(), encoder)
        around(encoder, profile.disable, profile.enable)
        profile.enable()
        build(Path(folder) / "whole", sources, BuildConfig(), encoder)
        profile.disable()
    pstats.Stats(profile, stream=printed).sort_stats("tottime").print_stats(functions)
    table = printed.getvalue()[printed.getvalue().index("   ncalls") :]
    return re.sub(r"/\S*/(?=\w+/\w+/\w+\.py:)", "", table).rstrip()


def _documents(sources: Sequence[Path]) -> list[Document]:
    return [document for document in read_documents(sources) if isinstance(document, Document)]


def first_answers(runs: int = 5) -> dict[str, float]:
    """Return the median wall seconds of new processes: `--help`, and a first answer from the sample collection."""
    program = str(Path(sys.executable).with_name("polyseme"))
    with tempfile.TemporaryDirectory() as folder:
        collection = Path(folder) / "sample"
        in_fresh_process(build, collection, [DOCUMENTS])
        commands = {"help_s": [program, "--help"], "sense_s": [program, "sense", str(collection), QUESTION]}
        return {name: statistics.median(_seconds(command) for _ in range(runs)) for name, command in commands.items()}


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
