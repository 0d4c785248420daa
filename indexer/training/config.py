"""What a training is asked for, how far it is, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..elmo.config import BiLMConfig, Normalise


class Size(StrEnum):
    """Of a new model; all but `tiny` as published (allennlp.org/elmo)."""

    TINY = "tiny"
    SMALL = "small"
    MEDIUM = "medium"
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a size is trained: `rows` of text in parallel, `steps` tokens at a time.

    Dropout costs a model that reads its text once, or never to the end (docs/performance.md); a model that learns
    further reads a short text several times.
    """

    rows: int
    steps: int
    rate: float  # the highest learning rate
    dropout: float
    words: int  # of the output layer, at most
    samples: int  # candidates of the sampled softmax; with few words all are taken
    dropout_again: float = 0.0  # of a model that has learned already
    warm: bool = False  # whether word2vec gives the output layer's first rows, if there is enough text


_FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))


_QUOTES = (Normalise.STRAIGHT_QUOTES,)


CONFIGS = {
    Size.TINY: BiLMConfig(16, ((1, 8), (2, 8), (3, 16)), 1, 64, 16, normalise=_QUOTES),
    Size.SMALL: BiLMConfig(16, _FILTERS, 1, 1024, 128, normalise=_QUOTES),
    Size.MEDIUM: BiLMConfig(16, _FILTERS, 1, 2048, 256, normalise=_QUOTES),
    Size.ORIGINAL: BiLMConfig(16, _FILTERS, 2, 4096, 512, normalise=_QUOTES),
}


RECIPES = {
    Size.TINY: Recipe(32, 16, 1e-2, 0.0, 8_192, 0),
    Size.SMALL: Recipe(256, 24, 5e-3, 0.0, 60_000, 3_072, 0.1, True),
    Size.MEDIUM: Recipe(256, 24, 2e-3, 0.0, 60_000, 3_072, 0.1, True),
    Size.ORIGINAL: Recipe(256, 24, 1e-3, 0.0, 60_000, 3_072, 0.1, True),
}


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
