"""One immutable part of a collection: its files, and how they are written and read.

The folder `segments/<name>/` holds n occurrences, sorted by (lemma, form, sentence, position), and m sentences, in the
order of their ids:

    tokens.npy              (n, d) float16    unit token vectors, or (n, d + 2) int8: see `vectors/int8.py`
    token_ids.npy           (n,) int64        occurrence ids, ascending inside the range of one type
    token_sentences.npy     (n,) int32        row of the occurrence's sentence in this segment
    sentences.npy           (m, e + 2) int8   unit product vectors: see `vectors/int8.py`
    default.npy             (m, dim + 2) int8 unit default vectors of ELMo, in the same way
    sentence_ids.npy        (m,) int64        ascending
    sentence_documents.npy  (m,) int64        documents.id of each sentence
    tokens.faiss            n sense-word vectors (token vector and type vector), inner product
    sentences.faiss         m product vectors, inner product
    blocks.npy              (b,) uint32       checksums of the blocks of all other files: see `checksums.py`

Since format version 3 there are the files of the stream of all tokens: see `stream.py`.

In format version 1 `sentences.npy` holds the default vectors as (m, dim) float16, and there is no `default.npy`.

The table `ranges` holds the rows of each type. The table `segments` holds the sizes and SHA-256 of the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CollectionError, DamageError
from ..files import flush, flush_files
from ..vectors.arrays import AnyArray, Array, Bytes, Checksums, Half, Ids, Int32s, Places
from ..vectors.int8 import ByteRows, Storage, to_bytes
from ..vectors.rows import TokenRows
from .checksums import (
    CHECKSUM_FILE,
    REPAIR,
    RESTORE,
    FileRecord,
    check_file,
    file_record,
    measure_file,
    split_blocks,
)
from .faiss_index import build_index, read_index, write_index
from .paths import identity, make_temporary, remove_temporary
from .stored_array import StoredArray, write_array
from .stream import MAX_OFFSET, STREAM_FILES, StreamData, TokenStream

VECTOR_FILES = (
    "tokens.npy",
    "token_ids.npy",
    "token_sentences.npy",
    "sentences.npy",
    "default.npy",
    "sentence_ids.npy",
    "sentence_documents.npy",
    *STREAM_FILES,
)
"""Files of arrays. Segments of earlier format versions have no `DEFAULTS` and no `STREAM_FILES`."""
DEFAULTS = "default.npy"
LATER_FILES = (DEFAULTS, *STREAM_FILES)
"""Files of arrays that segments of earlier format versions do not have."""
TOKEN_INDEX = "tokens.faiss"
SENTENCE_INDEX = "sentences.faiss"
INDEX_FILES = (TOKEN_INDEX, SENTENCE_INDEX)


DERIVED_FILES = (*INDEX_FILES, CHECKSUM_FILE)
"""Files that can be made again from the others."""


@dataclass(frozen=True, slots=True)
class SegmentData:
    """The arrays of a segment, before they are written. The module describes their order and types."""

    tokens: Half | Bytes
    token_ids: Ids
    token_sentences: Int32s
    sentences: Half | Bytes
    sentence_ids: Ids
    sentence_documents: Ids
    default: Bytes | None = None
    stream: StreamData | None = None

    def arrays(self) -> Iterator[tuple[str, AnyArray]]:
        """Yield the name and the array of each file."""
        for name in VECTOR_FILES:
            array = None if name in STREAM_FILES else getattr(self, name.removesuffix(".npy"))
            if array is not None:
                yield name, array
        if self.stream is not None:
            yield from self.stream.arrays()


def write_segment(folder: Path, data: SegmentData, read_rows: Callable[[Ids], Array]) -> dict[str, FileRecord]:
    """Write a segment to a temporary folder, flush it and rename the folder.

    The segment is part of the collection only when the database names it. After an error the temporary folder is
    removed, since the disk may be full.

    Args:
        read_rows: Reads rows of the sense-word vectors, which `tokens.faiss` indexes.  (m,) -> (m, d + p) float32
    """
    temporary = make_temporary(folder.parent, f"{folder.name}.tmp")
    try:
        for name, array in data.arrays():
            write_array(temporary / name, [array], array.shape, array.dtype)
        write_token_index(temporary / TOKEN_INDEX, len(data.tokens), read_rows)
        write_sentence_index(temporary / SENTENCE_INDEX, vector_rows(data.sentences))
        return publish(temporary, folder)
    except BaseException:
        remove_temporary(temporary)
        raise


def write_token_index(path: Path, n: int, read_rows: Callable[[Ids], Array]) -> None:
    """Build and write the index of a segment's n sense-word vectors. For `read_rows` see `write_segment`."""
    write_index(build_index(n, read_rows), path)


