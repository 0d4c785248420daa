"""Checksums of the files of a segment: of whole files, and of their blocks.

The table `segments` records the size and SHA-256 of each file. To read a whole file before its first byte is used
would take too long. So each segment also has the file `blocks.npy`, with a CRC-32 of every block of every other file.
A block is compared with it when it is first read. CRC-32 finds every change within 32 bits in a row. It overlooks one
in four billion of other changes, and none of them is overlooked by `polyseme verify`, which compares the SHA-256.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from zlib import crc32

import numpy as np

from ..errors import CollectionError, DamageError
from ..vectors.arrays import Checksums
from .paths import file_name, file_size

BLOCK_BYTES = 16_384
"""Size of a block. It is part of the collection format.

A block is checked in 7 microseconds. Larger blocks would make the first scattered reads slower.
"""
PIECE_BYTES = 64 * BLOCK_BYTES
"""Number of bytes that are read from a file at a time."""
CHECKSUM_FILE = "blocks.npy"
"""The file of block checksums in a segment."""
RESTORE = "restore it from a copy or run `polyseme reencode`"
"""Next step after damage to a file that cannot be made from others."""
REPAIR = "run `polyseme verify --repair`"
"""Next step after damage to a file that can be made from others."""
_FAULTS_OF_THE_PROCESS = {errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Size of a file in bytes and its SHA-256 in hexadecimal, as the table `segments` records them."""

    size: int
    sha256: str


def block_count(size: int) -> int:
    """Return the number of blocks of a file of some size."""
    return -(-size // BLOCK_BYTES)


def block_checksums(piece: bytes) -> list[int]:
    """Return the checksum of each block of a part of a file that begins with a block."""
    view = memoryview(piece)
    return [crc32(view[first : first + BLOCK_BYTES]) for first in range(0, len(view), BLOCK_BYTES)]


def _pieces(file: BufferedReader) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


def measure_file(path: Path) -> tuple[FileRecord, list[int]]:
    """Read a file once, and return its record and the checksums of its blocks."""
    digest, size = hashlib.sha256(), 0
    blocks: list[int] = []
    with path.open("rb") as file:
        for piece in _pieces(file):
            digest.update(piece)
            blocks += block_checksums(piece)
            size += len(piece)
    return FileRecord(size, digest.hexdigest()), blocks


def file_record(path: Path) -> FileRecord:
    """Return the size and checksum of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileRecord(os.fstat(file.fileno()).st_size, digest)


def open_file(path: Path, record: FileRecord, next_step: str) -> BufferedReader:
    """Open a file of the recorded size.

    Raises:
        DamageError: The file is missing, or has another size.
    """
    try:
        if file_size(path) is None:  # refuses a link, a pipe or a device
            raise FileNotFoundError
        file = path.open("rb")
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
    except FileNotFoundError:
        raise DamageError(f"{path} is missing; {next_step}") from None
    except OSError as error:
        raise unreadable(path, error, next_step) from error
    if size != record.size:
        file.close()
        raise DamageError(f"{path} has {size} bytes, not {record.size}; {next_step}")
    return file


def unreadable(path: Path, error: OSError, next_step: str) -> CollectionError:
    """Return the error for a file that the system cannot read: damage, if the disk and not the process is at fault."""
    message = f"{path} cannot be read ({error.strerror or error})"
    if error.errno in _FAULTS_OF_THE_PROCESS:
        return CollectionError(f"{message}; check who may read it and what else is open, and try again")
    return DamageError(f"{message}; {next_step}")


def changed(path: Path, next_step: str) -> DamageError:
    """Return the error for a file with other content than was recorded."""
    return DamageError(f"{path} is damaged: it does not have the recorded checksum; {next_step}")


def check_file(path: Path, record: FileRecord, blocks: Checksums | None, next_step: str) -> None:
    """Read a whole file, and compare it with its checksums.

    Args:
        blocks: Checksums of its blocks, or None if there are none. The SHA-256 is then compared, which takes longer.

    Raises:
        DamageError: The file is missing or has changed.
    """
    with open_file(path, record, next_step) as file:
        try:
            if blocks is None:
                fits = hashlib.file_digest(file, "sha256").hexdigest() == record.sha256
            else:
                found = [checksum for piece in _pieces(file) for checksum in block_checksums(piece)]
                fits = np.array_equal(found, blocks)
        except OSError as error:
            raise unreadable(path, error, next_step) from error
    if not fits:
        raise changed(path, next_step)


def damaged_files(folder: Path, files: Mapping[str, FileRecord]) -> dict[str, str]:
    """Read every file, and return {name: problem} for those that are missing or have changed."""
    problems = {}
    for name, record in files.items():
        try:
            if file_size(folder / name) is None:
                problems[name] = "is missing"
            elif file_record(folder / name) != record:
                problems[name] = "does not have the recorded checksum"
        except FileNotFoundError:
            problems[name] = "is missing"
        except OSError as error:
            problems[name] = f"cannot be read ({error.strerror or error})"
    return problems


def split_blocks(blocks: Checksums, files: Mapping[str, FileRecord]) -> dict[str, Checksums] | None:
    """Return the checksums of each file, or None if their number does not fit the files.

    Args:
        blocks: Content of `blocks.npy`: the blocks of all other files, in the order of their names.
    """
    names = sorted(set(files) - {CHECKSUM_FILE})
    ends = np.cumsum([block_count(files[name].size) for name in names])
    if not len(ends) or len(blocks) != ends[-1]:
        return None
    return dict(zip(names, np.split(blocks, ends[:-1]), strict=True))


def records_of(files: str, collection: Path) -> dict[str, FileRecord]:
    """Decode the column `segments.files` of a collection, whose folder the messages name.

    Raises:
        CollectionError: It is not what we write there. A collection may come from a stranger.
    """
    try:
        records = {file_name(name): FileRecord(**entry) for name, entry in json.loads(files).items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CollectionError(
            f"{collection}: the files of a segment are not recorded ({error!s:.100}); restore the collection"
        ) from error
    if not all(_is_plausible(record) for record in records.values()):
        raise CollectionError(
            f"{collection}: the files of a segment are recorded with impossible sizes; restore the collection"
        )
    return records


def _is_plausible(record: FileRecord) -> bool:
    """Return whether the values have the types and limits of what `file_record` returns."""
    is_size = isinstance(record.size, int) and not isinstance(record.size, bool) and 0 <= record.size < 2**63
    return is_size and isinstance(record.sha256, str) and len(record.sha256) == 64
