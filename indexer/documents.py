"""Read documents from files, folders, tables in memory and Python objects.

Documents are streamed: only one is in memory at a time, besides the ids already seen.
"""

import codecs
import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast

from .errors import DocumentError
from .given import GivenSentence, GivenToken, content_hash, given_problem, packed, storable_given
from .identifiers import FileNames, KnownNames
from .readers import COMPANIONS
from .readers.apart import ReaderProcess
from .readers.fields import as_written, doubled_columns, row_document
from .readers.metadata import MetadataTable, storable, tidy_metadata
from .readers.records import Extract, Failure, ReadOptions, UnreadableError
from .readers.walk import METADATA_NAMES, SourceFile, files_under, reason_of
from .tables import Row, Rows, check_columns, is_row, is_table, plain_row, table_of
from .values import Value, text_of

__all__ = [
    "Cause",
    "Document",
    "GivenSentence",
    "GivenToken",
    "ReadOptions",
    "Skipped",
    "SourceScan",
    "read_documents",
    "scan",
]

_DEFAULTS = ReadOptions()
_ROW_ID = 16  # number of hexadecimal digits in the id of a row that has none
_ROW = re.compile(r"\b(row|line) \d+$")  # a place in a table or in JSON


@dataclass(frozen=True, slots=True)
class Document:
    """A text with an id and metadata.

    Attributes:
        root: Folder that was read, or the folder of a file that was given by itself. None for any other document.
        source: Path of the document's file in that folder, or None.
        sentences: Sentences, tokens, lemmas and tags that the document brings. They are used unchanged. The text
            between them is cut as usual.
        warning: What its reader may have misread, in one line, or "".
    """

    id: str
    text: str
    metadata: Mapping[str, Value] = field(default_factory=dict)
    root: str | None = field(default=None, compare=False)
    source: str | None = field(default=None, compare=False)
    sentences: Sequence[GivenSentence] = ()
    warning: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id.strip():
            raise DocumentError(f"a document's id must be text and not empty, not {self.id!r}; name every document")
        if not isinstance(self.text, str):
            kind = type(self.text).__name__
            raise DocumentError(f"the text of document {self.id!r} is {kind}, not str; pass its text")
        if not isinstance(self.sentences, Iterable):
            raise DocumentError(f"the sentences of document {self.id!r} are not a sequence; pass GivenSentence objects")
        object.__setattr__(self, "sentences", tuple(self.sentences))  # an iterator would be empty the next time
        if problem := given_problem(self.text, self.sentences):
            raise DocumentError(f"in document {self.id!r}, {problem}; correct its annotation")

    @property
    def title(self) -> str:
        """The metadata field `title`, or the id without one."""
        return text_of(self.metadata.get("title", self.id))

    @property
    def content_hash(self) -> str:
        """SHA-256 of text and annotation in hexadecimal. A document is encoded again only if it changes."""
        return content_hash(self.text.encode("utf-8"), packed(self.sentences))


Source = str | Path | Document | Row | Rows
"""A path, a `Document`, a row as a mapping, or a table in memory."""
Sources = Source | Iterable[Source]


class Cause(StrEnum):
    """Why something was not read."""

    FAILED = "failed"
    """It could not be read, or holds no text."""
    DUPLICATE = "duplicate"
    """Another document of the run has its id."""
    UNKNOWN_TYPE = "unknown type"
    """A file in a folder whose format is not read."""
    COMPANION = "companion"
    """A picture, sound, video, font or part of a web page in a folder. It holds no text to read."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document or file that was not read, and why.

    Attributes:
        source: The file and the place in it.
        reason: The reason in one line.
        document_id: The id that the document has or would have had, or "" if that is unknown.
        type: The type of the file if its cause is `UNKNOWN_TYPE` or `COMPANION`, such as `odt`.
        root: As in `Document`.
        file: Path of the file in that folder, or None.
    """

    source: str
    reason: str
    document_id: str = ""
    cause: Cause = field(default=Cause.FAILED, compare=False)
    type: str = field(default="", compare=False)
    root: str | None = field(default=None, compare=False)
    file: str | None = field(default=None, compare=False)

    @property
    def is_loss(self) -> bool:
        """Whether text may be missing from the collection. A picture has none."""
        return self.cause is not Cause.COMPANION


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
        unread: Files that are not read by their type, such as `odt`.
        problems: Reason and path of each file and folder that cannot be opened.
    """

    files: int = 0
    bytes: int = 0
    formats: Mapping[str, int] = field(default_factory=dict)
    roots: tuple[Path, ...] = ()
    documents: int = 0
    complete: bool = True
    unread: Mapping[str, int] = field(default_factory=dict, compare=False)
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is certainly nothing to read."""
        return self.complete and not self.files and not self.documents


