"""The command ``polyseme``: parse, call one function, print. Heavy imports wait for the command that needs them.

Exit status: 0 done, 1 a user's error in one line, 2 usage, 3 done but some documents were skipped (each is named),
130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from indexer.errors import PolysemeError
from ui.printing import Format, note, one_line, show, table

if TYPE_CHECKING:
    from indexer.build import BuildReport
    from search.hits import OccurrenceHit
    from search.senses import SenseInventory

Command = TypeVar("Command", bound=Callable[..., Any])

collection_argument = click.argument("collection", type=click.Path(path_type=Path))
model_option = click.option("--model", metavar="SOURCE", help="Where the model lies: default, a folder, a hub handle.")
format_option = click.option(
    "--format", "form", type=click.Choice([str(f) for f in Format]), default="table", help="How to print.", show_default=True
)
k_option = click.option("-k", "k", type=click.IntRange(1), default=20, show_default=True, help="How many hits.")
where_option = click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help="Filter: F=V, F!=V, F=A..B, F=A|B; repeated = and."
)
LAYERS = click.Choice(["sense", "0", "1", "2", "elmo"])


class Group(click.Group):
    """Commands in the order in which they are written."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102
        return list(self.commands)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polyseme")
def cli() -> None:
    """Sense-aware search over your own documents, with ELMo."""


def build_options(command: Command) -> Command:
    """The options that fix how a collection is encoded."""
    for option in (
        click.option("--precision", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True),
        click.option("--layer", type=LAYERS, default="sense", show_default=True, help="What stands for an occurrence."),
        click.option(
            "--normalisation",
            type=click.Choice(["none", "centred", "whitened"]),
            default="whitened",
            show_default=True,
            help="Of sentence vectors.",
        ),
        click.option("--function-words", is_flag=True, help="Also index the, of, and, ..."),
    ):
        command = option(command)
    return command


@cli.command()
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
) -> int:
    """Index files and folders into COLLECTION; the same command again goes on, replaces and adds."""
    from indexer.build import BuildConfig, build
    from indexer.collection.records import Layer
    from indexer.collection.vectors import Normalisation
    from indexer.documents import ReadOptions
    from ui.progress import ProgressLine

    reading = ReadOptions(globs, text_column, id_column, metadata, encoding)
    config = BuildConfig(
        language, precision, Layer(layer), Normalisation(normalisation), function_words, reading, prune
    )
    report = build(collection, paths, config, model or "default", None if quiet else ProgressLine())
    return _report(report, collection)


def _report(report: BuildReport, collection: Path) -> int:
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


@cli.command()
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
    from search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        hits = searcher.sentences(text, k, where, hybrid)
    note(hits.notice)
    rows = [(hit.rank, hit.score, hit.document, hit.sentence) for hit in hits]
    show(hits.to_dicts(), Format(form), table(["#", "score", "document", "sentence"], rows, right=["#", "score"]))


@cli.command()
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
    from search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        hits = searcher.occurrences(query, k, match, where, layer)
    note(hits.notice)
    show(hits.to_dicts(), Format(form), concordance(hits, context))


def concordance(hits: list[OccurrenceHit], context: int) -> str:
    """KWIC lines with the node in one column."""
    from search.kwic import concordance_line

    lines = [concordance_line(hit, context) for hit in hits]
    rows = [
        (hit.rank, hit.score, line.left, f"[{line.node}]", line.right, hit.document)
        for hit, line in zip(hits, lines, strict=True)
    ]
    return table(["#", "score", "left", "node", "right", "document"], rows, right=["#", "score", "left"])


@cli.command()
@collection_argument
@click.argument("word")
@click.option("--match", type=click.Choice(["form", "lemma"]), default="lemma", show_default=True)
@click.option("--occurrences", is_flag=True, help="Print every occurrence with the number of its sense.")
@model_option
@format_option
def senses(collection: Path, word: str, match: str, occurrences: bool, model: str | None, form: str) -> None:
    """Tell the senses of WORD apart, from its occurrences."""
    from search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        inventory = searcher.senses(word, match)
        note(inventory.notice)
        if occurrences:
            found = searcher.sense_occurrences(inventory)
            rows = [row | {"sense": number} for row, number in _hit_rows(found)]
            lines = [(number, hit.score, hit.document, hit.sentence) for hit, number in found]
            show(rows, Format(form), table(["sense", "score", "document", "sentence"], lines, right=["sense", "score"]))
        else:
            show(_sense_rows(inventory), Format(form), _sense_table(inventory))


def _hit_rows(found: list[tuple[OccurrenceHit, int]]) -> list[tuple[dict[str, object], int]]:
    from search.hits import hit_to_dict

    return [(hit_to_dict(hit), number) for hit, number in found]


