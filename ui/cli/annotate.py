"""Commands that judge lines: annotate them, edit their senses, undo that, and measure agreement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...indexer.values import count
from ..messages import one_line
from .help import Group, argument
from .options import collection_argument, format_option, model_option, where_option, word_argument
from .printing import OutputFormat, columns_of, note, show, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...indexer.collection.judgements import Event, JudgedLine

author_option = click.option(
    "--author", metavar="NAME", show_default="the user of this machine", help="Name of the person who judges."
)
sense_argument = argument("name", "Name of the sense, as `polyseme annotate senses` prints it.")
CONTEXT = 45
"""Number of characters on each side of the node in a table."""


@click.group("annotate", cls=Group)
def annotate() -> None:
    """Judge lines: give them a sense, a label, a mark or a note.

    `--where annotation.sense=NAME` restricts any search to lines that were given a sense. The fields label, mark, note,
    author and time work in the same way. Everything can be undone.
    """


@annotate.command("add")
@collection_argument
@argument(
    "occurrence",
    "Id of a line: its occurrence_id with --format jsonl or csv.",
    type=int,
    nargs=-1,
    metavar="[ID]...",
)
@click.option(
    "--word", metavar="WORD", show_default="none", help="Annotate all lines of this word inside the filters, not ids."
)
@where_option
@click.option("--sense", metavar="NAME", show_default="unchanged", help="Sense of the lines. '' removes it.")
@click.option("--label", metavar="TEXT", show_default="unchanged", help="Label of your own. '' removes it.")
@click.option(
    "--mark",
    type=click.Choice(["+", "-", "bad", "good", ""]),
    show_default="unchanged",
    help="Mark: has the sense (+), does not have it (-), bad or good example. '' removes it.",
)
@click.option("--note", "text", metavar="TEXT", show_default="unchanged", help="Free text. '' removes it.")
@author_option
@model_option
def add(
    collection: Path,
    occurrence: tuple[int, ...],
    word: str | None,
    where: tuple[str, ...],
    sense: str | None,
    label: str | None,
    mark: str | None,
    text: str | None,
    author: str | None,
    model: str | None,
) -> None:
    """Give lines a sense, a label, a mark or a note."""
    from ...search.searcher import Searcher

    if (word is None) is (not occurrence) or (where and word is None):
        raise click.UsageError("give ids of lines, or --word WORD with any --where")
    with Searcher.open(collection, model) as searcher:
        lines = occurrence if word is None else searcher.lines(word, where=where)
        event = searcher.annotate(lines, author, sense, label, mark, text)
    note("nothing changed; that was said before" if event is None else said(event))


def said(event: Event) -> str:
    """Return one line about an event."""
    from ...indexer.collection.judgements import Action

    fields = ", ".join(field for field in event.fields if field not in ("word", "name")) or "name"
    done = {Action.DO: "changed", Action.UNDO: "undone", Action.REDO: "done again"}[event.action]
    of = f" of {count(event.lines, 'line')}" if event.lines else ""
    return f"{event.author}: {fields}{of} {done} (event {event.number})"


@annotate.command("list")
@collection_argument
@click.option("--word", metavar="WORD", show_default="all words", help="List only the lines of this word.")
@model_option
@format_option
def list_annotations(collection: Path, word: str | None, model: str | None, output_format: OutputFormat) -> None:
    """List the lines with an annotation."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        _show_lines(searcher.annotations(word), output_format)


@annotate.command("lost")
@collection_argument
@model_option
@format_option
def lost(collection: Path, model: str | None, output_format: OutputFormat) -> None:
    """List judged lines that are no longer in the collection.

    Their sentence has changed, or its document is gone. They are found again if the sentence comes back.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        _show_lines(searcher.lost_annotations(), output_format)


def _show_lines(lines: Sequence[JudgedLine], output_format: OutputFormat) -> None:
    """Print one row for each line and author."""
    rows = [
        {
            "occurrence_id": line.occurrence_id,
            "document_id": line.document_id,
            "lemma": line.lemma,
            "left": line.left,
            "node": line.node,
            "right": line.right,
            "author": each.author,
            "time": each.time,
            "sense": each.sense,
            "label": each.label,
            "mark": each.mark,
            "note": each.note,
        }
        for line in lines
        for each in line.annotations
    ]
    columns = ["occurrence_id", "author", "sense", "label", "mark", "note", "left", "node", "right", "document_id"]
    cells = [[_cut(column, row[column]) for column in columns] for row in rows]
    show(rows, output_format, table(columns, cells, right=["occurrence_id", "left"]))


def _cut(column: str, value: object) -> object:
    text = one_line(str(value)) if isinstance(value, str) else value
    if column == "left" and isinstance(text, str):
        return text[-CONTEXT:]
    return text[:CONTEXT] if column in ("right", "note") and isinstance(text, str) else text


@annotate.command("undo")
@collection_argument
@author_option
@model_option
def undo(collection: Path, author: str | None, model: str | None) -> None:
    """Undo the last event of an author."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        event = searcher.undo(author)
    note("there is nothing to undo" if event is None else said(event))