def write_sentence_index(path: Path, sentences: Any) -> None:
    """Build and write the index of rows of a segment's product vectors.  (m, e)"""
    write_index(build_index(len(sentences), lambda rows: np.asarray(sentences[rows], np.float32)), path)


def publish(temporary: Path, folder: Path) -> dict[str, FileRecord]:
    """Flush a folder of finished files, rename it to its final name, and return the records of its files.

    The file of block checksums is added.
    """
    records = add_checksums(temporary)
    flush_files(temporary)
    temporary.rename(folder)
    flush(folder.parent)
    return records


def add_checksums(folder: Path) -> dict[str, FileRecord]:
    """Read the files of a folder, write the file of their block checksums, and return the records of all files.

    A file manager or a program that synchronises folders may have put a file of its own there. It is no part of ours.
    """
    ours = [name for name in (*VECTOR_FILES, *INDEX_FILES) if name not in LATER_FILES or (folder / name).is_file()]
    measured = {name: measure_file(folder / name) for name in sorted(ours)}
    return {name: record for name, (record, _) in measured.items()} | {
        CHECKSUM_FILE: write_checksums(folder / CHECKSUM_FILE, {name: blocks for name, (_, blocks) in measured.items()})
    }


def write_checksums(path: Path, blocks: Mapping[str, list[int]]) -> FileRecord:
    """Write the checksums of the blocks of some files, in the order of their names, and return the file's record."""
    table = np.array([checksum for name in sorted(blocks) for checksum in blocks[name]], np.uint32)
    write_array(path, [table], table.shape, table.dtype)
    return file_record(path)


def stored_rows(tokens: Half, storage: Storage) -> Half | Bytes:
    """Return token vectors in the form in which `tokens.npy` stores them.  (n, d) -> (n, d) or (n, d + 2)"""
    return to_bytes(tokens) if storage is Storage.BYTES else tokens


def vector_rows(stored: Any) -> TokenRows:
    """Return a reader of vectors (n, d) over the array that a file stores, float16 or int8."""
    return ByteRows(stored) if stored.dtype == np.int8 else stored


