"""Commands that count words: frequency, dispersion, keywords and collocates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .help import Command, argument
from .options import (
    cite_option,
    collection_argument,
    format_option,
    model_option,
    number_option,
    plot_option,
    where_option,
)
from .printing import OutputFormat, columns_of, note, show_cited, table, write_plot_of

if TYPE_CHECKING:
    from ...search.searcher import Searcher
    from ...search.statistics.collocates import Collocates
    from ...search.statistics.frequency import Frequency, FrequencyComparison

_counted_argument = argument(
    "word",
    "Word to count, or several words in a row. With --match pattern, a pattern in CQL, such as"
    ' \'[lemma="bank" & pos="NOUN"]\'.',
)
_counted_match_option = click.option(
    "--match",
    type=click.Choice(["lemma", "form", "pattern"]),
    default="lemma",
    help="Count the same lemma, the same word form, or a pattern of tokens.",
)
_pos_option = click.option(
    "--pos",
    multiple=True,
    metavar="TAG",
    show_default="all",
    help="Keep only words of this part of speech, such as NOUN. Repeat for several.",
)
_function_words_option = click.option(
    "--function-words", is_flag=True, help="Also list function words and numbers, such as 'the' and '1950'."
)
_FREQUENCY = ["count", "tokens", "per_million", "low", "high", "documents_with", "documents"]


@click.command(cls=Command)
@collection_argument
@_counted_argument
@click.option(
    "--by",
    metavar="FIELD",
    show_default="all documents together",
    help="Divide the documents by this metadata field, or by document.",
)
@click.option(
    "--period",
    type=click.IntRange(1),
    metavar="YEARS",
    show_default="each value alone",
    help="Length of periods in years, if the field has dates.",
)
@_counted_match_option
@click.option("--with", "other", metavar="WORD", show_default="none", help="Compare with this other word.")
@click.option(
    "--against",
    multiple=True,
    metavar="FIELD=VALUE",
    show_default="none",
    help="Compare with the documents of this filter, written as in --where. Repeat to require several conditions.",
)
@where_option
@click.option(
    "--measure",
    type=click.Choice(["per-million", "count"]),
    default="per-million",
    help="What --plot draws: occurrences per million tokens, or their number.",
)
@plot_option
@cite_option
@model_option
@format_option
def frequency(
    collection: Path,
    word: str,
    by: str | None,
    period: int | None,
    match: str,
    other: str | None,
    against: tuple[str, ...],
    where: tuple[str, ...],
    measure: str,
    plot: Path | None,
    cite: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Count a word, also by a metadata field or over time.

    Prints occurrences, tokens, and occurrences per million tokens with 95 % Poisson intervals. With --with or
    --against, prints two frequencies side by side with their ratio, log ratio and log-likelihood.
    """
    from ...search.searcher import Searcher

    if other is not None and against:
        raise click.UsageError("give --with or --against, not both")
    if period is not None and by is None:
        raise click.UsageError("--period requires --by FIELD")
    with Searcher.open(collection, model) as searcher:
        first = searcher.frequency(word, by, period, match, where)
        compared = _compared(searcher, first, word, other, where, against)
    note(first.notice)
    write_plot_of(plot, lambda: (compared or first).plot(measure))
    if compared is None:
        rows = first.to_dicts()
        columns = [*(["value"] if first.parts else []), *_FREQUENCY]
        shown = columns_of(rows, columns, right=_FREQUENCY)
    else:
        rows, shown = compared.to_dicts(), _comparison_table(compared)
    show_cited(rows, output_format, shown, first.cited if cite else None)


def _compared(
    searcher: Searcher,
    first: Frequency,
    word: str,
    other: str | None,
    where: tuple[str, ...],
    against: tuple[str, ...],
) -> FrequencyComparison | None:
    """Compare with another word in the same documents, or with the same word in others. None if nothing is named."""
    from ...search.statistics.frequency import compare_frequencies

    if other is not None:
        return compare_frequencies(first, searcher.frequency(other, first.field, first.period, first.match, where))
    if not against:
        return None
    second = searcher.frequency(word, first.field, first.period, first.match, against)
    return compare_frequencies(first, second, (" and ".join(where) or "all documents", " and ".join(against)))


