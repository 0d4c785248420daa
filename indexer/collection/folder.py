"""The folder of a collection: made, put in the place of another, and mended where that was cut off."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

from ..errors import CollectionError
from ..vectors.int8 import Storage
from .records import CollectionSettings
from .schema import DATABASE_NAME, FORMAT_VERSION, create_keyword_index, write_settings

COUNTERS = ("next_segment", "next_document", "next_sentence", "next_occurrence", "next_type")
_HALF_MADE = {f"{DATABASE_NAME}.new{end}" for end in ("", "-journal", "-wal", "-shm")}
_LEFTOVERS = {"segments", "lock"} | _HALF_MADE


def make_database(folder: Path, settings: CollectionSettings) -> None:
    """Make the folder of an empty collection; CollectionError when something else is there already.

    The database is written aside and renamed: what was cut off before is made anew.
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
    aside = folder / f"{DATABASE_NAME}.new"
    for name in _HALF_MADE:
        (folder / name).unlink(missing_ok=True)
    db = connect_to_write(aside)
    create_keyword_index(db.conn, settings.language)
    # Whoever reads version 1 reads all but vectors of bytes.
    version = FORMAT_VERSION if settings.storage is Storage.BYTES else 1
    initial = asdict(settings) | {"format_version": version, "generation": 0} | dict.fromkeys(COUNTERS, 1)
    with db.atomic():
        write_settings(db.conn, initial)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()
    aside.rename(folder / DATABASE_NAME)


def replace_collection(old: Path, new: Path) -> None:
    """Put the collection ``new`` in the place of ``old``; ``recover`` mends a crash between the two renames."""
    aside = old.with_name(old.name + ".old")
    old.rename(aside)
    new.rename(old)
    shutil.rmtree(aside)


def recover(path: Path) -> None:
    """Undo a replacement that was cut off between its two renames."""
    aside = path.with_name(path.name + ".old")
    if not path.exists() and (aside / DATABASE_NAME).is_file():
        aside.rename(path)
