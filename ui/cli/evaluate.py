"""The command that measures: a model on published tasks, or a collection by its owner's gold senses."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import format_option, model_option
from .printing import Format, note, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...indexer.elmo import Encoder
    from ...search.evaluation import Score
    from ...search.evaluation.own_collection import OwnReport

TASKS = "wic, usim, coarsewsd, dwug, wsd, sts, retrieval"


@click.command("eval")
@click.argument("collection", required=False, type=click.Path(path_type=Path))
@click.option("--gold", type=click.Path(path_type=Path), metavar="FILE", help="Gold senses of COLLECTION's documents.")
@click.option("--write", is_flag=True, help="Encode COLLECTION again with what serves it best, if that is sure.")
@model_option
@click.option("--task", "tasks", multiple=True, metavar="NAME=PATH", help=f"{TASKS}; may be repeated.")
@click.option("--wordnet", type=click.Path(path_type=Path), metavar="DIR", help="index.sense, for wsd's first senses.")
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Of a task's running text.")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True)
@format_option
@click.option("--card", is_flag=True, help="Also write the figures into the model folder's MODEL_CARD.md.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Also draw them: .svg, .png, .pdf.")
def evaluate(
    collection: Path | None,
    gold: Path | None,
    write: bool,
    model: str | None,
    tasks: tuple[str, ...],
    wordnet: Path | None,
    language: str,
    precision: str,
    form: str,
    card: bool,
    plot: Path | None,
) -> None:
    """Measure a model on gold data (--task), or what serves COLLECTION best (--gold)."""
    from .score_plot import check_plot, write_plot

    if (collection is None) != (gold is None):
        raise click.UsageError("COLLECTION and --gold FILE go together")
    if (collection is None) == (not tasks):
        raise click.UsageError("give COLLECTION --gold FILE, or --task NAME=PATH")
    if write and collection is None:
        raise click.UsageError("--write is for COLLECTION --gold FILE")
    if card and collection is not None:
        raise click.UsageError("--card is for --task NAME=PATH")
    if plot:
        check_plot(plot)
    if collection is not None and gold is not None:
        scores, title = evaluate_own(collection, gold, model, write, Format(form)), str(collection)
    else:
        source = model or "default"
        folder = card_folder(source) if card else None
        scores, title = evaluate_tasks(source, tasks, wordnet, language, precision, Format(form))
        if folder:
            put_on_card(folder, scores, command_of(source, tasks, wordnet, language, precision))
    if plot:
        write_plot(scores, plot, title)


def card_folder(source: str) -> Path:
    """The model folder whose card can be written; ModelError where the model is none."""
    from ...indexer.elmo.bundled import bundled_folder
    from ...indexer.elmo.formats.model_folder import is_model_folder
    from ...indexer.errors import ModelError

    folder = bundled_folder(source) or Path(source).expanduser()
    if not is_model_folder(folder):
        raise ModelError(f"{source} is no model folder and has no card; run `polyseme model convert` first")
    return folder


def put_on_card(folder: Path, scores: Sequence[Score], command: str) -> None:
    """Write the figures into a model folder's card, in the place of earlier ones."""
    from ...indexer.elmo.formats.card import with_section
    from ...indexer.elmo.formats.model_folder import CARD, read_card, replace_card
    from ..scores import score_section

    replace_card(folder, with_section(read_card(folder), score_section(scores, command)))
    note(f"{folder / CARD}: figures written")


def command_of(source: str, tasks: Sequence[str], wordnet: Path | None, language: str, precision: str) -> str:
    """The command line that measures the same; of paths their last part alone, the rest is the user's own affair."""
    from ...indexer.elmo.formats.card import last_part

    words = ["polyseme", "eval", "--model", last_part(source)]
    for task in tasks:
        name, _, path = task.partition("=")
        words += ["--task", f"{name}={last_part(path)}"]
    words += ["--wordnet", last_part(wordnet)] if wordnet else []
    words += ["--language", language] if language != "en" else []
    words += ["--precision", precision] if precision != "float32" else []
    return shlex.join([*words, "--card"])


