"""The command that evaluates a model on published tasks, or a collection on its owner's gold senses."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command_line import shareable_command
from .help import Command, FilePath, argument
from .options import SOURCES, format_option, language_option, precision_option
from .printing import OutputFormat, note, put, say, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...indexer.elmo import Encoder
    from ...search.evaluation import Score
    from ...search.evaluation.own_collection import OwnReport

TASKS = "wic, usim, coarsewsd, dwug, wsd, sts, retrieval or conllu"
_DISPLAY = ("output_format", "plot")
"""Names of the parameters that do not affect the scores."""


@click.command("eval", cls=Command)
@argument(
    "collection",
    "Folder of the collection to evaluate. Requires --gold.",
    required=False,
    type=FilePath(),
)
@click.option(
    "--gold",
    type=FilePath(),
    metavar="FILE",
    show_default="none",
    help="Table of judgements on the documents of COLLECTION, with columns separated by tabs. For words, they are"
    " document_id, start, end, lemma and sense. start and end are character offsets into the document's text. For"
    " sentences, they are query, document_id and sentence, with a row for each sentence that answers the query.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Encode COLLECTION again with the best layer and normalisation, if held-out words confirm the gain.",
)
@click.option(
    "--model",
    metavar="SOURCE",
    show_default="with COLLECTION its own, else 'default'",
    help=f"Model to evaluate: {SOURCES}",
)
@click.option(
    "--task",
    "tasks",
    multiple=True,
    metavar="NAME=PATH",
    help=f"Task and the folder or file of its data set: {TASKS}. Repeat for several tasks.",
)
@click.option(
    "--wordnet",
    type=FilePath(),
    metavar="DIR",
    show_default="no fallback",
    help="Folder of WordNet's files, for the task wsd: the first-sense fallback, and the accuracy of a dictionary.",
)
@language_option
@precision_option
@format_option
@click.option("--card", is_flag=True, help="Also write the scores into MODEL_CARD.md of the model folder.")
@click.option(
    "--plot",
    type=FilePath(),
    metavar="FILE",
    show_default="no plot",
    help="Also plot the scores to FILE (.svg, .png or .pdf).",
)
def evaluate(
    collection: Path | None,
    gold: Path | None,
    write: bool,
    model: str | None,
    tasks: tuple[str, ...],
    wordnet: Path | None,
    language: str,
    precision: str,
    output_format: OutputFormat,
    card: bool,
    plot: Path | None,
) -> None:
    """Evaluate a model on published tasks, or the settings of a collection.

    With --task, scores a model on published tasks, each layer beside a baseline. The rows product and default are what
    search by sentence compares: its own vectors, and ELMo's.

    With COLLECTION and --gold, scores every layer and normalisation on your own judgements of words and reports the
    best. On your own answers to sentences, scores every order of search by sentence. All scores have 95 % bootstrap
    intervals.
    """
    from ...search.figures.style import check_figure_file
    from .score_plot import write_plot

    if (collection is None) != (gold is None):
        raise click.UsageError("COLLECTION and --gold FILE must be given together")
    if (collection is None) == (not tasks):
        raise click.UsageError("give COLLECTION --gold FILE, or --task NAME=PATH")
    if write and collection is None:
        raise click.UsageError("--write requires COLLECTION --gold FILE")
    if card and collection is not None:
        raise click.UsageError("--card requires --task NAME=PATH")
    if plot:
        check_figure_file(plot)
    if collection is not None and gold is not None:
        scores, title = evaluate_gold(collection, gold, model, write, output_format), str(collection)
    else:
        source = model or "default"
        folder = card_folder(source) if card else None
        scores, title = evaluate_tasks(source, tasks, wordnet, language, precision, output_format)
        if folder:
            put_on_card(folder, scores, shareable_command(click.get_current_context(), leave_out=_DISPLAY))
    if plot:
        write_plot(scores, plot, title)


def card_folder(source: str) -> Path:
    """Return the model folder whose card can be written.

    Raises:
        ModelError: The source is not a model folder.
    """
    from ...indexer.elmo.sources import model_folder
    from ...indexer.errors import ModelError

    folder = model_folder(source)
    if folder is None:
        raise ModelError(f"{source} is not a model folder and has no card; run `polyseme model convert` first")
    return folder


def put_on_card(folder: Path, scores: Sequence[Score], command: str) -> None:
    """Write scores, and the command that printed them, into the card of a model folder. Replaces earlier scores."""
    from ...indexer.elmo.formats.card import with_section
    from ...indexer.elmo.formats.model_folder import CARD, read_card, replace_card
    from .score_table import score_section

    replace_card(folder, with_section(read_card(folder), score_section(scores, command)))
    note(f"{folder / CARD}: scores written")


def evaluate_tasks(
    model: str, texts: tuple[str, ...], wordnet: Path | None, language: str, precision: str, output_format: OutputFormat
) -> tuple[list[Score], str]:
    """Evaluate a model and print the scores after each task. Return the scores and a title that names the model."""
    from ...indexer.elmo import load_encoder
    from ...search.evaluation.run import TaskOptions, parse_tasks
    from ...search.evaluation.run import evaluate as run

    tasks = parse_tasks(texts)
    options = TaskOptions(wordnet=wordnet, language=language)
    encoder = load_encoder(model, precision)
    scores: list[Score] = []
    for task in tasks:
        found = run(encoder, task, options, CountLine(task.name))
        print_scores(found, output_format, first=not scores)
        scores += found
    return scores, f"{encoder.source} ({encoder.model_id[:12]})"


def evaluate_gold(
    collection: Path, gold: Path, model: str | None, write: bool, output_format: OutputFormat
) -> list[Score]:
    """Evaluate a collection on a table of judged words, or of sentences that answer queries. Print the scores."""
    from ...indexer.gold.sentence_answers import has_sentence_columns

    if not has_sentence_columns(gold):
        return evaluate_own(collection, gold, model, write, output_format)
    if write:
        raise click.UsageError("--write requires judged words; gold sentences choose no layer")
    return evaluate_sentences(collection, gold, model, output_format)


def evaluate_sentences(collection: Path, gold: Path, model: str | None, output_format: OutputFormat) -> list[Score]:
    """Evaluate the orders of a collection's search by sentence and print the scores."""
    from ...indexer.gold.sentence_answers import read_sentence_gold
    from ...search.evaluation.own_sentences import evaluate_answers
    from ...search.searcher import Searcher

    queries = read_sentence_gold(gold)
    with Searcher.open(collection, model) as searcher:
        report = evaluate_answers(searcher, queries, CountLine("gold", "queries answered"))
    print_scores(list(report.scores), output_format, first=True)
    if report.left_out:
        note(f"{report.left_out} gold rows skipped: the collection has no such sentence")
    note(f"{report.queries} queries, {report.answers} answers")
    return list(report.scores)


