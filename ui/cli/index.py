"""Commands that create, change and check a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...indexer.errors import PolysemeError
from ...indexer.values import count, text_of
from ..messages import one_line
from .help import Command, FilePath, argument
from .options import (
    SOURCES,
    collection_argument,
    encoding_options,
    format_option,
    model_option,
    quiet_option,
    sentence_model_option,
)
from .printing import OutputFormat, note, put, show, table

if TYPE_CHECKING:
    from ...indexer.build import BuildReport
    from ...indexer.documents import ReadOptions
    from ...indexer.preview import Preview

VANISHED_SHOWN = 5
"""Maximum number of vanished documents that the report of a run names."""


@click.command(cls=Command)
@collection_argument
@argument(
    "paths",
    "Files and folders to index. Folders are searched recursively.",
    nargs=-1,
    required=True,
    type=FilePath(),
    metavar="PATH",
)
@click.option(
    "--model",
    default="default",
    metavar="SOURCE",
    help=f"Model that encodes the documents: {SOURCES} An existing collection keeps its model.",
)
@click.option(
    "--sentence-model",
    metavar="FOLDER",
    show_default="none",
    help="Folder of a sentence transformer of yours (ONNX, or sentence-transformers) that compares sentences in place"
    " of ELMo. Words in context stay ELMo's. An existing collection keeps its own.",
)
@encoding_options()
@click.option("--language", default="en", metavar="CODE", help="Language code of the documents, such as en, de or fr.")
@click.option(
    "--metadata",
    type=FilePath(),
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
    "--text-column",
    default="text",
    metavar="NAME",
    help="Column of tables, or field of JSON, that contains the text. For a table without a header, give the column's"
    " number.",
)
@click.option(
    "--text-path",
    metavar="PATH",
    show_default="the text column",
    help="Path of the text in JSON and Parquet files, such as post.body or comments[].text.",
)
@click.option(
    "--id-column",
    default="id",
    metavar="NAME",
    help="Column of tables, or field of JSON, that contains the document's id, such as user.id.",
)
@click.option(
    "--translation-column",
    metavar="NAME",
    show_default="none",
    help="Column of tables, or field of JSON, that contains a translation of the text. It is shown under each line.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    show_default="detected",
    help="Character encoding of text files, such as utf-8 or cp1252.",
)
@click.option("--comments", is_flag=True, help="Index the comments of Word documents too.")
@click.option(
    "--columns",
    metavar="NAMES",
    show_default="word,pos,lemma",
    help="Columns of vertical files in order: word, pos, tag, lemma, lempos, or - for one that is not read.",
)
@click.option("--whole-page", is_flag=True, help="Keep menus and other parts of web pages, not only the article.")
@click.option("--prune", is_flag=True, help="Remove documents whose files no longer exist in the indexed folders.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Write nothing. List each file with its encoding, columns and documents, and the first sentences of each kind"
    " of file.",
)
@click.option(
    "--report",
    type=FilePath(),
    metavar="FILE.csv",
    show_default="no report",
    help="Write a table with one row for each file: type, encoding, documents, sentences, state and reason.",
)
@format_option
@quiet_option
def index(
    collection: Path,
    paths: tuple[Path, ...],
    model: str,
    sentence_model: str | None,
    language: str,
    metadata: Path | None,
    globs: tuple[str, ...],
    text_column: str,
    text_path: str | None,
    id_column: str,
    translation_column: str | None,
    encoding: str | None,
    comments: bool,
    columns: str | None,
    whole_page: bool,
    prune: bool,
    dry_run: bool,
    report: Path | None,
    output_format: OutputFormat,
    quiet: bool,
    precision: str,
    layer: str,
    normalisation: str,
    function_words: bool,
    storage: str,
) -> int:
    """Index files and folders into a collection.

    Formats of text: txt, md, html, pdf, docx, odt, rtf, doc, tex, epub, ipynb, srt and vtt. Of tables: csv, tsv, json,
    jsonl, xlsx, ods, parquet and arrow. Of corpora and translations: tei (xml), conllu, vrt, tmx and xliff. Of mail and
    archives: eml, mbox, mhtml and zip.

    Run the same command again to add new documents, replace changed ones and continue an interrupted run. Unchanged
    documents are not encoded again.

    Files without a suffix are read if they hold text, or one of these formats. What is not read is named or counted,
    and the exit status is then 3. It is 1 if nothing was read. --format applies to --dry-run.
    """
    from ...indexer.build import BuildConfig, build
    from ...indexer.collection.records import Layer
    from ...indexer.documents import ReadOptions
    from ...indexer.files import write_atomically
    from ...indexer.runtime import freezing_gc
    from ...indexer.sentence_models.named import NO_MODEL
    from ...indexer.vectors.int8 import Storage
    from ...indexer.vectors.transforms import Normalisation
    from ..formats import csv_text
    from ..outcome import report_rows
    from .progress import ProgressLine

    reading = ReadOptions(
        globs=globs,
        text_column=text_column,
        text_path=text_path,
        id_column=id_column,
        translation_column=translation_column,
        metadata=metadata,
        encoding=encoding,
        comments=comments,
        report=report,
        columns=tuple(name.strip().lower() for name in columns.split(",")) if columns is not None else (),
        whole_page=whole_page,
    )
    if report is not None and report.is_dir():
        raise PolysemeError(f"the report {report} is a folder; name a file in it")
    if dry_run:
        if report is not None:
            note("no report is written with --dry-run; use --format csv")
        return show_preview(collection, paths, reading, language, output_format)
    if report is not None and not report.parent.is_dir():
        raise PolysemeError(f"there is no folder {report.parent} for the report; make it, or name another file")
    config = BuildConfig(
        language=language,
        precision=precision,
        layer=Layer(layer),
        normalisation=Normalisation(normalisation),
        function_words=function_words,
        reading=reading,
        prune=prune,
        storage=Storage(storage),
        sentence_model=None if sentence_model == NO_MODEL else sentence_model,
    )
    on_progress = freezing_gc(None if quiet else ProgressLine())
    done = build(collection, paths, config, model, on_progress)
    if report is not None:
        write_atomically(report, csv_text(report_rows(done.files, reading)).encode())
    status = print_report(done, collection)
    if done.is_empty:
        note("nothing was read; `polyseme index --dry-run` shows why for each file")
        return 1
    return status


def show_preview(
    collection: Path, paths: tuple[Path, ...], options: ReadOptions, language: str, output_format: OutputFormat
) -> int:
    """Show what `polyseme index` would read. Return the exit status that it would have."""
    from ...indexer.preview import preview
    from ..outcome import preview_rows, skip_lines, warning_lines

    found = preview(paths, collection, options, language)
    show(preview_rows(found.files), output_format, _preview_text(found, options))
    for line in (*skip_lines(found.skipped), *warning_lines(found.warnings)):
        note(line)
    files = sum(bool(item.result.documents) for item in found.files)
    note(f"{_count(found.documents, 'document')} in {files} of {_count(len(found.files), 'file')}; nothing was written")
    if not found.documents:
        return 1
    return 3 if any(item.is_loss for item in found.skipped) else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _preview_text(found: Preview, options: ReadOptions) -> str:
    from ..outcome import column_text, cut

    cells = [
        [cut(str(item.result.path), 100), item.result.type, item.encoding, item.result.documents, item.result.state]
        for item in found.files
    ]
    parts = [table(["file", "type", "encoding", "documents", "state"], cells, right=["documents"])]
    for item in found.files:
        lines = []
        if item.sample is not None:
            metadata = ", ".join(f"{key}={cut(text_of(value))}" for key, value in item.sample.metadata.items())
            lines += [f"id: {item.sample.document_id}", *([f"metadata: {metadata}"] if metadata else [])]
        if item.columns and (item.sample is not None or not item.result.documents):
            lines += [f"columns: {', '.join(map(column_text, item.columns))}"]
            lines += [f"text column: {options.text_column}, id column: {options.id_column or 'none'}"]
        if item.sample is not None:
            lines += [f"| {cut(sentence, 200)}" for sentence in item.sample.sentences]
        if lines:
            body = "".join(f"  {one_line(line)}\n" for line in lines)
            parts.append(f"\n{one_line(str(item.result.path))}\n{body}")
    return "".join(parts)


def print_report(report: BuildReport, collection: Path) -> int:
    """Print what a run did on standard error and return the exit status: 3 if text was left out, else 0."""
    from ..outcome import skip_lines, warning_lines

    for line in (*skip_lines(report.skipped), *warning_lines(report.warnings)):
        note(line)
    for notice in report.notices:
        note(notice)
    if report.vanished and not report.removed:
        shown = ", ".join(report.vanished[:VANISHED_SHOWN])
        shown += ", ..." if len(report.vanished) > VANISHED_SHOWN else ""
        one = len(report.vanished) == 1
        gone = count(len(report.vanished), "document") + (
            " no longer exists in its" if one else " no longer exist in their"
        )
        note(f"{gone} folder ({shown}); --prune removes {'it' if one else 'them'}")
    note(
        f"{collection}: {report.added} added, {report.updated} updated, {report.unchanged} unchanged,"
        f" {report.removed} removed; {count(report.sentences, 'sentence')}, {count(report.tokens, 'token')}"
        f" in {report.seconds:.1f} s"
    )
    return 0 if report.is_complete else 3


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
    put(text if text.endswith("\n") else text + "\n")


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
    show([row], output_format, "".join(f"{key:18} {one_line(_shown(value))}\n" for key, value in row.items()))


def _shown(value: object) -> str:
    """Return a setting or a number as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None or value == "" else str(value)


