"""Progress of the indexer: counts, estimates and the events that callbacks receive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .documents import Document, Skipped, SourceScan
from .outcome import FileResults, FileState, Warned
from .pipeline import NumberedSentence
from .vectorise import SENSE_DIM

if TYPE_CHECKING:
    from .elmo import Encoder

REPORT_SENTENCES = 64
"""Number of sentences between two progress events."""


class Stage(StrEnum):
    """What the indexer is doing."""

    LOADING = "loading the model"
    INDEXING = "indexing"
    COMPACTING = "compacting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rough size of a run, estimated from file sizes before anything is read."""

    files: int
    bytes: int
    sentences: int
    bytes_on_disk: int


@dataclass(frozen=True, slots=True)
class Progress:
    """State of a run.

    Attributes:
        skipped: Number of documents and files that were left out and may have text.
        fraction: Share of the bytes that has been read, or of the documents if none is in a file. In [0, 1], or None
            if the total is unknown.
        seconds: Time since the model was loaded.
        estimate: Size of the run, or None if it is unknown.
    """

    stage: Stage
    documents: int
    sentences: int
    tokens: int
    skipped: int
    fraction: float | None
    seconds: float
    estimate: Estimate | None = None

    @property
    def sentences_per_second(self) -> float:
        """Sentences encoded per second in this run."""
        return self.sentences / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Remaining seconds, estimated from what has been read so far."""
        if not self.fraction or self.stage is not Stage.INDEXING:
            return None
        return self.seconds * (1 - self.fraction) / self.fraction


def estimate(files: int, size: int, encoder: Encoder) -> Estimate:
    """Estimate a run over `size` bytes of text, at 105 bytes a sentence and 10 stored occurrences in it."""
    sentences = size // 105
    token_dim = encoder.sense_dim if encoder.has_sense_space else SENSE_DIM
    token_bytes = 2 * token_dim + 2 * (token_dim + encoder.dim // 2) + 60
    return Estimate(files, size, sentences, sentences * (10 * token_bytes + 4 * encoder.dim + 400))


class IndexingRun:
    """Counts of one run, from which the progress events are made."""

    def __init__(self, on_progress: Callable[[Progress], None] | None) -> None:
        self.on_progress = on_progress
        self.started = time.monotonic()
        self.documents = self.added = self.updated = self.unchanged = self.sentences = self.tokens = 0
        self.characters = self.lost = 0
        self.bytes = self.expected = 0
        self.skipped: list[Skipped] = []
        self.warnings: dict[Warned, None] = {}
        self.taken: list[tuple[str, str]] = []
        self.files = FileResults()
        self.estimate: Estimate | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the model was loaded."""
        return time.monotonic() - self.started

    def start(self, found: SourceScan, encoder: Encoder) -> None:
        """Start the clock once the model is loaded, with the size of the sources."""
        self.bytes = found.bytes
        self.expected = found.documents if found.complete and not found.roots else 0
        self.estimate = estimate(found.files, found.bytes, encoder) if found.files else None
        self.started = time.monotonic()
        self.report(Stage.INDEXING)

    def skip(self, item: Skipped) -> None:
        """Note a document or file that was not read."""
        self.skipped.append(item)
        self.lost += item.is_loss
        self.files.skipped(item)

    def store(self, document: Document, sentences: int, state: FileState) -> None:
        """Note a document that was read."""
        self.files.stored(document, sentences, state)
        if document.warning:
            source = document.id if document.root is None else f"{document.root}/{document.source}"
            self.warnings[Warned(source, document.warning)] = None

    def report(self, stage: Stage) -> None:
        """Send a progress event to the callback."""
        if self.on_progress is None:
            return
        read, whole = (self.characters, self.bytes) if self.bytes else (self.documents, self.expected)
        fraction = min(1.0, read / whole) if whole else None
        event = Progress(
            stage,
            self.documents,
            self.sentences,
            self.tokens,
            self.lost,
            1.0 if stage is Stage.DONE else fraction,
            self.seconds,
            self.estimate,
        )
        self.on_progress(event)

    def counted(self, sentences: Iterable[NumberedSentence]) -> Iterator[NumberedSentence]:
        """Yield the sentences unchanged and count them. A document is counted with its last sentence."""
        for item in sentences:
            self.sentences += 1
            self.tokens += len(item.sentence.tokens)
            if item.last:
                self.updated += item.work.replaces
                self.added += not item.work.replaces
                state = FileState.UPDATED if item.work.replaces else FileState.ADDED
                self.store(item.work.document, item.number + 1, state)
            if self.sentences % REPORT_SENTENCES == 0:
                self.report(Stage.INDEXING)
            yield item
