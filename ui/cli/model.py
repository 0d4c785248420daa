"""Commands that describe, convert and query models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..messages import one_line
from .help import FilePath, Group, argument
from .options import SOURCES, format_option, language_option
from .printing import OutputFormat, note, show

if TYPE_CHECKING:
    from ...indexer.elmo.convert import Conversion, Layout

source_argument = argument("source", f"Model: {SOURCES}")
destination_argument = argument("destination", "Folder to write.", type=FilePath())


@click.group(cls=Group)
def model() -> None:
    """Describe models, convert them, or ask them for substitutes of a word."""


@model.command("info")
@argument(
    "source",
    f"Model: {SOURCES} Default: 'default'.",
    default="default",
)
@format_option
def model_info(source: str, output_format: OutputFormat) -> None:
    """Show the source, digest, dimensions and files of a model."""
    from dataclasses import asdict

    from ...indexer.elmo.convert import describe

    row = asdict(describe(source))
    show([row], output_format, "".join(f"{key:14} {one_line(str(value))}\n" for key, value in row.items()))


@model.command("convert")
@source_argument
@destination_argument
@click.option(
    "--to",
    type=click.Choice(["folder", "allennlp"]),
    default="folder",
    help="Layout to write: a Polyseme model folder, or AllenNLP's pair of files (options.json and HDF5 weights).",
)
@click.option("--half", is_flag=True, help="Store the weights as float16, which halves the size.")
def model_convert(source: str, destination: Path, to: str, half: bool) -> None:
    """Convert a model to a Polyseme model folder or to AllenNLP's pair of files."""
    from ...indexer.elmo.convert import Layout, convert

    convert_and_report(convert, source, destination, Layout(to), half)


@model.command("expect")
@argument("sentence", "Sentence with one word in brackets: 'She sat on the river [bank].'")
@click.option(
    "--model",
    "source",
    default="default",
    metavar="SOURCE",
    help=f"Model to ask: {SOURCES}",
)
@click.option("-k", "k", type=click.IntRange(1), default=10, metavar="N", help="Maximum number of words.")
@language_option
@format_option
def model_expect(sentence: str, source: str, k: int, language: str, output_format: OutputFormat) -> None:
    """List the words that a model expects in the place of a word.

    The score is the probability of the word among all words of the model's output layer.
    """
    from dataclasses import asdict

    from ...indexer.elmo.lexical_substitution import load_expectations
    from ...indexer.errors import QueryError
    from ...indexer.text import TextAnalyser
    from ...search.hits import Match
    from ...search.query.encode import read_target_query

    asked = read_target_query(TextAnalyser(language), sentence, function_words=True)
    if not asked.is_single_word(Match.LEMMA):
        raise QueryError(f"{asked.text!r} is more than one word; mark a single word")
    tokens = [token.text for token in asked.tokens]
    rows = [asdict(found) for found in load_expectations(source).substitutes(tokens, asked.encoded[0], k)]
    show(rows, output_format, "".join(f"{row['score']:.3f}  {row['word']}\n" for row in rows))


@model.command("export")
@source_argument
@destination_argument
@click.option(
    "--format",
    "layout",
    type=click.Choice(["hub"]),
    default="hub",
    help="Layout to write: a SavedModel with the signatures of google/elmo.",
)
def model_export(source: str, destination: Path, layout: str) -> None:
    """Export a model as a SavedModel for tensorflow_hub."""
    from ...indexer.elmo.convert import Layout, convert

    convert_and_report(convert, source, destination, Layout(layout), False)


def convert_and_report(
    convert: Callable[[str, Path, Layout, bool], Conversion], source: str, destination: Path, layout: Layout, half: bool
) -> None:
    """Convert a model and report the parts that the new layout cannot hold."""
    done = convert(source, destination, layout, half)
    for left_out in done.left_out:
        note(f"left out: {left_out}")
    note(f"{destination}: written")
