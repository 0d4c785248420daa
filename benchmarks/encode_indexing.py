"""What indexing costs beside the encoder, and how long the command line takes to answer. Used by encode.py."""

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

from alone import alone
from clocks import Stopwatch, around, encoder_clock
from encode_accuracy import DOCUMENTS
from polyseme.indexer.build import BuildConfig, Source, build
from polyseme.indexer.documents import Document, read_documents
from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.runtime import freezing_gc

QUESTION = "She sat on the river [bank] and watched the boats."
_FIRST = 3
"""Documents that are indexed beforehand, so that importing libraries does not count."""


@dataclass(frozen=True, slots=True)
class Overhead:
    """Microseconds of the processor a token: reading, cutting, lemmas, SQLite, FAISS; and the bundled encoder's.

    Of two runs the quicker. each: without what is done once for a collection (fitting the transforms, making the
    tokeniser), by what the half of the documents takes.
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
    """Index texts with the bundled model into a temporary collection; through `alone`."""
    documents = _documents(sources)
    with tempfile.TemporaryDirectory() as folder:
        encoder = load_encoder("default")
        build(Path(folder) / "first", documents[:_FIRST], BuildConfig(), encoder)
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
    report = build(path, sources, BuildConfig(), encoder, freezing_gc())  # as the command does
    spent = watch.seconds - before
    return _Spent(report.tokens, time.process_time() - cpu - spent, spent)


def profiled(sources: Sequence[Path], functions: int = 12) -> str:
    """The functions that take most time by themselves while texts are indexed, the encoder left out; through `alone`.

    Being watched makes functions that are called often look slower than they are.
    """
    profile, printed = cProfile.Profile(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        encoder = load_encoder("default")
        build(Path(folder) / "first", _documents(sources)[:_FIRST], BuildConfig(), encoder)
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
    """Median seconds by the clock of new processes: help, and a first answer from the sample collection."""
    program = str(Path(sys.executable).with_name("polyseme"))
    with tempfile.TemporaryDirectory() as folder:
        collection = Path(folder) / "sample"
        alone(build, collection, [DOCUMENTS])
        commands = {"help_s": [program, "--help"], "sense_s": [program, "sense", str(collection), QUESTION]}
        return {name: statistics.median(_seconds(command) for _ in range(runs)) for name, command in commands.items()}


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
