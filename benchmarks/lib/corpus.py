"""A large real collection: texts `NAME.txt.xz`, a paragraph or sentence a line, indexed with the bundled model."""

from __future__ import annotations

import itertools
import lzma
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo import load_encoder

from benchmarks.lib.fresh_process import peak_memory
from benchmarks.lib.stopwatch import encoder_clock

LINES = 60
"""Lines of a document."""
OCCURRENCES_PER_WORD = 0.56
"""Occurrences that are stored for a word between spaces: what is no punctuation and no function word."""


@dataclass(frozen=True, slots=True)
class Built:
    """What indexing cost: seconds by the clock and of the processor, those of the encoder among them; bytes at most.

    other_us_per_token: microseconds of the processor beside the encoder's.
    """

    documents: int
    sentences: int
    tokens: int
    occurrences: int
    segments: int
    seconds: float
    cpu: float
    encoder_cpu: float
    other_us_per_token: float
    peak: int


def source_documents(path: Path) -> Iterator[Document]:
    """Documents of one text, with their source and a number from 0 to 99 that is drawn by name."""
    name = path.name.removesuffix(".txt.xz")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number in itertools.count():
            text = "\n".join(line.strip() for line in itertools.islice(lines, LINES))
            if not text:
                return
            key = f"{name}/{number:06}"
            yield Document(key, text, {"source": name, "part": crc32(key.encode()) % 100})


def corpus_documents(corpus: Path, words: int) -> Iterator[Document]:
    """Documents of all texts of a folder in turn, until they hold so many words between spaces."""
    sources = [source_documents(path) for path in sorted(corpus.glob("*.txt.xz"))]
    read = 0
    for document in itertools.chain.from_iterable(itertools.zip_longest(*sources)):
        if read >= words:
            return
        if document is not None:
            read += len(document.text.split())
            yield document


def index_corpus(corpus: Path, path: Path, words: int, precision: str) -> Built:
    """Index so many words; call it through `alone`, for the memory."""
    encoder = load_encoder("default", precision=precision)
    clock, cpu = encoder_clock(encoder), time.process_time()
    report = build(path, corpus_documents(corpus, words), BuildConfig(precision=precision), encoder)
    cpu = time.process_time() - cpu
    peak = peak_memory()
    with Collection.open(path) as collection:  # counting what is stored is no part of indexing
        info = collection.info()
    return Built(
        info.documents,
        info.sentences,
        report.tokens,
        info.occurrences,
        info.segments,
        report.seconds,
        cpu,
        clock.seconds,
        1e6 * (cpu - clock.seconds) / max(report.tokens, 1),
        peak,
    )
