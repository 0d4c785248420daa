"""The indexer: sources -> documents -> vectors -> committed segments; resumes, replaces, reports and prunes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .collection.collection import Collection
from .collection.compaction import compact
from .collection.queries import add_seen, create_seen, seen_sources, unseen_documents
from .collection.random_pairs import store_background
from .collection.records import CollectionSettings, DocumentEntry, Layer
from .collection.schema import DATABASE_NAME, State
from .collection.writer import Writer
from .documents import Document, ReadOptions, Skipped, read_documents, scan
from .encoders import as_encoder, fitting_encoder
from .errors import CollectionError
from .pipeline import Fitting, Work, cut, encode, segments
from .progress import Progress, Run, Stage, counted, estimate
from .runtime import give_back, seldom_collecting
from .text.analyser import TextAnalyser
from .vectorise import Vectoriser
from .vectors.int8 import Storage
from .vectors.transforms import Normalisation

if TYPE_CHECKING:
    from .elmo import Encoder

WORD_WEIGHT = 2.0
"""Of a word's identity beside its sense, when any word may answer; by measurement (docs/quality.md)."""


@dataclass(frozen=True, slots=True)
class BuildConfig:
    """How documents are read, cut and encoded.

    language, precision, layer, normalisation (of sentence vectors), token_normalisation (None: what the layer usually
    gets), function_words and storage (of token vectors) are fixed when a collection is made; for an existing one the
    collection's own are used.
    sample_sentences: how many are held back to fit a new collection's transforms; segment_sentences: how many a commit
    stores; batch_sentences: how many are encoded together, at most.
    """

    language: str = "en"
    precision: str = "float32"
    layer: Layer = Layer.SENSE
    normalisation: Normalisation = Normalisation.WHITENED
    function_words: bool = False
    reading: ReadOptions = field(default_factory=ReadOptions)
    prune: bool = False
    sample_sentences: int = 4096
    segment_sentences: int = 8192
    batch_sentences: int = 512
    token_normalisation: Normalisation | None = None
    storage: Storage = Storage.HALF


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a run did. unchanged: found as they were stored; vanished: stored, but gone from their folder."""

    added: int
    updated: int
    unchanged: int
    removed: int
    sentences: int
    tokens: int
    skipped: tuple[Skipped, ...]
    vanished: tuple[str, ...]
    notices: tuple[str, ...]
    seconds: float


Source = str | Path | Document


def build(
    collection: str | Path | Collection,
    sources: Iterable[Source],
    config: BuildConfig = BuildConfig(),
    model: str | Encoder = "default",
    progress: Callable[[Progress], None] | None = None,
) -> BuildReport:
    """Index sources into a collection, which is made if it does not exist.

    The same call again goes on where a run was cut off: what is stored unchanged is not encoded again, what changed is
    replaced, what vanished from a folder is reported, and removed with ``config.prune``.

    sources: paths of files and folders, and Documents, mixed. model: what ``load_encoder`` takes, or an Encoder.
    Raises PolysemeError (CollectionError, DocumentError, ModelError); what was committed before stays.
    """
    path = collection.path if isinstance(collection, Collection) else Path(collection)
    run = Run(progress)
    run.report(Stage.LOADING)
    if isinstance(sources, str | Path | Document):
        sources = [sources]
    scan(sources, config.reading)  # a path that is not there is told before a model is loaded or a folder made
    target, encoder = open_or_create(path, config, model)
    try:
        with target.writing() as writer:
            report = run_into(target, writer, sources, config, encoder, run)
    finally:
        target.close()
    run.report(Stage.DONE)
    return report


def open_or_create(path: Path, config: BuildConfig, model: str | Encoder) -> tuple[Collection, Encoder]:
    """The collection and the encoder that belongs to it; CollectionError when they do not fit."""
    try:
        target = Collection.open(path)
    except CollectionError:
        if (path / DATABASE_NAME).exists():
            raise
        encoder = as_encoder(model, config.precision)
        return Collection.create(path, new_settings(config, encoder)), encoder
    try:
        return target, fitting_encoder(target, model)
    except BaseException:
        target.close()
        raise


def new_settings(config: BuildConfig, encoder: Encoder) -> CollectionSettings:
    """What a collection that is made now records; QueryError for what is no language code."""
    return CollectionSettings(
        model=encoder.source,
        model_id=encoder.model_id,
        precision=config.precision,
        language=config.language,
        tokeniser=TextAnalyser(config.language).name,
        layer=config.layer,
        normalisation=config.normalisation,
        function_words=config.function_words,
        word_weight=WORD_WEIGHT,
        token_normalisation=config.token_normalisation,
        storage=config.storage,
    )


def content_hash(text: str) -> str:
    """SHA-256 of a document's text, what tells whether it must be encoded again."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def document_entry(document: Document) -> DocumentEntry:
    """A document as it is stored; its folder absolute, so that another working directory means no other folder."""
    return DocumentEntry(
        document.id,
        document.title,
        document.text,
        document.metadata,
        content_hash(document.text),
        None if document.root is None else str(Path(document.root).resolve()),
        document.source,
    )


