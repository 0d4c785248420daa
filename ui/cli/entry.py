"""Commands that make material for a dictionary: good examples, and the entry of a word."""

from __future__ import annotations

from pathlib import Path

import click

from .help import Command, FilePath
from .options import collection_argument, format_option, model_option, where_option, word_argument
from .printing import OutputFormat, columns_of, note, show

per_sense_option = click.option(
    "--per-sense", type=click.IntRange(1), default=3, metavar="N", help="Number of examples of each sense."
)


@click.command(cls=Command)
@collection_argument
@word_argument
@per_sense_option
@where_option
@model_option
@format_option
def examples(
    collection: Path,
    word: str,
    per_sense: int,
    where: tuple[str, ...],
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Find good examples of each sense of a word.

    A good example is a whole sentence of usual length with common words, clear without its context, and typical of its
    sense. Senses that you have given lines are held fixed.
    """
    from ...search.hits import hit_to_dict
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        inventory = searcher.senses(word, where=where, known=searcher.judged_senses(word))
        found = searcher.good_examples(word, per_sense, where, inventory)
    note(inventory.notice)
    names = {sense.number: sense.name for sense in inventory.senses}
    rows = [
        {"sense": number, "name": names[number], "example_score": one.score}
        | {f"example_{name}": part for name, part in one.parts.items()}
        | hit_to_dict(one.hit)
        for number, each in found.items()
        for one in each
    ]
    columns = ["sense", "name", "example_score", "sentence", "document"]
    show(rows, output_format, columns_of(rows, columns, right=["sense", "example_score"]))


@click.command(cls=Command)
@collection_argument
@word_argument
@click.option(
    "--format",
    "entry_format",
    type=click.Choice(["md", "html", "docx", "json", "lmf", "tei"]),
    default="md",
    help="Markdown, HTML, DOCX, JSON, LMF (of the Global WordNet Association) or TEI Lex-0.",
)
@click.option(
    "-o",
    "--output",
    type=FilePath(to_write=True, dir_okay=False),
    metavar="FILE",
    show_default="standard output",
    help="File to write. DOCX needs one.",
)
@per_sense_option
@click.option(
    "--field",
    metavar="NAME",
    show_default="year, if documents have it",
    help="Metadata field that contains the date.",
)
@click.option("--period", type=click.IntRange(1), default=10, metavar="YEARS", help="Length of a period in years.")
@where_option
@model_option
def entry(
    collection: Path,
    word: str,
    entry_format: str,
    output: Path | None,
    per_sense: int,
    field: str | None,
    period: int,
    where: tuple[str, ...],
    model: str | None,
) -> None:
    """Write the entry of a word.

    It has the senses with names and definitions, shares, examples, collocates, counts over time, and a line that says
    what it was made from. Senses that you have given lines are held fixed.
    """
    from ...indexer.errors import QueryError
    from ...indexer.files import write_anywhere
    from ...search.searcher import Searcher
    from ..entries import EntryFormat, entry_bytes
    from .printing import put

    chosen = EntryFormat(entry_format)
    if output is None and chosen is EntryFormat.DOCX:
        raise click.UsageError("DOCX is no text; give -o FILE")
    with Searcher.open(collection, model) as searcher:
        content = entry_bytes(searcher.entry(word, per_sense, where, field, period), chosen)
    if output is None:
        put(content.decode())
        return
    try:
        write_anywhere(output, content)
    except OSError as error:
        raise QueryError(f"{output} cannot be written ({error.strerror}); name another file") from error
    note(f"{word}: written to {output}")
