"""Commands that create, change and check a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .help import Command, argument
from .options import SOURCES, collection_argument, encoding_options, format_option, model_option, quiet_option
from .printing import OutputFormat, note, one_line, show, table

if TYPE_CHECKING:
    from ...indexer.build import BuildReport

VANISHED_SHOWN = 5
"""Maximum number of vanished documents that the report of a run names."""


@click.command(cls=Command)
@collection_argument
@argument(
    "paths",
    "Files and folders to index. Folders are searched recursively.",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
)
@click.option(
    "--model",
    default="default",
    metavar="SOURCE",
    help=f"Model that encodes the documents: {SOURCES} An existing collection keeps its model.",
)
@encoding_options()
@click.option("--language", default="en", metavar="CODE", help="Language code of the documents, such as en, de or fr.")
@click.option(
    "--metadata",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    show_default="metadata.csv in the folder, if it exists",
    help="Table that describes the files. It needs a column 'id', 'file' or 'path'.",
)
@click.option(
    "--glob",
    "globs",
    multiple=True,
    metavar="PATTERN",
    help="Index only files that match PATTERN, such as '*.txt'. Repeat the option to allow several patterns.",
)
@click.option(
    "--text-column", default="text", metavar="NAME", help="Column of CSV, TSV and JSONL files that contains the text."
)
@click.option(
    "--id-column",
    default="id",
    metavar="NAME",
    help="Column of CSV, TSV and JSONL files that contains the document's id.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    show_default="detected",
    help="Character encoding of text files, such as utf-8 or cp1252.",
)
@click.option("--prune", is_flag=True, help="Remove documents whose files no longer exist in the indexed folders.")
@quiet_option
def index(
    collection: Path,
    paths: tuple[Path, ...],
    model: str,
    language: str,
    metadata: Path | None,
    globs: tuple[str, ...],
    text_column: str,
    id_column: str,
    encoding: str | None,
    prune: bool,
    quiet: bool,
    precision: str,
    layer: str,
    normalisation: str,
    function_words: bool,
    storage: str,
) -> int:
    """Index files and folders into a collection.

    Formats: txt, md, html, pdf, docx, epub, csv, tsv, jsonl and json. Run the same command again to add new documents,
    replace changed ones and continue an interrupted run. Unchanged documents are not encoded again.
    """
    from ...indexer.build import BuildConfig, build
    from ...indexer.collection.records import Layer
    from ...indexer.documents import ReadOptions
    from ...indexer.runtime import freezing_gc
    from ...indexer.vectors.int8 import Storage
    from ...indexer.vectors.transforms import Normalisation
    from .progress import ProgressLine

    reading = ReadOptions(
        globs=globs, text_column=text_column, id_column=id_column, metadata=metadata, encoding=encoding
    )
    config = BuildConfig(
        language=language,
        precision=precision,
        layer=Layer(layer),
        normalisation=Normalisation(normalisation),
        function_words=function_words,
        reading=reading,
        prune=prune,
        storage=Storage(storage),
    )
    on_progress = freezing_gc(None if quiet else ProgressLine())
    report = build(collection, paths, config, model, on_progress)
    return print_report(report, collection)


def print_report(report: BuildReport, collection: Path) -> int:
    """Print what a run did on standard error and return the exit status: 3 if documents were skipped, else 0."""
    for skipped in report.skipped:
        note(f"skipped {skipped.source}: {skipped.reason}")
    for notice in report.notices:
        note(notice)
    if report.vanished and not report.removed:
        shown = ", ".join(report.vanished[:VANISHED_SHOWN])
        shown += ", ..." if len(report.vanished) > VANISHED_SHOWN else ""
        note(f"{len(report.vanished)} documents no longer exist in their folder ({shown}); --prune removes them")
    note(
        f"{collection}: {report.added} added, {report.updated} updated, {report.unchanged} unchanged,"
        f" {report.removed} removed; {report.sentences} sentences, {report.tokens} tokens in {report.seconds:.1f} s"
    )
    return 3 if report.skipped else 0


@click.command(cls=Command)
@collection_argument
@format_option
def documents(collection: Path, output_format: OutputFormat) -> None:
    """List the documents of a collection with their metadata."""
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        rows = [
            {"document_id": d.document_id, "title": d.title, "sentences": d.sentences, "metadata": dict(d.metadata)}
            for d in opened.documents()
        ]
    cells = [list(row.values()) for row in rows]
    show(rows, output_format, table(["document_id", "title", "sentences", "metadata"], cells, right=["sentences"]))


@click.command("show", cls=Command)
@collection_argument
@argument("document", "Id of the document, as `polyseme documents` lists it.")
def show_document(collection: Path, document: str) -> None:
    """Print the text of a document."""
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        _, text = opened.document(document)
    click.echo(text, nl=not text.endswith("\n"))


@click.command(cls=Command)
@collection_argument
@format_option
def info(collection: Path, output_format: OutputFormat) -> None:
    """Show the size of a collection and the settings it was built with."""
    from dataclasses import asdict

    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        found = asdict(opened.info())
    row = found.pop("settings") | found
    show([row], output_format, "".join(f"{key:18} {one_line(str(value))}\n" for key, value in row.items()))


@click.command(cls=Command)
@collection_argument
@click.option("--encode/--no-encode", default=True, help="Encode a sample of sentences again and compare the vectors.")
@click.option("--sample", type=click.IntRange(1), default=100, metavar="N", help="Number of sentences to encode again.")
@click.option("--repair", is_flag=True, help="Rebuild damaged FAISS index files from the stored vectors.")
@model_option
def verify(collection: Path, encode: bool, sample: int, repair: bool, model: str | None) -> int:
    """Check a collection for damage.

    Checks counts, ids and checksums, and encodes a sample of sentences again. The exit status is 1 if there is a
    problem.
    """
    from ...indexer.collection.collection import Collection
    from ...indexer.vectorise import fitting_encoder
    from ...indexer.verify import verify as run

    with Collection.open(collection) as opened:
        report = run(opened, fitting_encoder(opened, model) if encode else None, sample, repair)
    for problem in report.problems:
        click.echo(one_line(problem))
    lowest = "" if report.lowest_cosine is None else f", lowest cosine {report.lowest_cosine:.5f}"
    click.echo(
        f"{report.documents} documents, {report.sentences} sentences, {report.occurrences} occurrences,"
        f" {report.files} files, {report.sentences_encoded} sentences encoded again{lowest}:"
        f" {len(report.problems) or 'no'} problem{'' if len(report.problems) == 1 else 's'}"
    )
    return 1 if report.problems else 0


@click.command(cls=Command)
@collection_argument
def compact(collection: Path) -> None:
    """Merge segments and free the disk space of removed documents."""
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        gone = opened.compact()
        after = opened.info()
    note(f"{collection}: {after.segments} segment(s), {gone} removed documents gone for good")


@click.command(cls=Command)
@collection_argument
@argument(
    "document_ids",
    "Ids of the documents to remove, as `polyseme documents` lists them.",
    nargs=-1,
    required=True,
    metavar="DOCUMENT",
)
def remove(collection: Path, document_ids: tuple[str, ...]) -> None:
    """Remove documents from a collection.

    If one of the ids is unknown, no document is removed.
    """
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        opened.remove(document_ids)
    note(f"{collection}: {len(document_ids)} removed")


@click.command(cls=Command)
@collection_argument
@click.option(
    "--model",
    metavar="SOURCE",
    show_default="the collection's own",
    help=f"Model that encodes the texts: {SOURCES}",
)
@encoding_options(kept="unchanged")
@click.option(
    "--language", metavar="CODE", show_default="unchanged", help="Language code of the documents, such as en, de or fr."
)
@click.pass_context
def reencode(
    context: click.Context,
    collection: Path,
    model: str | None,
    language: str | None,
    precision: str,
    layer: str,
    normalisation: str,
    function_words: bool,
    storage: str,
) -> int:
    """Encode a collection again from its stored texts, with another model or layer.

    Settings keep their values unless you give an option. The collection answers as before until the run is complete.
    Run the same command again to continue an interrupted run.
    """
    from dataclasses import replace

    from ...indexer.build import BuildConfig
    from ...indexer.collection.collection import Collection
    from ...indexer.collection.records import Layer
    from ...indexer.reencode import reencode as run
    from ...indexer.runtime import freezing_gc
    from ...indexer.vectors.int8 import Storage
    from ...indexer.vectors.transforms import Normalisation
    from .progress import ProgressLine

    with Collection.open(collection) as opened:
        old = opened.settings

    def chosen(name: str, given: str | bool, before: str | bool) -> Any:
        return before if context.get_parameter_source(name) is click.core.ParameterSource.DEFAULT else given

    new_layer = Layer(chosen("layer", layer, old.layer))
    config = replace(
        BuildConfig.from_settings(old),
        language=language or old.language,
        precision=chosen("precision", precision, old.precision),
        layer=new_layer,
        normalisation=Normalisation(chosen("normalisation", normalisation, old.normalisation)),
        function_words=chosen("function_words", function_words, old.function_words),
        token_normalisation=old.token_normalisation if new_layer is old.layer else None,
        storage=Storage(chosen("storage", storage, old.storage)),
    )
    return print_report(run(collection, config, model, freezing_gc(ProgressLine())), collection)
