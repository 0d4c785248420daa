"""Commands about senses: likeness, explanation, change, time."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import collection_argument, format_option, k_option, match_option, model_option, where_option
from .printing import Format, note, one_line, show, table

if TYPE_CHECKING:
    from ...search.searcher import Searcher


@click.command("more-like")
@collection_argument
@click.argument("occurrence", type=int, nargs=-1, required=True)
@click.option("--minus", type=int, multiple=True, metavar="ID", help="Away from this occurrence; repeated.")
@click.option("--match", type=click.Choice(["form", "lemma", "any"]), default="lemma", show_default=True)
@k_option
@where_option
@click.option("--context", type=click.IntRange(0), default=45, show_default=True, help="Characters on each side.")
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
    form: str,
) -> None:
    """Find occurrences that mean the same as those given by their numbers (occurrence_id)."""
    from ...search.searcher import Searcher
    from .search import concordance

    with Searcher.open(collection, model) as searcher:
        hits = searcher.more_like(searcher.hits(occurrence), searcher.hits(minus), k, where, match)
    note(hits.notice)
    note(hits.verdict)
    show(hits.to_dicts(), Format(form), concordance(hits, context))


@click.command()
@collection_argument
@click.argument("occurrence", type=int)
@click.option("--query", metavar="TEXT", help='What it answered: "She sat on the river [bank]."; default: itself.')
@model_option
@format_option
def explain(collection: Path, occurrence: int, query: str | None, model: str | None, form: str) -> None:
    """Tell which words around an occurrence (its occurrence_id) make it alike with a query, and the score by layer."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        (hit,) = searcher.hits([occurrence])
        found = searcher.explain(hit, query)
    row = {"occurrence_id": occurrence, "sentence": hit.sentence} | asdict(found)
    words = table(["word", "carries"], [(word.token, word.drop) for word in found.words], right=["carries"])
    layers = "  ".join(f"{layer} {score:.3f}" for layer, score in found.layers.items())
    show([row], Format(form), f"{one_line(hit.sentence)}\nscore {found.score:.3f}\n\n{words}\nby layer: {layers}\n")


@click.command()
@collection_argument
@click.argument("word")
@click.option("--before", multiple=True, required=True, metavar="FIELD=VALUE", help="One side, such as year=..1980")
@click.option("--after", multiple=True, required=True, metavar="FIELD=VALUE", help="The other, such as year=1981..")
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
    form: str,
) -> None:
    """Measure how far the meaning of WORD moved between two sets of documents."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.change(word, before, after, match)
    lines = [
        f"{found.word}: {found.n_before:,} occurrences before, {found.n_after:,} after",
        f"average pairwise distance  {found.apd:.3f} ({found.apd_low:.3f} to {found.apd_high:.3f});"
        f" within a side {found.apd_within:.3f}",
        f"inverted prototype cosine  {found.prt:.3f}",
        f"as far apart by chance     {found.p_value:.3f} of random splits",
    ]
    show([asdict(found)], Format(form), "\n".join(lines) + "\n")


@click.command()
@collection_argument
@click.argument("word")
@click.option("--field", default="year", show_default=True, help="Metadata that holds the date.")
@click.option("--period", type=click.IntRange(1), default=10, show_default=True, help="Years.")
@match_option
@where_option
@model_option
@format_option
def timeline(
    collection: Path,
    word: str,
    field: str,
    period: int,
    match: str,
    where: tuple[str, ...],
    model: str | None,
    form: str,
) -> None:
    """Show how the senses of WORD share its occurrences, period by period."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        rows = _timeline_rows(searcher, word, match, where, field, period)
    columns = ["from", "to", "sense", "count", "share", "low", "high"]
    cells = [[row[column] for column in columns] for row in rows]
    show(rows, Format(form), table(columns, cells, right=columns))


def _timeline_rows(
    searcher: Searcher, word: str, match: str, where: tuple[str, ...], field: str, period: int
) -> list[dict[str, object]]:
    """One row a period and sense; undated occurrences last, without years."""
    inventory = searcher.senses(word, match, where)
    note(inventory.notice)
    found = searcher.timeline(inventory, field, period)
    rows: list[dict[str, object]] = []
    for slot in found.periods:
        figures = zip(slot.counts, slot.shares, slot.lows, slot.highs, slot.ids, strict=True)
        for number, (count, share, low, high, ids) in enumerate(figures, start=1):
            row = {"from": slot.start, "to": slot.end, "sense": number, "count": count, "share": share}
            rows.append(row | {"low": low, "high": high, "occurrence_ids": list(ids)})
    for number, ids in enumerate(found.undated_ids, start=1):
        undated: dict[str, object] = dict.fromkeys(["from", "to", "sense", "count", "share", "low", "high"])
        rows.append(undated | {"sense": number, "count": len(ids), "occurrence_ids": list(ids)})
    return rows
