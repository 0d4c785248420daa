"""Commands that make, change and look after a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import build_options, collection_argument, format_option, model_option
from .printing import Format, note, one_line, show, table

if TYPE_CHECKING:
    from ...indexer.build import BuildReport


@click.command()
@collection_argument
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@model_option
@build_options
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Of the documents: en, de, fr, ...")
@click.option("--metadata", type=click.Path(path_type=Path), metavar="FILE.csv", help="A table that describes files.")
@click.option("--glob", "globs", multiple=True, metavar="PATTERN", help="Only files that match; may be repeated.")
@click.option("--text-column", default="text", show_default=True, help="Column of CSV, TSV, JSONL that holds the text.")
@click.option("--id-column", default="id", show_default=True, help="Column that holds the document's id.")
@click.option("--encoding", help="Of text files, instead of detection.")
@click.option("--prune", is_flag=True, help="Remove documents whose file has vanished from its folder.")
@click.option("--quiet", is_flag=True, help="No progress.")
def index(
    collection: Path,
    paths: tuple[Path, ...],
    model: str | None,
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
    """Index files and folders into COLLECTION; the same command again goes on, replaces and adds."""
    from ...indexer.build import BuildConfig, build
    from ...indexer.collection.records import Layer
    from ...indexer.documents import ReadOptions
    from ...indexer.runtime import freezing_gc
    from ...indexer.vectors.int8 import Storage
    from ...indexer.vectors.transforms import Normalisation
    from .progress import ProgressLine

    reading = ReadOptions(globs, text_column, id_column, metadata, encoding)
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
    watch = freezing_gc(None if quiet else ProgressLine())
    report = build(collection, paths, config, model or "default", watch)
    return tell_report(report, collection)


def tell_report(report: BuildReport, collection: Path) -> int:
    """Print what a run did; returns the exit status."""
    for skipped in report.skipped:
        note(f"skipped {skipped.source}: {skipped.reason}")
    for notice in report.notices:
        note(notice)
    if report.vanished and not report.removed:
        shown = ", ".join(report.vanished[:5]) + (", ..." if len(report.vanished) > 5 else "")
        note(f"{len(report.vanished)} documents have vanished from their folder ({shown}); --prune removes them")
    note(
        f"{collection}: {report.added} added, {report.updated} updated, {report.unchanged} unchanged,"
        f" {report.removed} removed; {report.sentences} sentences, {report.tokens} tokens in {report.seconds:.1f} s"
    )
    return 3 if report.skipped else 0


@click.command()
@collection_argument
@format_option
def documents(collection: Path, form: str) -> None:
    """List the documents."""
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        rows = [
            {"document_id": d.document_id, "title": d.title, "sentences": d.sentences, "metadata": dict(d.metadata)}
            for d in opened.documents()
        ]
    cells = [list(row.values()) for row in rows]
    show(rows, Format(form), table(["document_id", "title", "sentences", "metadata"], cells, right=["sentences"]))


@click.command("show")
@collection_argument
@click.argument("document")
def show_document(collection: Path, document: str) -> None:
    """Print the text of a DOCUMENT (its id)."""
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        _, text = opened.document(document)
    click.echo(text, nl=not text.endswith("\n"))


@click.command()
@collection_argument
@format_option
def info(collection: Path, form: str) -> None:
    """Tell what a collection holds and what it was made with."""
    from dataclasses import asdict

    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        found = asdict(opened.info())
    row = found.pop("settings") | found
    show([row], Format(form), "".join(f"{key:18} {one_line(str(value))}\n" for key, value in row.items()))


@click.command()
@collection_argument
@click.option("--encode/--no-encode", default=True, help="Encode a sample of sentences again.")
@click.option("--sample", type=click.IntRange(1), default=100, show_default=True, help="How many of them.")
@click.option("--repair", is_flag=True, help="Rebuild damaged index files from the vectors.")
@model_option
def verify(collection: Path, encode: bool, sample: int, repair: bool, model: str | None) -> int:
    """Read a collection back: counts, ids, checksums, and a sample of sentences encoded again."""
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


@click.command()
@collection_argument
def compact(collection: Path) -> None:
    """Rewrite a collection as few large segments and free the space of removed documents."""
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        gone = opened.compact()
        after = opened.info()
    note(f"{collection}: {after.segments} segment(s), {gone} removed documents gone for good")


@click.command()
@collection_argument
@click.argument("document_ids", nargs=-1, required=True, metavar="DOCUMENT...")
def remove(collection: Path, document_ids: tuple[str, ...]) -> None:
    """Remove documents by their ids: all of them or, if one is not there, none."""
    from ...indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        opened.remove(document_ids)
    note(f"{collection}: {len(document_ids)} removed")


@click.command()
@collection_argument
@model_option
@build_options
@click.option("--language", metavar="CODE", help="Another language than before.")
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
    """Encode a collection again from its stored texts, with another model or layer; options not given stay."""
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

    to = Layer(chosen("layer", layer, old.layer))
    config = replace(
        BuildConfig.from_settings(old),
        language=language or old.language,
        precision=chosen("precision", precision, old.precision),
        layer=to,
        normalisation=Normalisation(chosen("normalisation", normalisation, old.normalisation)),
        function_words=chosen("function_words", function_words, old.function_words),
        token_normalisation=old.token_normalisation if to is old.layer else None,
        storage=Storage(chosen("storage", storage, old.storage)),
    )
    return tell_report(run(collection, config, model, freezing_gc(ProgressLine())), collection)
