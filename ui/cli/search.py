"""Commands that search a collection, list the senses of a word, or compare two words in context."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..messages import one_line
from .help import Command, argument
from .options import (
    LAYERS,
    SOURCES,
    annotated_option,
    any_match_option,
    collection_argument,
    context_option,
    dictionary_option,
    format_option,
    grain_option,
    k_option,
    language_option,
    match_option,
    model_option,
    number_option,
    sentence_model_option,
    where_option,
    word_argument,
)
from .printing import OutputFormat, note, show, table

if TYPE_CHECKING:
    from ...search.hits import DocumentHit, OccurrenceHit, SentenceHit
    from ...search.senses.inventory import SenseInventory

PATTERN_CONTEXT = 45
"""Number of characters on each side of a match of a pattern, as `polyseme sense` shows."""
_UNDER = "           = "
"""Start of a line with a translation. It is as wide as the columns before the text."""


@click.command(cls=Command)
@collection_argument
@argument(
    "text",
    required=False,
    description='Sentence to search for. Brackets have no special meaning. A "phrase in quotes" must occur, a -word or'
    ' -"phrase" must not. Write \\" and \\- for such a sign of the text.',
)
@k_option
@where_option
@click.option(
    "--by",
    type=click.Choice(["sentence", "default", "document"]),
    default="sentence",
    help="Compare the best sentence vectors, those that ELMo's authors name (default), or whole documents.",
)
@click.option(
    "--order",
    type=click.Choice(["meaning", "keywords", "words", "hybrid"]),
    show_default="hybrid, or meaning with --by default",
    help="Order hits by meaning, by keywords (BM25), by words in the same sense, or by meaning and keywords (hybrid).",
)
@click.option("--hybrid/--no-hybrid", default=None, help="Short for --order hybrid and --order meaning.")
@click.option(
    "--alike/--no-alike", default=True, help="Show one of several sentences that are nearly the same, with a count."
)
@click.option(
    "--context",
    type=click.IntRange(0, 20),
    default=0,
    help="Number of sentences to show before and after each sentence, which is then between >> and <<.",
)
@click.option(
    "--pattern",
    metavar="CQL",
    show_default="the text",
    help='Find a pattern of tokens instead, such as \'[lemma="bank" & pos="NOUN"] []{0,3} "loan.*"\'.',
)
@click.option(
    "--at",
    type=int,
    metavar="N",
    show_default="the whole match",
    help="Return only the Nth word of each match of --pattern, from 1, or from the end with -1.",
)
@model_option
@sentence_model_option
@format_option
def search(
    collection: Path,
    text: str | None,
    k: int,
    where: tuple[str, ...],
    by: str,
    order: str | None,
    hybrid: bool | None,
    alike: bool,
    context: int,
    pattern: str | None,
    at: int | None,
    model: str | None,
    sentence_model: str | None,
    output_format: OutputFormat,
) -> None:
    """Find sentences with a similar meaning, documents with such sentences, or places of a pattern."""
    from ...search.hits import By
    from ...search.retrieval.sentences import parse_order
    from ...search.searcher import Searcher

    if (text is None) is (pattern is None):
        raise click.UsageError("give either the text of a sentence, or --pattern.")
    if at is not None and pattern is None:
        raise click.UsageError("--at counts the words of a match of --pattern; give that too.")
    with Searcher.open(collection, model, sentence_model) as searcher:
        if pattern is not None:
            found = searcher.pattern(pattern, k, where, at)
            note(found.notice)
            show(found.to_dicts(), output_format, concordance(found, PATTERN_CONTEXT))
            return
        assert text is not None
        if by == By.DOCUMENT:
            documents = searcher.documents(text, k, where, parse_order(order, hybrid, By.DOCUMENT))
            note(documents.notice)
            show(documents.to_dicts(), output_format, document_table(documents))
        else:
            hits = searcher.sentences(text, k, where, hybrid, by, order, alike, context)
            note(hits.notice)
            note(hits.verdict)
            show(hits.to_dicts(), output_format, sentence_table(hits))


def sentence_table(hits: list[SentenceHit]) -> str:
    """Return a table of hits by sentence, with the number of those alike and translations under them."""
    rows = [(hit.rank, hit.score, hit.document, _in_context(hit)) for hit in hits]
    return with_translations(table(["#", "score", "document", "sentence"], rows, right=["#", "score"]), hits)


def _in_context(hit: SentenceHit) -> str:
    """Return a sentence with the number of those alike, and between its neighbours if they were read."""
    shown = f"{hit.sentence} (+{len(hit.alike)} alike)" if hit.alike else hit.sentence
    return " ".join(filter(None, [hit.before, f">> {shown} <<", hit.after])) if hit.before or hit.after else shown


def document_table(hits: list[DocumentHit]) -> str:
    """Return a table of documents. Each row has a passage, and a document's first row its rank and score."""
    rows = [
        (hit.rank, hit.score, hit.document, passage.sentence) if n == 0 else (None, None, None, passage.sentence)
        for hit in hits
        for n, passage in enumerate(hit.passages)
    ]
    return table(["#", "score", "document", "passage"], rows, right=["#", "score"])


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
@click.option(
    "--any-pos", is_flag=True, help="With --match lemma, include occurrences of another part of speech than the word."
)
@click.option(
    "--order",
    type=click.Choice(["sense", "text", "random", "examples"]),
    default="sense",
    help="List the nearest first, or all in the order of the documents, or in a random order, or the best examples for"
    " a dictionary among the nearest 200.",
)
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed of --order random.")
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
    any_pos: bool,
    order: str,
    seed: int,
    context: int,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Find occurrences of a word in the same sense as in a sentence."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        hits = searcher.occurrences(query, k, match, where, layer, any_pos, order, seed)
    note(hits.notice)
    note(hits.verdict)
    show(hits.to_dicts(), output_format, concordance(hits, context))


