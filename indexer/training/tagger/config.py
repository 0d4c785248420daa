"""Settings, progress and result of training a tagger."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

EPOCHS = 6
"""Default number of passes over the treebank."""
MAX_EPOCHS = 1000
MAX_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class TaggerConfig:
    """What to train a tagger on.

    Attributes:
        treebank: File in CoNLL-U.
        source: The model.
        language: Language code of the treebank.
        epochs: Number of passes over the sentences.
        seed: Random seed.
    """

    treebank: Path
    source: str
    language: str = "en"
    epochs: int = EPOCHS
    seed: int = 1


class TaggerStage(StrEnum):
    """What is being done. The value is what a line of progress says."""

    READING = "files read"
    STATES = "sentences encoded"
    FITTING = "steps fitted"


@dataclass(frozen=True, slots=True)
class TaggerProgress:
    """Progress of a training: `done` of `total` units of the stage. The total is None while it is not known."""

    stage: TaggerStage
    done: int
    total: int | None
    loss: float | None = None  # mean loss of the last steps


OnProgress = Callable[[TaggerProgress], None]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of words of held-out sentences with the right tag or lemma. None if the treebank has none of the kind."""

    upos: float
    xpos: float | None
    lemma: float | None


@dataclass(frozen=True, slots=True)
class TaggerReport:
    """Result of training a tagger.

    Attributes:
        sentences: Number of sentences of the treebank.
        variants: Number of sentences that were trained on, each in one or several spellings.
        held_out: Number of sentences that were held out.
        upos: Number of parts of speech.
        xpos: Number of own tags.
        rules: Number of lemma rules.
        accuracy: On the sentences that were held out.
        already: Whether the folder was complete before the call.
    """

    out: Path
    sentences: int
    variants: int
    held_out: int
    upos: int
    xpos: int
    rules: int
    accuracy: Accuracy
    seconds: float
    already: bool = False
