"""Index a large real collection with the bundled model.

The source is a folder of texts `NAME.txt.xz` with one paragraph or sentence a line.
"""

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
"""Number of lines in a document."""
OCCURRENCES_PER_WORD = 0.56
"""Stored occurrences for each word between spaces. Punctuation and function words are not stored."""


@dataclass(frozen=True, slots=True)
class Built:
    """Size of a new collection and the cost of indexing it.

    Attributes:
        seconds: Wall time.
        cpu: CPU seconds.
        encoder_cpu: CPU seconds in the encoder.
        other_us_per_token: CPU microseconds for each token outside the encoder.
        peak: Peak memory in bytes.
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
    """Yield the documents of one text, with its name as `source` and a hash of the id, 0 to 99, as `part`."""
    name = path.name.removesuffix(".txt.xz")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number in itertools.count():
            text = "\n".join(line.strip() for line in itertools.islice(lines, LINES))
            if not text:
                return
            key = f"{name}/{number:06}"
            yield Document(key, text, {"source": name, "part": crc32(key.encode()) % 100})


def corpus_documents(corpus: Path, words: int) -> Iterator[Document]:
    """Yield documents of all texts of a folder in turn, until they hold `words` words between spaces."""
    sources = [source_documents(path) for path in sorted(corpus.glob("*.txt.xz"))]
    read = 0
    for document in itertools.chain.from_iterable(itertools.zip_longest(*sources)):
        if read >= words:
            return
        if document is not None:
            read += len(document.text.split())
            yield document


def index_corpus(corpus: Path, path: Path, words: int, precision: str) -> Built:
    """Index the first `words` words of a corpus. Run it with `in_fresh_process` to measure memory."""
    encoder = load_encoder("default", precision=precision)
    clock, cpu = encoder_clock(encoder), time.process_time()
    report = build(path, corpus_documents(corpus, words), BuildConfig(precision=precision), encoder)
    cpu = time.process_time() - cpu
    peak = peak_memory()
    with Collection.open(path) as collection:  # after the measurement: counting rows is not part of indexing
        info = collection.info()
    return Built(
        documents=info.documents,
        sentences=info.sentences,
        tokens=report.tokens,
        occurrences=info.occurrences,
        segments=info.segments,
        seconds=report.seconds,
        cpu=cpu,
        encoder_cpu=clock.seconds,
        other_us_per_token=1e6 * (cpu - clock.seconds) / max(report.tokens, 1),
        peak=peak,
    )