@seldom_collecting()
def run_into(
    collection: Collection, writer: Writer, sources: Iterable[Source], config: BuildConfig, encoder: Encoder, run: Run
) -> BuildReport:
    """Index sources through the writer of a collection that is there."""
    settings = collection.settings
    analyser = TextAnalyser(settings.language)
    with collection.reading() as snapshot:
        transforms = snapshot.transforms
    vectoriser = Vectoriser(encoder, settings.layer, transforms)
    kinds = settings.normalisation, settings.token_normalisation
    fitting = Fitting(vectoriser, *kinds, config.sample_sentences, fitted=bool(transforms))
    found = scan(sources, config.reading)
    run.bytes = found.bytes
    run.estimate = estimate(found.files, found.bytes, encoder) if found.files else None
    run.started = time.monotonic()
    run.report(Stage.INDEXING)
    create_seen(writer.db.conn)

    def on_empty(document: DocumentEntry) -> None:
        known = writer.find(document.document_id) is not None
        run.added -= not known
        run.updated -= known
        run.skipped.append(Skipped(document.document_id, "has no words", document.document_id))

    work = _plan(writer, read_documents(sources, config.reading), run)
    encoded = encode(counted(cut(work, analyser, on_empty), run), vectoriser, config.batch_sentences)
    for parts in segments(fitting(encoded), config.segment_sentences, settings.function_words):
        writer.commit(parts, fitting.vectoriser.words, fitting.fresh)
        fitting.fresh = {}
        del parts  # or they would stay while the next ones are encoded
        give_back()
    vanished = _vanished(writer, [str(root.resolve()) for root in found.roots], run.skipped)
    removed = len(vanished) if config.prune else 0
    if removed:
        writer.remove(vanished)
    run.report(Stage.COMPACTING)
    compact(writer, full=False)
    if run.added or run.updated or removed:
        store_background(collection, writer)
    notices = _unheeded(collection, config, analyser)
    if not analyser.has_lemmas:
        notices.append(f"no lemmatiser for language {settings.language!r}: the lemma of a word is the word itself")
    return BuildReport(
        run.added,
        run.updated,
        run.unchanged,
        removed,
        run.sentences,
        run.tokens,
        tuple(run.skipped),
        tuple(vanished),
        tuple(notices),
        run.seconds,
    )


def _unheeded(collection: Collection, config: BuildConfig, analyser: TextAnalyser) -> list[str]:
    """What was asked for that a collection, once made, does not change."""
    settings, usual = collection.settings, BuildConfig()
    notices = []
    for name in ("language", "precision", "layer", "normalisation", "token_normalisation", "function_words", "storage"):
        asked, has = getattr(config, name), getattr(settings, name)
        if asked not in (has, getattr(usual, name)):
            notices.append(
                f"{name} stays {str(has)!r}, as {collection.path} was made; `polyseme reencode` can change it"
            )
    if settings.tokeniser != analyser.name:
        notices.append(
            f"{collection.path} was cut by {settings.tokeniser!r}, new documents by {analyser.name!r};"
            " `polyseme reencode` cuts all alike"
        )
    return notices


def _plan(writer: Writer, documents: Iterable[Document | Skipped], run: Run) -> Iterator[Work]:
    """Documents that must be encoded; what is stored unchanged is only noted as seen."""
    for found in documents:
        if isinstance(found, Skipped):
            run.skipped.append(found)
            continue
        entry = document_entry(found)
        run.documents += 1
        run.characters += len(entry.text)
        add_seen(writer.db.conn, entry.document_id, entry.root, entry.source)
        stored = writer.find(entry.document_id)
        if stored is not None and stored.content_hash == entry.content_hash:
            run.unchanged += 1
            if dict(stored.metadata) != dict(entry.metadata) or (stored.root, stored.source) != (
                entry.root,
                entry.source,
            ):
                writer.set_metadata(entry, stored.key)
            run.report(Stage.INDEXING)
            continue
        run.added += stored is None
        run.updated += stored is not None
        pending = writer.find(entry.document_id, State.PENDING)
        resumed = pending is not None and pending.content_hash == entry.content_hash
        yield Work(entry, pending.sentences if pending is not None and resumed else 0)


def _vanished(writer: Writer, roots: list[str], skipped: Iterable[Skipped]) -> list[str]:
    """Live documents of the folders indexed now that were not seen: their file is gone, or was read without them."""
    unread = {item.document_id.rpartition("#")[0] or item.document_id for item in skipped if item.document_id}
    gone = []
    for root in roots:
        read = seen_sources(writer.db.conn, root)
        for document_id, source in unseen_documents(writer.db.conn, root):
            if not (Path(root) / source).exists() or source in read - unread:
                gone.append(document_id)
    return gone
