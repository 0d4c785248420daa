"""The lock of the one writer of a collection."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import CollectionError
from .paths import LOCK, check_folder, check_not_shared, identity

_POLL = 0.01
"""Pause between two tries to take the lock, in seconds."""


class WriteLock:
    """The lock of a collection's folder, held until `release` or until the process ends."""

    def __init__(self, path: Path, wait: float = 0) -> None:
        """Take the lock.

        Args:
            wait: Maximum time to wait for another process, in seconds.

        Raises:
            CollectionError: Another process is writing, or the folder cannot be written.
        """
        self.path = path
        self._lock = FileLock(path / LOCK, timeout=wait, poll_interval=_POLL, thread_local=False)
        try:
            check_folder(path)
            check_not_shared(path / LOCK)  # some versions of filelock empty it
            before = identity(path)
            self._lock.acquire()
        except Timeout:
            raise CollectionError(f"{path} is being written by another process; wait until it has finished") from None
        except OSError as error:
            raise CollectionError(f"{path} cannot be written ({error}); copy it to a place that you own") from error
        if identity(path) != before:  # `reencode` has replaced the folder meanwhile, so this is the old one's lock
            self.release()
            raise CollectionError(f"{path} has just been replaced by another process; run this again")

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()

    def __enter__(self) -> WriteLock:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
