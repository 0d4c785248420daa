"""Arrays in `.npy` files: written piece by piece, and mapped into memory with a check of each block before its use.

A block is read with a system call before the map is touched. So a disk that cannot read it gives an error, while the
same access through the map would end the process.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DamageError
from ..vectors.arrays import AnyArray, Checksums, Ids
from .checksums import (
    BLOCK_BYTES,
    PIECE_BYTES,
    FileRecord,
    block_checksums,
    block_count,
    changed,
    open_file,
    unreadable,
)

_HEADER = re.compile(
    rb"\{'descr': '(<f2|\|i1|<i4|<i8|<u4)', 'fortran_order': False, 'shape': \((\d{1,18}), ?(\d{1,9})?\), \} *\n"
)
"""The header of our files. It is not evaluated as Python, as numpy does, so a strange one costs nothing."""
_MAGIC = b"\x93NUMPY\x01\x00"
_BEFORE_HEADER = len(_MAGIC) + 2
_LONGEST_HEADER = 1024
_ALIGNMENT = 16
"""The numbers begin at a multiple of this, so that no number is in two blocks."""


def write_array(path: Path, pieces: Iterable[AnyArray], shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
    """Write an array from consecutive pieces of its rows. A full disk is met as an error, never through a map.

    Raises:
        OSError: The file cannot be written.
    """
    kind = np.dtype(dtype)
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in pieces:
            file.write(np.ascontiguousarray(piece, kind).view(np.uint8).data if piece.size else b"")


_read_at = getattr(os, "pread", None)  # Windows has none


class StoredArray:
    """An array of one or two dimensions in a file. Indexing it gives arrays, and checks the blocks that it touches.

    Threads may share it.

    Attributes:
        path: The file.
        shape: Its shape.
        dtype: Its number type.
    """

    def __init__(
        self,
        path: Path,
        record: FileRecord,
        blocks: Checksums | None,
        dtypes: Sequence[str],
        dimensions: int,
        next_step: str,
        limit: int | None = None,
    ) -> None:
        """Open and map a file. Its content is not read yet, only its header.

        Args:
            blocks: Checksums of its blocks, or None if there are none. The whole file is then read at its first use.
            dtypes: Allowed number types, such as `<f2`.
            next_step: End of the messages about damage.
            limit: If given, every number must be at least 0 and below this.

        Raises:
            DamageError: The file is missing, has another size, or is not such an array.
        """
        self.path, self._record, self._blocks, self._next_step, self._limit = path, record, blocks, next_step, limit
        with open_file(path, record, next_step) as file:
            try:
                dtype, self.shape, self._offset = self._read_header(file, dtypes, dimensions)
                self._map = mmap.mmap(file.fileno(), record.size, access=mmap.ACCESS_READ)
            except OSError as error:
                raise unreadable(path, error, next_step) from error
            except ValueError as error:
                raise DamageError(f"{path} is not an array of this collection ({error}); {next_step}") from error
            self._descriptor = os.dup(file.fileno())
        self._close = weakref.finalize(self, os.close, self._descriptor)
        self.dtype = np.dtype(dtype)
        self._row_bytes = self.dtype.itemsize * (self.shape[1] if dimensions == 2 else 1)
        count = self.shape[0] * self._row_bytes // self.dtype.itemsize
        self._array = np.frombuffer(self._map, dtype, count, self._offset if count else 0).reshape(self.shape)
        self._checked = bytearray(block_count(record.size))
        self._is_checked = False
        self._lock = threading.Lock()

    def _read_header(
        self, file: BufferedReader, dtypes: Sequence[str], dimensions: int
    ) -> tuple[str, tuple[int, ...], int]:
        """Return number type, shape and offset of the numbers. Raises `ValueError` for any other file."""
        start = file.read(_BEFORE_HEADER)
        length = int.from_bytes(start[len(_MAGIC) :], "little")
        found = _HEADER.fullmatch(file.read(length)) if length <= _LONGEST_HEADER else None
        if not start.startswith(_MAGIC) or found is None:
            raise ValueError("its header is damaged")
        shape = tuple(int(part) for part in found.groups()[1:] if part is not None)
        dtype = found[1].decode("ascii")
        if dtype not in dtypes or len(shape) != dimensions:
            raise ValueError(f"it holds {dtype} in {len(shape)} dimensions")
        size = np.dtype(dtype).itemsize
        for part in shape:
            size *= part
        offset = _BEFORE_HEADER + length
        if offset + size != self._record.size or offset % _ALIGNMENT or (shape[0] and not size):
            raise ValueError("its shape does not fit its size")
        return dtype, shape, offset

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        """Return the rows that a number, slice, mask or array of row numbers selects.

        Raises:
            DamageError: The file has changed, or has no such row.
        """
        if self._map.size() < self._record.size:  # beyond the end of a mapped file, the system ends the process
            raise DamageError(f"{self.path} was cut short while it was in use; {self._next_step}")
        if not self._is_checked:
            self._check(rows)
        try:
            return self._array[rows]
        except IndexError:
            raise self._outside() from None

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> AnyArray:
        return np.array(self.whole(), dtype) if copy else np.asarray(self.whole(), dtype)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.whole())

    def whole(self) -> AnyArray:
        """Return the whole array, mapped and checked."""
        found: AnyArray = self[:]
        return found

    def release(self) -> None:
        """Release the memory pages of the map. See `release_pages`."""
        release_pages(self._map)

    def _outside(self) -> DamageError:
        return DamageError(f"{self.path} has no such row, so it does not fit the database; {self._next_step}")

    def _check(self, rows: Any) -> None:
        """Check the blocks of some rows that are not checked yet."""
        if self._blocks is None:
            self._check_whole()
            return
        n = len(self)
        if isinstance(rows, slice):
            start, stop, step = rows.indices(n)
            numbers = range(start, stop, step)
            if numbers:
                self._check_range(min(numbers[0], numbers[-1]), max(numbers[0], numbers[-1]))
            return
        chosen = np.asarray(rows)
        if chosen.ndim == 0 and chosen.dtype.kind in "iu":
            row = int(chosen)
            if not 0 <= row < n:
                raise self._outside()
            self._check_range(row, row)
            return
        if chosen.dtype.kind == "b":
            chosen = np.flatnonzero(chosen)
        if not len(chosen):
            return
        if int(chosen.min()) < 0 or int(chosen.max()) >= n:
            raise self._outside()
        self._check_rows(chosen.astype(np.int64, copy=False))

    def _check_range(self, first: int, last: int) -> None:
        """Check the blocks of consecutive rows, the last included."""
        start = (self._offset + first * self._row_bytes) // BLOCK_BYTES
        end = (self._offset + (last + 1) * self._row_bytes - 1) // BLOCK_BYTES + 1
        if self._checked.find(0, start, end) >= 0:
            done = np.frombuffer(self._checked, np.bool_)
            self._check_blocks(np.flatnonzero(~done[start:end]) + start)

    def _check_rows(self, rows: Ids) -> None:
        """Check the blocks of rows in any order.  (m,)"""
        start = self._offset + rows * self._row_bytes
        first, last = start // BLOCK_BYTES, (start + self._row_bytes - 1) // BLOCK_BYTES
        done = np.frombuffer(self._checked, np.bool_)
        wanted = [last[~done[last]]]
        for step in range((self._row_bytes - 1) // BLOCK_BYTES + 1):  # a long row is in several blocks
            between = np.minimum(first + step, last)
            wanted.append(between[~done[between]])
        blocks = np.unique(np.concatenate(wanted))
        if len(blocks):
            self._check_blocks(blocks)

    def _check_blocks(self, blocks: Ids) -> None:
        """Read blocks (m,), in ascending order, and compare them with their checksums."""
        assert self._blocks is not None
        most = PIECE_BYTES // BLOCK_BYTES
        runs = np.split(blocks, np.flatnonzero(np.diff(blocks) != 1) + 1)
        with self._lock:
            if self._is_checked:
                return
            for run in runs:
                for start in range(int(run[0]), int(run[-1]) + 1, most):
                    end = min(start + most, int(run[-1]) + 1)
                    piece = self._read(start * BLOCK_BYTES, end * BLOCK_BYTES)
                    if block_checksums(piece) != self._blocks[start:end].tolist():
                        raise changed(self.path, self._next_step)
                    self._check_limit(piece, start * BLOCK_BYTES)
                    self._checked[start:end] = b"\1" * (end - start)
            if 0 not in self._checked:
                self._finish()

    def _check_whole(self) -> None:
        """Read the whole file, and compare it with its SHA-256."""
        with self._lock:
            if self._is_checked:
                return
            digest = hashlib.sha256()
            for start in range(0, self._record.size, PIECE_BYTES):
                piece = self._read(start, start + PIECE_BYTES)
                digest.update(piece)
                self._check_limit(piece, start)
            if digest.hexdigest() != self._record.sha256:
                raise changed(self.path, self._next_step)
            self._finish()

    def _finish(self) -> None:
        """Note that every block is checked, so that nothing is read in this way any more."""
        self._is_checked = True
        self._close()

    def _read(self, start: int, end: int) -> bytes:
        """Read a part of the file without the map, up to its end."""
        end = min(end, self._record.size)
        try:
            piece = _read_at(self._descriptor, end - start, start) if _read_at else self._map[start:end]
        except OSError as error:
            raise unreadable(self.path, error, self._next_step) from error
        if len(piece) != end - start:
            raise DamageError(f"{self.path} was cut short while it was in use; {self._next_step}")
        return piece

    def _check_limit(self, piece: bytes, start: int) -> None:
        """Check that the numbers in a part of the file refer to something.

        Args:
            start: Place of the part in the file.
        """
        if self._limit is None:
            return
        skipped = max(0, self._offset - start)  # the header
        numbers = np.frombuffer(piece[skipped:], self.dtype)
        if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < self._limit:
            raise DamageError(f"{self.path} refers to rows that do not exist; {self._next_step}")


def release_pages(mapped: Any) -> None:
    """Release the memory pages of a map, or of an array that numpy has mapped. Their content stays in the file.

    Without this, a loop that reads a large file piece by piece keeps the whole file in memory.
    """
    file = getattr(mapped, "base", mapped)
    if isinstance(file, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        file.madvise(mmap.MADV_DONTNEED)
