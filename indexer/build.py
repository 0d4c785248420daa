"""Index documents into a collection: resume, replace, report and prune."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .collection.collection import Collection
from .collection.compaction import compact
from .collection.random_pairs import store_random_pairs
from .collection.records import CollectionSettings, Layer
from .collection.schema import DATABASE_NAME, State
from .collection.seen import SeenDocuments
from .collection.writer import Writer
from .documents import Document, ReadOptions, Skipped, SourceScan, read_documents, scan
from .errors import CollectionError
from .pipeline import Work, encode, fit_on_sample, normalise, segments, split_sentences
from .progress import IndexingRun, Progress, Stage
from .runtime import raised_gc_threshold, trim_heap
from .text import TextAnalyser
from .vectorise import Vectoriser, as_encoder, fitting_encoder
from .vectors.int8 import Storage
from .vectors.transforms import Normalisation

if TYPE_CHECKING:
    from .elmo import Encoder

WORD_WEIGHT = 2.0
"""Weight of the type vector relative to the sense vector in any-word search, measured in docs/results/quality.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildConfig:
    """How documents are read, split and encoded.

    A new collection records the settings in `RECORDED`. They are ignored for an existing collection, which uses its
    own.

    Attributes:
        language: Code of the documents' language.
        precision: Precision of the encoder.
        layer: Vector that is stored for each occurrence.
        normalisation: Normalisation of sentence vectors.
        token_normalisation: Normalisation of token vectors, or None for the layer's default.
        function_words: Whether function words are indexed.
        storage: How token vectors are stored.
        reading: How files are read.
        prune: Remove documents whose file has vanished from its folder.
        sample_sentences: Number of sentences that the transforms of a new collection are fitted on.
        segment_sentences: Number of sentences in one commit.
        batch_sentences: Maximum number of sentences that are encoded together.
    """

    language: str = "en"
    precision: str = "float32"
    layer: Layer = Layer.SENSE
    normalisation: Normalisation = Normalisation.WHITENED
    token_normalisation: Normalisation | None = None
    function_words: bool = False
    storage: Storage = Storage.HALF
    reading: ReadOptions = field(default_factory=ReadOptions)
    prune: bool = False
    sample_sentences: int = 4096
    segment_sentences: int = 8192
    batch_sentences: int = 512

    @classmethod
    def from_settings(cls, settings: CollectionSettings) -> BuildConfig:
        """Return the configuration that builds a collection with the same settings."""
        return cls(**{name: getattr(settings, name) for name in RECORDED})

    def recorded(self) -> dict[str, Any]:
        """Return the settings that a new collection records."""
        return {name: getattr(self, name) for name in RECORDED}


RECORDED = tuple(each.name for each in fields(BuildConfig) if each.name in CollectionSettings.__dataclass_fields__)
"""Names of the settings that a collection records."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a run did.

    Attributes:
        unchanged: Number of documents that were stored already, with the same text.
        sentences: Number of sentences encoded.
        tokens: Number of tokens in them.
        vanished: Ids of stored documents whose file is no longer in its folder.
        notices: Requested settings that had no effect, one line each.
        seconds: Duration without loading the model.
    """

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
    """Index sources into a collection, which is created if it does not exist.

    The same call again resumes an interrupted run. Unchanged documents are not encoded again, and changed ones are
    replaced. Documents whose file has vanished from its folder are reported, and removed with `config.prune`.

    Args:
        sources: Paths of files and folders, and `Document` objects, in any mixture.
        model: An `Encoder`, or a source that `load_encoder` accepts.
        progress: Callback for progress events.

    Everything that was committed before an error stays.

    Raises:
        CollectionError: The collection cannot be opened or written, or was built with another model.
        DocumentError: A path does not exist, or two documents have the same id.
        ModelError: The model cannot be loaded.
    """
    path = collection.path if isinstance(collection, Collection) else Path(collection)
    run = IndexingRun(progress)
    run.report(Stage.LOADING)
    if isinstance(sources, str | Path | Document):
        sources = [sources]
    found = scan(sources, config.reading)  # finds a missing path before a model is loaded or a folder is made
    target, encoder = open_or_create(path, config, model)
    try:
        with target.writing() as writer:
            report = run_into(target, writer, sources, found, config, encoder, run)
    finally:
        target.close()
    run.report(Stage.DONE)
    return report


def open_or_create(path: Path, config: BuildConfig, model: str | Encoder) -> tuple[Collection, Encoder]:
    """Return the collection and the encoder that it is built with.

    Raises:
        CollectionError: The collection was built with another model.
    """
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
    """Return the settings of a new collection.

    Raises:
        QueryError: `config.language` is not a language code.
    """
    return CollectionSettings(
        model=encoder.source,
        model_id=encoder.model_id,
        tokeniser=TextAnalyser(config.language).name,
        word_weight=WORD_WEIGHT,
        **config.recorded(),
    )


