"""Commands that open the page."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .help import Command, FilePath, argument
from .options import model_option, page_options
from .printing import note, say

if TYPE_CHECKING:
    from ...indexer.build import BuildReport

DEFAULT_MODEL = "default"
"""Name of the bundled model in the settings of a collection."""


@click.command("ui", cls=Command)
@argument(
    "collection",
    "Folder of a collection, of a collection to create on the page, or of several collections.",
    type=FilePath(),
)
@page_options
@model_option
def open_page(
    collection: Path, port: int | None, no_browser: bool, address: str, hosts: tuple[str, ...], model: str | None
) -> int:
    """Open the web page on a collection.

    By default only this machine can reach the page. Press Ctrl-C to stop it.
    """
    from ...indexer.collection.collection import Collection
    from ..page.library import is_library
    from ..page.server import launch

    if not is_library(collection) and (collection.exists() or not collection.parent.is_dir()):
        Collection.open(collection).close()
    return launch(collection, port, not no_browser, model, address, hosts)


@click.command(cls=Command)
@click.option(
    "--collection",
    type=FilePath(),
    metavar="COLLECTION",
    show_default="polyseme/demo.pol in the user's cache folder",
    help="Folder of the demo collection.",
)
@page_options
def demo(collection: Path | None, port: int | None, no_browser: bool, address: str, hosts: tuple[str, ...]) -> int:
    """Index the sample documents and open the web page on them."""
    from ..page.server import launch

    target = collection or default_demo_path()
    documents = bundled_documents()
    n_files = sum(path.suffix == ".txt" for path in documents.iterdir())
    say(f"Polyseme demo: search {n_files} sample documents by meaning, with the bundled English ELMo.")
    say(f"Indexing them into {target}. This takes about 30 seconds the first time, and a few seconds after that.")
    report = index_samples(target, documents)
    for notice in report.notices:
        note(notice)
    new = report.added + report.updated
    say(f"Indexed in {report.seconds:.0f} s: {new} new documents, {report.unchanged} indexed already.")
    say("Starting the web page. This takes about 5 seconds.")
    return launch(target, port, not no_browser, None, address, hosts)


def index_samples(target: Path, documents: Path) -> BuildReport:
    """Index the sample documents into a collection.

    A collection of an earlier version is made again if its model is the bundled one and it has nothing but samples.

    Args:
        target: Folder of the collection.
        documents: Folder of the sample documents.

    Raises:
        CollectionError: The collection cannot be opened and must not be replaced, or another process writes to it.
    """
    from ...indexer.build import build
    from ...indexer.collection.paths import remove_collection
    from ...indexer.collection.replacement import real_folder
    from ...indexer.errors import CollectionError
    from .progress import ProgressLine

    on_progress = ProgressLine(with_estimate=False) if sys.stderr.isatty() else None
    try:
        return build(target, [documents], progress=on_progress)
    except CollectionError:
        if not target.exists() or can_be_opened(target) or not has_only_samples(target, documents):
            raise
        remove_collection(real_folder(target))
        return build(target, [documents], progress=on_progress)


def can_be_opened(collection: Path) -> bool:
    """Return whether this version can open a collection and load the model that it was built with."""
    from ...indexer.collection.collection import Collection
    from ...indexer.errors import CollectionError
    from ...indexer.vectorise import fitting_encoder

    try:
        with Collection.open(collection) as opened:
            fitting_encoder(opened)
    except CollectionError:
        return False
    return True


def has_only_samples(collection: Path, documents: Path) -> bool:
    """Return whether a collection of the bundled model has the samples alone: no other documents, senses or files."""
    from ...indexer.collection.collection import Collection
    from ...indexer.collection.paths import foreign_names
    from ...indexer.errors import CollectionError

    samples = {path.name for path in documents.iterdir()}
    try:
        with Collection.open(collection) as opened:
            if opened.settings.model != DEFAULT_MODEL or opened.named_senses() or foreign_names(collection):
                return False
            return all(document.document_id in samples for document in opened.documents())
    except CollectionError:
        return False


def default_demo_path() -> Path:
    """Return the default folder of the demo collection, in the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "polyseme" / "demo.pol"


def bundled_documents() -> Path:
    """Return the folder of the sample documents, in a checkout or an installation."""
    from importlib.resources import files

    return Path(str(files("polyseme.data"))) / "documents"
