"""Commands that study occurrences and the senses of a word: similar occurrences, explanation, change, time."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from ..messages import one_line
from .help import Command, argument
from .options import (
    annotated_option,
    any_match_option,
    cite_option,
    collection_argument,
    context_option,
    dictionary_option,
    format_option,
    grain_option,
    k_option,
    match_option,
    model_option,
    number_option,
    plot_option,
    where_option,
    word_argument,
)
from .printing import OutputFormat, columns_of, note, show, show_cited, table, write_plot_of


@click.command("more-like", cls=Command)
@collection_argument
@argument(
    "occurrence",
    "Id of an occurrence to resemble: the occurrence_id of a hit with --format jsonl or csv.",
    type=int,
    nargs=-1,
    required=True,
    metavar="ID",
)
@click.option(
    "--minus", type=int, multiple=True, metavar="ID", help="Avoid the sense of this occurrence. Repeat for several."
)
@any_match_option
@k_option
@where_option
@context_option
@model_option
@format_option
def more_like(
    collection: Path,
    occurrence: tuple[int, ...],
    minus: tuple[int, ...],
    match: str,
    k: int,
    where: tuple[str, ...],
    context: int,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Find occurrences in the same sense as given occurrences."""
    from ...search.searcher import Searcher
    from .search import concordance

    with Searcher.open(collection, model) as searcher:
        hits = searcher.more_like(searcher.hits(occurrence), searcher.hits(minus), k, where, match)
    note(hits.notice)
    note(hits.verdict)
    show(hits.to_dicts(), output_format, concordance(hits, context))