@raised_gc_threshold()
def run_into(
    collection: Collection,
    writer: Writer,
    sources: Iterable[Source],
    found: SourceScan,
    config: BuildConfig,
    encoder: Encoder,
    run: IndexingRun,
) -> BuildReport:
    """Index sources through the writer of an existing collection.

    Args:
        found: Number, size and roots of the sources.
    """
    settings = collection.settings
    analyser = TextAnalyser(settings.language)
    with collection.reading() as snapshot:
        vectoriser = Vectoriser(encoder, settings.layer, snapshot.transforms)
    run.start(found, encoder)
    seen = SeenDocuments(writer.db.conn)

    def on_empty(document: Document) -> None:
        run.skipped.append(Skipped(document.id, "has no words", document.id))

    work = _plan(writer, seen, read_documents(sources, config.reading), run)
    sentences = run.counted(split_sentences(work, analyser, on_empty))
    raw = encode(sentences, vectoriser, config.batch_sentences)
    kinds = settings.normalisation, settings.token_normalisation
    vectoriser, raw = fit_on_sample(raw, vectoriser, *kinds, config.sample_sentences)
    for parts in segments(normalise(raw, vectoriser), config.segment_sentences, settings.function_words):
        types = writer.find_types(parts)
        writer.commit(parts, types, vectoriser.words(types.new_forms), vectoriser.transforms)
        del parts, types  # frees their memory before the next segment is encoded
        trim_heap()
    vanished = _vanished(seen, [str(root.resolve()) for root in found.roots], run.skipped)
    removed = len(vanished) if config.prune else 0
    if removed:
        writer.remove(vanished)
    run.report(Stage.COMPACTING)
    compact(writer, full=False)
    if run.added or run.updated or removed:
        store_random_pairs(collection, writer)
    return BuildReport(
        run.added,
        run.updated,
        run.unchanged,
        removed,
        run.sentences,
        run.tokens,
        tuple(run.skipped),
        tuple(vanished),
        tuple(_notices(collection, config, analyser)),
        run.seconds,
    )


def _notices(collection: Collection, config: BuildConfig, analyser: TextAnalyser) -> list[str]:
    """Return one line for each requested setting that does not apply to an existing collection."""
    settings, defaults = collection.settings, BuildConfig()
    notices = []
    for name in RECORDED:
        requested, recorded = getattr(config, name), getattr(settings, name)
        if requested not in (recorded, getattr(defaults, name)):
            notices.append(
                f"{name} stays {str(recorded)!r}, the setting of {collection.path}; `polyseme reencode` can change it"
            )
    if settings.tokeniser != analyser.name:
        notices.append(
            f"{collection.path} was tokenised by {settings.tokeniser!r}, new documents by {analyser.name!r};"
            " `polyseme reencode` tokenises all documents the same way"
        )
    if not analyser.has_lemmas:
        notices.append(f"no lemmatiser for language {settings.language!r}: the lemma of a word is the word itself")
    return notices


def _plan(
    writer: Writer, seen: SeenDocuments, documents: Iterable[Document | Skipped], run: IndexingRun
) -> Iterator[Work]:
    """Yield the documents that must be encoded. Of unchanged documents only the metadata is updated."""
    for document in documents:
        if isinstance(document, Skipped):
            run.skipped.append(document)
            continue
        run.documents += 1
        run.characters += len(document.text)
        seen.add(document)
        content_hash = document.content_hash
        stored = writer.find(document.id)
        if stored is not None and stored.content_hash == content_hash:
            run.unchanged += 1
            is_moved = (stored.root, stored.source) != (document.root, document.source)
            if is_moved or dict(stored.metadata) != dict(document.metadata):
                writer.set_metadata(document, stored.key)
            run.report(Stage.INDEXING)
            continue
        pending = writer.find(document.id, State.PENDING)
        is_resumed = pending is not None and pending.content_hash == content_hash
        first = pending.sentences if pending is not None and is_resumed else 0
        yield Work(document, first, replaces=stored is not None)


def _vanished(seen: SeenDocuments, roots: list[str], skipped: Iterable[Skipped]) -> list[str]:
    """Return the ids of live documents of these folders that are gone.

    A document is gone if its file does not exist, or if the file was read completely and did not contain it.
    """
    unread = {item.document_id.rpartition("#")[0] or item.document_id for item in skipped if item.document_id}
    gone = []
    for root in roots:
        read = seen.sources(root) - unread
        for document_id, source in seen.missing(root):
            if not (Path(root) / source).exists() or source in read:
                gone.append(document_id)
    return gone