def _comparison_table(found: FrequencyComparison) -> str:
    one, two = found.names
    columns = ["value", one, two, "ratio", "low", "high", "log ratio", "G2"]
    if one == two:
        columns[1:3] = ["first", "second"]
    named = [*((part.value, part) for part in found.parts), ("(all)", found.total)]
    cells = [
        (
            value,
            f"{part.first.count} ({part.first.per_million:,.1f})",
            f"{part.second.count} ({part.second.per_million:,.1f})",
            *(part.ratio, part.low, part.high, part.log_ratio, part.log_likelihood),
        )
        for value, part in named
    ]
    return table(columns, cells, right=columns[1:]) + "Numbers in brackets are occurrences per million tokens.\n"


@click.command(cls=Command)
@collection_argument
@_counted_argument
@click.option(
    "--by", default="document", metavar="FIELD", help="Measure over documents, or over the values of a field."
)
@_counted_match_option
@where_option
@plot_option
@cite_option
@model_option
@format_option
def dispersion(
    collection: Path,
    word: str,
    by: str,
    match: str,
    where: tuple[str, ...],
    plot: Path | None,
    cite: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Measure how evenly a word is spread over documents.

    Prints range, Gries' DP and Juilland's D, and the documents that have the word. CSV and JSON have one row for each
    of these documents, with the measures in each row.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.dispersion(word, by, match, where)
    note(found.notice)
    write_plot_of(plot, found.plot)
    measures = {
        name: value for name, value in found.summary().items() if name not in ("word", "field", "count", "tokens")
    }
    head = (
        f"{found.word}: {found.count:,} occurrences in {found.range:,} of {found.number:,} parts by {found.field}\n"
        f"DP {found.dp:.3f} (normalised {found.dp_norm:.3f}), Juilland's D {found.juilland_d:.3f}\n\n"
    )
    columns = ["count", "tokens", "per_million", "value", "title"]
    rows = [row | measures for row in found.to_dicts()]
    shown = head + columns_of(rows, columns, right=columns[:3])
    show_cited(rows, output_format, shown, found.cited if cite else None)


@click.command(cls=Command)
@collection_argument
@where_option
@click.option(
    "--against",
    multiple=True,
    metavar="FIELD=VALUE",
    show_default="the rest of the collection",
    help="Compare with the documents of this filter, written as in --where. Repeat to require several conditions.",
)
@click.option(
    "--unit",
    type=click.Choice(["lemma", "form"]),
    default="lemma",
    help="Compare lemmas, or forms as they are written.",
)
@click.option("-k", "k", type=click.IntRange(1), default=50, metavar="N", help="Maximum number of keywords.")
@click.option(
    "--min-count", type=click.IntRange(1), default=5, metavar="N", help="Leave out words with fewer occurrences."
)
@click.option(
    "--order",
    type=click.Choice(["log-likelihood", "log-ratio"]),
    default="log-likelihood",
    help="Order by how sure the difference is (log-likelihood), or how large it is (log ratio).",
)
@click.option("--rarer", is_flag=True, help="List the words that are rarer in the documents, instead.")
@_pos_option
@_function_words_option
@plot_option
@cite_option
@model_option
@format_option
def keywords(
    collection: Path,
    where: tuple[str, ...],
    against: tuple[str, ...],
    unit: str,
    k: int,
    min_count: int,
    order: str,
    rarer: bool,
    pos: tuple[str, ...],
    function_words: bool,
    plot: Path | None,
    cite: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """List words that are more frequent in some documents than in the rest.

    Name the documents with --where. Each word has its counts, the log-likelihood (Dunning 1993), and the log ratio
    (Hardie 2014) with its 95 % interval. 1 is twice as frequent.
    """
    from ...search.searcher import Searcher

    if not where:
        raise click.UsageError("--where FIELD=VALUE is required; it names the documents")
    with Searcher.open(collection, model) as searcher:
        found = searcher.keywords(
            where, against or None, unit, k, min_count, order.replace("-", "_"), pos, function_words, rarer
        )
    note(f"{found.documents:,} documents against {found.rest_documents:,}; {found.compared:,} words compared")
    write_plot_of(plot, found.plot)
    columns = ["count", "rest", "per_million", "rest_per_million", "log_likelihood", "log_ratio", "low", "high"]
    columns += ["documents"]
    rows = found.to_dicts()
    shown = columns_of(rows, ["word", *columns], right=columns)
    show_cited(rows, output_format, shown, found.cited if cite else None)


@click.command(cls=Command)
@collection_argument
@_counted_argument
@_counted_match_option
@where_option
@click.option(
    "--sense",
    type=click.IntRange(1),
    metavar="N",
    show_default="all occurrences",
    help="Use only the occurrences of the sense with this number, as `polyseme senses` numbers them.",
)
@number_option
@click.option("--left", type=click.IntRange(0, 50), default=5, metavar="N", help="Number of tokens on the left.")
@click.option("--right", type=click.IntRange(0, 50), default=5, metavar="N", help="Number of tokens on the right.")
@click.option("-k", "k", type=click.IntRange(1), default=50, metavar="N", help="Maximum number of collocates.")
@click.option(
    "--min-count",
    type=click.IntRange(1),
    default=2,
    metavar="N",
    help="Leave out words that are near fewer occurrences.",
)
@click.option(
    "--measure",
    type=click.Choice(["log-dice", "log-likelihood", "mutual-information", "count"]),
    default="log-dice",
    help="Order by this measure of association.",
)
@_pos_option
@_function_words_option
@click.option("--examples", type=click.IntRange(0), default=1, metavar="N", help="Number of example lines of each.")
@click.option(
    "--by-sense",
    is_flag=True,
    help="Also name the sense in whose lines a collocate is most over-represented. The graph has a colour for each.",
)
@click.option(
    "--links",
    is_flag=True,
    help="List the links instead: pairs of collocates that are near the same occurrences more often than chance.",
)
@click.option(
    "--figure",
    type=click.Choice(["bars", "graph"]),
    default="bars",
    help="What --plot draws: bars with the number on each side, or a graph of the collocates around the word.",
)
@plot_option
@cite_option
@model_option
@format_option
def collocates(
    collection: Path,
    word: str,
    match: str,
    where: tuple[str, ...],
    sense: int | None,
    number: int | None,
    left: int,
    right: int,
    k: int,
    min_count: int,
    measure: str,
    pos: tuple[str, ...],
    function_words: bool,
    examples: int,
    by_sense: bool,
    links: bool,
    figure: str,
    plot: Path | None,
    cite: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """List the words near a word, by position.

    Each collocate has its part of speech, and the number of occurrences that it is near, also on each side. Then come
    logDice, log-likelihood, mutual information, and example lines. CSV and JSON also have each position.

    Links have the columns that programs for graphs read. They join the first 40 collocates.
    """
    from ...search.searcher import Searcher

    if sense is None and not by_sense and number is not None:
        raise click.UsageError("--number requires --sense N or --by-sense")
    if sense is not None and by_sense:
        raise click.UsageError("give --sense N or --by-sense, not both")
    if (sense is not None or by_sense) and match == "pattern":
        raise click.UsageError(f"{'--by-sense' if by_sense else '--sense'} requires --match lemma or form")
    with Searcher.open(collection, model) as searcher:
        within = None if sense is None else _of_sense(searcher, word, match, where, sense, number)
        found = searcher.collocates(
            word,
            match,
            where,
            within,
            left,
            right,
            k,
            min_count,
            measure.replace("-", "_"),
            pos,
            function_words,
            examples,
        )
        if by_sense:
            inventory = searcher.senses(word, match, where, number=number)
            found = found.with_senses(inventory.assignments, inventory.sense_names())
    note(found.notice)
    write_plot_of(plot, lambda: found.plot(figure=figure))
    if links:
        _print_links(found, output_format, cite)
        return
    columns = ["count", "left", "right", "frequency", "log_dice", "log_likelihood", "mutual_information"]
    columns += ["sense"] if by_sense else []
    cells = [
        [
            each.lemma,
            each.pos,
            *(getattr(each, column) for column in columns),
            *(hit.sentence for hit in each.examples[:1]),
        ]
        for each in found.words
    ]
    head = ["collocate", "pos", *columns, *(["example"] if examples else [])]
    cells = [row + [""] * (len(head) - len(row)) for row in cells]
    show_cited(found.to_dicts(), output_format, table(head, cells, right=columns), found.cited if cite else None)


def _print_links(found: Collocates, output_format: OutputFormat, cite: bool) -> None:
    """Print the pairs of collocates that are near the same occurrences."""
    number, compared = len(found.links.links), found.links.compared
    note(f"{number:,} links between the first {compared:,} collocates of {found.word}")
    rows, columns = found.links.to_dicts(), ["weight", "expected", "log_likelihood", "log_dice"]
    shown = columns_of(rows, ["source", "target", *columns], right=columns)
    show_cited(rows, output_format, shown, found.cited if cite else None)


def _of_sense(
    searcher: Searcher, word: str, match: str, where: tuple[str, ...], sense: int, number: int | None
) -> frozenset[int]:
    """Return the ids of the occurrences of a sense."""
    from ...search.senses.members import check_number

    inventory = searcher.senses(word, match, where, number=number)
    check_number(inventory, sense)
    return frozenset(key for key, found in inventory.assignments.items() if found == sense)