class Segment:
    """A committed segment, open for reading. Arrays are memory-mapped, and indexes are read at first use.

    Nothing is used before it was compared with its recorded checksum: arrays block by block, and indexes as a whole.
    What is read later from the same pages is not compared again.

    Attributes:
        products: Product vectors, or the default vectors in format version 1.  (m, e)
        defaults: Default vectors of ELMo.  (m, dim)
        stream: All tokens with their parts of speech. None in format versions 1 and 2.
        sentences: The vectors that a search by sentence compares: products, or defaults with `compares_defaults`.
        index_damage: Why an index of this name is not used, for those that were found damaged.
    """

    def __init__(
        self, folder: Path, key: int, files: Mapping[str, FileRecord], compares_defaults: bool = False
    ) -> None:
        """Open the segment whose `segments.id` is `key`.

        Args:
            files: Recorded size and checksum of each file.
            compares_defaults: Whether a search by sentence compares default vectors, as it cannot encode others.

        Raises:
            DamageError: A vector file is missing, its size is not the recorded one, or it is not such an array.
        """
        self.folder = folder
        self._identity = identity(folder)
        self.key = key
        self.files = files
        self.index_damage: dict[str, DamageError] = {}
        self._indexes: dict[str, Any] = {}
        self._by_sentence: tuple[Places, Ids] | None = None
        self._blocks = self._read_checksums()
        sentences = self._open("sentences.npy", ("<f2", "|i1"), 2)
        self.has_products = sentences.dtype == np.int8
        defaults = self._open(DEFAULTS, ("|i1",), 2) if self.has_products else sentences
        tokens = self._open("tokens.npy", ("<f2", "|i1"), 2)
        self.stream = self._open_stream(sentences, tokens) if STREAM_FILES[0] in files else None
        self._sentence_ids = self._open("sentence_ids.npy", ("<i8",), 1)
        self._sentence_documents = self._open("sentence_documents.npy", ("<i8",), 1)
        token_ids = self._open("token_ids.npy", ("<i8",), 1)
        token_sentences = self._open("token_sentences.npy", ("<i4",), 1, limit=len(sentences))
        self.stored_tokens: Any = tokens  # (n, d) or (n, d + 2)
        self.tokens = vector_rows(self.stored_tokens)  # (n, d)
        self.token_ids: Any = token_ids  # (n,)
        self.token_sentences: Any = token_sentences  # (n,)
        self.stored_sentences: Any = sentences  # (m, e) or (m, e + 2)
        self.stored_defaults: Any = defaults  # (m, dim) or (m, dim + 2)
        self.products: Any = vector_rows(sentences)
        self.defaults: Any = vector_rows(defaults) if self.has_products else self.products
        self.sentences: Any = self.defaults if compares_defaults else self.products
        for array, other in (
            (defaults, sentences),
            (token_ids, tokens),
            (token_sentences, tokens),
            (self._sentence_ids, sentences),
            (self._sentence_documents, sentences),
        ):
            if len(array) != len(other):
                raise DamageError(f"{array.path} has {len(array)} rows, {other.path.name} {len(other)}; {RESTORE}")
        for stored, rows in ((tokens, self.tokens), (sentences, self.products), (defaults, self.defaults)):
            if rows.shape[1] < 1:
                raise DamageError(f"{stored.path} holds vectors without numbers; {RESTORE}")

    def _record(self, name: str, next_step: str) -> FileRecord:
        if name not in self.files:
            raise DamageError(f"{self.folder / name} is not recorded in the database; {next_step}")
        return self.files[name]

    def _open(self, name: str, dtypes: tuple[str, ...], dimensions: int, limit: int | None = None) -> StoredArray:
        record = self._record(name, RESTORE)
        blocks = self._blocks.get(name)
        return StoredArray(self.folder / name, record, blocks, dtypes, dimensions, RESTORE, limit)

    def _open_stream(self, sentences: StoredArray, tokens: StoredArray) -> TokenStream:
        """Open the files of the stream. Numbers in them that refer to rows must refer to existing ones.

        Raises:
            DamageError: One of them is missing or damaged.
        """
        small, kinds = ("<i4",), self._open("stream_words.npy", ("<i8",), 2)
        words = self._open("stream.npy", small, 1, limit=len(kinds))
        offsets = self._open("stream_offsets.npy", small, 1, limit=MAX_OFFSET)
        starts = self._open("stream_starts.npy", small, 1, limit=len(words) + 1)
        order = self._open("stream_order.npy", small, 1, limit=len(words))
        places = self._open("token_places.npy", small, 1, limit=len(words))
        return TokenStream(words, (offsets, starts, kinds, order, places), sentences, tokens)

    def _read_checksums(self) -> dict[str, Checksums]:
        """Return the block checksums of each file. None are needed: files are then compared as a whole.

        Segments of earlier versions have no such file.
        """
        if CHECKSUM_FILE not in self.files:
            return {}
        with suppress(DamageError):
            stored = StoredArray(self.folder / CHECKSUM_FILE, self.files[CHECKSUM_FILE], None, ("<u4",), 1, REPAIR)
            return split_blocks(np.array(stored), self.files) or {}
        return {}

    def _index(self, name: str, rows: int, numbers: int | None = None) -> Any:
        """Return an index, which is read and checked as a whole at its first use.

        Raises:
            CollectionError: `reencode` has replaced the segment since it was opened.
            DamageError: Its file is damaged.
        """
        if name in self.index_damage:
            raise self.index_damage[name]
        if name not in self._indexes and identity(self.folder) != self._identity:
            raise CollectionError(f"{self.folder} has been replaced; search again")
        path = self.folder / name
        record = self._record(name, REPAIR)
        try:
            if name not in self._indexes:
                check_file(path, record, self._blocks.get(name), REPAIR)
                self._indexes[name] = read_index(path, rows, numbers)
            elif path.exists() and path.stat().st_size < record.size:
                # Beyond the end of a mapped file, the system ends the process.
                raise DamageError(f"{path} was cut short while it was in use; {REPAIR}")
        except DamageError as error:
            if self.folder.is_dir():  # else the segment was merged since this snapshot began
                self.index_damage[name] = error
            raise
        return self._indexes[name]

    @property
    def token_index(self) -> Any:
        """The FAISS index over sense-word vectors. Raises `DamageError` if its file is damaged."""
        return self._index(TOKEN_INDEX, len(self.tokens))

    @property
    def sentence_index(self) -> Any:
        """The FAISS index over product vectors. Raises `DamageError` if its file is damaged."""
        return self._index(SENTENCE_INDEX, len(self.products), self.products.shape[1])

    @property
    def sentence_ids(self) -> Ids:
        """Ids of the sentences, ascending.  (m,)"""
        return self._sentence_ids.whole()

    @property
    def sentence_documents(self) -> Ids:
        """Key of the document of each sentence, `documents.id`.  (m,)"""
        return self._sentence_documents.whole()

    def check_vectors(self) -> None:
        """Read all vector files completely, and compare them with their checksums.

        Raises:
            DamageError: One of them has changed.
        """
        for name in filter(self.files.__contains__, VECTOR_FILES):
            check_file(self.folder / name, self.files[name], self._blocks.get(name), RESTORE)

    def check_range(self, first: int, count: int) -> None:
        """Check that a range of rows, as the database names it, is inside the segment.

        Raises:
            DamageError: It is not.
        """
        if not 0 <= first <= first + count <= len(self.tokens):
            raise DamageError(f"{self.folder} has {len(self.tokens)} rows, the database names others; {RESTORE}")

    def sentence_row(self, sentence_id: int) -> int | None:
        """Return the row of a sentence in this segment, or None."""
        row = int(np.searchsorted(self.sentence_ids, sentence_id))
        return row if row < len(self.sentence_ids) and self.sentence_ids[row] == sentence_id else None

    def rows_of_sentences(self, sentences: Ids) -> tuple[Ids, Ids]:
        """Return the token rows of sentences, sentence by sentence, and the number of each.  (k,) -> (n,), (k,)

        The first call sorts the rows of all sentences, and keeps 4 bytes of each row in memory.

        Args:
            sentences: Rows of the sentences in this segment.
        """
        if self._by_sentence is None:
            owners, n = self.token_sentences.whole(), len(self.token_sentences)
            keys = owners.astype(np.int64) * n + np.arange(n)  # sorts several times as fast as `argsort`
            keys.sort()
            firsts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(self.sentence_ids)))])  # (m + 1,)
            self._by_sentence = (keys % max(n, 1)).astype(np.int32), firsts.astype(np.int64)
        order, firsts = self._by_sentence
        counts = firsts[sentences + 1] - firsts[sentences]
        starts = np.cumsum(counts) - counts
        rows = order[np.arange(counts.sum()) + np.repeat(firsts[sentences] - starts, counts)]
        return rows.astype(np.int64), counts

    def token_row(self, occurrence_id: int, first: int, count: int) -> int | None:
        """Return the row of an occurrence inside the range of its type, or None."""
        self.check_range(first, count)
        ids = self.token_ids[first : first + count]
        place = int(np.searchsorted(ids, occurrence_id))
        return first + place if place < count and ids[place] == occurrence_id else None
