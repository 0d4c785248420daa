"""Commands about models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ui.options import format_option
from ui.printing import Format, note, one_line, show


@click.group()
def model() -> None:
    """Look at models and change their format."""


@model.command("info")
@click.argument("source", default="default")
@format_option
def model_info(source: str, form: str) -> None:
    """Tell what a model is: source, digest, sizes, files."""
    from dataclasses import asdict

    from indexer.elmo.convert import describe

    row = asdict(describe(source))
    show([row], Format(form), "".join(f"{key:14} {one_line(str(value))}\n" for key, value in row.items()))


@model.command("convert")
@click.argument("source")
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(["folder", "allennlp"]), default="folder", show_default=True)
@click.option("--half", is_flag=True, help="Half precision on disk.")
def model_convert(source: str, destination: Path, to: str, half: bool) -> None:
    """Write any model as a model folder of ours, or as AllenNLP's pair of files."""
    from indexer.elmo.convert import Layout, convert

    convert_and_tell(convert, source, destination, Layout(to), half)


@model.command("export")
@click.argument("source")
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["hub"]), default="hub", show_default=True)
def model_export(source: str, destination: Path, form: str) -> None:
    """Write any model as a SavedModel with google/elmo's signatures, for tensorflow_hub."""
    from indexer.elmo.convert import Layout, convert

    convert_and_tell(convert, source, destination, Layout(form), False)


def convert_and_tell(convert: Callable[..., Any], source: str, destination: Path, layout: Any, half: bool) -> None:
    """Convert, and tell what was left out."""
    done = convert(source, destination, layout, half)
    for left_out in done.left_out:
        note(f"left out: {left_out}")
    note(f"{destination}: written")
