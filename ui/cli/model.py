"""Commands about models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .options import format_option
from .printing import Format, note, one_line, show


@click.group()
def model() -> None:
    """Look at models and change their format."""


@model.command("info")
@click.argument("source", default="default")
@format_option
def model_info(source: str, form: str) -> None:
    """Tell what a model is: source, digest, sizes, files."""
    from dataclasses import asdict

    from ...indexer.elmo.convert import describe

    row = asdict(describe(source))
    show([row], Format(form), "".join(f"{key:14} {one_line(str(value))}\n" for key, value in row.items()))


@model.command("convert")
@click.argument("source")
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(["folder", "allennlp"]), default="folder", show_default=True)
@click.option("--half", is_flag=True, help="Half precision on disk.")
def model_convert(source: str, destination: Path, to: str, half: bool) -> None:
    """Write any model as a model folder of ours, or as AllenNLP's pair of files."""
    from ...indexer.elmo.convert import Layout, convert

    convert_and_tell(convert, source, destination, Layout(to), half)


@model.command("expect")
@click.argument("sentence")
@click.option("--model", "source", default="default", show_default=True, metavar="SOURCE", help="Which model to ask.")
@click.option("-k", "k", type=click.IntRange(1), default=10, show_default=True, help="How many words.")
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Of the sentence.")
@format_option
def model_expect(sentence: str, source: str, k: int, language: str, form: str) -> None:
    """Tell which words the model expects in a word's place: "She sat on the river [bank]." """
    from dataclasses import asdict

    from ...indexer.elmo.lexical_substitution import load_expectations
    from ...indexer.errors import QueryError
    from ...indexer.text.analyser import TextAnalyser
    from ...search.hits import Match
    from ...search.query.encode import read_target_query

    asked = read_target_query(TextAnalyser(language), sentence, function_words=True)
    if not asked.is_single_word(Match.LEMMA):
        raise QueryError(f"{asked.text!r} is more than one word; mark one")
    tokens = [token.text for token in asked.tokens]
    rows = [asdict(found) for found in load_expectations(source).substitutes(tokens, asked.encoded[0], k)]
    show(rows, Format(form), "".join(f"{row['score']:.3f}  {row['word']}\n" for row in rows))


@model.command("export")
@click.argument("source")
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["hub"]), default="hub", show_default=True)
def model_export(source: str, destination: Path, form: str) -> None:
    """Write any model as a SavedModel with google/elmo's signatures, for tensorflow_hub."""
    from ...indexer.elmo.convert import Layout, convert

    convert_and_tell(convert, source, destination, Layout(form), False)


def convert_and_tell(convert: Callable[..., Any], source: str, destination: Path, layout: Any, half: bool) -> None:
    """Convert, and tell what was left out."""
    done = convert(source, destination, layout, half)
    for left_out in done.left_out:
        note(f"left out: {left_out}")
    note(f"{destination}: written")
