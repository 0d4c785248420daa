"""Read documents from files, folders and Python objects.

Documents are streamed: only one is in memory at a time, besides the ids already seen. A JSON list is read as a whole.
"""

import codecs
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .errors import DocumentError
from .readers import read_file
from .readers.metadata import MetadataTable, Value, storable, tidy_metadata
from .readers.records import Extract, Failure, ReadOptions, UnreadableError
from .readers.walk import METADATA_NAMES, SourceFile, files_under

__all__ = ["Document", "ReadOptions", "Skipped", "SourceScan", "read_documents", "scan"]

_DEFAULTS = ReadOptions()


@dataclass(frozen=True, slots=True)
class Document:
    """A text with an id and metadata.

    Attributes:
        root: Folder that was read, or None for a document from anywhere else.
        source: Path of the document's file in that folder, or None.
    """

    id: str
    text: str
    metadata: Mapping[str, Value] = field(default_factory=dict)
    root: str | None = field(default=None, compare=False)
    source: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id.strip():
            raise DocumentError(f"a document's id must be text and not empty, not {self.id!r}; name every document")
        if not isinstance(self.text, str):
            kind = type(self.text).__name__
            raise DocumentError(f"the text of document {self.id!r} is {kind}, not str; pass its text")

    @property
    def title(self) -> str:
        """The metadata field `title`, or the id without one."""
        return str(self.metadata.get("title", self.id))

    @property
    def content_hash(self) -> str:
        """SHA-256 of the text in hexadecimal. A document is encoded again only if it changes."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document or file that was not read, and why.

    Attributes:
        source: The file and the place in it.
        reason: The reason in one line.
        document_id: The id that the document has or would have had, or "" if that is unknown.
    """

    source: str
    reason: str
    document_id: str = ""


@dataclass(frozen=True, slots=True)
class SourceScan:
    """Number and size of the sources, found without reading them.

    Attributes:
        files: Number of files.
        bytes: Their total size.
        formats: Bytes by suffix, such as `.pdf`.
        roots: The files and folders, as they were given.
        documents: Number of `Document` objects.
        complete: False if the sources are an iterator, which was left untouched.
    """

    files: int = 0
    bytes: int = 0
    formats: Mapping[str, int] = field(default_factory=dict)
    roots: tuple[Path, ...] = ()
    documents: int = 0
    complete: bool = True


def read_documents(
    sources: Iterable[str | Path | Document] | Path | Document, options: ReadOptions = _DEFAULTS
) -> Iterator[Document | Skipped]:
    """Yield the documents of files, folders and `Document` objects in order, and a `Skipped` for each unreadable one.

    The id of a document is its id column, id field or front matter `id`. Without one it is the path relative to the
    given folder, with `/` as separator, and for a single file its name. A row without an id gets `file#row`.

    Metadata comes from several places. In descending priority they are `options.metadata`, the folder's `metadata.csv`
    or `metadata.tsv`, front matter or columns, and the file format's own metadata.

    Raises:
        DocumentError: A path does not exist, an encoding is unknown, or a metadata table cannot be read. The call
            itself raises these errors. Only paths from an iterator are checked when they are reached. Two documents
            with the same id are an error while reading.
    """
    given = _as_iterable(sources)
    if isinstance(given, Collection):
        for source in given:
            _checked_path(source)
    if options.encoding is not None:
        _check_encoding(options.encoding)
    return _Reading(options).documents(given)


def scan(sources: Iterable[str | Path | Document] | Path | Document, options: ReadOptions = _DEFAULTS) -> SourceScan:
    """Return the number and size of the files to read, without opening one. An iterator is left untouched."""
    given = _as_iterable(sources)
    if not isinstance(given, Collection):
        return SourceScan(complete=False)
    formats: dict[str, int] = {}
    roots: list[Path] = []
    files = documents = 0
    for source in given:
        path = _checked_path(source)
        documents += path is None
        if path is None:
            continue
        roots.append(path)
        for file in files_under(path, options.globs, options.metadata):
            if not file.problem:
                suffix = file.path.suffix.lower()
                formats[suffix] = formats.get(suffix, 0) + file.path.stat().st_size
                files += 1
    return SourceScan(files, sum(formats.values()), formats, tuple(roots), documents)


def _as_iterable(sources: Iterable[str | Path | Document] | Path | Document) -> Iterable[str | Path | Document]:
    # A single path is accepted too. Iterating over a string would give its letters.
    return [sources] if isinstance(sources, str | Path | Document) else sources


def _checked_path(source: object) -> Path | None:
    """Return the path of a source, or None for a `Document`.

    Raises:
        DocumentError: The source is neither a path nor a `Document`, or the path does not exist.
    """
    if isinstance(source, Document):
        return None
    if not isinstance(source, str | Path):
        raise DocumentError(f"a source must be a path or a Document, not {type(source).__name__}")
    path = Path(source)
    try:
        exists = path.exists()
    except OSError as error:
        raise DocumentError(f"{_line(path)}: {error.strerror}; check the path and its permissions") from None
    if not exists:
        raise DocumentError(f"{_line(path)} does not exist; check the path")
    return path


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError):
        raise DocumentError(f"unknown encoding {encoding!r}; try utf-8, cp1252, shift_jis ...") from None


