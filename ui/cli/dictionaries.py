"""Commands for dictionaries: import, list and remove them, and find what they lack."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..messages import one_line
from .help import FilePath, Group, argument
from .options import (
    SOURCES,
    collection_argument,
    format_option,
    k_option,
    match_option,
    model_option,
    quiet_option,
    where_option,
)
from .printing import OutputFormat, note, say, show, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...indexer.collection.dictionaries import StoredDictionary
    from ...search.searcher import Searcher
    from ...search.senses.dictionary import DictionarySenses
    from ...search.senses.gaps import Gap

name_argument = argument("name", "Name of the dictionary, as `polyseme dictionary list` prints it.")
_SECONDS = 10.0
"""Time between two lines of progress, in seconds."""


@click.group(cls=Group)
def dictionary() -> None:
    """Import dictionaries, whose senses `polyseme senses --dictionary NAME` gives to the lines of a word."""


@dictionary.command("import")
@collection_argument
@argument(
    "file",
    "Dictionary: TSV, JSON, LMF or TEI, packed or not, or the folder of WordNet's own files. `wordnet` finds an"
    " installed WordNet.",
    type=FilePath(),
)
@click.option(
    "--name", metavar="NAME", show_default="the name of FILE", help="Name of the dictionary in the collection."
)
@click.option(
    "--tagged",
    type=FilePath(),
    metavar="PATH",
    show_default="what the model has",
    help="SemCor 3.0, an archive or its unpacked folder, or a file of `polyseme dictionary tagged`. The senses of"
    " WordNet get their centroids from its lines.",
)
@click.option(
    "--all",
    "all_words",
    is_flag=True,
    help="Import all words. Without it, only words that the collection has, in a fraction of the time.",
)
@click.option("--replace", is_flag=True, help="Replace an existing dictionary of the same name.")
@quiet_option
@model_option
@format_option
def import_dictionary(
    collection: Path,
    file: Path,
    name: str | None,
    tagged: Path | None,
    all_words: bool,
    replace: bool,
    quiet: bool,
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Import a dictionary into a collection.

    Each sense gets a centroid: the mean of its tagged lines, its examples and its definition, as far as they exist.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        tell = None if quiet else _progress()
        found = searcher.import_dictionary(file, name, tagged, replace, tell, all_words)
    if found.left_out:
        note(f"{found.left_out:,} senses of expressions of several words were left out; only single words have lines")
    if found.absent:
        note(
            f"{found.absent:,} senses of words that are not in the collection were left out;"
            " import again with --all, or with --replace after adding documents"
        )
    _print_dictionaries([found], output_format)


@dictionary.command()
@argument("semcor", "SemCor 3.0, an archive or its unpacked folder.", type=FilePath())
@argument("out", "New file, such as tagged_senses.safetensors.", type=FilePath())
@click.option("--model", default="default", metavar="SOURCE", help=f"Model that encodes the lines: {SOURCES}")
@quiet_option
def tagged(semcor: Path, out: Path, model: str, quiet: bool) -> None:
    """Encode the lines of SemCor once, for later imports with --tagged.

    In the folder of the model, under the name tagged_senses.safetensors, the file serves every import.
    """
    from ...indexer.dictionaries.importing import make_tagged_file
    from ...indexer.elmo import load_encoder

    found = make_tagged_file(load_encoder(model), semcor, out, None if quiet else _progress())
    lines = sum(found.senses.counts.values())
    note(f"{out}: {len(found.senses.counts):,} senses of {lines:,} lines, {out.stat().st_size:,} bytes")


@dictionary.command("list")
@collection_argument
@model_option
@format_option
def list_dictionaries(collection: Path, model: str | None, output_format: OutputFormat) -> None:
    """List the dictionaries of a collection, with the numbers of senses by the source of their centroids."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.dictionaries()
    _print_dictionaries(found, output_format)


@dictionary.command("remove")
@collection_argument
@name_argument
@model_option
def remove_dictionary(collection: Path, name: str, model: str | None) -> None:
    """Remove a dictionary from a collection."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        searcher.remove_dictionary(name)
    note(f"{name}: removed")


@dictionary.command("gaps")
@collection_argument
@name_argument
@argument("word", "Word to look at. Without it, the most frequent words of the dictionary.", required=False)
@match_option
@k_option
@where_option
@model_option
@format_option
def gaps(
    collection: Path,
    name: str,
    word: str | None,
    match: str,
    k: int,
    where: tuple[str, ...],
    model: str | None,
    output_format: OutputFormat,
) -> None:
    """Find groups of lines that are far from every sense of their word in a dictionary.

    They are candidates for senses that the dictionary lacks. The best ones come first.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.dictionary_gaps(name, word, k, where, match)
    show([_gap_row(gap) for gap in found], output_format, "".join(map(_gap_text, found)))


