"""Encoding a collection again from its stored texts: another model, layer or tokeniser."""

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
from .documents import Document
from .progress import Progress, Run, Stage
from .vectorise import as_encoder

if TYPE_CHECKING:
    from .elmo import Encoder


def reencode(
    collection: str | Path,
    config: BuildConfig | None = None,
    model: str | Encoder | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> BuildReport:
    """Encode a collection again from its stored texts, with another model or layer, and put the result in its place.

    The new collection grows beside the old one (``NAME.reencode``), which answers until the last moment; a run that is
    cut off goes on when it is called again. config None: as the collection was made; model None: the collection's own,
    from where it lies now.
    """
    path = Path(collection)
    aside = path.with_name(path.name + ".reencode")
    run = Run(progress)
    run.report(Stage.LOADING)
    with Collection.open(path) as old, old.writing():
        settings = old.settings
        wanted = config or BuildConfig(
            settings.language,
            settings.precision,
            settings.layer,
            settings.normalisation,
            settings.function_words,
            token_normalisation=settings.token_normalisation,
            storage=settings.storage,
        )
        encoder = as_encoder(model if model is not None else settings.model, wanted.precision)
        target = _continued(aside, new_settings(wanted, encoder))
        with target, target.writing() as writer:
            report = run_into(target, writer, stored_documents(old), wanted, encoder, run)
            # An interrupted run may have stored what was removed from the old collection since.
            kept = {document.document_id for document in old.documents()}
            gone = [d.document_id for d in target.documents() if d.document_id not in kept]
            if gone:
                writer.remove(gone)
            for name, data in old.named_senses().items():
                writer.set_named_sense(name, data)
        replace_collection(path, aside)
    run.report(Stage.DONE)
    return report


def _continued(path: Path, settings: CollectionSettings) -> Collection:
    """A collection that an earlier, interrupted run began with these settings, or a new one."""
    if (path / DATABASE_NAME).exists():
        target = Collection.open(path)
        if target.settings == settings:
            return target
        target.close()
        shutil.rmtree(path)
    return Collection.create(path, settings)


def stored_documents(collection: Collection) -> Iterator[Document]:
    """The live documents of a collection, as they were read."""
    for stored in collection.documents():
        _, text = collection.document(stored.document_id)
        yield Document(stored.document_id, text, stored.metadata, stored.root, stored.source)
