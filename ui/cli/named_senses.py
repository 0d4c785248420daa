"""Commands that keep senses under a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..messages import one_line
from .help import FilePath, Group, argument
from .options import (
    ANY_MATCH,
    collection_argument,
    context_option,
    format_option,
    k_option,
    match_option,
    model_option,
    number_option,
    where_option,
)
from .printing import OutputFormat, note, show, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...search.senses.named_sense_file import NamedSense

replace_option = click.option("--replace", is_flag=True, help="Replace an existing named sense of the same name.")
name_argument = argument("name", "Name of the sense, such as river_bank.")


@click.group("named-sense", cls=Group)
def named_sense() -> None:
    """Save senses under a name, list them and filter by them.

    `--where sense=NAME` restricts any search to the occurrences of a named sense.
    """


@named_sense.command("save")
@collection_argument
@name_argument
@click.option(
    "--word",
    metavar="WORD",
    show_default="none",
    help="Group the occurrences of this word into senses and save one of them. Requires --sense.",
)
@click.option(
    "--sense",
    type=click.IntRange(1),
    metavar="N",
    show_default="none",
    help="Number of the sense, from 1, as `polyseme senses` prints it.",
)
@match_option
@where_option
@number_option
@click.option(
    "--plus",
    type=int,
    multiple=True,
    metavar="ID",
    help="Occurrence that has the sense, by its occurrence_id. Repeat for several.",
)
@click.option(
    "--minus",
    type=int,
    multiple=True,
    metavar="ID",
    help="Occurrence that does not have the sense, by its occurrence_id. Repeat for several.",
)
@click.option(
    "--any-pos", is_flag=True, help="With --plus, let the sense hold occurrences of another part of speech than these."
)
@replace_option
@model_option
@format_option
def save(
    collection: Path,
    name: str,
    word: str | None,
    sense: int | None,
    match: str,
    where: tuple[str, ...],
    number: int | None,
    plus: tuple[int, ...],
    minus: tuple[int, ...],
    any_pos: bool,
    replace: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Save a sense under a name.

    Give --word and --sense to save one sense of a word. Give --plus, and optionally --minus, to save a sense by
    example. A sense of nouns holds no verb, unless --any-pos is given.
    """
    from ...search.searcher import Searcher

    if (word is None) is not (sense is None) or (word is None) is (not plus):
        raise click.UsageError("give --word and --sense, or --plus ID")
    if any_pos and not plus:
        raise click.UsageError("--any-pos requires --plus ID")
    with Searcher.open(collection, model) as searcher:
        if word is None:
            made = searcher.save_named_sense(
                name,
                positive=searcher.hits(plus),
                negative=searcher.hits(minus),
                replace=replace,
                any_pos=any_pos,
            )
        else:
            made = searcher.save_named_sense(
                name, searcher.senses(word, match, where, number=number), sense, replace=replace
            )
    _print_named_senses([made], output_format)


@named_sense.command("list")
@collection_argument
@model_option
@format_option
def list_named_senses(collection: Path, model: str | None, output_format: OutputFormat) -> None:
    """List the named senses of a collection."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.named_senses()
    _print_named_senses(found, output_format)


@named_sense.command("show")
@collection_argument
@name_argument
@model_option
@format_option
def show_named_sense(collection: Path, name: str, model: str | None, output_format: OutputFormat) -> None:
    """Show a named sense and the sentences it was saved from."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.named_sense(name)
    lines = "".join(f"    {one_line(line)}\n" for line in found.examples)
    row = _named_sense_row(found) | {"examples": list(found.examples)}
    show([row], output_format, _named_sense_table([found]) + lines)


@named_sense.command("apply")
@collection_argument
@name_argument
@click.option(
    "--match",
    type=ANY_MATCH,
    show_default="as the sense was saved",
    help="Find the same word form, the same lemma, or any word.",
)
@k_option
@where_option
@context_option
@model_option
@format_option
def apply(
    collection: Path,
    name: str,
    match: str | None,
    k: int,
    where: tuple[str, ...],
    context: int,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Find the occurrences of a named sense, nearest first."""
    from ...search.searcher import Searcher
    from .search import concordance

    with Searcher.open(collection, model) as searcher:
        hits = searcher.apply_named_sense(name, k, match, where)
    note(hits.notice)
    show(hits.to_dicts(), output_format, concordance(hits, context))


@named_sense.command("export")
@collection_argument
@name_argument
@argument("file", "JSON file to write.", type=FilePath(to_write=True, dir_okay=False))
@model_option
def export(collection: Path, name: str, file: Path, model: str | None) -> None:
    """Write a named sense to a JSON file.

    Collections that were built with the same model can import it.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        searcher.export_named_sense(name, file)
    note(f"{name}: written to {file}")


@named_sense.command("import")
@collection_argument
@argument("file", "JSON file that `polyseme named-sense export` wrote.", type=FilePath(dir_okay=False))
@replace_option
@model_option
@format_option
def import_named_sense(
    collection: Path, file: Path, replace: bool, model: str | None, output_format: OutputFormat
) -> None:
    """Add the named sense of a JSON file to a collection."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        made = searcher.import_named_sense(file, replace)
    _print_named_senses([made], output_format)


@named_sense.command("remove")
@collection_argument
@name_argument
@model_option
def remove_named_sense(collection: Path, name: str, model: str | None) -> None:
    """Remove a named sense from a collection."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        searcher.remove_named_sense(name)
    note(f"{name}: removed")


def _named_sense_row(found: NamedSense) -> dict[str, object]:
    return {
        "name": found.name,
        "word": found.word,
        "match": str(found.match),
        "size": found.size,
        "rivals": len(found.rivals),
        "threshold": found.threshold,
        "model_id": found.model_id,
    }


def _named_sense_table(found: Sequence[NamedSense]) -> str:
    rows = [(p.name, p.word, str(p.match), p.size, len(p.rivals), p.threshold) for p in found]
    numbers = ["size", "rivals", "threshold"]
    return table(["name", "word", "match", *numbers], rows, right=numbers)


def _print_named_senses(found: Sequence[NamedSense], output_format: OutputFormat) -> None:
    show([_named_sense_row(one) for one in found], output_format, _named_sense_table(found))


@click.group("prototype", cls=Group, commands=named_sense.commands, hidden=True)
def prototype() -> None:
    """Run a command of `polyseme named-sense` under its old name."""
    note("`polyseme prototype` is deprecated and will be removed in version 0.2; use `polyseme named-sense`")