def read_documents(
    sources: Sources,
    options: ReadOptions = _DEFAULTS,
    known: KnownNames | None = None,
) -> Iterator[Document | Skipped]:
    """Yield the documents of files, folders, rows and `Document` objects in order, and a `Skipped` for unreadable ones.

    The id of a document is its id column, id field or front matter `id`. Without one it is the path relative to the
    given folder, with `/` as separator, and for a single file its name. A row without an id gets `file#row`. A row of a
    table in memory has an id from its text, such as `row 1f0c...`, or its number if `options.id_column` is empty. Where
    two files would share an id, theirs begin with the names of their folders. Of two documents that name the same id,
    the second is skipped. A file that is given twice is read once.

    Metadata comes from several places. In descending priority they are `options.metadata`, the folder's `metadata.csv`
    or `metadata.tsv`, front matter or columns, and the file format's own metadata.

    Args:
        known: The ids that the collection has, so that files keep theirs.

    Raises:
        DocumentError: A path does not exist, an encoding is unknown, no column has the words, or a metadata table
            cannot be read. The call itself raises these errors. Only paths from an iterator are checked when they are
            reached.
    """
    given = as_iterable(sources)
    if isinstance(given, Collection):
        for source in given:
            _checked_path(source)
    if options.encoding is not None:
        _check_encoding(options.encoding)
    if options.columns:
        _check_columns(options.columns)
    return _Reading(options, known).documents(given)


def scan(sources: Sources, options: ReadOptions = _DEFAULTS) -> SourceScan:
    """Return the number and size of the files to read. Only files without a suffix are opened.

    An iterator is left untouched.
    """
    given = as_iterable(sources)
    if not isinstance(given, Collection):
        return SourceScan(complete=False)
    formats: dict[str, int] = {}
    unread: dict[str, int] = {}
    problems: list[str] = []
    roots: list[Path] = []
    files = documents = 0
    for source in given:
        path = _checked_path(source)
        if path is None:
            documents += _checked_rows(source, options, is_first=documents == 0)
            continue
        roots.append(path)
        for file in files_under(path, options.globs, left_out(options)):
            if file.unknown:
                unread[file.unknown] = unread.get(file.unknown, 0) + 1
            elif file.problem:
                problems.append(f"{_line(file.path)}: {file.problem}")
            elif (state := _state(file.path)) is not None:
                suffix = file.path.suffix.lower()
                formats[suffix] = formats.get(suffix, 0) + state.st_size
                files += 1
    size = sum(formats.values())
    return SourceScan(files, size, formats, tuple(roots), documents, unread=unread, problems=tuple(problems))


def left_out(options: ReadOptions) -> tuple[Path, ...]:
    """Return the files that are no documents."""
    return tuple(path for path in (options.metadata, options.report) if path is not None)


def as_iterable(sources: Sources) -> Iterable[Source]:
    """Return the sources, of which a single one is accepted too.

    Iterating over a string would give its letters, and over a table its columns.
    """
    is_one = isinstance(sources, str | Path | Document) or is_table(sources) or is_row(sources)
    return [sources] if is_one else cast(Iterable[Source], sources)


