"""The tasks by name: what `polyseme eval --task NAME=PATH` and benchmarks/quality.py run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import DocumentError
from search.evaluation.records import Score
from search.evaluation.representing import Report
from search.evaluation.token_tasks import evaluate_coarsewsd, evaluate_usim, evaluate_wic

if TYPE_CHECKING:
    from indexer.elmo import Encoder

QUICK_OCCURRENCES = 40


class TaskName(StrEnum):
    """What can be measured of a model."""

    WIC = "wic"
    USIM = "usim"
    COARSEWSD = "coarsewsd"


@dataclass(frozen=True, slots=True)
class Task:
    """A task and where its gold data lies; several paths only where the task takes several."""

    name: TaskName
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """quick: a sample that shows the way a training goes."""

    quick: bool = False


def parse_tasks(texts: Iterable[str]) -> list[Task]:
    """`NAME=PATH` each; paths of one name belong together. DocumentError where a name is unknown or a path missing."""
    paths: dict[TaskName, list[Path]] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if name not in tuple(TaskName) or not equals or not path:
            raise DocumentError(f"{text!r} is no task; give NAME=PATH, NAME one of {', '.join(TaskName)}")
        where = Path(path).expanduser()
        if not where.exists():
            raise DocumentError(f"{where} is not there; give the place of the gold data of {name}")
        paths.setdefault(TaskName(name), []).append(where)
    return [Task(name, tuple(found)) for name, found in paths.items()]


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


def only(task: Task) -> Path:
    """A task's one path; DocumentError when there are several."""
    if len(task.paths) != 1:
        raise DocumentError(f"{task.name} was given {len(task.paths)} times; give one path of it")
    return task.paths[0]