@click.command(cls=Command)
@collection_argument
@argument("occurrence", "Id of the occurrence: its occurrence_id with --format jsonl or csv.", type=int, metavar="ID")
@click.option(
    "--query",
    metavar="TEXT",
    show_default="the occurrence itself",
    help="Query that found the occurrence: 'She sat on the river [bank].'",
)
@model_option
@format_option
def explain(
    collection: Path, occurrence: int, query: str | None, model: str | None, output_format: OutputFormat
) -> None:
    """Show which context words make an occurrence similar to a query.

    For each word, prints how much the score drops without it. Then prints the score of each layer.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        (hit,) = searcher.hits([occurrence])
        found = searcher.explain(hit, query)
    row = {"occurrence_id": occurrence, "sentence": hit.sentence} | asdict(found)
    words = table(["word", "score drop"], [(word.token, word.drop) for word in found.words], right=["score drop"])
    layers = "  ".join(f"{layer} {score:.3f}" for layer, score in found.layers.items())
    show([row], output_format, f"{one_line(hit.sentence)}\nscore {found.score:.3f}\n\n{words}\nby layer: {layers}\n")


@click.command(cls=Command)
@collection_argument
@word_argument
@click.option(
    "--before",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="Filter for the first set of documents, such as 'year=..1980'. Repeat to require several conditions.",
)
@click.option(
    "--after",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="Filter for the second set of documents, such as 'year=1981..'. Repeat to require several conditions.",
)
@match_option
@model_option
@format_option
def change(
    collection: Path,
    word: str,
    before: tuple[str, ...],
    after: tuple[str, ...],
    match: str,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Measure how much the use of a word differs between two sets of documents."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.change(word, before, after, match)
    lines = [
        f"{found.word}: {found.n_before:,} occurrences before, {found.n_after:,} after",
        f"average pairwise distance  {found.apd:.3f} ({found.apd_low:.3f} to {found.apd_high:.3f});"
        f" within one side {found.apd_within:.3f}",
        f"inverted similarity (PRT)  {found.prt:.3f}",
        f"p-value of random splits   {found.p_value:.3f}",
    ]
    show(found.to_dicts(), output_format, "\n".join(lines) + "\n")


@click.command(cls=Command)
@collection_argument
@word_argument
@click.option("--field", default="year", metavar="NAME", help="Metadata field that contains the date.")
@click.option("--period", type=click.IntRange(1), default=10, metavar="YEARS", help="Length of a period in years.")
@match_option
@where_option
@annotated_option
@grain_option
@dictionary_option
@number_option
@click.option(
    "--measure",
    type=click.Choice(["share", "count", "per-million"]),
    default="share",
    help="What --plot draws: the share of each sense, its number of occurrences, or that per million tokens.",
)
@click.option(
    "--smooth",
    type=click.IntRange(1),
    default=1,
    metavar="N",
    help="Sum the counts of N periods, an odd number, around each one. Shares and rates become moving averages.",
)
@plot_option
@cite_option
@model_option
@format_option
def timeline(
    collection: Path,
    word: str,
    field: str,
    period: int,
    match: str,
    where: tuple[str, ...],
    annotated: bool,
    grain: float | None,
    dictionary: str | None,
    number: int | None,
    measure: str,
    smooth: int,
    plot: Path | None,
    cite: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Show the share of each sense of a word over time.

    Shares have 95 % intervals. Occurrences without a date come last. CSV and JSON also have occurrences per million
    tokens, with their intervals. Senses have the numbers that `polyseme senses` prints with the same --match, --where,
    --grain and --number.
    """
    from dataclasses import replace

    from ...search.searcher import Searcher

    if smooth % 2 == 0:
        raise click.UsageError("--smooth takes an odd number of periods, such as 3")
    if grain is not None and number is not None:
        raise click.UsageError("give --grain or --number, not both")
    if dictionary is not None and (grain is not None or number is not None):
        raise click.UsageError("give --grain or --number without --dictionary, whose senses are fixed")
    if annotated and dictionary is not None:
        raise click.UsageError("give --annotated or --dictionary, not both")
    with Searcher.open(collection, model) as searcher:
        names: list[str] = []
        column = "name" if annotated else "sense_id"
        if dictionary is None:
            judged = searcher.judged_senses(word) if annotated else ()
            inventory = searcher.senses(word, match, where, grain, number, judged)
            names = [sense.name or "" for sense in inventory.senses] if any(judged) else []
        else:
            senses = searcher.dictionary_senses(word, dictionary, match, where)
            inventory, names = senses.inventory, [entry.id for entry in senses.entries]
        note(inventory.notice)
        found = searcher.timeline(inventory, field, period, where)
    if names:
        found = replace(found, names=tuple(names))
    write_plot_of(plot, lambda: found.plot(measure, smooth))
    rows = found.rows(smooth)
    columns = ["from", "to", "sense", "count", "share", "low", "high"]
    if names:
        rows = _with_names(rows, names, column)
        columns.insert(3, column)
    show_cited(rows, output_format, columns_of(rows, columns, right=columns), found.cited if cite else None)


def _with_names(rows: list[dict[str, object]], names: list[str], column: str) -> list[dict[str, object]]:
    """Return the rows of senses that have an occurrence, each with the name or id of the sense."""
    present = {row["sense"] for row in rows if row["count"]}
    return [row | {column: names[int(str(row["sense"])) - 1]} for row in rows if row["sense"] in present]


@click.command("map", cls=Command)
@collection_argument
@word_argument
@click.option(
    "--method",
    type=click.Choice(["pca", "umap"]),
    default="pca",
    help="Projection: the first two principal components, or UMAP, which needs umap-learn.",
)
@number_option
@match_option
@where_option
@plot_option
@cite_option
@model_option
@format_option
def sense_map(
    collection: Path,
    word: str,
    method: str,
    number: int | None,
    match: str,
    where: tuple[str, ...],
    plot: Path | None,
    cite: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Project the occurrences of a word to two dimensions.

    Prints coordinates and the number of the sense of each occurrence. Occurrences that are close together have similar
    senses.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        inventory = searcher.senses(word, match, where, number=number)
        note(inventory.notice)
        found = searcher.map(inventory, method)
    write_plot_of(plot, found.plot)
    rows = found.to_dicts()
    columns = ["occurrence_id", "sense", "x", "y"]
    shown = columns_of(rows, columns, right=columns)
    show_cited(rows, output_format, shown, found.cited if cite else None)
