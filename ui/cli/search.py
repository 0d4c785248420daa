"""Commands that ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import LAYERS, collection_argument, format_option, k_option, model_option, where_option
from .printing import Format, note, one_line, show, table

if TYPE_CHECKING:
    from ...search.hits import OccurrenceHit
    from ...search.senses.inventory import SenseInventory


@click.command()
@collection_argument
@click.argument("text")
@k_option
@where_option
@click.option("--hybrid", is_flag=True, help="Order by reciprocal rank fusion with keyword ranks.")
@model_option
@format_option
def search(
    collection: Path, text: str, k: int, where: tuple[str, ...], hybrid: bool, model: str | None, form: str
) -> None:
    """Find the sentences that mean something like TEXT."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        hits = searcher.sentences(text, k, where, hybrid)
    note(hits.notice)
    rows = [(hit.rank, hit.score, hit.document, hit.sentence) for hit in hits]
    show(hits.to_dicts(), Format(form), table(["#", "score", "document", "sentence"], rows, right=["#", "score"]))


@click.command()
@collection_argument
@click.argument("query")
@click.option("--match", type=click.Choice(["form", "lemma", "any"]), default="lemma", show_default=True)
@k_option
@where_option
@click.option("--layer", type=LAYERS, help="Order the first 200 by another layer.")
@click.option("--context", type=click.IntRange(0), default=45, show_default=True, help="Characters on each side.")
@model_option
@format_option
def sense(
    collection: Path,
    query: str,
    match: str,
    k: int,
    where: tuple[str, ...],
    layer: str | None,
    context: int,
    model: str | None,
    form: str,
) -> None:
    """Find occurrences in the sense of the word in brackets: "She sat on the river [bank]."."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        hits = searcher.occurrences(query, k, match, where, layer)
    note(hits.notice)
    note(hits.verdict)
    show(hits.to_dicts(), Format(form), concordance(hits, context))


def concordance(hits: list[OccurrenceHit], context: int) -> str:
    """KWIC lines with the node in one column."""
    from ...search.kwic import concordance_line

    lines = [concordance_line(hit, context) for hit in hits]
    rows = [
        (hit.rank, hit.score, line.left, f"[{line.node}]", line.right, hit.document)
        for hit, line in zip(hits, lines, strict=True)
    ]
    return table(["#", "score", "left", "node", "right", "document"], rows, right=["#", "score", "left"])


@click.command()
@collection_argument
@click.argument("word")
@click.option("--match", type=click.Choice(["form", "lemma"]), default="lemma", show_default=True)
@where_option
@click.option("--occurrences", is_flag=True, help="Print every occurrence with the number of its sense.")
@model_option
@format_option
def senses(
    collection: Path, word: str, match: str, where: tuple[str, ...], occurrences: bool, model: str | None, form: str
) -> None:
    """Tell the senses of WORD apart, from its occurrences."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        inventory = searcher.senses(word, match, where)
        note(inventory.notice)
        if occurrences:
            found = searcher.sense_occurrences(inventory)
            rows = [row | {"sense": number} for row, number in _hit_rows(found)]
            lines = [(number, hit.score, hit.document, hit.sentence) for hit, number in found]
            show(rows, Format(form), table(["sense", "score", "document", "sentence"], lines, right=["sense", "score"]))
        else:
            show(_sense_rows(inventory), Format(form), _sense_table(inventory))


def _hit_rows(found: list[tuple[OccurrenceHit, int | None]]) -> list[tuple[dict[str, object], int | None]]:
    from ...search.hits import hit_to_dict

    return [(hit_to_dict(hit), number) for hit, number in found]


def _sense_rows(inventory: SenseInventory) -> list[dict[str, object]]:
    return [
        {
            "word": inventory.word,
            "sense": item.number,
            "size": item.size,
            "share": item.share,
            "stability": item.stability,
            "labels": [label.lemma for label in item.labels],
            "collocates": [word.lemma for word in item.collocates],
            "central": [hit.sentence for hit in item.central],
        }
        for item in inventory.senses
    ]


def _sense_table(inventory: SenseInventory) -> str:
    parts = []
    for item in inventory.senses:
        labels = ", ".join(label.lemma for label in item.labels)
        stable = "" if item.stability is None else f", stability {item.stability:.2f}"
        parts.append(f"{inventory.word} {item.number}: {item.size} ({item.share:.0%}{stable})  {labels}\n")
        if item.collocates:
            parts.append(f"    near it: {', '.join(word.lemma for word in item.collocates)}\n")
        parts += [f"    {one_line(hit.sentence)}\n" for hit in item.central]
    return "".join(parts)


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--language", default="en", show_default=True, metavar="CODE")
@model_option
@format_option
def compare(first: str, second: str, language: str, model: str | None, form: str) -> None:
    """Tell how alike two words in context are: "the river [bank]" "a [bank] loan"."""
    from dataclasses import asdict

    from ...indexer.collection.records import Layer
    from ...indexer.elmo import load_encoder
    from ...indexer.text.analyser import TextAnalyser
    from ...indexer.vectorise import Vectoriser
    from ...search.comparison import compare as run
    from ...search.query.encode import QueryEncoder

    vectoriser = Vectoriser(load_encoder(model or "default"), Layer.SENSE, {})
    row = asdict(run(TextAnalyser(language), QueryEncoder(vectoriser), first, second))
    show([row], Format(form), f"{row['score']:.3f}  {row['first']} / {row['second']}\n")