def _checked_path(source: object) -> Path | None:
    """Return the path of a source, or None for a `Document`, a row or a table.

    Raises:
        DocumentError: The source is neither, or the path does not exist.
    """
    if isinstance(source, Document) or is_table(source) or is_row(source):
        return None
    if not isinstance(source, str | Path):
        kind = type(source).__name__
        step = "; call its collect() first" if kind == "LazyFrame" else ""
        raise DocumentError(f"a source must be a path, a Document, a row or a table, not {kind}{step}")
    path = Path(source)
    try:
        exists = path.exists()
    except OSError as error:
        raise DocumentError(f"{_line(path)}: {error.strerror}; check the path and its permissions") from None
    if not exists:
        raise DocumentError(f"{_line(path)} does not exist; check the path")
    return path


def _checked_rows(source: object, options: ReadOptions, is_first: bool) -> int:
    """Return the number of documents in a `Document`, a row or a table.

    Args:
        is_first: Whether no document comes before. Only the first row is checked, since rows may have gaps.

    Raises:
        DocumentError: A column that the options name is missing.
    """
    if is_table(source):
        table = table_of(source)
        check_columns(table.columns, options, table.rows() if table.size is not None else iter(()))
        return table.size or 0
    if is_first and isinstance(source, Mapping):
        check_columns([str(name) for name in source], options, iter([source]))
    return 1


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
        "a".encode(encoding)  # codecs that are not for text, such as zlib, are refused here
    except (LookupError, ValueError):
        raise DocumentError(f"unknown encoding {encoding!r}; try utf-8, cp1252, shift_jis ...") from None


def _check_columns(columns: Sequence[str]) -> None:
    from .readers.vertical import WORD_COLUMNS

    if sum(name in WORD_COLUMNS for name in columns) != 1:
        named = ",".join(columns)
        raise DocumentError(f"the columns {named!r} must have one 'word'; name them in order, as in word,pos,lemma")


def _table(path: Path, encoding: str | None) -> MetadataTable:
    try:
        return MetadataTable(path, encoding)
    except UnreadableError as error:
        raise DocumentError(
            f"{_line(path)}: {error}; a metadata table says which document each row describes"
        ) from None
    except OSError as error:
        raise DocumentError(f"{_line(path)}: {reason_of(error)}; check the path") from None


def _tables_in(root: Path, explicit: Path | None) -> list[Path]:
    """Return the metadata table inside a folder, unless it is the one that was given explicitly."""
    found = [root / name for name in METADATA_NAMES if os.path.lexists(root / name)][:1]
    return [path for path in found if explicit is None or not _is_same(path, explicit)]


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def _state(path: Path) -> os.stat_result | None:
    """Return a file's state, or None if it is gone or out of reach."""
    try:
        return path.stat()
    except OSError:
        return None


def _line(text: object) -> str:
    """Return the text as one line that can be printed and stored."""
    return " ".join(storable(str(text)).split("\n")).replace("\r", " ")


def _absolute(root: str | Path) -> str:
    """Return the absolute path of a folder, so that a later run may have another working directory."""
    return str(Path(storable(str(root))).resolve())