def _sense_rows(inventory: SenseInventory) -> list[dict[str, object]]:
    return [
        {
            "word": inventory.word,
            "sense": item.number,
            "size": item.size,
            "share": item.share,
            "labels": [label.lemma for label in item.labels],
            "central": [hit.sentence for hit in item.central],
        }
        for item in inventory.senses
    ]


def _sense_table(inventory: SenseInventory) -> str:
    parts = []
    for item in inventory.senses:
        labels = ", ".join(label.lemma for label in item.labels)
        parts.append(f"{inventory.word} {item.number}: {item.size} ({item.share:.0%})  {labels}\n")
        parts += [f"    {one_line(hit.sentence)}\n" for hit in item.central]
    return "".join(parts)


@cli.command()
@collection_argument
@format_option
def documents(collection: Path, form: str) -> None:
    """List the documents."""
    from indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        rows = [
            {"document_id": d.document_id, "title": d.title, "sentences": d.sentences, "metadata": dict(d.metadata)}
            for d in opened.documents()
        ]
    cells = [list(row.values()) for row in rows]
    show(rows, Format(form), table(["document_id", "title", "sentences", "metadata"], cells, right=["sentences"]))


@cli.command("show")
@collection_argument
@click.argument("document")
def show_document(collection: Path, document: str) -> None:
    """Print the text of a DOCUMENT (its id)."""
    from indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        _, text = opened.document(document)
    click.echo(text, nl=not text.endswith("\n"))


@cli.command()
@collection_argument
@format_option
def info(collection: Path, form: str) -> None:
    """Tell what a collection holds and what it was made with."""
    from dataclasses import asdict

    from indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        found = asdict(opened.info())
    row = found.pop("settings") | found
    show([row], Format(form), "".join(f"{key:18} {one_line(str(value))}\n" for key, value in row.items()))


@cli.command()
@collection_argument
@click.option("--encode/--no-encode", default=True, help="Encode a sample of sentences again.")
@click.option("--sample", type=click.IntRange(1), default=100, show_default=True, help="How many of them.")
@click.option("--repair", is_flag=True, help="Rebuild damaged index files from the vectors.")
@model_option
def verify(collection: Path, encode: bool, sample: int, repair: bool, model: str | None) -> int:
    """Read a collection back: counts, ids, checksums, and a sample of sentences encoded again."""
    from indexer.build import fitting_encoder
    from indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        report = opened.verify(fitting_encoder(opened, model) if encode else None, sample, repair)
    for problem in report.problems:
        click.echo(one_line(problem))
    lowest = "" if report.lowest_cosine is None else f", lowest cosine {report.lowest_cosine:.5f}"
    click.echo(
        f"{report.documents} documents, {report.sentences} sentences, {report.occurrences} occurrences,"
        f" {report.files} files, {report.sentences_encoded} sentences encoded again{lowest}:"
        f" {len(report.problems) or 'no'} problem{'' if len(report.problems) == 1 else 's'}"
    )
    return 1 if report.problems else 0


@cli.command()
@collection_argument
def compact(collection: Path) -> None:
    """Rewrite a collection as few large segments and free the space of removed documents."""
    from indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        gone = opened.compact()
        after = opened.info()
    note(f"{collection}: {after.segments} segment(s), {gone} removed documents gone for good")


@cli.command()
@collection_argument
@click.argument("document_ids", nargs=-1, required=True, metavar="DOCUMENT...")
def remove(collection: Path, document_ids: tuple[str, ...]) -> None:
    """Remove documents by their ids: all of them or, if one is not there, none."""
    from indexer.collection.collection import Collection

    with Collection.open(collection) as opened:
        opened.remove(document_ids)
    note(f"{collection}: {len(document_ids)} removed")


@cli.command()
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
) -> int:
    """Encode a collection again from its stored texts, with another model or layer; options not given stay."""
    from indexer.build import BuildConfig
    from indexer.build import reencode as run
    from indexer.collection.collection import Collection
    from indexer.collection.records import Layer
    from indexer.collection.vectors import Normalisation
    from ui.progress import ProgressLine

    with Collection.open(collection) as opened:
        old = opened.settings

    def chosen(name: str, given: str | bool, before: str | bool) -> Any:
        return before if context.get_parameter_source(name) is click.core.ParameterSource.DEFAULT else given

    config = BuildConfig(
        language or old.language,
        chosen("precision", precision, old.precision),
        Layer(chosen("layer", layer, old.layer)),
        Normalisation(chosen("normalisation", normalisation, old.normalisation)),
        chosen("function_words", function_words, old.function_words),
    )
    return _report(run(collection, config, model, ProgressLine()), collection)


