"""Read SQLite's write-ahead log beside SQLite: which pages it changes, and whether it is damaged.

The layout is in https://www.sqlite.org/fileformat2.html#walformat. A log is a header of 32 bytes and frames, each a
header of 24 bytes and a page. Frames of the present log have the salts of its header. Older ones follow them.

SQLite reads a log up to the first frame whose checksum is wrong, and says nothing about the rest. A kill leaves wrong
frames only at the end. So a wrong frame before the end of a transaction is damage. There is one exception. If SQLite
writes pages of a transaction before its end, it may write them again, and corrects the checksums last. `CACHE_BYTES`
keeps that from logs that are checked, and a log that changes is not judged.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_CHECKED = 64 * 2**20
"""Maximum size of a log whose frames are checked, in bytes. Checking takes 15 ms for each MiB."""
CACHE_BYTES = 96 * 2**20
"""Size of a writer's page cache. A transaction that does not fit in it has a log that is too long to be checked."""
QUIET = 0.05
"""Seconds for which a log must not change before it counts as damaged."""
_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682
_MASK = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Header:
    """Header of a log: page size, salts, first checksum, and the byte order in which checksums read numbers."""

    page_size: int
    salts: tuple[int, int]
    checksum: tuple[int, int]
    order: str


def log_path(database: Path) -> Path:
    """Return the path of a database's write-ahead log."""
    return database.with_name(database.name + "-wal")


def is_log_empty(database: Path) -> bool:
    """Return whether a database has no write-ahead log, or an empty one."""
    try:
        return log_path(database).stat().st_size == 0
    except FileNotFoundError:
        return True


def logged_bytes(database: Path) -> tuple[int, frozenset[int]]:
    """Return the page size of a log and the numbers of the pages that it changes, from 1.

    Raises:
        OSError: The file cannot be read.
    """
    header = _read_header(log_path(database))
    if header is None:
        return 0, frozenset()
    return header.page_size, frozenset(page for page, _, _ in _frames(log_path(database), header, content=False))


def is_log_damaged(database: Path) -> bool:
    """Return whether a log has a wrong frame before the end of one of its transactions.

    A writer may be at work, so a log that changes meanwhile is not damaged.

    Raises:
        OSError: The file cannot be read.
    """
    path = log_path(database)
    before = _state(path)
    try:
        if before is None or not _has_wrong_frame(path, before[0]):
            return False
    except FileNotFoundError:  # its writer has ended
        return False
    time.sleep(QUIET)
    return _state(path) == before


def _state(path: Path) -> tuple[int, int, int] | None:
    """Return size, time of the last change and inode of a file. None if it is missing."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _has_wrong_frame(path: Path, size: int) -> bool:
    """Return whether a log of some size has a wrong header, or a wrong frame before the end of a transaction."""
    if not _HEADER.size < size <= MAX_CHECKED:
        return False
    header = _read_header(path)
    if header is None:
        return size >= _HEADER.size + _FRAME.size + 512
    checksum = header.checksum
    is_wrong = False
    for _, size_after, frame in _frames(path, header, content=True):
        if not is_wrong:
            checksum = _checksum(frame[:8] + frame[_FRAME.size :], checksum, header.order)
            is_wrong = checksum != struct.unpack(">2I", frame[16:24])
        if is_wrong and size_after:
            return True
    return False


def _read_header(path: Path) -> _Header | None:
    """Return the header of a log. None if there is none, or a wrong one."""
    try:
        with path.open("rb") as file:
            content = file.read(_HEADER.size)
    except FileNotFoundError:
        return None
    if len(content) < _HEADER.size:
        return None
    magic, _, page_size, _, first, second, *checksum = _HEADER.unpack(content)
    order = ">" if magic & 1 else "<"
    if magic & ~1 != _MAGIC or _checksum(content[:24], (0, 0), order) != tuple(checksum):
        return None
    return _Header(page_size, (first, second), (checksum[0], checksum[1]), order)


def _frames(path: Path, header: _Header, content: bool) -> Iterator[tuple[int, int, bytes]]:
    """Yield the frames of the present log: page, size of the database after a transaction or 0, and the frame.

    Args:
        content: Whether the frame has its page, or its header alone.
    """
    with path.open("rb") as file:
        file.seek(_HEADER.size)
        while len(frame := file.read(_FRAME.size)) == _FRAME.size:
            page, size_after, first, second, _, _ = _FRAME.unpack(frame)
            if content:
                frame += file.read(header.page_size)
                if len(frame) < _FRAME.size + header.page_size:
                    return
            else:
                file.seek(header.page_size, 1)
            if (first, second) == header.salts:
                yield page, size_after, frame


def _checksum(content: bytes, before: tuple[int, int], order: str) -> tuple[int, int]:
    """Continue SQLite's checksum of a log over more bytes."""
    first, second = before
    for left, right in struct.iter_unpack(f"{order}2I", content):
        first = (first + left + second) & _MASK
        second = (second + right + first) & _MASK
    return first, second
