"""How far the indexer is: what it tells whoever watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .documents import Skipped
from .pipeline import Cut
from .vectorise import SENSE_DIM

if TYPE_CHECKING:
    from .elmo import Encoder


class Stage(StrEnum):
    """What the indexer is doing."""

    LOADING = "loading the model"
    INDEXING = "indexing"
    COMPACTING = "compacting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What lies ahead, from file sizes alone: rough, before anything is read."""

    files: int
    bytes: int
    sentences: int
    bytes_on_disk: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    fraction: of the bytes to be read, in [0, 1], or None where that is unknown; estimate: what lies ahead, once known.
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
        """Sentences encoded per second of this run."""
        return self.sentences / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the bytes read so far."""
        if not self.fraction or self.stage is not Stage.INDEXING:
            return None
        return self.seconds * (1 - self.fraction) / self.fraction


def estimate(files: int, size: int, encoder: Encoder) -> Estimate:
    """What ``size`` bytes of text may come to, at about 105 bytes a sentence and 10 stored occurrences in it."""
    sentences = size // 105
    token_dim = encoder.sense_dim if encoder.has_sense_space else SENSE_DIM
    token_bytes = 2 * token_dim + 2 * (token_dim + encoder.dim // 2) + 60
    return Estimate(files, size, sentences, sentences * (10 * token_bytes + 4 * encoder.dim + 400))


class Run:
    """Counts of a run, and the progress events made from them."""

    def __init__(self, progress: Callable[[Progress], None] | None) -> None:
        self.progress = progress
        self.started = time.monotonic()
        self.documents = self.added = self.updated = self.unchanged = self.sentences = self.tokens = 0
        self.characters = 0
        self.bytes = 0
        self.skipped: list[Skipped] = []
        self.estimate: Estimate | None = None

    @property
    def seconds(self) -> float:
        """Since the model was loaded."""
        return time.monotonic() - self.started

    def report(self, stage: Stage) -> None:
        """Tell where the run is."""
        if self.progress is None:
            return
        fraction = min(1.0, self.characters / self.bytes) if self.bytes else None
        event = Progress(
            stage,
            self.documents,
            self.sentences,
            self.tokens,
            len(self.skipped),
            1.0 if stage is Stage.DONE else fraction,
            self.seconds,
            self.estimate,
        )
        self.progress(event)


def counted(cuts: Iterable[Cut], run: Run) -> Iterator[Cut]:
    """Pass sentences on, counted."""
    for item in cuts:
        run.sentences += 1
        run.tokens += len(item.sentence.tokens)
        if run.sentences % 64 == 0:
            run.report(Stage.INDEXING)
        yield item