def evaluate_tasks(
    model: str, texts: tuple[str, ...], wordnet: Path | None, language: str, precision: str, form: Format
) -> tuple[list[Score], str]:
    """Measure and print task by task, so that a long run shows what it has; returns the scores and whose they are."""
    from ...indexer.elmo import load_encoder
    from ...search.evaluation.run import TaskOptions, parse_tasks
    from ...search.evaluation.run import evaluate as run

    tasks = parse_tasks(texts)
    options = TaskOptions(wordnet=wordnet, language=language)
    encoder = load_encoder(model, precision)
    scores: list[Score] = []
    for task in tasks:
        found = run(encoder, task, options, EncodingLine(task.name))
        print_scores(found, form, first=not scores)
        scores += found
    return scores, f"{encoder.source} ({encoder.model_id[:12]})"


def evaluate_own(collection: Path, gold: Path, model: str | None, write: bool, form: Format) -> list[Score]:
    """Measure what serves a collection best and print it; with ``write`` encode it again that way."""
    from ...indexer.collection.collection import Collection
    from ...indexer.vectorise import fitting_encoder
    from ...search.evaluation.gold import read_gold
    from ...search.evaluation.own_collection import evaluate_collection

    rows = read_gold(gold)
    with Collection.open(collection) as opened:
        encoder = fitting_encoder(opened, model)
        report = evaluate_collection(opened, encoder, rows, EncodingLine("gold"))
    scores = [one.score for one in report.measured]
    print_scores([*scores, *(one.difference for one in report.measured), report.gain], form, first=True)
    tell(report, encoder)
    if write:
        write_choice(collection, report, encoder)
    return scores


def tell(report: OwnReport, encoder: Encoder) -> None:
    """Say in words what the figures say."""
    if report.left_out:
        note(f"{report.left_out} gold rows have no word at their place in a document of the collection; left out")
    note(f"{report.words} words, {report.occurrences} occurrences ranked")
    best, gain = report.best, report.gain
    if best.choice == report.now:
        note(f"what the collection has serves it best: {best.choice.name(encoder)}")
        return
    sure = "" if report.is_sure else "; that may be chance, judge more words"
    note(
        f"best is {best.choice.name(encoder)}, now it is {report.now.name(encoder)}:"
        f" {100 * best.difference.value:+.1f} points; chosen by other words, {100 * gain.value:+.1f}"
        f" ({100 * gain.low:+.1f} to {100 * gain.high:+.1f}){sure}"
    )


def write_choice(collection: Path, report: OwnReport, encoder: Encoder) -> None:
    """Encode a collection again with the best choice, if it is surely better; it answers as before until then."""
    from ...indexer.reencode import reencode
    from ...search.evaluation.own_collection import settings_for
    from .index import tell_report
    from .progress import ProgressLine

    if report.best.choice == report.now:
        note(f"{collection}: nothing to write")
        return
    if not report.is_sure:
        note(f"{collection}: not written, since the gain may be chance; judge more words, or use polyseme reencode")
        return
    config = settings_for(collection, report.best.choice, encoder)
    tell_report(reencode(collection, config, encoder, ProgressLine()), collection)
    note(f"{collection}: encoded again and written: {report.best.choice.name(encoder)}")


def print_scores(scores: list[Score], form: Format, first: bool) -> None:
    """Print scores; CSV has its header but once."""
    from ..scores import score_table

    rows = [score.row() for score in scores]
    if form is Format.CSV and not first:
        from ..formats import csv_text

        click.echo(csv_text(rows).partition("\r\n")[2], nl=False)
    else:
        show(rows, form, score_table(scores) + "\n")


class EncodingLine:
    """Tells on standard error how much is encoded: one line on a terminal, else one every thirty seconds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.terminal = sys.stderr.isatty()
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show it, if it is time to; the end clears the line."""
        now = time.monotonic()
        if self.terminal and done == total:
            sys.stderr.write("\r\x1b[K")
        elif now - self.last >= (0.2 if self.terminal else 30):
            self.last = now
            text = f"{self.name}: {done} of {total} sentences encoded"
            sys.stderr.write(f"\r\x1b[K{text}" if self.terminal else f"{text}\n")
        sys.stderr.flush()
