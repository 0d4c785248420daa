"""The tasks by name: what `polyseme eval --task NAME=PATH` and benchmarks/quality.py run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ...indexer.errors import DocumentError
from .records import Score
from .tasks.retrieval import evaluate_retrieval
from .tasks.sentences import evaluate_sts
from .tasks.usage_graphs import evaluate_dwug
from .tasks.words import evaluate_coarsewsd, evaluate_usim, evaluate_wic
from .tasks.wsd import evaluate_wsd
from .vectors import Report

if TYPE_CHECKING:
    from ...indexer.elmo import Encoder

QUICK_OCCURRENCES = 40


class TaskName(StrEnum):
    """What can be measured of a model."""

    WIC = "wic"
    USIM = "usim"
    COARSEWSD = "coarsewsd"
    DWUG = "dwug"
    WSD = "wsd"
    STS = "sts"
    RETRIEVAL = "retrieval"


@dataclass(frozen=True, slots=True)
class Task:
    """A task and where its gold data lies; several paths only where the task takes several."""

    name: TaskName
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """quick: a sample that shows which way a training goes. wordnet: folder of `index.sense`, for WSD's fall-back.

    language: of what must still be cut into tokens.
    """

    quick: bool = False
    wordnet: Path | None = None
    language: str = "en"


def parse_tasks(texts: Iterable[str]) -> list[Task]:
    """`NAME=PATH` each, or `NAME=PATH,PATH`; paths of one name belong together.

    DocumentError where a name is unknown or a path is missing.
    """
    paths: dict[TaskName, list[Path]] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if name not in tuple(TaskName) or not equals or not path:
            raise DocumentError(f"{text!r} is no task; give NAME=PATH, NAME one of {', '.join(TaskName)}")
        for where in _places(path):
            if not where.exists():
                raise DocumentError(f"{where} is not there; give the place of the gold data of {name}")
            paths.setdefault(TaskName(name), []).append(where)
    return [Task(name, tuple(found)) for name, found in paths.items()]


def _places(text: str) -> list[Path]:
    """A path, or several between commas (unless there is one with commas in its name)."""
    whole = Path(text).expanduser()
    return [whole] if whole.exists() else [Path(part).expanduser() for part in text.split(",") if part]


def evaluate(
    encoder: Encoder, task: Task, options: TaskOptions = TaskOptions(), report: Report | None = None
) -> list[Score]:
    """The figures of a task for every representation of a model; DocumentError when its data is not as published."""
    match task.name:
        case TaskName.WIC:
            return evaluate_wic(encoder, only(task), report)
        case TaskName.USIM:
            return evaluate_usim(encoder, only(task), report)
        case TaskName.COARSEWSD if options.quick:
            return evaluate_coarsewsd(encoder, only(task), report, QUICK_OCCURRENCES, nearest=False)
        case TaskName.COARSEWSD:
            return evaluate_coarsewsd(encoder, only(task), report)
        case TaskName.DWUG:
            return evaluate_dwug(encoder, only(task), options.language, report)
        case TaskName.WSD:
            return evaluate_wsd(encoder, task.paths, options.wordnet, report)
        case TaskName.STS:
            return evaluate_sts(encoder, task.paths, options.language, report)
        case TaskName.RETRIEVAL:
            return evaluate_retrieval(encoder, only(task), options.language, report)


def only(task: Task) -> Path:
    """A task's one path; DocumentError when there are several."""
    if len(task.paths) != 1:
        raise DocumentError(f"{task.name} was given {len(task.paths)} times; give one path of it")
    return task.paths[0]