def _table(path: Path, encoding: str | None) -> MetadataTable:
    try:
        return MetadataTable(path, encoding)
    except UnreadableError as error:
        raise DocumentError(
            f"{_line(path)}: {error}; a metadata table says which document each row describes"
        ) from None
    except OSError as error:
        raise DocumentError(f"{_line(path)}: {error.strerror}; check the path") from None


def _tables_in(root: Path, explicit: Path | None) -> list[Path]:
    """Return the metadata table inside a folder, unless it is the one that was given explicitly."""
    found = [root / name for name in METADATA_NAMES if root.is_dir() and (root / name).is_file()][:1]
    return [path for path in found if explicit is None or not path.samefile(explicit)]


def _line(text: object) -> str:
    """Return the text as one line that can be printed and stored."""
    return " ".join(storable(str(text)).split("\n")).replace("\r", " ")


def _absolute(root: str | Path) -> str:
    """Return the absolute path of a folder, so that a later run may have another working directory."""
    return str(Path(storable(str(root))).resolve())


class _Reading:
    """One pass over the sources, with the ids already used and the metadata tables in use."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._used: dict[str, tuple[str, str]] = {}  # id -> file, place in it
        self._explicit = None if options.metadata is None else _table(options.metadata, options.encoding)
        self._tables = [self._explicit] if self._explicit else []

    def documents(self, sources: Iterable[str | Path | Document]) -> Iterator[Document | Skipped]:
        for source in sources:
            if isinstance(source, Document):
                yield self._given(source)
                continue
            path = _checked_path(source)
            if path is not None:
                yield from self._files(path)
        for table in self._tables:
            yield from _table_problems(table)

    def _files(self, root: Path) -> Iterator[Document | Skipped]:
        tables = [] if self._explicit is None else [self._explicit]
        for path in _tables_in(root, self._options.metadata):
            try:
                tables.insert(0, MetadataTable(path, self._options.encoding))
            except (UnreadableError, OSError) as error:
                yield Skipped(_line(path), _line(f"not used as metadata: {error}"))
            else:
                self._tables.append(tables[0])
        absolute = _absolute(root)
        for file in files_under(root, self._options.globs, self._options.metadata):
            for table in tables:  # a row for an unreadable file is not a stray row
                table.describe(file.id, file.id, file.root)
            if file.problem:
                yield Skipped(_line(file.path), file.problem, storable(file.id))
                continue
            for item in read_file(file.path, self._options):
                yield self._document(file, item, tables, absolute)

    def _document(
        self, file: SourceFile, item: Extract | Failure, tables: list[MetadataTable], root: str
    ) -> Document | Skipped:
        source = _line(f"{file.path}, {item.where}" if item.where else file.path)
        document_id = storable(f"{file.id}#{item.row}" if item.row else file.id)
        if isinstance(item, Failure):
            return Skipped(source, _line(item.reason), document_id)
        document_id = storable(item.id) or document_id
        text = storable(item.text)
        if not text.strip():
            return Skipped(source, "no text in it", document_id)
        self._claim(document_id, _line(file.path), item.where)
        metadata = tidy_metadata(item.metadata)
        for table in tables:
            metadata |= tidy_metadata(table.describe(document_id, file.id, file.root))
        if file.root is None:
            return Document(document_id, text, metadata)
        return Document(document_id, text, metadata, root, storable(file.id))

    def _given(self, document: Document) -> Document | Skipped:
        document_id, text = storable(document.id), storable(document.text)
        if not text.strip():
            return Skipped(_line(document_id), "no text in it", document_id)
        self._claim(document_id, "a Document passed in", f"title {document.title!r}")
        metadata = tidy_metadata(document.metadata, from_file=False)
        if self._explicit is not None:
            metadata |= tidy_metadata(self._explicit.describe(document_id, document_id, None))
        root = None if document.root is None else _absolute(document.root)
        return Document(document_id, text, metadata, root, document.source)

    def _claim(self, document_id: str, source: str, where: str) -> None:
        if document_id in self._used:
            first, second = (", ".join(filter(None, place)) for place in (self._used[document_id], (source, where)))
            raise DocumentError(f"two documents claim the id {document_id!r}: {first} and {second}; rename one of them")
        self._used[document_id] = (source, where)


def _table_problems(table: MetadataTable) -> Iterator[Skipped]:
    for where, reason in table.problems:
        yield Skipped(_line(f"{table.path}, {where}"), _line(reason))
    missed = table.unmatched()
    if missed:
        names = ", ".join(repr(name) for name in missed[:5]) + (", ..." if len(missed) > 5 else "")
        count = f"{len(missed)} row{'s' * (len(missed) > 1)}"
        yield Skipped(_line(table.path), _line(f"{count} for no document here: {names}"))
