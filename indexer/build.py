"""Index documents into a collection: resume, replace, report and prune."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .collection.collection import Collection
from .collection.compaction import merge_small_segments
from .collection.names import StoredNames
from .collection.random_pairs import store_random_pairs
from .collection.records import CollectionSettings, Layer, SentenceKind, StoredDocument
from .collection.repair import add_missing_checksums
from .collection.replacement import recover
from .collection.schema import DATABASE_NAME, State
from .collection.seen import SeenDocuments
from .collection.writer import Writer
from .documents import (
    Cause,
    Document,
    ReadOptions,
    Skipped,
    Source,
    Sources,
    SourceScan,
    as_iterable,
    read_documents,
    scan,
)
from .errors import CollectionError, DamageError, DocumentError
from .outcome import FileResult, FileState, Warned, nothing_to_read
from .pipeline import Work, encode, fit_on_sample, normalise, segments, split_sentences
from .progress import IndexingRun, Progress, Stage
from .progress_bar import progress_or_bar
from .readers.metadata import storable
from .readers.walk import is_left_out, reason_of
from .runtime import raised_gc_threshold, trim_heap
from .sentence_models.named import as_sentence_model, fitting_sentence_model
from .tagging import Tagging
from .text import TextAnalyser
from .vectorise import (
    SentenceModel,
    Vectoriser,
    as_encoder,
    fitting_encoder,
    remember,
    sentence_problem,
    tag_problem,
)
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
        normalisation: Normalisation of default vectors.
        token_normalisation: Normalisation of token vectors, or None for the layer's default.
        function_words: Whether function words are indexed.
        storage: How token vectors are stored.
        sentence_model: Folder of the sentence transformer that computes product vectors. None for those of the encoder.
        reading: How files are read.
        prune: Remove documents whose file has vanished from its folder. Documents of a folder that cannot be listed, or
            that is empty, are kept.
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
    sentence_model: str | Path | None = None
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
        notices: Requested settings that had no effect, documents that took the id of another file's document, and
            damaged segments that were left alone, one line each.
        seconds: Duration without loading the model.
        warnings: Files that were read and may have been misread.
        files: What became of each file, in the order of reading.
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
    warnings: tuple[Warned, ...] = ()
    files: tuple[FileResult, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether no text was left out. Pictures, sound and other files without text do not count."""
        return not any(item.is_loss for item in self.skipped)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read, and nothing removed."""
        return not (self.added or self.updated or self.unchanged or self.removed)


def build(
    collection: str | Path | Collection,
    sources: Sources,
    config: BuildConfig = BuildConfig(),
    model: str | Encoder = "default",
    progress: Callable[[Progress], None] | bool | None = None,
    sentence_model: str | Path | SentenceModel | None = None,
    *,
    text: str | None = None,
    id: str | None = None,
    metadata: Sequence[str] | None = None,
) -> BuildReport:
    """Index sources into a collection, which is created if it does not exist.

    The same call again resumes an interrupted run. Unchanged documents are not encoded again, and changed ones are
    replaced. Documents whose file has vanished from its folder are reported, and removed with `config.prune`.

    Args:
        sources: Paths of files and folders, `Document` objects, and rows: data frames of pandas or polars, tables of
            Arrow, and mappings. A data set of Hugging Face has rows too. One of them, or any mixture.
        model: An `Encoder`, or a source that `load_encoder` accepts.
        progress: Callback for progress events. True shows a progress bar, and False nothing. None shows one in a
            notebook.
        sentence_model: Sentence transformer for the product vectors of a new collection, or its folder. None for
            `config.sentence_model`. A collection that was made with one needs it, unless the user named it before.
        text: Column of rows that holds the text. None for `config.reading.text_column`, which is `text`.
        id: Column with the ids. None for `config.reading.id_column`, which is `id`. Rows without an id have one from
            their text, so a row whose text has changed is a new document.
        metadata: Columns that become metadata. None for all others.

    Everything that was committed before an error stays.

    Raises:
        CollectionError: The collection cannot be opened or written, or was built with another model.
        DocumentError: A path does not exist, a table lacks a column, or a new collection would get nothing to read.
        ModelError: The model cannot be loaded.
    """
    path = collection.path if isinstance(collection, Collection) else Path(collection)
    sources = as_iterable(sources)
    config = replace(config, reading=_with_columns(config.reading, text, id, metadata))
    run = IndexingRun(progress_or_bar(progress))
    run.report(Stage.LOADING)
    found = scan(sources, config.reading)  # finds a missing path before a model is loaded or a folder is made
    if found.is_empty and found.roots and not (path / DATABASE_NAME).exists():
        raise DocumentError(nothing_to_read(found, config.reading.globs))
    target, encoder, transformer = open_or_create(path, config, model, sentence_model or config.sentence_model)
    try:
        with target.writing() as writer:
            report = run_into(target, writer, sources, found, config, encoder, run, transformer)
    finally:
        target.close()
    run.report(Stage.DONE)
    return report


def _with_columns(
    reading: ReadOptions, text: str | None, id_column: str | None, metadata: Sequence[str] | None
) -> ReadOptions:
    """Return how rows are read, with the columns that are named."""
    columns: dict[str, Any] = {"text_column": text, "id_column": id_column}
    if metadata is not None:
        columns["metadata_columns"] = (metadata,) if isinstance(metadata, str) else tuple(metadata)
    if text is not None:
        columns["text_path"] = text
    return replace(reading, **{name: value for name, value in columns.items() if value is not None})


def open_or_create(
    path: Path, config: BuildConfig, model: str | Encoder, sentence_model: str | Path | SentenceModel | None = None
) -> tuple[Collection, Encoder, SentenceModel | None]:
    """Return the collection, and the encoder and the sentence transformer that it is built with.

    Raises:
        CollectionError: The collection was built with another model, or has other sentence vectors.
    """
    recover(path)
    try:
        target = Collection.open(path)
    except CollectionError:
        if (path / DATABASE_NAME).exists():
            raise
        model = as_encoder(model, config.precision)
        remember(model)
        sentence_model = as_sentence_model(sentence_model) if sentence_model is not None else None
        try:
            return Collection.create(path, new_settings(config, model, sentence_model)), model, sentence_model
        except CollectionError:
            if not (path / DATABASE_NAME).exists():
                raise
            target = Collection.open(path)  # another process has made it meanwhile
    try:
        encoder = fitting_encoder(target, model)
        if sentence_model is None or target.settings.sentence_vectors is SentenceKind.EXTERNAL:
            transformer = fitting_sentence_model(target, sentence_model)
        else:
            transformer = as_sentence_model(sentence_model)  # a notice says that it has no effect
        _require_sentence_vectors(target, encoder, transformer)
        return target, encoder, transformer
    except BaseException:
        target.close()
        raise


def _require_sentence_vectors(collection: Collection, encoder: Encoder, sentence_model: SentenceModel | None) -> None:
    """Refuse to add sentences whose product vectors could not be compared with the stored ones.

    Raises:
        CollectionError: These models do not compute them.
    """
    if collection.settings.sentence_vectors is SentenceKind.DEFAULT:
        return
    if problem := sentence_problem(collection.path, collection.settings, encoder, sentence_model):
        raise CollectionError(f"nothing was added, since {problem}")


def new_settings(
    config: BuildConfig, encoder: Encoder, sentence_model: SentenceModel | None = None
) -> CollectionSettings:
    """Return the settings of a new collection.

    Args:
        sentence_model: Sentence transformer that computes its product vectors, or None for those of the encoder.

    Raises:
        QueryError: `config.language` is not a language code.
    """
    kind = SentenceKind.LEARNED if encoder.has_sentence_space else SentenceKind.POOLED
    if sentence_model is not None:
        kind = SentenceKind.EXTERNAL
    return CollectionSettings(
        sentence_vectors=kind,
        sentence_id=encoder.sentence_id if sentence_model is None else sentence_model.id,
        sentence_source="" if sentence_model is None else sentence_model.source,
        model=encoder.source,
        model_id=encoder.model_id,
        tokeniser=TextAnalyser(config.language).name,
        tagger_id=encoder.tagger_id,
        tagged_lemmas=encoder.lemma_rules is not None,
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
    sentence_model: SentenceModel | None = None,
) -> BuildReport:
    """Index sources through the writer of an existing collection.

    Args:
        found: Number, size and roots of the sources.
    """
    settings = collection.settings
    analyser = TextAnalyser(settings.language, settings.tokeniser)
    with collection.reading() as snapshot:
        vectoriser = Vectoriser.of(settings, encoder, snapshot.transforms, sentence_model)
    tagging = Tagging.of(settings, encoder, analyser)
    run.start(found, encoder)
    seen = SeenDocuments(writer.db.conn)

    def on_empty(document: Document) -> None:
        run.skip(Skipped(document.id, "has no words", document.id, root=document.root, file=document.source))

    reading = replace(config.reading, language=settings.language)
    work = _plan(writer, seen, read_documents(sources, reading, StoredNames(writer.db.conn, writer.path)), run)
    sentences = run.counted(split_sentences(work, analyser, on_empty))
    raw = encode(sentences, vectoriser, config.batch_sentences)
    kinds = settings.normalisation, settings.token_normalisation
    vectoriser, raw = fit_on_sample(raw, vectoriser, *kinds, config.sample_sentences)
    for parts in segments(normalise(raw, vectoriser), config.segment_sentences, settings.function_words, tagging):
        types = writer.find_types(parts)
        writer.commit(parts, types, vectoriser.words(types.new_forms), vectoriser.transforms)
        del parts, types  # frees their memory before the next segment is encoded
        trim_heap()
    roots = [str(root.resolve()) for root in found.roots]
    vanished = _vanished(seen, roots, run.skipped)
    removable = _removable(seen, roots, vanished, run.skipped) if config.prune else []
    if removable:
        writer.remove(removable)
    run.report(Stage.COMPACTING)
    damage = merge_small_segments(writer)
    add_missing_checksums(writer)
    if run.added or run.updated or removable:
        try:
            store_random_pairs(collection, writer)
        except DamageError as error:  # the documents are stored, and readers measure the pairs again
            damage.append(str(error))
    return BuildReport(
        run.added,
        run.updated,
        run.unchanged,
        len(removable),
        run.sentences,
        run.tokens,
        tuple(run.skipped),
        tuple(vanished),
        (*_notices(collection, config, analyser, encoder, sentence_model), *_taken(run.taken), *dict.fromkeys(damage)),
        run.seconds,
        tuple(run.warnings),
        run.files.results(),
    )


def _notices(
    collection: Collection,
    config: BuildConfig,
    analyser: TextAnalyser,
    encoder: Encoder,
    sentence_model: SentenceModel | None,
) -> list[str]:
    """Return one line for each requested setting that does not apply to an existing collection."""
    settings, defaults = collection.settings, BuildConfig()
    notices = []
    for name in RECORDED:
        requested, recorded = getattr(config, name), getattr(settings, name)
        if requested not in (recorded, getattr(defaults, name)):
            notices.append(
                f"{name} stays {str(recorded)!r}, the setting of {collection.path}; `polyseme reencode` can change it"
            )
    if sentence_model is not None and settings.sentence_vectors is not SentenceKind.EXTERNAL:
        notices.append(
            f"sentence vectors stay {settings.sentence_vectors.value!r}, the setting of {collection.path};"
            " `polyseme reencode` can change it"
        )
    if problem := tag_problem(collection.path, settings, encoder):
        notices.append(problem)
    elif encoder.lemma_rules is not None and not settings.tagged_lemmas:
        notices.append(f"the lemmas of {collection.path} are not by part of speech; `polyseme reencode` makes them so")
    newest = TextAnalyser(settings.language).name
    if settings.tokeniser != newest:
        notices.append(
            f"{collection.path} was tokenised by {settings.tokeniser!r}, and this version has {newest!r};"
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
            run.skip(document)
            continue
        run.documents += 1
        run.files.seen(document)
        run.characters += len(document.text)
        seen.add(document)
        content_hash = document.content_hash
        stored = writer.find(document.id)
        if stored is not None and stored.content_hash == content_hash:
            run.unchanged += 1
            run.store(document, stored.sentences, FileState.UNCHANGED)
            is_moved = (stored.root, stored.source) != (document.root, document.source)
            if is_moved or dict(stored.metadata) != dict(document.metadata):
                writer.set_metadata(document, stored.key)
            run.report(Stage.INDEXING)
            continue
        if stored is not None and (other := _other_file(stored, document)):
            run.taken.append((document.id, other))
        pending = writer.find(document.id, State.PENDING)
        is_resumed = pending is not None and pending.content_hash == content_hash
        first = pending.sentences if pending is not None and is_resumed else 0
        yield Work(document, first, replaces=stored is not None)


def _other_file(stored: StoredDocument, document: Document) -> str:
    """Return the file that a stored document came from if it exists and is not the file of the new one, else ""."""
    if stored.root is None or stored.source is None or (stored.root, stored.source) == (document.root, document.source):
        return ""
    path = _path_of(stored.root, stored.source)
    return "" if _is_missing(path) else str(path)


def _taken(taken: list[tuple[str, str]]) -> list[str]:
    """Return a line about documents that replaced those of other files, because both name the same id."""
    if not taken:
        return []
    document_id, path = taken[0]
    count = "1 document" if len(taken) == 1 else f"{len(taken)} documents"
    shown = " ".join(path.split("\n"))
    return [
        f"{count} replaced those of other files, which name the same ids: {document_id!r} was that of {shown};"
        " to keep both, name another column with --id-column"
    ]


def _vanished(seen: SeenDocuments, roots: list[str], skipped: Iterable[Skipped]) -> list[str]:
    """Return the ids of live documents of these folders that are gone.

    A document is gone if its file does not exist, or if the file was read completely and did not contain it. A file
    that cannot be reached has not gone, and neither has a link that leads nowhere.
    """
    unread = {(item.root, item.file) for item in skipped if item.cause is Cause.FAILED}
    gone = []
    for root in roots:
        read = {source for source in seen.sources(root) if (root, source) not in unread}
        for document_id, source in seen.missing(root):
            if source in read or _is_missing(_path_of(root, source)):
                gone.append(document_id)
    return gone


def _removable(seen: SeenDocuments, roots: list[str], vanished: list[str], skipped: list[Skipped]) -> list[str]:
    """Return the ids that may be removed, and name the folders whose documents are kept.

    The folder that held a file must be listed in full now. An empty folder may be a disk that is not mounted, also if a
    system or a file manager has left its own files there.
    """
    keeping: dict[Path, str] = {}
    wanted, removable = set(vanished), []
    for root in roots:
        for document_id, source in seen.missing(root):
            if document_id in wanted:
                folder = _nearest_folder(Path(root), _path_of(root, source))
                if folder not in keeping:
                    keeping[folder] = _doubt(folder)
                if not keeping[folder]:
                    removable.append(document_id)
    skipped += [
        Skipped(" ".join(storable(str(folder)).split("\n")), f"{reason}, so its documents are kept")
        for folder, reason in keeping.items()
        if reason
    ]
    return removable


def _path_of(root: str, source: str) -> Path:
    """Return the path of a stored file. Its name is stored with U+FFFD for what is not UTF-8."""
    path = Path(root)
    for name in source.split("/"):
        found = name
        if "\ufffd" in name:
            with suppress(OSError):
                found = next((each.name for each in path.iterdir() if storable(each.name) == name), name)
        path /= found
    return path


def _nearest_folder(root: Path, path: Path) -> Path:
    """Return the innermost folder above a path that exists, at most up to `root`."""
    folder = path.parent
    while folder != root and _is_missing(folder):
        folder = folder.parent
    return folder


def _doubt(folder: Path) -> str:
    """Return why a folder does not prove that a file is gone, or an empty string."""
    try:
        with os.scandir(folder) as entries:
            is_empty = all(is_left_out(entry.name) for entry in entries)
    except OSError as error:
        return reason_of(error)
    return "the folder is empty, perhaps its disk is not mounted" if is_empty else ""


def _is_missing(path: Path) -> bool:
    """Return whether a path certainly does not exist. A link exists, wherever it leads."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
