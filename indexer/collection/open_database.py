"""The database of a collection as a reader has it open: the connection, the file beside it, and its check."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..errors import CollectionError, DamageError
from .damage import damaged
from .database_check import NEXT_STEP, Checked, DatabaseCheck, check_database
from .database_file import DatabaseFile
from .paths import check_folder, identity
from .schema import DATABASE_NAME, connect

MAX_TRIES = 10
"""Number of times that a reader begins again, because a writer has removed what it was about to open."""
PAUSE = 0.01
"""Pause before a reader begins again, in seconds. It grows with each try."""


class OpenDatabase:
    """An open database. Its check runs beside the work of the reader."""

    def __init__(self, folder: Path, is_checked: bool) -> None:
        """Open the database of a collection.

        Raises:
            CollectionError: It cannot be opened, is not a database, or the folder has files that no collection has.
        """
        self._path = folder / DATABASE_NAME
        for _ in range(MAX_TRIES):
            self._open(folder, is_checked)
            # SQLite opens the database and its log one after the other. Both must be of the same folder.
            if self.is_current():
                return
            self.close()
        raise CollectionError(f"{folder} changes faster than it can be read; try again")

    def _open(self, folder: Path, is_checked: bool) -> None:
        try:
            check_folder(folder)
            self._file = DatabaseFile(self._path)
        except OSError as error:
            raise CollectionError(f"{self._path} cannot be read ({error}); check its permissions") from error
        self._check: DatabaseCheck | None = None
        try:
            if is_checked:
                self._check = DatabaseCheck(folder, self._file)
            try:
                self.connection = connect(self._path, readonly=True)
            except CollectionError:
                self.explain()
                raise
            except sqlite3.Error as error:
                self.explain()
                raise damaged(folder, error) from error
        except BaseException:
            self._close_file()
            raise

    def close(self) -> None:
        """Close connection and file."""
        self.connection.close()
        self._close_file()

    def _close_file(self) -> None:
        if self._check is not None:
            self._check.stop()
        self._file.close()

    def is_current(self) -> bool:
        """Return whether this database is in its place, and not another one or none."""
        return identity(self._path) == self._file.identity

    def is_replaced(self) -> bool:
        """Return whether another database is in the place of this one now."""
        return identity(self._path) not in (None, self._file.identity)

    def is_reading(self) -> bool:
        """Return whether a read transaction is open.

        Raises:
            CollectionError: The connection is closed.
        """
        try:
            return self.connection.in_transaction
        except sqlite3.Error as error:
            raise damaged(self._path.parent, error) from error

    def refuse_if_damaged(self) -> None:
        """Refuse a database that the check has found damaged so far.

        Raises:
            CollectionError: The database is damaged.
        """
        if self._check is not None:
            self._check.require(wait=False)

    def check_now(self) -> Checked:
        """Compare the whole database with its checksums, now."""
        return check_database(self._path.parent, self._file)

    def require_sound(self) -> None:
        """Wait for the check, as far as an answer waits for it, and refuse a damaged database.

        Raises:
            CollectionError: The database is damaged.
        """
        if self._check is not None:
            self._check.require(wait=True)

    def explain(self) -> None:
        """Look for the cause of an error in the database, after something could not be read.

        Raises:
            DamageError: The database is damaged.
        """
        self.require_sound()
        if self._check is None and (problem := self.check_now().problem):
            raise DamageError(f"{problem}; {NEXT_STEP}")