@annotate.command("redo")
@collection_argument
@author_option
@model_option
def redo(collection: Path, author: str | None, model: str | None) -> None:
    """Do the last undone event of an author again."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        event = searcher.redo(author)
    note("there is nothing to do again" if event is None else said(event))


@annotate.command("log")
@collection_argument
@click.option("-k", "k", type=click.IntRange(1), default=20, metavar="N", help="Maximum number of events.")
@click.option("--author", metavar="NAME", show_default="all", help="List only the events of this person.")
@model_option
@format_option
def log(collection: Path, k: int, author: str | None, model: str | None, output_format: OutputFormat) -> None:
    """List the last events, the newest first."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        events = searcher.annotation_log(k, author)
    rows = [
        {
            "event": event.number,
            "time": event.time,
            "author": event.author,
            "action": str(event.action),
            "target": event.target,
            "lines": event.lines,
            "fields": list(event.fields),
        }
        for event in events
    ]
    columns = ["event", "time", "author", "action", "target", "lines", "fields"]
    show(rows, output_format, columns_of(rows, columns, right=["event", "target", "lines"]))


@annotate.command("agreement")
@collection_argument
@word_argument
@model_option
@format_option
def agreement(collection: Path, word: str, model: str | None, output_format: OutputFormat) -> None:
    """Measure how far authors agree about the senses of a word.

    Prints Krippendorff's alpha (1 is full agreement, 0 is chance) of all authors and of each two, with the share of
    lines that have the same sense.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.agreement(word)
    rows: list[dict[str, object]] = [{"authors": list(found.authors), "lines": found.lines, "same": None}]
    rows[0]["alpha"] = found.alpha
    for pair in found.pairs:
        row = {"authors": [pair.first, pair.second], "lines": pair.lines, "same": pair.same, "alpha": pair.alpha}
        rows.append(row)
    columns = ["authors", "lines", "same", "alpha"]
    show(rows, output_format, columns_of(rows, columns, right=["lines", "same", "alpha"]))


@annotate.command("senses")
@collection_argument
@click.option("--word", metavar="WORD", show_default="all words", help="List only the senses of this word.")
@model_option
@format_option
def senses(collection: Path, word: str | None, model: str | None, output_format: OutputFormat) -> None:
    """List the senses that lines were given."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.judged_senses(word)
    rows = [
        {
            "word": one.word,
            "name": one.name,
            "definition": one.definition,
            "lines": len(one.lines),
            "occurrence_ids": list(one.lines),
        }
        for one in found
    ]
    columns = ["word", "name", "lines", "definition"]
    show(rows, output_format, columns_of(rows, columns, right=["lines"]))


@annotate.command("edit-sense")
@collection_argument
@word_argument
@sense_argument
@click.option("--rename", metavar="NAME", show_default="unchanged", help="New name of the sense.")
@click.option("--definition", metavar="TEXT", show_default="unchanged", help="Definition. '' removes it.")
@author_option
@model_option
def edit_sense(
    collection: Path,
    word: str,
    name: str,
    rename: str | None,
    definition: str | None,
    author: str | None,
    model: str | None,
) -> None:
    """Rename or describe a sense that lines were given."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        note(said(searcher.edit_sense(word, name, rename, definition, author)))


@annotate.command("merge-senses")
@collection_argument
@word_argument
@sense_argument
@argument("into", "Name of the sense that gets its lines.")
@author_option
@model_option
def merge_senses(collection: Path, word: str, name: str, into: str, author: str | None, model: str | None) -> None:
    """Give all lines of a sense to another sense of the word."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        note(said(searcher.merge_senses(word, name, into, author)))


@annotate.command("forget-sense")
@collection_argument
@word_argument
@sense_argument
@author_option
@model_option
def forget_sense(collection: Path, word: str, name: str, author: str | None, model: str | None) -> None:
    """Remove a sense, so that its lines have none. `polyseme annotate undo` brings it back."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        note(said(searcher.forget_sense(word, name, author)))


@annotate.command("next")
@collection_argument
@word_argument
@click.option("-k", "k", type=click.IntRange(1), default=10, metavar="N", help="Maximum number of lines.")
@where_option
@model_option
@format_option
def next_lines(
    collection: Path, word: str, k: int, where: tuple[str, ...], model: str | None, output_format: OutputFormat
) -> None:
    """List the lines whose judgement would settle most.

    They have no sense yet, are between two senses, and are unlike each other. The score is the doubt about their sense,
    from 0 to 1.
    """
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        hits = searcher.to_judge(word, k, where)
    rows = [(hit.occurrence_id, hit.score, hit.sentence, hit.document) for hit in hits]
    shown = table(["occurrence_id", "doubt", "sentence", "document"], rows, right=["occurrence_id", "doubt"])
    show(hits.to_dicts(), output_format, shown)