def concordance(hits: list[OccurrenceHit], context: int) -> str:
    """Return concordance lines with their nodes aligned in one column, and translations under them."""
    from ...search.kwic import concordance_line

    lines = [concordance_line(hit, context) for hit in hits]
    rows = [
        (hit.rank, hit.score, line.left, f"[{line.node}]", line.right, hit.document)
        for hit, line in zip(hits, lines, strict=True)
    ]
    shown = table(["#", "score", "left", "node", "right", "document"], rows, right=["#", "score", "left"])
    return with_translations(shown, hits)


def with_translations(shown: str, hits: Sequence[SentenceHit]) -> str:
    """Return a table of hits with the translations of each under its row."""
    heading, *rows = shown.splitlines(keepends=True)
    parts = [heading]
    for hit, row in zip(hits, rows, strict=True):
        parts.append(row)
        for language, text in hit.translations.items():
            parts.append(f"{_UNDER}{one_line(f'{language}: {text}' if language else text)}\n")
    return "".join(parts)


@click.command(cls=Command)
@collection_argument
@word_argument
@match_option
@where_option
@grain_option
@number_option
@click.option(
    "--known",
    multiple=True,
    metavar="NAME",
    help="Named sense of the word that is known. Its lines stay together, and the others are grouped around them."
    " Repeat for several.",
)
@annotated_option
@click.option(
    "--occurrences",
    is_flag=True,
    help="Print every occurrence with the number of its sense, instead of the senses. Occurrences without a sense have"
    " no number.",
)
@dictionary_option
@model_option
@format_option
def senses(
    collection: Path,
    word: str,
    match: str,
    where: tuple[str, ...],
    grain: float | None,
    number: int | None,
    known: tuple[str, ...],
    annotated: bool,
    occurrences: bool,
    dictionary: str | None,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Group the occurrences of a word into senses.

    Each sense is printed with its part of speech, size and stability. Then come labels, expected words, phrases,
    collocates and central sentences. --grain and --number give finer or coarser senses. Finer senses only divide
    coarser ones, and parts of speech are separated first. With --dictionary, the senses are those of an imported
    dictionary, and each occurrence has its most probable one.
    """
    from ...search.searcher import Searcher
    from .dictionaries import show_dictionary_senses

    if grain is not None and number is not None:
        raise click.UsageError("give --grain or --number, not both")
    if annotated and dictionary is not None:
        raise click.UsageError("give --annotated or --dictionary, not both")
    with Searcher.open(collection, model) as searcher:
        if dictionary is not None:
            found_senses = searcher.dictionary_senses(word, dictionary, match, where)
            show_dictionary_senses(searcher, found_senses, occurrences, output_format)
            return
        judged = searcher.judged_senses(word) if annotated else ()
        inventory = searcher.senses(word, match, where, grain, number, [*known, *judged])
        note(inventory.notice)
        if occurrences:
            found = searcher.sense_occurrences(inventory)
            rows = [row | {"sense": sense} for row, sense in _hit_rows(found)]
            lines = [(sense, hit.score, hit.document, hit.sentence) for hit, sense in found]
            show(
                rows, output_format, table(["sense", "score", "document", "sentence"], lines, right=["sense", "score"])
            )
        else:
            show(inventory.to_dicts(), output_format, _sense_table(inventory))


def _hit_rows(found: list[tuple[OccurrenceHit, int | None]]) -> list[tuple[dict[str, object], int | None]]:
    from ...search.hits import hit_to_dict

    return [(hit_to_dict(hit), number) for hit, number in found]


def _sense_table(inventory: SenseInventory) -> str:
    parts = []
    for item in inventory.senses:
        labels = ", ".join(label.lemma for label in item.labels)
        stable = "" if item.stability is None else f", stability {item.stability:.2f}"
        name = "" if item.name is None else f", {item.name}"
        pos = f" {item.pos}" if item.pos else ""
        parts.append(f"{inventory.word} {item.number}{pos}{name}: {item.size} ({item.share:.0%}{stable})  {labels}\n")
        if item.expected:
            parts.append(f"    expected in its place: {', '.join(item.expected)}\n")
        if item.phrases:
            parts.append(f"    phrases: {', '.join(phrase.lemma for phrase in item.phrases)}\n")
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