def evaluate_own(
    collection: Path, gold: Path, model: str | None, write: bool, output_format: OutputFormat
) -> list[Score]:
    """Evaluate the layers and normalisations of a collection and print the scores. With `write`, apply the best."""
    from ...indexer.collection.collection import Collection
    from ...indexer.gold.judgements import read_gold
    from ...indexer.vectorise import fitting_encoder
    from ...search.evaluation.own_collection import evaluate_collection

    rows = read_gold(gold)
    with Collection.open(collection) as opened:
        encoder = fitting_encoder(opened, model)
        report = evaluate_collection(opened, encoder, rows, CountLine("gold"))
    scores = [one.score for one in report.measured]
    print_scores([*scores, *(one.difference for one in report.measured), report.gain], output_format, first=True)
    report_choice(report, encoder)
    if write:
        write_choice(collection, report, encoder)
    return scores


def report_choice(report: OwnReport, encoder: Encoder) -> None:
    """Print the best setting, its gain and how certain the gain is."""
    if report.left_out:
        note(f"{report.left_out} gold rows skipped: the collection has no word at their offsets")
    note(f"{report.words} words, {report.occurrences} occurrences ranked")
    best, gain = report.best, report.gain
    if best.choice == report.now:
        note(f"the current setting is the best: {best.choice.name(encoder)}")
        return
    chance = "" if report.is_sure else "; this may be chance, judge more words"
    note(
        f"the best setting is {best.choice.name(encoder)}, the current one is {report.now.name(encoder)}:"
        f" {100 * best.difference.value:+.1f} points; gain on held-out words {100 * gain.value:+.1f}"
        f" ({100 * gain.low:+.1f} to {100 * gain.high:+.1f}){chance}"
    )


def write_choice(collection: Path, report: OwnReport, encoder: Encoder) -> None:
    """Encode a collection again with the best setting, if held-out words confirm the gain."""
    from ...indexer.reencode import reencode
    from ...search.evaluation.own_collection import settings_for
    from .index import print_report
    from .progress import ProgressLine

    if report.best.choice == report.now:
        note(f"{collection}: nothing to write")
        return
    if not report.is_sure:
        note(f"{collection}: not written, since the gain may be chance; judge more words, or use polyseme reencode")
        return
    config = settings_for(collection, report.best.choice, encoder)
    print_report(reencode(collection, config, encoder, ProgressLine()), collection)
    note(f"{collection}: encoded again and written: {report.best.choice.name(encoder)}")


def print_scores(scores: list[Score], output_format: OutputFormat, first: bool) -> None:
    """Print scores. CSV has one header, before the first scores."""
    from .score_table import score_table

    rows = [score.row() for score in scores]
    if output_format is OutputFormat.CSV and not first:
        from ..formats import csv_text

        put(csv_text(rows).partition("\r\n")[2])
    else:
        show(rows, output_format, score_table(scores) + "\n")


class CountLine:
    """Progress on standard error: one overwritten line on a terminal, else one line every 30 seconds."""

    def __init__(self, name: str, counted: str = "sentences encoded") -> None:
        self.name = name
        self.counted = counted
        self.terminal = sys.stderr.isatty()
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show how much is done, if a line is due. Clear the line at the end."""
        now = time.monotonic()
        if self.terminal and done == total:
            say("\r\x1b[K", end="")
        elif now - self.last >= (0.2 if self.terminal else 30):
            self.last = now
            text = f"{self.name}: {done} of {total} {self.counted}"
            say(f"\r\x1b[K{text}" if self.terminal else f"{text}\n", end="")
