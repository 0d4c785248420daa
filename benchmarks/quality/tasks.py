"""Print the figures of a model on every task of `polyseme eval` whose gold data is in a folder.

    python -m benchmarks.quality.tasks EVAL_FOLDER [--model SOURCE] [--only NAME]... [--wordnet DIR] [--jsonl FILE]
                                       [--plot FILE] [--card]
    python -m benchmarks.quality.tasks EVAL_FOLDER --model DIR --quick    # about a minute, to watch a training

EVAL_FOLDER holds wic/, usim/usim_en.txt, coarsewsd-20/, dwug/, stsbenchmark/, cranfield/, semcor3.0.tar.xz, and the
unified framework's wsd/. Tasks with missing data are skipped.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from polyseme.indexer.elmo import Precision, load_encoder
from polyseme.indexer.elmo.bundled import DEFAULT
from polyseme.indexer.errors import DocumentError, PolysemeError
from polyseme.search.evaluation import Score
from polyseme.search.evaluation.run import Task, TaskName, TaskOptions, evaluate
from polyseme.search.figures.style import check_figure_file
from polyseme.ui.cli.evaluate import CountLine, card_folder, put_on_card
from polyseme.ui.cli.score_plot import write_plot
from polyseme.ui.cli.score_table import score_table
from polyseme.ui.formats import jsonl

PLACES = {
    TaskName.WIC: ("wic",),
    TaskName.USIM: ("usim/usim_en.txt",),
    TaskName.STS: ("stsbenchmark",),
    TaskName.COARSEWSD: ("coarsewsd-20",),
    TaskName.DWUG: ("dwug",),
    TaskName.RETRIEVAL: ("cranfield",),
    TaskName.WSD: ("wsd", "semcor3.0.tar.xz"),
}
"""Paths of each task's gold data in EVAL_FOLDER. Quick tasks come first."""
QUICK = (TaskName.WIC, TaskName.USIM, TaskName.COARSEWSD)


def tasks_in(folder: Path, names: list[TaskName]) -> list[Task]:
    """Return the tasks whose gold data exists.

    Raises:
        DocumentError: No task has gold data.
    """
    places = {name: tuple(folder / place for place in PLACES[name] if (folder / place).exists()) for name in PLACES}
    found = [Task(name, paths) for name, paths in places.items() if paths and name in names]
    if not found:
        wanted = ", ".join(place for name in names for place in PLACES[name])
        raise DocumentError(f"{folder} holds none of {wanted}; give another folder")
    return found


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Print the figures of a model on published tasks.")
    parser.add_argument("folder", type=Path, metavar="EVAL_FOLDER", help="folder with the gold data")
    parser.add_argument("--model", default=DEFAULT, metavar="SOURCE", help="model to measure")
    parser.add_argument(
        "--precision", default=Precision.FLOAT32, choices=list(Precision), help="number format of the encoder"
    )
    parser.add_argument(
        "--only", action="append", choices=list(PLACES), metavar="NAME", help="task to run; repeat for more"
    )
    parser.add_argument("--quick", action="store_true", help="run WiC, usage similarity and a sample of CoarseWSD-20")
    parser.add_argument(
        "--wordnet", type=Path, metavar="DIR", help="folder with WordNet's index.sense, for the first-sense fallback"
    )
    parser.add_argument("--jsonl", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the figures into FILE")
    parser.add_argument("--card", action="store_true", help="write the figures into the model folder's card")
    arguments = parser.parse_args()
    names = [TaskName(name) for name in arguments.only or (QUICK if arguments.quick else PLACES)]
    options = TaskOptions(quick=arguments.quick, wordnet=arguments.wordnet)
    scores: list[Score] = []
    try:
        if arguments.plot:
            check_figure_file(arguments.plot)
        tasks = tasks_in(arguments.folder, names)
        folder = card_folder(arguments.model) if arguments.card else None
        encoder = load_encoder(arguments.model, arguments.precision)
        for task in tasks:
            began = time.monotonic()
            found = evaluate(encoder, task, options, CountLine(task.name))
            print(score_table(found), flush=True)
            print(f"tasks: {task.name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
            scores += found
            if arguments.jsonl:  # after each task, so that an interrupted run keeps its figures
                arguments.jsonl.write_text(jsonl(score.row() for score in scores), encoding="utf-8")
        if arguments.plot:
            write_plot(scores, arguments.plot, arguments.model)
        if folder:
            model = "" if arguments.model == DEFAULT else f" --model {folder.name}"
            wordnet = f" --wordnet {arguments.wordnet.name}" if arguments.wordnet else ""
            put_on_card(folder, scores, f"python -m benchmarks.quality.tasks EVAL_FOLDER{model}{wordnet} --card")
    except PolysemeError as error:
        print(f"tasks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
