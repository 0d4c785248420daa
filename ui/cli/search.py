"""Commands that search a collection, list the senses of a word, or compare two words in context."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .help import Command, argument
from .options import (
    LAYERS,
    SOURCES,
    any_match_option,
    collection_argument,
    context_option,
    format_option,
    k_option,
    language_option,
    match_option,
    model_option,
    where_option,
    word_argument,
)
from .printing import OutputFormat, note, one_line, show, table

if TYPE_CHECKING:
    from ...search.hits import OccurrenceHit
    from ...search.senses.inventory import SenseInventory


@click.command(cls=Command)
@collection_argument
@argument("text", "Sentence to search for. Brackets have no special meaning.")
@k_option
@where_option
@click.option(
    "--hybrid", is_flag=True, help="Combine the ranking by meaning with a keyword ranking (reciprocal rank fusion)."
)
@model_option
@format_option
def search(
    collection: Path,
    text: str,
    k: int,
    where: tuple[str, ...],
    hybrid: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Find sentences with a similar meaning."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        hits = searcher.sentences(text, k, where, hybrid)
    note(hits.notice)
    rows = [(hit.rank, hit.score, hit.document, hit.sentence) for hit in hits]
    show(hits.to_dicts(), output_format, table(["#", "score", "document", "sentence"], rows, right=["#", "score"]))


@click.command(cls=Command)
@collection_argument
@argument(
    "query", "Sentence with one word in brackets: 'She sat on the river [bank].' Write \\[ for a literal bracket."
)
@any_match_option
@k_option
@where_option
@click.option(
    "--layer",
    type=LAYERS,
    show_default="the collection's",
    help="Rerank the first 200 candidates by the vectors of another layer.",
)
@context_option
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
    output_format: OutputFormat,
) -> None:
    """Find occurrences of a word in the same sense as in a sentence."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        hits = searcher.occurrences(query, k, match, where, layer)
    note(hits.notice)
    note(hits.verdict)
    show(hits.to_dicts(), output_format, concordance(hits, context))


def concordance(hits: list[OccurrenceHit], context: int) -> str:
    """Return concordance lines with their nodes aligned in one column."""
    from ...search.kwic import concordance_line

    lines = [concordance_line(hit, context) for hit in hits]
    rows = [
        (hit.rank, hit.score, line.left, f"[{line.node}]", line.right, hit.document)
        for hit, line in zip(hits, lines, strict=True)
    ]
    return table(["#", "score", "left", "node", "right", "document"], rows, right=["#", "score", "left"])


@click.command(cls=Command)
@collection_argument
@word_argument
@match_option
@where_option
@click.option(
    "--occurrences",
    is_flag=True,
    help="Print every occurrence with the number of its sense, instead of the senses. Occurrences without a sense have"
    " no number.",
)
@model_option
@format_option
def senses(
    collection: Path,
    word: str,
    match: str,
    where: tuple[str, ...],
    occurrences: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Group the occurrences of a word into senses.

    Each sense is printed with its size, stability, labels, collocates and central sentences.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        inventory = searcher.senses(word, match, where)
        note(inventory.notice)
        if occurrences:
            found = searcher.sense_occurrences(inventory)
            rows = [row | {"sense": number} for row, number in _hit_rows(found)]
            lines = [(number, hit.score, hit.document, hit.sentence) for hit, number in found]
            show(
                rows, output_format, table(["sense", "score", "document", "sentence"], lines, right=["sense", "score"])
            )
        else:
            show(_sense_rows(inventory), output_format, _sense_table(inventory))


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
            parts.append(f"    collocates: {', '.join(word.lemma for word in item.collocates)}\n")
        parts += [f"    {one_line(hit.sentence)}\n" for hit in item.central]
    return "".join(parts)


@click.command(cls=Command)
@argument("first", "Sentence with one word in brackets: 'the river [bank]'.")
@argument("second", "Sentence with one word in brackets: 'a [bank] loan'.")
@language_option
@click.option(
    "--model",
    default="default",
    metavar="SOURCE",
    help=f"Model to compare with: {SOURCES}",
)
@format_option
def compare(first: str, second: str, language: str, model: str, output_format: OutputFormat) -> None:
    """Measure how similar two words in context are.

    Prints the cosine of their sense vectors, from -1 to 1.
    """
    from dataclasses import asdict

    from ...indexer.collection.records import Layer
    from ...indexer.elmo import load_encoder
    from ...indexer.text import TextAnalyser
    from ...indexer.vectorise import Vectoriser
    from ...search.comparison import compare as run
    from ...search.query.encode import QueryEncoder

    vectoriser = Vectoriser(load_encoder(model), Layer.SENSE, {})
    row = asdict(run(TextAnalyser(language), QueryEncoder(vectoriser), first, second))
    show([row], output_format, f"{row['score']:.3f}  {row['first']} / {row['second']}\n")
