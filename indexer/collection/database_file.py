"""Read the bytes of a database file beside SQLite, in the same process.

On POSIX systems a process loses all its locks on a file as soon as it closes any descriptor of that file. SQLite would
lose its locks without noticing. So there is one descriptor for each file, and it stays open as long as a connection
may be open.
"""

from __future__ import annotations

import os
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path


@dataclass
class _Shared:
    descriptor: int
    users: int


_LOCK = threading.RLock()  # a file that is collected as garbage may be closed inside it
_OPEN: dict[tuple[int, int], _Shared] = {}
_UNCLOSABLE: list[int] = []
"""Second descriptors of a file that is in `_OPEN` already. They are opened only if a file is replaced at the moment."""


class DatabaseFile:
    """A database file, open for reading. Close it after the connections that were opened while it was open."""

    def __init__(self, path: Path) -> None:
        """Open a file, or share the descriptor of one that is open already.

        Raises:
            OSError: The file cannot be opened.
        """
        with _LOCK:
            self.identity = _identity(path.stat())
            shared = _OPEN.get(self.identity)
            if shared is None:
                descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
                self.identity = _identity(os.fstat(descriptor))
                shared = _OPEN.get(self.identity)
                if shared is None:
                    shared = _OPEN[self.identity] = _Shared(descriptor, 0)
                else:
                    _UNCLOSABLE.append(descriptor)
            shared.users += 1
            self._shared = shared
        self._release = weakref.finalize(self, _release, self.identity)
        self._release.atexit = False

    def size(self) -> int:
        """Return the present size of the file in bytes."""
        return os.fstat(self._shared.descriptor).st_size

    def state(self) -> tuple[int, int]:
        """Return the size of the file and the time of its last change. Two equal ones mean that nothing was written."""
        found = os.fstat(self._shared.descriptor)
        return found.st_size, found.st_mtime_ns

    def read(self, offset: int, size: int) -> bytes:
        """Read `size` bytes from an offset, fewer at the end of the file.

        Raises:
            OSError: The disk cannot be read, or the file is closed.
        """
        with _LOCK:
            if not self._release.alive:
                raise OSError("the file is closed")
            if not hasattr(os, "pread"):  # Windows
                os.lseek(self._shared.descriptor, offset, os.SEEK_SET)
                return os.read(self._shared.descriptor, size)
        return os.pread(self._shared.descriptor, size, offset)

    def close(self) -> None:
        """Close the file for this user. The last user closes the descriptor. No thread may be reading."""
        self._release()


def _release(identity: tuple[int, int]) -> None:
    with _LOCK:
        shared = _OPEN[identity]
        shared.users -= 1
        if not shared.users:
            del _OPEN[identity]
            os.close(shared.descriptor)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
