"""Settings, progress and result of fitting a sentence space."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

SENTENCES, EPOCHS, DIM = 400_000, 4, 256
"""Default number of sentences and of epochs, and default length of a sentence vector."""
MAX_SENTENCES, MAX_EPOCHS, MAX_DIM = 10_000_000, 1000, 4096
MAX_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SentenceConfig:
    """What to fit a sentence space to.

    Attributes:
        texts: Files and folders.
        source: The model.
        language: Language code of the texts.
        sentences: Maximum number of sentences. Pieces and variants of them are added.
        epochs: Number of passes over the texts.
        dim: Length of a sentence vector. None for 256, or the length of the teacher's vectors if that is less.
        seed: Random seed.
    """

    texts: tuple[Path, ...]
    source: str
    language: str = "en"
    sentences: int = SENTENCES
    epochs: int = EPOCHS
    dim: int | None = None
    seed: int = 1


class SentenceStage(StrEnum):
    """What is being done. The value is what a line of progress says."""

    READING = "files read"
    WORDS = "words read by the teacher"
    TEACHER = "texts read by the teacher"
    STATES = "texts encoded"
    FITTING = "steps fitted"


@dataclass(frozen=True, slots=True)
class SentenceProgress:
    """Progress of a fit: `done` of `total` units of the stage. The total is None while it is not known."""

    stage: SentenceStage
    done: int
    total: int | None
    loss: float | None = None  # mean loss of the last steps


OnProgress = Callable[[SentenceProgress], None]


@dataclass(frozen=True, slots=True)
class SentenceReport:
    """Result of fitting a sentence space.

    Attributes:
        texts: Number of texts that were fitted to, pieces and variants included.
        words: Number of words in the table.
        dim: Length of a sentence vector.
        correlation: Rank correlation of cosines with the teacher's, on held-out sentences.
        before: The same for the pooled vectors of the model without a sentence space.
        already: Whether the folder was complete before the call.
        skipped: One line for each document that could not be read.
    """

    out: Path
    texts: int
    words: int
    dim: int
    correlation: float
    before: float
    seconds: float
    already: bool = False
    skipped: tuple[str, ...] = ()
