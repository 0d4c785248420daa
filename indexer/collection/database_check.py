"""Check a database against its checksums beside the work of a reader, and keep the checksums while a writer works."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..errors import CollectionError
from .database_file import DatabaseFile
from .database_sums import (
    BLOCK_BYTES,
    BlockSums,
    block_count,
    block_digest,
    delete_sums,
    read_sums,
    write_sums,
)
from .schema import DATABASE_NAME, connect
from .write_log import is_log_damaged, is_log_empty, log_path, logged_bytes

WAIT_BYTES = 256 * 2**20
"""Largest database whose check every answer waits for, in bytes. It takes a quarter of a second on one core."""


NEXT_STEP = "restore it from a copy, or run `polyseme verify --repair`"


class Finding(Enum):
    """What a check has found out about a database."""

    SOUND = "sound"
    DAMAGED = "damaged"
    UNCHECKED = "unchecked"  # there are no checksums, a writer is at work, or another program has written


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check.

    Attributes:
        problem: For damage, what is wrong with which file.
        notice: Why nothing could be checked.
        sums_problem: What is wrong with the file of checksums. The database itself may be sound.
    """

    finding: Finding
    problem: str = ""
    notice: str = ""
    sums_problem: str = ""


class DatabaseCheck:
    """A check of a database in a thread of its own, from the moment when a reader opens it."""

    def __init__(self, folder: Path, file: DatabaseFile) -> None:
        """Begin the check."""
        self._folder = folder
        self._file = file
        self._stopped = threading.Event()
        self._result: Checked | None = None
        self._must_wait = file.size() <= WAIT_BYTES
        self._thread = threading.Thread(target=self._run, name="database check", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the check. Nothing reads the file afterwards."""
        self._stopped.set()
        self._thread.join()

    def require(self, wait: bool) -> None:
        """Refuse a damaged database.

        Args:
            wait: Whether to wait for the end of the check first, if the database has up to `WAIT_BYTES`.

        Raises:
            CollectionError: The database is damaged.
        """
        if wait and self._result is None and self._must_wait:
            self._thread.join()
        if self._result is not None and self._result.finding is Finding.DAMAGED:
            raise CollectionError(f"{self._result.problem}; {NEXT_STEP}")

    def _run(self) -> None:
        try:
            self._result = check_database(self._folder, self._file, self._stopped)
        except Exception:  # a check must not end a reader
            self._result = Checked(Finding.UNCHECKED)


def check_database(folder: Path, file: DatabaseFile, stopped: threading.Event | None = None) -> Checked:
    """Compare a database with its checksums, if it has some and no writer is at work.

    Args:
        stopped: Ends the check early when it is set.
    """
    database = folder / DATABASE_NAME
    if not is_log_empty(database):
        if is_log_damaged(database):
            return Checked(Finding.DAMAGED, f"{log_path(database)} is damaged, and what was committed last is lost")
        return Checked(Finding.UNCHECKED, notice=_no_sums(folder))
    try:
        sums = read_sums(folder)
    except CollectionError as error:  # the database itself may be sound
        return Checked(Finding.UNCHECKED, sums_problem=str(error))
    if sums is None:
        return Checked(Finding.UNCHECKED, notice=_no_sums(folder))
    problem = None
    if file.size() != sums.size:
        problem = f"has {file.size()} bytes, not {sums.size}"
    for block in range(len(sums.digests)):
        if problem or (stopped is not None and stopped.is_set()):
            break
        try:
            if block_digest(file, block) != sums.digests[block]:
                problem = f"does not have the recorded checksum in the 64 KiB from byte {block * BLOCK_BYTES}"
        except OSError as error:
            problem = f"cannot be read ({error})"
    if problem is None:
        return Checked(Finding.SOUND)
    if _has_changed(folder, file, sums):
        return Checked(Finding.UNCHECKED, notice=_no_sums(folder))
    return Checked(Finding.DAMAGED, f"{database} {problem}")


def _no_sums(folder: Path) -> str:
    return (
        f"{folder / DATABASE_NAME} has no checksums, since it is older, or a writer is at work or was killed;"
        " the next command that writes makes new ones"
    )


def _has_changed(folder: Path, file: DatabaseFile, sums: BlockSums) -> bool:
    """Return whether a writer has begun or ended since the checksums were read.

    A program without checksums, such as an earlier version, may have written. It has counted a commit.
    """
    database = folder / DATABASE_NAME
    try:
        if not is_log_empty(database) or read_sums(folder) != sums:
            return True
        found = database.stat()
        if (found.st_dev, found.st_ino) != file.identity:
            return True
    except CollectionError:
        return False
    except OSError:
        return True
    return _is_of_another_commit(database, sums)


def _is_of_another_commit(database: Path, sums: BlockSums) -> bool:
    """Return whether the database counts another commit as its last than its checksums do.

    Then a program without checksums has written, or a copy was made while a writer worked.
    """
    try:
        with contextlib.closing(connect(database, readonly=True)) as db:
            (generation,) = db.execute("SELECT value FROM settings WHERE key = 'generation'").fetchone()
            return int(generation) != sums.generation
    except (CollectionError, sqlite3.Error, TypeError, ValueError):  # damaged
        return False


class SumsKeeper:
    """The checksums of a database while a writer works: which blocks change, and which were damaged before."""

    def __init__(self, folder: Path, file: DatabaseFile) -> None:
        """Read the checksums and delete their file. From now on readers check nothing.

        Raises:
            OSError: The file cannot be deleted.
        """
        self._folder = folder
        self._file = file
        self._changed: set[int] = set()
        self._old = self._known_sums()
        self._state = file.state()
        delete_sums(folder)

    def _known_sums(self) -> BlockSums | None:
        """Return the checksums of the last commit. None if the file is missing, or has those of an earlier commit."""
        database = self._folder / DATABASE_NAME
        try:
            sums = read_sums(self._folder) if is_log_empty(database) else None
        except CollectionError:
            return None
        return None if sums is None or _is_of_another_commit(database, sums) else sums

    def restore(self) -> None:
        """Put back the checksums as they were, if nothing was written. Call this after the database was closed."""
        if self._old is not None and self._file.state() == self._state and is_log_empty(self._folder / DATABASE_NAME):
            with contextlib.suppress(OSError):
                write_sums(self._folder, self._old)

    def forget(self) -> None:
        """Compute the checksums of all blocks at the end, since all of the database was found to be sound."""
        self._old = None

    def note_changes(self) -> None:
        """Note which blocks the log changes. Call this before each checkpoint.

        A block that was damaged before keeps a checksum that it cannot have. So damage is not taken for a change.
        """
        page_size, pages = logged_bytes(self._folder / DATABASE_NAME)
        if self._old is None:
            return
        changed = {(page - 1) * page_size // BLOCK_BYTES for page in pages} - self._changed
        wrong = {
            block
            for block in changed
            if block < len(self._old.digests) and block_digest(self._file, block) != self._old.digests[block]
        }
        self._changed |= changed - wrong

    def finish(self, generation: int) -> None:
        """Write the checksums. The log must be empty, and the writer must still hold its lock.

        Raises:
            OSError: The database cannot be read, or the file cannot be written.
        """
        found = (self._folder / DATABASE_NAME).stat()
        if (found.st_dev, found.st_ino) != self._file.identity:  # another collection is in this place now
            return
        size = self._file.size()
        count = block_count(size)
        if self._old is None:
            digests = self._digests(range(count))
        else:
            old = self._old.digests
            renew = sorted(self._changed | set(range(len(old), count)))
            fresh = dict(zip(renew, self._digests(renew), strict=True))
            digests = [fresh[block] if block in fresh else old[block] for block in range(count)]
        write_sums(self._folder, BlockSums(size, generation, digests))

    def _digests(self, blocks: Iterable[int]) -> list[str]:
        return [block_digest(self._file, block) for block in blocks]
