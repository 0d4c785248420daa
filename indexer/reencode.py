"""Encode a collection again from its stored texts, with another model, layer or tokeniser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .build import BuildConfig, BuildReport, new_settings, run_into
from .collection.collection import Collection
from .collection.folder import replace_collection
from .collection.records import CollectionSettings
from .collection.schema import DATABASE_NAME
from .documents import Document, SourceScan
from .progress import IndexingRun, Progress, Stage
from .vectorise import as_encoder

if TYPE_CHECKING:
    from .elmo import Encoder


def reencode(
    collection: str | Path,
    config: BuildConfig | None = None,
    model: str | Encoder | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> BuildReport:
    """Encode a collection again from its stored texts, and put the result in its place.

    The new collection is built beside the old one as `NAME.reencode`. The old one answers queries until it is
    replaced. The same call again resumes an interrupted run.

    Args:
        config: The new configuration, or None for that of the collection.
        model: An `Encoder`, the source of a model, or None for the source that the collection records.
        progress: Callback for progress events.

    Raises:
        CollectionError: The collection cannot be opened or written.
        ModelError: The model cannot be loaded.
    """
    path = Path(collection)
    temporary = path.with_name(path.name + ".reencode")
    run = IndexingRun(progress)
    run.report(Stage.LOADING)
    with Collection.open(path) as old, old.writing():
        if config is None:
            config = BuildConfig.from_settings(old.settings)
        encoder = as_encoder(model if model is not None else old.settings.model, config.precision)
        target = _resume_or_create(temporary, new_settings(config, encoder))
        with target, target.writing() as writer:
            found = SourceScan(complete=False)
            report = run_into(target, writer, stored_documents(old), found, config, encoder, run)
            # An interrupted run may have stored documents that were removed from the old collection later.
            kept = {document.document_id for document in old.documents()}
            gone = [d.document_id for d in target.documents() if d.document_id not in kept]
            if gone:
                writer.remove(gone)
            for name, data in old.named_senses().items():
                writer.set_named_sense(name, data)
        replace_collection(path, temporary)
    run.report(Stage.DONE)
    return report


def _resume_or_create(path: Path, settings: CollectionSettings) -> Collection:
    """Return the collection that an interrupted run began with these settings, or a new one."""
    if (path / DATABASE_NAME).exists():
        target = Collection.open(path)
        if target.settings == settings:
            return target
        target.close()
        shutil.rmtree(path)
    return Collection.create(path, settings)


def stored_documents(collection: Collection) -> Iterator[Document]:
    """Yield the live documents of a collection, with the text and metadata that were read."""
    for stored in collection.documents():
        _, text = collection.document(stored.document_id)
        yield Document(stored.document_id, text, stored.metadata, stored.root, stored.source)