@cli.command()
@click.argument("first")
@click.argument("second")
@click.option("--language", default="en", show_default=True, metavar="CODE")
@model_option
@format_option
def compare(first: str, second: str, language: str, model: str | None, form: str) -> None:
    """Tell how alike two words in context are: "the river [bank]" "a [bank] loan"."""
    from dataclasses import asdict

    from indexer.collection.records import Layer
    from indexer.elmo import load_encoder
    from indexer.text import TextAnalyser
    from indexer.vectorise import Vectoriser
    from search.asked import QueryEncoder
    from search.searcher import compare as run

    vectoriser = Vectoriser(load_encoder(model or "default"), Layer.SENSE, {})
    row = asdict(run(TextAnalyser(language), QueryEncoder(vectoriser), first, second))
    show([row], Format(form), f"{row['score']:.3f}  {row['first']} / {row['second']}\n")


@cli.group(cls=Group)
def model() -> None:
    """Look at models and change their format."""


@model.command("info")
@click.argument("source", default="default")
@format_option
def model_info(source: str, form: str) -> None:
    """Tell what a model is: source, digest, sizes, files."""
    from dataclasses import asdict

    from indexer.elmo.convert import describe

    row = asdict(describe(source))
    show([row], Format(form), "".join(f"{key:14} {one_line(str(value))}\n" for key, value in row.items()))


@model.command("convert")
@click.argument("source")
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(["folder", "allennlp"]), default="folder", show_default=True)
@click.option("--half", is_flag=True, help="Half precision on disk.")
def model_convert(source: str, destination: Path, to: str, half: bool) -> None:
    """Write any model as a model folder of ours, or as AllenNLP's pair of files."""
    from indexer.elmo.convert import Layout, convert

    convert_and_tell(convert, source, destination, Layout(to), half)


@model.command("export")
@click.argument("source")
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["hub"]), default="hub", show_default=True)
def model_export(source: str, destination: Path, form: str) -> None:
    """Write any model as a SavedModel with google/elmo's signatures, for tensorflow_hub."""
    from indexer.elmo.convert import Layout, convert

    convert_and_tell(convert, source, destination, Layout(form), False)


def convert_and_tell(convert: Callable[..., Any], source: str, destination: Path, layout: Any, half: bool) -> None:
    """Convert, and tell what was left out."""
    done = convert(source, destination, layout, half)
    for left_out in done.left_out:
        note(f"left out: {left_out}")
    note(f"{destination}: written")


page_options = (
    click.option("--port", type=click.IntRange(1, 65535), help="Default: a free one."),
    click.option("--no-browser", is_flag=True, help="Do not open a browser."),
    click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen."),
)


def with_page_options(command: Command) -> Command:
    """The options of the commands that open the page."""
    for option in page_options:
        command = option(command)
    return command


@cli.command("ui")
@collection_argument
@with_page_options
@model_option
def open_page(collection: Path, port: int | None, no_browser: bool, address: str, model: str | None) -> int:
    """Open the page on COLLECTION, for this machine alone."""
    from indexer.collection.collection import Collection
    from ui.server import launch

    Collection.open(collection).close()
    return launch(collection, port, not no_browser, model, address)


@cli.command()
@click.option("--collection", type=click.Path(path_type=Path), help="Where to keep it. Default: the user's cache.")
@with_page_options
def demo(collection: Path | None, port: int | None, no_browser: bool, address: str) -> int:
    """Index the bundled documents with the bundled model and open the page on them."""
    from indexer.build import build, reencode
    from indexer.errors import CollectionError
    from ui.progress import ProgressLine
    from ui.server import launch

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    target = collection or cache / "polyseme" / "demo.pol"
    documents = bundled_documents()
    try:
        report = build(target, [documents], progress=ProgressLine())
    except CollectionError as error:
        if "polyseme reencode" not in str(error):
            raise
        reencode(target, model="default", progress=ProgressLine())  # made by an older version's model
        report = build(target, [documents], progress=ProgressLine())
    _report(report, target)
    return launch(target, port, not no_browser, None, address)


def bundled_documents() -> Path:
    """The folder of the sample documents, however Polyseme was installed."""
    from importlib.resources import files

    return Path(str(files("polyseme_data"))) / "documents"


def main() -> None:
    """Run the command and leave with its exit status."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run the command with these arguments; what a user caused is told in one line."""
    try:
        status = cli.main(arguments, prog_name="polyseme", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.UsageError as error:
        error.show()
        return 2
    except click.ClickException as error:
        note(error.format_message())
        return 1
    except PolysemeError as error:
        note(str(error))
        return 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("\npolyseme: interrupted; what was committed stays, the same command goes on", err=True)
        return 130
    except BrokenPipeError:
        # The reader of a pipe has gone: nothing more to say, and nothing to flush into it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
