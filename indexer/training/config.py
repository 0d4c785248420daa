"""Settings of a training: model sizes, how each size is trained, and the records that go in and come out."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..elmo.config import BiLMConfig, Normalise


class Size(StrEnum):
    """Size of a new model. All but `tiny` are published sizes (allennlp.org/elmo)."""

    TINY = "tiny"
    SMALL = "small"
    MEDIUM = "medium"
    ORIGINAL = "original"


_FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))
_NORMALISE = (Normalise.STRAIGHT_QUOTES,)
CONFIGS = {
    Size.TINY: BiLMConfig(16, ((1, 8), (2, 8), (3, 16)), 1, 64, 16, normalise=_NORMALISE),
    Size.SMALL: BiLMConfig(16, _FILTERS, 1, 1024, 128, normalise=_NORMALISE),
    Size.MEDIUM: BiLMConfig(16, _FILTERS, 1, 2048, 256, normalise=_NORMALISE),
    Size.ORIGINAL: BiLMConfig(16, _FILTERS, 2, 4096, 512, normalise=_NORMALISE),
}
"""The network of each size."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """Hyperparameters of training.

    Dropout makes a model worse that reads its text at most once (docs/results/performance.md). So only a continued
    model is trained with dropout, because it usually reads a short text several times.
    """

    rows: int  # rows of text read in parallel: the batch size
    steps: int  # tokens of each row in one window
    rate: float  # maximum learning rate
    dropout: float  # share of each layer's input set to zero
    words: int  # maximum size of the output layer's vocabulary
    samples: int  # candidates of the sampled softmax, 0 for the full softmax
    dropout_continued: float = 0.0  # dropout when a trained model is continued
    warm_start: bool = False  # whether word2vec vectors initialise the output layer, given enough text


RECIPES = {
    Size.TINY: TrainingRecipe(32, 16, 1e-2, 0.0, 8_192, 0),
    Size.SMALL: TrainingRecipe(256, 24, 5e-3, 0.0, 60_000, 3_072, 0.1, True),
    Size.MEDIUM: TrainingRecipe(256, 24, 2e-3, 0.0, 60_000, 3_072, 0.1, True),
    Size.ORIGINAL: TrainingRecipe(256, 24, 1e-3, 0.0, 60_000, 3_072, 0.1, True),
}
"""How each size is trained."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What to train, on which texts and for how long. Without `minutes` and `steps` a training takes an hour."""

    texts: tuple[Path, ...]  # files and folders
    size: Size | None = None  # by default small, or the size of the model to continue
    minutes: float | None = None  # training time, reading the text not included
    steps: int | None = None  # number of steps, instead of `minutes`
    seed: int = 1
    source: str | None = None  # a model to continue
    tokenized: bool = False  # whether each line of the texts is one sentence, its tokens separated by spaces
    language: str = "en"  # of raw text
    freeze_characters: bool = False  # whether the character CNN of the model to continue stays unchanged
    learning_rate: float | None = None  # maximum, by default the recipe's
    dropout: float | None = None  # share of each layer's input set to zero, by default the recipe's


class TrainStage(StrEnum):
    """Stage of a training."""

    READING = "reading"
    WORD_VECTORS = "word vectors"
    TRAINING = "training"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """Progress of a training. Figures that are unknown, or do not apply to the stage, are None."""

    stage: TrainStage
    tokens: int  # read from the text, or, once training has begun, trained on
    sentences: int | None = None  # read from the text
    step: int | None = None
    fraction: float | None = None  # of the stage, 0 to 1
    loss: float | None = None  # nats per token, mean over both directions and the last steps
    rate: float | None = None  # the learning rate
    tokens_per_second: float | None = None
    forward: float | None = None  # last measured perplexity on held-out text
    backward: float | None = None  # the same of the backward language model
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class TrainReport:
    """Result of a training, over all its runs."""

    out: Path
    steps: int
    tokens: int  # trained on
    seconds: float  # of training
    forward: float  # perplexity on held-out text
    backward: float
    already: bool  # whether the training had finished before this run
    notices: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()  # a line for each document that could not be read
