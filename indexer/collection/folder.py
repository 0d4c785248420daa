"""The folder of a collection: create it, replace it by another, and recover from an interrupted replacement."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

from ..errors import CollectionError
from .records import CollectionSettings
from .schema import DATABASE_NAME, FORMAT_VERSION, create_keyword_index, write_settings

COUNTERS = ("next_segment", "next_document", "next_sentence", "next_occurrence", "next_type")
"""Settings with the next free ids."""
_TEMPORARY = {f"{DATABASE_NAME}.new{end}" for end in ("", "-journal", "-wal", "-shm")}
_LEFTOVERS = {"segments", "lock"} | _TEMPORARY
"""What an interrupted `make_database` may leave in the folder."""


def make_database(folder: Path, settings: CollectionSettings) -> None:
    """Create the folder and the database of an empty collection.

    The database is written under a temporary name and then renamed, so an interrupted call can be repeated.

    Raises:
        CollectionError: Something else exists at that path, or the folder cannot be created.
    """
    from .migrations import connect_to_write

    if (folder / DATABASE_NAME).exists():
        raise CollectionError(f"{folder} is a collection already; open it, or choose another place")
    if folder.exists() and (not folder.is_dir() or any(p.name not in _LEFTOVERS for p in folder.iterdir())):
        raise CollectionError(f"{folder} exists and is not a collection; choose another place")
    try:
        (folder / "segments").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CollectionError(f"{folder} cannot be made ({error}); choose another place") from error
    for name in _TEMPORARY:
        (folder / name).unlink(missing_ok=True)
    temporary = folder / f"{DATABASE_NAME}.new"
    db = connect_to_write(temporary)
    create_keyword_index(db.conn, settings.language)
    initial = asdict(settings) | {"format_version": FORMAT_VERSION, "generation": 0} | dict.fromkeys(COUNTERS, 1)
    with db.atomic():
        write_settings(db.conn, initial)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()
    temporary.rename(folder / DATABASE_NAME)


def replace_collection(old: Path, new: Path) -> None:
    """Replace the collection `old` by the collection `new`.

    `recover` undoes the replacement if the process dies between the two renames.
    """
    backup = _backup(old)
    old.rename(backup)
    new.rename(old)
    shutil.rmtree(backup)


def recover(path: Path) -> None:
    """Undo a replacement that was interrupted between its two renames."""
    backup = _backup(path)
    if not path.exists() and (backup / DATABASE_NAME).is_file():
        backup.rename(path)


def _backup(path: Path) -> Path:
    return path.with_name(path.name + ".old")
