"""Checksums of the blocks of a database, in the file `collection.sums` beside it.

The file exists only while no writer has the collection open. A writer deletes it before its first change, and writes
it when everything is in the database file and the write-ahead log is empty. So damage can be told from change where the
file exists and the log is empty.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CollectionError
from ..files import flush, write_atomically
from .database_file import DatabaseFile

SUMS_NAME = "collection.sums"
BLOCK_BYTES = 65_536
"""Size of a block. Large enough that hashing lets other threads run, small enough that few bytes are hashed again."""
MAX_SUMS_BYTES = 256 * 2**20
"""Maximum size of the file. A database of 256 GiB has one of this size."""
_HEAD = "polyseme sums 1"


@dataclass(frozen=True, slots=True)
class BlockSums:
    """The checksums of a database.

    Attributes:
        size: Size of the database file in bytes.
        generation: Number of its last commit.
        digests: SHA-256 of each block in hexadecimal.
    """

    size: int
    generation: int
    digests: Sequence[str]

    def to_bytes(self) -> bytes:
        """Write the checksums as text, with a checksum of that text as its last line."""
        lines = "\n".join([_HEAD, str(self.size), str(BLOCK_BYTES), str(self.generation), *self.digests]) + "\n"
        return f"{lines}{hashlib.sha256(lines.encode()).hexdigest()}\n".encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> BlockSums:
        """Read what `to_bytes` has written.

        Raises:
            ValueError: The content is damaged, or of another version.
        """
        text, _, own = content.decode("ascii").removesuffix("\n").rpartition("\n")
        if hashlib.sha256(f"{text}\n".encode()).hexdigest() != own:
            raise ValueError("its own checksum differs")
        head, size, block, generation, *digests = text.split("\n")
        if (head, block) != (_HEAD, str(BLOCK_BYTES)) or len(digests) != block_count(int(size)):
            raise ValueError("it is of another version")
        return cls(int(size), int(generation), digests)


def block_count(size: int) -> int:
    """Return the number of blocks of a file of this size. The last one may be shorter."""
    return -(-size // BLOCK_BYTES)


def block_digest(file: DatabaseFile, block: int) -> str:
    """Return the present SHA-256 of a block.

    Raises:
        OSError: The block cannot be read.
    """
    return hashlib.sha256(file.read(block * BLOCK_BYTES, BLOCK_BYTES)).hexdigest()


def read_sums(folder: Path) -> BlockSums | None:
    """Read the checksums of a collection. None if it has none.

    Raises:
        CollectionError: The file is damaged, or of another version.
    """
    path = folder / SUMS_NAME
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_SUMS_BYTES:
            raise ValueError("it is no file, or too large")
        return BlockSums.from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CollectionError(f"{path} cannot be read ({error}); run `polyseme verify --repair`") from error


def write_sums(folder: Path, sums: BlockSums) -> None:
    """Write the checksums of a collection atomically.

    Raises:
        OSError: The file cannot be written.
    """
    write_atomically(folder / SUMS_NAME, sums.to_bytes())


def delete_sums(folder: Path) -> None:
    """Delete the checksums of a collection, and make sure that they do not come back after a crash.

    Raises:
        OSError: The file cannot be deleted.
    """
    path = folder / SUMS_NAME
    if path.exists() or path.is_symlink():
        path.unlink()
        flush(folder)
