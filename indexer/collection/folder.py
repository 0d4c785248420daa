"""Create the folder and the database of a collection."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ..errors import CollectionError
from ..files import flush
from .lock import WriteLock
from .paths import LOCK, MARKER, SEGMENTS, remove_files
from .records import SENTENCE_SETTINGS, STREAM_SETTINGS, CollectionSettings, SentenceKind
from .schema import (
    COUNTERS,
    DATABASE_NAME,
    FORMAT_VERSION,
    NEXT_WORD,
    ONE_VECTOR_VERSION,
    STREAM_VERSION,
    create_keyword_index,
    write_settings,
)

_NEW_DATABASE = f"{DATABASE_NAME}.new"
_TEMPORARY = {f"{_NEW_DATABASE}{end}" for end in ("", "-journal", "-wal", "-shm")}
_LEFTOVERS = {SEGMENTS, LOCK, MARKER} | _TEMPORARY
"""What an interrupted `make_database` may leave in the folder, and the marker of a replacement."""


def make_database(folder: Path, settings: CollectionSettings) -> None:
    """Create the folder and the database of an empty collection, under the lock of the writer.

    The database is written under a temporary name and then renamed, so an interrupted call can be repeated.

    Raises:
        CollectionError: Something else exists at that path, another process is making a collection there, or the
            folder cannot be created.
    """
    _check_free(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CollectionError(f"{folder} cannot be made ({error}); choose another place") from error
    with WriteLock(folder):
        _check_free(folder)  # another process may have made it before this one had the lock
        try:
            (folder / SEGMENTS).mkdir(exist_ok=True)
            remove_files(folder, _TEMPORARY)
            _make(folder, settings)
        except OSError as error:
            raise CollectionError(f"{folder} cannot be made ({error}); choose another place") from error


def _check_free(folder: Path) -> None:
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return
    except OSError as error:
        raise CollectionError(f"{folder} exists and is not a collection; choose another place") from error
    if DATABASE_NAME in names:
        raise CollectionError(f"{folder} is a collection already; open it, or choose another place")
    if not names <= _LEFTOVERS:
        raise CollectionError(f"{folder} exists and is not a collection; choose another place")


def _make(folder: Path, settings: CollectionSettings) -> None:
    from .migrations import connect_to_write

    temporary = folder / _NEW_DATABASE
    db = connect_to_write(temporary)
    try:
        create_keyword_index(db.conn, settings.language)
        initial = asdict(settings) | {"format_version": FORMAT_VERSION, "generation": 0} | dict.fromkeys(COUNTERS, 1)
        if settings.sentence_vectors is SentenceKind.DEFAULT or not settings.has_stream:
            initial["format_version"] = STREAM_VERSION - 1
            for name in (*STREAM_SETTINGS, NEXT_WORD):
                del initial[name]
        if settings.sentence_vectors is SentenceKind.DEFAULT:
            initial["format_version"] = ONE_VECTOR_VERSION
            for name in SENTENCE_SETTINGS:
                del initial[name]
        with db.atomic():
            write_settings(db.conn, initial)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.close()
    temporary.rename(folder / DATABASE_NAME)
    flush(folder)
