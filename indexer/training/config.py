"""What a training is asked for, how far it is, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from indexer.training.initial import Size


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What to train on, and how long. `size` None: small, or the source's own; `source`: a model to continue.

    `minutes`: of training, reading the text not counted; `steps`: instead of it; neither: an hour. `language` cuts raw
    text. `freeze_characters`: the character CNN of the model to continue stays as it is. `learning_rate`: the highest,
    `dropout`: share of the layers' input left out; None: as the size's recipe has it.
    """

    texts: tuple[Path, ...]
    size: Size | None = None
    minutes: float | None = None
    steps: int | None = None
    seed: int = 1
    source: str | None = None
    tokenized: bool = False
    language: str = "en"
    freeze_characters: bool = False
    learning_rate: float | None = None
    dropout: float | None = None


class TrainStage(StrEnum):
    """What a training is at."""

    READING = "reading"
    WORD_VECTORS = "word vectors"
    TRAINING = "training"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """How far a training is. Figures that are not known yet, or not at this stage, are None.

    tokens: of the text while it is read, else read in training; loss: nats a token, mean over both directions and over
    the last steps; the perplexities: of held-out text, when it was measured last.
    """

    stage: TrainStage
    tokens: int
    sentences: int | None = None
    step: int | None = None
    fraction: float | None = None
    loss: float | None = None
    rate: float | None = None  # the learning rate
    tokens_per_second: float | None = None
    forward: float | None = None
    backward: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What came of it; `already`: there was nothing left to do. `seconds`: of training, over all runs.

    `skipped`: a line for each document that could not be read, whichever run read the text.
    """

    out: Path
    steps: int
    tokens: int
    seconds: float
    forward: float  # perplexity on held-out text
    backward: float
    already: bool
    notices: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
