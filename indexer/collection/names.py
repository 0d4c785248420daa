"""Which files the documents of a collection came from, so that a later run gives each file the id that it has."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .schema import DATABASE_NAME, State

_ROW = re.compile(r"#\d+\Z", re.ASCII)


class Owner(NamedTuple):
    """The file that a stored document came from, and the hash of its text. `root` is None if the file is unknown."""

    root: str | None
    source: str | None
    content_hash: str


class StoredNames:
    """The ids of a collection's documents. Also those of a run that was interrupted."""

    def __init__(self, db: sqlite3.Connection, collection: Path) -> None:
        self._db = db
        self._collection = collection.resolve()

    def is_copied(self, owner: str, root: str) -> bool:
        """Return whether this collection was copied together with the folder `owner`, which is `root` here.

        Then the collection that it was copied from is beside `owner`, as this one is beside `root`.
        """
        original = Path(owner, os.path.relpath(self._collection, root))
        with suppress(OSError, ValueError):
            return (original / DATABASE_NAME).is_file() and not original.samefile(self._collection)
        return False

    def of_root(self, root: str) -> Mapping[str, str]:
        """Return the id of each file of a folder by its path there, without the ids that a file or table names."""
        rows = self._db.execute(
            "SELECT document_id, source FROM documents WHERE root = ? AND state IN (?, ?) ORDER BY id",
            (root, int(State.LIVE), int(State.PENDING)),
        )
        found: dict[str, str] = {}
        for document_id, source in rows:
            for name in (str(document_id), _ROW.sub("", str(document_id))):
                if name == source or name.endswith(f"/{source}"):
                    found[str(source)] = name
                    break
        return found

    def owner(self, document_id: str) -> Owner | None:
        """Return where the live document with an id came from, or None if there is no such document."""
        row = self._db.execute(
            "SELECT root, source, content_hash FROM documents WHERE document_id = ? AND state = ?",
            (document_id, int(State.LIVE)),
        ).fetchone()
        if row is None:
            return None
        root, source, content_hash = row
        return Owner(None if root is None else str(root), None if source is None else str(source), str(content_hash))
