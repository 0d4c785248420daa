"""Encode a collection again from its stored texts, with another model, layer or tokeniser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .build import BuildConfig, BuildReport, new_settings, run_into
from .collection.collection import Collection
from .collection.lock import WriteLock
from .collection.records import CollectionSettings, SentenceKind
from .collection.replacement import (
    begun_folders,
    discard,
    finish,
    new_folder,
    real_folder,
    recover,
    replace_collection,
)
from .collection.writer import Writer, storage_errors
from .dictionaries.importing import carry_over
from .documents import Document, SourceScan
from .elmo.limits import shown
from .errors import CollectionError
from .progress import IndexingRun, Progress, Stage
from .sentence_models.named import NO_MODEL, as_sentence_model, fitting_sentence_model
from .values import count
from .vectorise import SentenceModel, as_encoder, recorded_encoder, remember

if TYPE_CHECKING:
    from .elmo import Encoder


def reencode(
    collection: str | Path,
    config: BuildConfig | None = None,
    model: str | Encoder | None = None,
    progress: Callable[[Progress], None] | None = None,
    sentence_model: str | Path | SentenceModel | None = None,
) -> BuildReport:
    """Encode a collection again from its stored texts, and put the result in its place.

    The new collection is built beside the old one, in a hidden folder. The old one answers queries until it is
    replaced. The new one has the newest format and the sentence vectors of the model. The same call again resumes an
    interrupted run. Where `collection` is a link, the link stays.

    Args:
        config: The new configuration, or None for that of the collection.
        model: An `Encoder`, the source of a model, or None for the model that the collection records.
        progress: Callback for progress events.
        sentence_model: Sentence transformer for the product vectors, or its folder. "none" for the vectors of the
            encoder. None for `config.sentence_model`, else for the model of the collection if the user has named it.

    Raises:
        CollectionError: The collection cannot be opened, written or replaced.
        ModelError: The model cannot be loaded.
    """
    path = Path(collection)
    run = IndexingRun(progress)
    run.report(Stage.LOADING)
    recover(path)
    Collection.open(path).close()  # tells what is wrong before anything is locked
    real = real_folder(path)
    with WriteLock(real), ExitStack() as inner:
        with storage_errors(path):
            finish(real)
        with Collection.open(real) as old:
            if config is None:
                config = BuildConfig.from_settings(old.settings)
            if model is None:
                encoder = recorded_encoder(old, config.precision)
            else:
                encoder = as_encoder(model, config.precision)
                remember(encoder)
            transformer = _sentence_model(old, sentence_model or config.sentence_model)
            new, target, lock = _resume_or_create(real, new_settings(config, encoder, transformer))
            inner.enter_context(lock)
            with target, Writer(new, lock) as writer:
                report = _copy(old, target, writer, config, encoder, run, transformer)
                dictionaries = carry_over(old, target, writer, encoder)
                left_out = old.copy_selections(writer)
            before, damaged = old.settings, old.subcorpora().shown_damaged
        with storage_errors(path):
            left = replace_collection(real, new)
    run.report(Stage.DONE)
    notices = [f"{folder} has files that are not Polyseme's; move them away and remove it" for folder in left]
    if damaged:
        notices.append(f"left out, since damaged: {damaged}; save it again with `polyseme subcorpus save`")
    if left_out:
        notices.append(f"left out, since damaged: {count(left_out, 'selection')} of lines; choose these lines again")
    if before.sentence_vectors is SentenceKind.EXTERNAL and transformer is None and sentence_model != NO_MODEL:
        notices.append(
            f"the sentence vectors of {path} are now those of its ELMo, no more of"
            f" {shown(before.sentence_source)}; to have those again, reencode it with --sentence-model"
        )
    return replace(report, notices=(*report.notices, *dictionaries, *notices))


def _sentence_model(old: Collection, model: str | Path | SentenceModel | None) -> SentenceModel | None:
    """Return the sentence transformer of the new collection. None for the sentence vectors of its encoder."""
    if model == NO_MODEL:
        return None
    return fitting_sentence_model(old) if model is None else as_sentence_model(model)


def _copy(
    old: Collection,
    target: Collection,
    writer: Writer,
    config: BuildConfig,
    encoder: Encoder,
    run: IndexingRun,
    sentence_model: SentenceModel | None,
) -> BuildReport:
    """Encode the documents of a collection into another one, and copy its named senses and annotations of lines."""
    found = SourceScan(complete=False)
    report = run_into(target, writer, stored_documents(old), found, config, encoder, run, sentence_model)
    # An interrupted run may have stored documents that were removed from the old collection later.
    kept = {document.document_id for document in old.documents()}
    gone = [d.document_id for d in target.documents() if d.document_id not in kept]
    if gone:
        writer.remove(gone)
    for name, filters in old.subcorpora().filters.items():
        writer.set_subcorpus(name, filters)
    for name, data in old.named_senses().items():
        writer.set_named_sense(name, data)
    old.copy_judgements(writer)
    return report


def _resume_or_create(real: Path, settings: CollectionSettings) -> tuple[Path, Collection, WriteLock]:
    """Return the collection that an interrupted run began with these settings, or a new one, with its folder and lock.

    What runs with other settings began is removed.
    """
    for folder in begun_folders(real):
        try:
            target = Collection.open(folder)
        except CollectionError:
            discard(folder)
            continue
        if target.settings == settings:
            return folder, target, WriteLock(folder)
        target.close()
        discard(folder)
    folder = new_folder(real)
    return folder, Collection.create(folder, settings), WriteLock(folder)


def stored_documents(collection: Collection) -> Iterator[Document]:
    """Yield the live documents of a collection, with the text, metadata and annotation that were read."""
    for stored in collection.documents():
        _, text = collection.document(stored.document_id)
        given = collection.annotation(stored.key)
        yield Document(stored.document_id, text, stored.metadata, stored.root, stored.source, given)
