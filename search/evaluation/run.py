"""The tasks of `polyseme eval --task NAME=PATH`, and their dispatch by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ...indexer.errors import DocumentError
from .records import Score
from .tasks.conllu import evaluate_conllu
from .tasks.retrieval import evaluate_retrieval
from .tasks.sentences import evaluate_sts
from .tasks.usage_graphs import evaluate_dwug
from .tasks.words import evaluate_coarsewsd, evaluate_usim, evaluate_wic
from .tasks.wsd import evaluate_wsd
from .vectors import OnProgress

if TYPE_CHECKING:
    from ...indexer.elmo import Encoder

QUICK_OCCURRENCES = 40
"""Maximum number of ranked occurrences of a CoarseWSD-20 word in quick mode."""


class TaskName(StrEnum):
    """A task on which a model can be measured."""

    WIC = "wic"
    USIM = "usim"
    COARSEWSD = "coarsewsd"
    DWUG = "dwug"
    WSD = "wsd"
    STS = "sts"
    RETRIEVAL = "retrieval"
    CONLLU = "conllu"


@dataclass(frozen=True, slots=True)
class Task:
    """A task and the paths of its gold data. Only some tasks take several paths."""

    name: TaskName
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """Options of all tasks.

    Attributes:
        quick: Whether to measure a sample only, to monitor a training.
        wordnet: Folder of WordNet's `index.sense`, for the first-sense fallback of WSD.
        language: Language of gold data that is not tokenised.
    """

    quick: bool = False
    wordnet: Path | None = None
    language: str = "en"


def parse_tasks(texts: Iterable[str]) -> list[Task]:
    """Parse `NAME=PATH` or `NAME=PATH,PATH`. All paths of one name belong to one task.

    Raises:
        DocumentError: A name is unknown or a path is missing.
    """
    paths: dict[TaskName, list[Path]] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if name not in tuple(TaskName) or not equals or not path:
            raise DocumentError(f"{text!r} is not a task; give NAME=PATH, NAME one of {', '.join(TaskName)}")
        for where in _split_paths(path):
            if not where.exists():
                raise DocumentError(f"{where} does not exist; give the path of the gold data of {name}")
            paths.setdefault(TaskName(name), []).append(where)
    return [Task(name, tuple(found)) for name, found in paths.items()]


def _split_paths(text: str) -> list[Path]:
    """Return one path if it exists under the whole text, else the paths between commas."""
    whole = Path(text).expanduser()
    return [whole] if whole.exists() else [Path(part).expanduser() for part in text.split(",") if part]


def evaluate(
    encoder: Encoder, task: Task, options: TaskOptions = TaskOptions(), on_progress: OnProgress | None = None
) -> list[Score]:
    """Measure every representation of a model on a task.

    Raises:
        DocumentError: The gold data does not have the published format.
    """
    match task.name:
        case TaskName.WIC:
            return evaluate_wic(encoder, only_path(task), on_progress)
        case TaskName.USIM:
            return evaluate_usim(encoder, only_path(task), on_progress)
        case TaskName.COARSEWSD if options.quick:
            return evaluate_coarsewsd(encoder, only_path(task), on_progress, QUICK_OCCURRENCES, nearest=False)
        case TaskName.COARSEWSD:
            return evaluate_coarsewsd(encoder, only_path(task), on_progress)
        case TaskName.DWUG:
            return evaluate_dwug(encoder, only_path(task), options.language, on_progress)
        case TaskName.WSD:
            return evaluate_wsd(encoder, task.paths, options.wordnet, on_progress)
        case TaskName.STS:
            return evaluate_sts(encoder, task.paths, options.language, on_progress)
        case TaskName.RETRIEVAL:
            return evaluate_retrieval(encoder, only_path(task), options.language, on_progress)
        case TaskName.CONLLU:
            return evaluate_conllu(encoder, only_path(task), options.language, on_progress)


def only_path(task: Task) -> Path:
    """Return the single path of a task.

    Raises:
        DocumentError: The task has several paths.
    """
    if len(task.paths) != 1:
        raise DocumentError(f"{task.name} was given {len(task.paths)} times; give one path of it")
    return task.paths[0]
