"""Commands that open the page."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .index import tell_report
from .options import collection_argument, model_option, with_page_options


@click.command("ui")
@collection_argument
@with_page_options
@model_option
def open_page(collection: Path, port: int | None, no_browser: bool, address: str, model: str | None) -> int:
    """Open the page on COLLECTION, which may not be there yet, or a folder of collections; for this machine alone."""
    from ...indexer.collection.collection import Collection
    from ..page.library import is_library
    from ..page.server import launch

    if not is_library(collection) and (collection.exists() or not collection.parent.is_dir()):
        Collection.open(collection).close()
    return launch(collection, port, not no_browser, model, address)


@click.command()
@click.option("--collection", type=click.Path(path_type=Path), help="Where to keep it. Default: the user's cache.")
@with_page_options
def demo(collection: Path | None, port: int | None, no_browser: bool, address: str) -> int:
    """Index the bundled documents with the bundled model and open the page on them."""
    from ...indexer.build import build
    from ...indexer.errors import CollectionError
    from ...indexer.reencode import reencode
    from ..page.server import launch
    from .progress import ProgressLine

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
    tell_report(report, target)
    return launch(target, port, not no_browser, None, address)


def bundled_documents() -> Path:
    """The folder of the sample documents, however Polyseme was installed."""
    from importlib.resources import files

    return Path(str(files("polyseme.data"))) / "documents"