@click.command(cls=Command)
@collection_argument
@click.option("--encode/--no-encode", default=True, help="Encode a sample of sentences again and compare the vectors.")
@click.option("--sample", type=click.IntRange(1), default=100, metavar="N", help="Number of sentences to encode again.")
@click.option("--repair", is_flag=True, help="Rebuild FAISS index files, keyword index, metadata table and counters.")
@model_option
@sentence_model_option
def verify(
    collection: Path, encode: bool, sample: int, repair: bool, model: str | None, sentence_model: str | None
) -> int:
    """Check a collection for damage.

    Reads everything back: files against their checksums, texts against their hashes, rows against texts and vectors. It
    cuts all texts again and encodes a sample of sentences and words. With --no-encode it cuts a sample of texts. The
    exit status is 1 if there is a problem.
    """
    from ...indexer.collection.collection import Collection
    from ...indexer.errors import UnnamedModelError
    from ...indexer.sentence_models.named import fitting_sentence_model
    from ...indexer.vectorise import fitting_encoder
    from ...indexer.verify import verify as run

    encoder = transformer = None
    with Collection.open(collection, is_checked=False) as opened:
        if encode:
            try:
                transformer = fitting_sentence_model(opened, sentence_model)
                encoder = fitting_encoder(opened, model)
            except UnnamedModelError:  # what needs no model can be checked all the same
                note(
                    f"{collection}: nothing was encoded again, since you have not named its model on this machine;"
                    " if you trust that model, name it once with --model SOURCE"
                )
        report = run(opened, encoder, sample, repair, transformer)
    for problem in report.problems:
        put(one_line(problem) + "\n")
    for notice in report.notices:
        note(notice)
    lowest = "" if report.lowest_cosine is None else f", lowest cosine {report.lowest_cosine:.5f}"
    put(
        f"{count(report.documents, 'document')}, {count(report.sentences, 'sentence')},"
        f" {count(report.occurrences, 'occurrence')}, {count(report.files, 'file')},"
        f" {count(report.documents_cut, 'text')} cut again,"
        f" {count(report.sentences_encoded, 'sentence')} encoded again{lowest}:"
        f" {count(len(report.problems), 'problem') if report.problems else 'no problems'}\n"
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
@click.option(
    "--sentence-model",
    metavar="FOLDER",
    show_default="the collection's own",
    help="Folder of a sentence transformer of yours that compares sentences, or 'none' for the vectors of ELMo.",
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
    sentence_model: str | None,
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
    from ...indexer.collection.replacement import recover
    from ...indexer.reencode import reencode as run
    from ...indexer.runtime import freezing_gc
    from ...indexer.vectors.int8 import Storage
    from ...indexer.vectors.transforms import Normalisation
    from .progress import ProgressLine

    recover(collection)
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
    return print_report(run(collection, config, model, freezing_gc(ProgressLine()), sentence_model), collection)
