"""One immutable part of a collection: its files, and how they are written and read.

The folder `segments/<name>/` holds n occurrences, sorted by (lemma, form, sentence, position), and m sentences, in the
order of their ids:

    tokens.npy              (n, d) float16    unit token vectors, or (n, d + 2) int8: see `vectors/int8.py`
    token_ids.npy           (n,) int64        occurrence ids, ascending inside the range of one type
    token_sentences.npy     (n,) int32        row of the occurrence's sentence in this segment
    sentences.npy           (m, e) float16    unit sentence vectors
    sentence_ids.npy        (m,) int64        ascending
    sentence_documents.npy  (m,) int64        documents.id of each sentence
    tokens.faiss            n sense-word vectors (token vector and type vector), inner product
    sentences.faiss         m sentence vectors, inner product

The table `ranges` holds the rows of each type. The table `segments` holds the sizes and SHA-256 of the files.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CollectionError
from ..files import flush, flush_files
from ..vectors.arrays import Array, Bytes, Half, Ids, Int32s
from ..vectors.int8 import ByteRows, Storage, to_bytes
from ..vectors.rows import TokenRows
from .faiss_index import build_index, read_index, write_index

VECTOR_FILES = (
    "tokens.npy",
    "token_ids.npy",
    "token_sentences.npy",
    "sentences.npy",
    "sentence_ids.npy",
    "sentence_documents.npy",
)
INDEX_FILES = ("tokens.faiss", "sentences.faiss")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Size of a file in bytes and its SHA-256 in hexadecimal, as the table `segments` records them."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SegmentData:
    """The arrays of a segment, before they are written. The module describes their order and types."""

    tokens: Half | Bytes
    token_ids: Ids
    token_sentences: Int32s
    sentences: Half
    sentence_ids: Ids
    sentence_documents: Ids


def file_record(path: Path) -> FileRecord:
    """Return the size and checksum of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileRecord(path.stat().st_size, digest)


def write_segment(folder: Path, data: SegmentData, read_rows: Callable[[Ids], Array]) -> dict[str, FileRecord]:
    """Write a segment to a temporary folder, flush it and rename the folder.

    The segment is part of the collection only when the database names it.

    Args:
        read_rows: Reads rows of the sense-word vectors, which `tokens.faiss` indexes.  (m,) -> (m, d + p) float32
    """
    temporary = folder.with_name(folder.name + ".tmp")
    temporary.mkdir(parents=True)
    for name in VECTOR_FILES:
        np.save(temporary / name, getattr(data, name.removesuffix(".npy")), allow_pickle=False)
    write_indexes(temporary, len(data.tokens), data.sentences, read_rows)
    return publish(temporary, folder)


def write_indexes(folder: Path, n: int, sentences: Half, read_rows: Callable[[Ids], Array]) -> None:
    """Build and write both FAISS files of a segment, from its n sense-word vectors and its sentence vectors (m, e)."""
    write_index(build_index(n, read_rows), folder / "tokens.faiss")
    index = build_index(len(sentences), lambda rows: np.asarray(sentences[rows], np.float32))
    write_index(index, folder / "sentences.faiss")


def publish(temporary: Path, folder: Path) -> dict[str, FileRecord]:
    """Flush a folder of finished files, rename it to its final name, and return the records of its files."""
    records = {path.name: file_record(path) for path in sorted(temporary.iterdir())}
    flush_files(temporary)
    temporary.rename(folder)
    flush(folder.parent)
    return records


def stored_rows(tokens: Half, storage: Storage) -> Half | Bytes:
    """Return token vectors in the form in which `tokens.npy` stores them.  (n, d) -> (n, d) or (n, d + 2)"""
    return to_bytes(tokens) if storage is Storage.BYTES else tokens


def token_rows(stored: Any) -> TokenRows:
    """Return a reader of token vectors (n, d) over the array that `tokens.npy` stores."""
    return ByteRows(stored) if stored.dtype == np.int8 else stored


def release_pages(mapped: Any) -> None:
    """Release the memory pages of a mapped array. Their content stays in the file.

    Without this, a loop that reads or writes a large file piece by piece keeps the whole file in memory.
    """
    if isinstance(mapped.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.base.madvise(mmap.MADV_DONTNEED)


class Segment:
    """A committed segment, open for reading. Arrays are memory-mapped, and indexes are read at first use."""

    def __init__(self, folder: Path, key: int, files: Mapping[str, FileRecord]) -> None:
        """Open the segment whose `segments.id` is `key`.

        Args:
            files: Recorded size and checksum of each file.

        Raises:
            CollectionError: A vector file is missing, or its size is not the recorded one.
        """
        self.folder = folder
        self.key = key
        self.files = files
        for name in VECTOR_FILES:
            self._check_size(name, "restore it from a copy or run `polyseme reencode`")
        self.stored_tokens = self._map("tokens.npy")  # (n, d) or (n, d + 2)
        self.tokens = token_rows(self.stored_tokens)  # (n, d)
        self.token_ids: Ids = self._map("token_ids.npy")  # (n,)
        self.token_sentences = self._map("token_sentences.npy")  # (n,)
        self.sentences: Half = self._map("sentences.npy")  # (m, e)
        self.sentence_ids: Ids = self._map("sentence_ids.npy")  # (m,)
        self.sentence_documents: Ids = self._map("sentence_documents.npy")  # (m,)

    def _check_size(self, name: str, next_step: str) -> Path:
        """Return the path of a file of the recorded size. Access past the end of a mapped file kills the process."""
        path = self.folder / name
        size = path.stat().st_size if path.exists() else None
        if size != self.files[name].size:
            state = "is missing" if size is None else f"has {size} bytes, not {self.files[name].size}"
            raise CollectionError(f"{path} {state}; {next_step}")
        return path

    def _index(self, name: str, rows: int) -> Any:
        return read_index(self._check_size(name, "run `polyseme verify --repair`"), rows)

    def _map(self, name: str) -> Any:
        path = self.folder / name
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError:  # an array without elements cannot be mapped
            return np.load(path, allow_pickle=False)

    @cached_property
    def token_index(self) -> Any:
        """The FAISS index over sense-word vectors. Raises `CollectionError` if its file is damaged."""
        return self._index("tokens.faiss", len(self.tokens))

    @cached_property
    def sentence_index(self) -> Any:
        """The FAISS index over sentence vectors. Raises `CollectionError` if its file is damaged."""
        return self._index("sentences.faiss", len(self.sentences))

    def sentence_row(self, sentence_id: int) -> int | None:
        """Return the row of a sentence in this segment, or None."""
        row = int(np.searchsorted(self.sentence_ids, sentence_id))
        return row if row < len(self.sentence_ids) and self.sentence_ids[row] == sentence_id else None

    def token_row(self, occurrence_id: int, first: int, count: int) -> int | None:
        """Return the row of an occurrence inside the range of its type, or None."""
        ids = self.token_ids[first : first + count]
        place = int(np.searchsorted(ids, occurrence_id))
        return first + place if place < count and ids[place] == occurrence_id else None


def damaged_files(folder: Path, files: Mapping[str, FileRecord]) -> dict[str, str]:
    """Read every file, and return {name: problem} for those that are missing or have changed."""
    problems = {}
    for name, record in files.items():
        path = folder / name
        if not path.exists():
            problems[name] = "is missing"
        elif file_record(path) != record:
            problems[name] = "does not have the recorded checksum"
    return problems
