"""Commands that keep filters under a name."""

from __future__ import annotations

from pathlib import Path

import click

from .help import Group, argument
from .options import collection_argument, format_option, model_option, where_option
from .printing import OutputFormat, note, show, table

name_argument = argument("name", "Name of the subcorpus, such as letters.")


@click.group("subcorpus", cls=Group)
def subcorpus() -> None:
    """Keep filters under a name in the collection.

    `--where in=NAME` then means these filters, in every command that takes filters.
    """


@subcorpus.command("save")
@collection_argument
@name_argument
@where_option
@click.option("--replace", is_flag=True, help="Replace an existing subcorpus of the same name.")
@model_option
@format_option
def save_subcorpus(
    collection: Path,
    name: str,
    where: tuple[str, ...],
    replace: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Keep the filters of --where under a name."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        filters = searcher.save_subcorpus(name, where, replace)
    _print({name.strip(): filters}, output_format)


@subcorpus.command("list")
@collection_argument
@format_option
def list_subcorpora(collection: Path, output_format: OutputFormat) -> None:
    """List the subcorpora of a collection with their filters."""
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        found = opened.subcorpora()
    _print(found.filters, output_format)
    if found.problem:
        note(found.problem)


@subcorpus.command("show")
@collection_argument
@name_argument
@format_option
def show_subcorpus(collection: Path, name: str, output_format: OutputFormat) -> None:
    """Show the filters of a subcorpus."""
    from ...indexer.collection.collection import Collection
    from ...search.query.subcorpora import filters_of

    with Collection.open(collection) as opened:
        _print({name: filters_of(opened, name)}, output_format)


@subcorpus.command("remove")
@collection_argument
@name_argument
def remove_subcorpus(collection: Path, name: str) -> None:
    """Remove a subcorpus. Its documents stay."""
    from ...indexer.collection.collection import Collection
    from ...search.query.subcorpora import remove_subcorpus as remove

    with Collection.open(collection) as opened:
        remove(opened, name)
    note(f"{name}: removed")


def _print(found: dict[str, tuple[str, ...]], output_format: OutputFormat) -> None:
    rows = [{"name": name, "filters": list(filters)} for name, filters in found.items()]
    show(rows, output_format, table(["name", "filters"], [(name, " ".join(texts)) for name, texts in found.items()]))
