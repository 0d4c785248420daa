"""Commands that study occurrences and the senses of a word: similar occurrences, explanation, change, time."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..messages import one_line
from .help import Command, argument
from .options import (
    any_match_option,
    collection_argument,
    context_option,
    dictionary_option,
    format_option,
    grain_option,
    k_option,
    match_option,
    model_option,
    number_option,
    where_option,
    word_argument,
)
from .printing import OutputFormat, note, show, table

if TYPE_CHECKING:
    from ...search.searcher import Searcher
    from ...search.senses.inventory import SenseInventory


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
    show([asdict(found)], output_format, "\n".join(lines) + "\n")


@click.command(cls=Command)
@collection_argument
@word_argument
@click.option("--field", default="year", metavar="NAME", help="Metadata field that contains the date.")
@click.option("--period", type=click.IntRange(1), default=10, metavar="YEARS", help="Length of a period in years.")
@match_option
@where_option
@grain_option
@number_option
@dictionary_option
@model_option
@format_option
def timeline(
    collection: Path,
    word: str,
    field: str,
    period: int,
    match: str,
    where: tuple[str, ...],
    grain: float | None,
    number: int | None,
    dictionary: str | None,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Show the share of each sense of a word over time.

    Shares have 95 % intervals. Occurrences without a date come last. Senses have the numbers that `polyseme senses`
    prints with the same --match, --where, --grain and --number.
    """
    from ...search.searcher import Searcher

    if grain is not None and number is not None:
        raise click.UsageError("give --grain or --number, not both")
    if dictionary is not None and (grain is not None or number is not None):
        raise click.UsageError("give --grain or --number without --dictionary, whose senses are fixed")
    with Searcher.open(collection, model) as searcher:
        names: list[str] = []
        if dictionary is None:
            inventory = searcher.senses(word, match, where, grain, number)
        else:
            found = searcher.dictionary_senses(word, dictionary, match, where)
            inventory, names = found.inventory, [entry.id for entry in found.entries]
        note(inventory.notice)
        rows = _timeline_rows(searcher, inventory, field, period)
    columns = ["from", "to", "sense", "count", "share", "low", "high"]
    if names:
        rows = _with_names(rows, names)
        columns.insert(3, "sense_id")
    cells = [[row[column] for column in columns] for row in rows]
    show(rows, output_format, table(columns, cells, right=columns))


def _with_names(rows: list[dict[str, object]], names: list[str]) -> list[dict[str, object]]:
    """Return the rows of senses that have an occurrence, each with the sense's id in the dictionary."""
    present = {row["sense"] for row in rows if row["count"]}
    return [row | {"sense_id": names[int(str(row["sense"])) - 1]} for row in rows if row["sense"] in present]


def _timeline_rows(searcher: Searcher, inventory: SenseInventory, field: str, period: int) -> list[dict[str, object]]:
    """Return one row per period and sense, then one per sense for undated occurrences, without years."""
    found = searcher.timeline(inventory, field, period)
    rows: list[dict[str, object]] = []
    for span in found.periods:
        figures = zip(span.counts, span.shares, span.lows, span.highs, span.ids, strict=True)
        for number, (count, share, low, high, ids) in enumerate(figures, start=1):
            row = {"from": span.start, "to": span.end, "sense": number, "count": count, "share": share}
            rows.append(row | {"low": low, "high": high, "occurrence_ids": list(ids)})
    for number, ids in enumerate(found.undated_ids, start=1):
        undated: dict[str, object] = dict.fromkeys(["from", "to", "sense", "count", "share", "low", "high"])
        rows.append(undated | {"sense": number, "count": len(ids), "occurrence_ids": list(ids)})
    return rows