def show_dictionary_senses(
    searcher: Searcher, found: DictionarySenses, occurrences: bool, output_format: OutputFormat
) -> None:
    """Print the senses of a dictionary with their lines, or each line with its sense."""
    if occurrences:
        from ...search.hits import hit_to_dict

        lines = searcher.dictionary_lines(found)
        rows = [
            hit_to_dict(line.hit) | {"sense": line.number, "sense_id": line.sense, "probability": line.probability}
            for line in lines
        ]
        columns = ["sense", "sense_id", "probability", "document", "sentence"]
        cells = [[line.number, line.sense, line.probability, line.hit.document, line.hit.sentence] for line in lines]
        show(rows, output_format, table(columns, cells, right=["sense", "probability"]))
        return
    show(_sense_rows(found), output_format, _sense_text(found))


def _sense_rows(found: DictionarySenses) -> list[dict[str, object]]:
    return [
        {
            "word": found.inventory.word,
            "dictionary": found.dictionary,
            "sense": item.number,
            "sense_id": entry.id,
            "filter": found.filter_name(item.number),
            "pos": entry.pos,
            "definition": entry.definition,
            "size": item.size,
            "share": item.share,
            "expected": expected,
            "source": str(entry.source),
            "centroid_size": entry.size,
            "frequency": entry.frequency,
            "central": [hit.sentence for hit in item.central],
        }
        for item, entry, expected in zip(found.inventory.senses, found.entries, found.expected, strict=True)
    ]


def _sense_text(found: DictionarySenses) -> str:
    """Return the senses with lines as text, and the number of the others, which are most of a large dictionary."""
    parts = []
    empty = sum(not item.size for item in found.inventory.senses)
    for item, entry, expected in zip(found.inventory.senses, found.entries, found.expected, strict=True):
        if not item.size:
            continue
        name = " ".join(map(str, found.places[item.number - 1]))
        head = f"{name}: {item.size} ({item.share:.0%}, expected {expected:.0%})"
        parts.append(f"{head}  {one_line(' '.join(filter(None, [entry.pos, entry.id])))}\n")
        parts.append(f"    {one_line(entry.definition)}  [{entry.source}: {entry.size}]\n")
        parts += [f"    {one_line(hit.sentence)}\n" for hit in item.central[:3]]
    if empty:
        parts.append(f"senses without lines: {empty}; --format csv or jsonl lists them\n")
    return "".join(parts)


def _gap_row(gap: Gap) -> dict[str, object]:
    return {
        "word": gap.word,
        "score": gap.score,
        "size": gap.size,
        "nearest": gap.nearest,
        "definition": gap.definition,
        "lines": [hit.sentence for hit in gap.lines],
        "occurrence_ids": list(gap.ids),
    }


def _gap_text(gap: Gap) -> str:
    head = f"{gap.word}: {gap.size} lines, distance {gap.score:.2f}; nearest {gap.nearest}: {gap.definition}"
    return f"{one_line(head)}\n" + "".join(f"    {one_line(hit.sentence)}\n" for hit in gap.lines)


_COUNTS = ("senses", "words", "tagged", "examples", "definitions", "left_out", "absent")


def _print_dictionaries(found: Sequence[StoredDictionary], output_format: OutputFormat) -> None:
    rows = [{"name": one.name} | {name: getattr(one, name) for name in _COUNTS} for one in found]
    columns = ["name", *_COUNTS]
    show(rows, output_format, table(columns, [[row[name] for name in columns] for row in rows], right=_COUNTS))


def _progress() -> Callable[[int, int], None]:
    """Return a callback that prints progress: one overwritten line on a terminal, else a line every ten seconds."""
    terminal = sys.stderr.isatty()
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < (0.2 if terminal else _SECONDS) and done < total:
            return
        last = now
        text = f"{done:,} of {total:,} texts encoded"
        say(f"\r{text}" if terminal and done < total else f"\r{text}\n" if terminal else text, "" if terminal else "\n")

    return tell