class _Reading:
    """One pass over the sources, with the ids already used and the metadata tables in use."""

    def __init__(self, options: ReadOptions, known: KnownNames | None) -> None:
        self._options = options
        self._known = known
        self._used: dict[str, tuple[str, str]] = {}  # id -> file, place in it
        self._explicit = None if options.metadata is None else _table(options.metadata, options.encoding)
        self._tables = [self._explicit] if self._explicit else []
        self._reader = ReaderProcess()
        self._names = FileNames(known)
        self._rows = 0  # number of rows of tables in memory so far
        self._read: set[tuple[str, str]] = set()  # files of folders that are given together

    def documents(self, sources: Iterable[Source]) -> Iterator[Document | Skipped]:
        if isinstance(sources, Collection):
            self._plan(sources)
        try:
            for source in sources:
                if isinstance(source, Document):
                    yield self._given(source)
                    continue
                if is_table(source):
                    yield from self._table(source)
                    continue
                if is_row(source):
                    yield self._row(cast(Row, source), self._options)
                    continue
                path = _checked_path(source)
                if path is not None:
                    yield from self._files(path)
        finally:
            self._reader.close()
        for table in self._tables:
            yield from _table_problems(table)

    def _plan(self, sources: Iterable[Source]) -> None:
        """Look for files of different folders that would share an id."""
        if self._known is None and len(list(sources)) < 2:
            return
        roots: dict[str, set[str]] = {}
        for source in sources:
            if (path := _checked_path(source)) is not None:
                files = files_under(path, self._options.globs, left_out(self._options))
                named = {storable(file.id) for file in files if not file.unknown}
                roots.setdefault(_root_of(path), set()).update(named)
        self._names.plan(roots)

    def _files(self, source: Path) -> Iterator[Document | Skipped]:
        tables = [] if self._explicit is None else [self._explicit]
        for path in _tables_in(source, self._options.metadata):
            try:
                tables.insert(0, MetadataTable(path, self._options.encoding))
            except (UnreadableError, OSError) as error:
                reason = reason_of(error) if isinstance(error, OSError) else error
                yield Skipped(_line(path), _line(f"not used as metadata: {reason}"))
            else:
                self._tables.append(tables[0])
        root = _root_of(source)
        for file in files_under(source, self._options.globs, left_out(self._options)):
            if (root, file.id) not in self._read:
                self._read.add((root, file.id))
                yield from self._file(file, root, tables)

    def _file(self, file: SourceFile, root: str, tables: list[MetadataTable]) -> Iterator[Document | Skipped]:
        for table in tables:  # a row for an unreadable file is not a stray row
            table.describe(file.id, file.id, file.root)
        if file.problem:
            yield self._skipped(file, root, file.problem, cause=_cause(file), file_type=file.unknown)
            return
        before = _state(file.path)
        for item in self._reader.read(file.path, self._options):
            yield self._document(file, item, tables, root)
        if before is not None and _has_changed(before, _state(file.path)):
            yield self._skipped(file, root, "it changed while it was read; index it again")

    def _document(
        self, file: SourceFile, item: Extract | Failure, tables: list[MetadataTable], root: str
    ) -> Document | Skipped:
        if isinstance(item, Failure):
            return self._skipped(file, root, item.reason, item)
        text = storable(item.text)
        if not text.strip():
            return self._skipped(file, root, "no text in it", item)
        sentences = storable_given(item.sentences)
        if problem := given_problem(text, sentences):
            return self._skipped(file, root, f"damaged annotation: {problem}", item)
        content = "" if self._known is None else content_hash(text.encode("utf-8"), packed(sentences))
        document_id = storable(item.id) or self._free_id(file, item.ending, root, content)
        place = (_line(file.path), item.where)
        if document_id in self._used:
            return self._skipped(file, root, self._duplicate(document_id, place), item, Cause.DUPLICATE)
        self._used[document_id] = place
        metadata = tidy_metadata(item.metadata)
        for table in tables:
            metadata |= tidy_metadata(table.describe(document_id, file.id, file.root))
        return Document(document_id, text, metadata, root, storable(file.id), sentences, item.warning)

    def _free_id(self, file: SourceFile, ending: str, root: str, content: str) -> str:
        """Return an id from the path of a file that no other file has, in this run or in the collection."""
        source, end = storable(file.id), storable(ending)
        found = ""
        for candidate in self._names.candidates(root, source):
            found = candidate + end
            if found not in self._used and self._names.is_free(found, root, source, content):
                break
        return found

    def _skipped(
        self,
        file: SourceFile,
        root: str,
        reason: str,
        item: Extract | Failure | None = None,
        cause: Cause = Cause.FAILED,
        file_type: str = "",
    ) -> Skipped:
        where, ending = ("", "") if item is None else (item.where, storable(item.ending))
        source = storable(file.id)
        document_id = storable(item.id) if isinstance(item, Extract) else ""
        if not document_id:
            document_id = next(self._names.candidates(root, source)) + ending
        place = _line(f"{file.path}, {where}" if where else file.path)
        return Skipped(place, _line(reason), document_id, cause, file_type, root, source)

    def _given(self, document: Document) -> Document | Skipped:
        document_id, text = storable(document.id), storable(document.text)
        if not text.strip():
            return Skipped(_line(document_id), "no text in it", document_id)
        place = ("a Document passed in", f"title {document.title!r}")
        if document_id in self._used:
            return Skipped(_line(document_id), self._duplicate(document_id, place), document_id, Cause.DUPLICATE)
        self._used[document_id] = place
        metadata = tidy_metadata(document.metadata, from_file=False)
        if self._explicit is not None:
            metadata |= tidy_metadata(self._explicit.describe(document_id, document_id, None))
        root = None if document.root is None else _absolute(document.root)
        return Document(
            document_id, text, metadata, root, document.source, storable_given(document.sentences), document.warning
        )

    def _table(self, source: object) -> Iterator[Document | Skipped]:
        table = table_of(source)
        options = as_written(self._options, table.columns)
        for failure in doubled_columns(options, {name: list(copies) for name, copies in table.doubled.items()}):
            yield Skipped("the table", _line(failure.reason))
        for row in table.rows():
            yield self._row(row, options)

    def _row(self, row: Row, options: ReadOptions) -> Document | Skipped:
        """Return the document of a row. A row without an id has one from its text, or its number if ids are off."""
        self._rows += 1
        fields = plain_row(row)
        if self._rows == 1:
            check_columns(list(fields), options, iter([fields]))
        where = f"row {self._rows}"
        item = row_document(fields, as_written(options, fields), self._rows, where, text=options.text_path)
        if isinstance(item, Failure):
            return Skipped(where, _line(item.reason), where)
        text = storable(item.text)
        document_id = storable(item.id) or self._row_id(text, where)
        place = (where, f"title {item.metadata.get('title', document_id)!r}")
        if document_id in self._used:
            return Skipped(_line(document_id), self._duplicate(document_id, place), document_id, Cause.DUPLICATE)
        self._used[document_id] = place
        metadata = tidy_metadata(item.metadata)
        if self._explicit is not None:
            metadata |= tidy_metadata(self._explicit.describe(document_id, document_id, None))
        return Document(document_id, text, metadata)

    def _row_id(self, text: str, where: str) -> str:
        if not self._options.id_column:
            return where
        first = found = f"row {hashlib.sha256(text.encode()).hexdigest()[:_ROW_ID]}"
        number = 1
        while found in self._used:
            number += 1
            found = f"{first}#{number}"
        return found

    def _duplicate(self, document_id: str, second: tuple[str, str]) -> str:
        """Return the reason why a second document of an id is skipped."""
        first = self._used[document_id]
        place = ", ".join(filter(None, first)) if first[0] != second[0] else first[1] or "the same file"
        if not _ROW.search(second[1]):
            return f"its id {document_id!r} is that of {place}; give it another id"
        return (
            f"its {self._options.id_column} {document_id!r} is that of {place}; name another id column"
            " (--id-column NAME), or number the rows (--id-column '')"
        )


def _root_of(source: Path) -> str:
    """Return the folder that a source is read from: a folder itself, or that of a file."""
    return _absolute(source if source.is_dir() else source.parent)


def _cause(file: SourceFile) -> Cause:
    if not file.unknown or file.root is None:
        return Cause.FAILED
    return Cause.COMPANION if file.unknown in COMPANIONS else Cause.UNKNOWN_TYPE


def _has_changed(before: os.stat_result, after: os.stat_result | None) -> bool:
    return after is None or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


def _table_problems(table: MetadataTable) -> Iterator[Skipped]:
    for where, reason in table.problems:
        yield Skipped(_line(f"{table.path}, {where}"), _line(reason))
    missed = table.unmatched()
    if missed:
        names = ", ".join(repr(name) for name in missed[:5]) + (", ..." if len(missed) > 5 else "")
        count = f"{len(missed)} row{'s' * (len(missed) > 1)}"
        yield Skipped(_line(table.path), _line(f"{count} for no document here: {names}"))
