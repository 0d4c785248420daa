"""Read documents without indexing them, to show what a run would read."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .collection.collection import Collection
from .collection.names import StoredNames
from .collection.schema import DATABASE_NAME
from .documents import Document, ReadOptions, Skipped, read_documents, scan
from .errors import DocumentError
from .outcome import FileResult, FileResults, FileState, Warned, nothing_to_read, type_name
from .readers.columns import Column
from .readers.describe import columns_if_table, encoding_of
from .text import TextAnalyser
from .values import Value

_DEFAULTS = ReadOptions()
SENTENCES = 3
"""Number of sentences that are shown of each kind of file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The first document of a kind of file.

    Attributes:
        sentences: Its first sentences, as they would be cut.
    """

    document_id: str
    metadata: Mapping[str, Value]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What would become of one file.

    Attributes:
        encoding: The encoding of a text file, else "".
        columns: The columns of a table.
        sample: Its first document, if it is the first file of its kind that has one.
    """

    result: FileResult
    encoding: str
    columns: tuple[Column, ...]
    sample: Sample | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would read.

    Attributes:
        documents: Number of documents that would be indexed.
    """

    files: tuple[FilePreview, ...]
    documents: int
    skipped: tuple[Skipped, ...]
    warnings: tuple[Warned, ...]


@dataclass(slots=True)
class _Seen:
    results: FileResults = field(default_factory=FileResults)
    samples: dict[tuple[str, str], Sample] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)
    warnings: dict[Warned, None] = field(default_factory=dict)
    documents: int = 0


def preview(
    sources: Iterable[str | Path], collection: Path, options: ReadOptions = _DEFAULTS, language: str = "en"
) -> Preview:
    """Read all documents and write nothing.

    Args:
        collection: The collection that they would be added to. It need not exist.
        language: Language of the sentences in a new collection.

    Raises:
        CollectionError: The collection cannot be read.
        DocumentError: A path does not exist, or there is nothing to read.
        QueryError: `language` is not a language code.
    """
    given = list(sources)
    found = scan(given, options)
    if found.is_empty:
        raise DocumentError(nothing_to_read(found, options.globs))
    seen = _Seen()
    if (collection / DATABASE_NAME).exists():
        with Collection.open(collection) as opened:
            names = StoredNames(opened.db, opened.path)
            _read(read_documents(given, options, names), TextAnalyser(opened.settings.language), seen)
    else:
        _read(read_documents(given, options), TextAnalyser(language), seen)
    files = tuple(_file(result, seen, options) for result in seen.results.results(sentences=False))
    return Preview(files, seen.documents, tuple(seen.skipped), tuple(seen.warnings))


def _read(items: Iterable[Document | Skipped], analyser: TextAnalyser, seen: _Seen) -> None:
    for item in items:
        if isinstance(item, Skipped):
            seen.skipped.append(item)
            seen.results.skipped(item)
            continue
        seen.documents += 1
        seen.results.stored(item, 0, FileState.READ)
        if item.root is None or item.source is None:
            continue
        if item.warning:
            seen.warnings[Warned(str(Path(item.root, item.source)), item.warning)] = None
        kind = type_name(Path(item.root, item.source))
        if kind not in seen.kinds:
            seen.kinds.add(kind)
            spans = itertools.islice(analyser.sentences(item.text), SENTENCES)
            sentences = tuple(" ".join(item.text[span.start : span.end].split()) for span in spans)
            seen.samples[item.root, item.source] = Sample(item.id, item.metadata, sentences)


def _file(result: FileResult, seen: _Seen, options: ReadOptions) -> FilePreview:
    is_read = result.state is not FileState.NOT_READ
    encoding = encoding_of(result.path, options) if is_read else ""
    columns = columns_if_table(result.path, options) if is_read else ()
    return FilePreview(result, encoding, columns, seen.samples.get((result.root, result.file)))
