"""The paths inside a collection: which names are ours, and how they are read and removed.

A collection may come from a stranger, so its names are data. A name is used only if it has one of the patterns below.
From the folder of the collection down, nothing on the way may be a link. The folder itself may be reached through one.
Removal goes through descriptors of folders, so no link can lead it elsewhere, and takes only names of our patterns.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import CollectionError

SEGMENTS = "segments"
DAMAGED = "damaged"
LOCK = "lock"
MARKER = "reencode.json"
"""File of a replacement that is under way. `replacement.py` writes it."""
_SEGMENT = re.compile(r"[0-9]{8,18}")
_TEMPORARY = re.compile(r"[0-9]{8,18}(?:\.repair)?\.tmp")
_FILE = re.compile(r"[a-z][a-z0-9_]{0,39}\.(?:npy|faiss|crc32)")
_TOP_FILE = re.compile(
    r"collection\.db(?:\.new)?(?:-wal|-shm|-journal)?"
    rf"|collection\.sums|{re.escape(MARKER)}|\.(?:collection\.sums|{re.escape(MARKER)})\.partial|{LOCK}"
)
_JUNCTION = 0xA0000003  # what Windows calls IO_REPARSE_TAG_MOUNT_POINT
_SHOWN = 60
"""Number of characters of a stranger's name that a message shows."""
_HAS_DESCRIPTORS = (
    {os.open, os.unlink, os.rmdir} <= os.supports_dir_fd and os.scandir in os.supports_fd and hasattr(os, "O_NOFOLLOW")
)


def check_folder(collection: Path) -> None:
    """Check that the files and folders of a collection are such, and no links.

    Raises:
        CollectionError: One of them is a link, a device or a pipe, or an undo log that SQLite would obey.
        OSError: The folder cannot be read.
    """
    for path in collection.iterdir():
        if path.name in (SEGMENTS, DAMAGED):
            _inspect(path, stat.S_ISDIR)
        elif _TOP_FILE.fullmatch(path.name):
            size = file_size(path)
            # Such a log names another file, and SQLite removes that file. Our databases never have one.
            if path.name == "collection.db-journal" and size:
                raise CollectionError(f"{path} is an undo log of another program; do not open this collection")


def segment_name(collection: Path, name: object) -> str:
    """Return the name of a segment, as the database has it, if it has our pattern.

    Raises:
        CollectionError: It is another name, such as a path.
    """
    if isinstance(name, str) and _SEGMENT.fullmatch(name):
        return name
    raise CollectionError(f"{collection}: {_shown(name)} is not a name of a segment; restore it from a copy")


def file_name(name: object) -> str:
    """Return the name of a file in a segment, as the database has it, if it has our pattern.

    Raises:
        CollectionError: It is another name, such as a path.
    """
    if isinstance(name, str) and _FILE.fullmatch(name):
        return name
    raise CollectionError(f"{_shown(name)} is not a name of a segment's file; restore the collection from a copy")


def segment_folder(collection: Path, name: object) -> Path:
    """Return the folder of a segment that the database names. It may be missing.

    Raises:
        CollectionError: The name is not ours, or a link is on the way.
    """
    folder = collection / SEGMENTS / segment_name(collection, name)
    _inspect(folder.parent, stat.S_ISDIR)
    _inspect(folder, stat.S_ISDIR)
    return folder


def free_segment(collection: Path, number: int) -> str:
    """Return the name of the next segment: that of a number, or of the first one after it that no folder has.

    The folder of an interrupted run stays if it holds files that are not ours.
    """
    while os.path.lexists(collection / SEGMENTS / f"{number:08d}"):
        number += 1
    return f"{number:08d}"


def make_temporary(segments: Path, name: str) -> Path:
    """Make a temporary folder for the files of a segment, and return it.

    That of an interrupted run is used again, if only files that are not ours are left in it.

    Raises:
        CollectionError: A link or a file is in the way.
        OSError: It cannot be made.
    """
    folder = segments / name
    _inspect(segments, stat.S_ISDIR)
    if _inspect(folder, stat.S_ISDIR) is None:
        folder.mkdir(parents=True)
    return folder


def remove_temporary(folder: Path) -> None:
    """Remove what is left of a temporary folder, as far as it can be removed. Files that are not ours stay."""
    with suppress(OSError):
        remove_segment(folder.parents[1], folder.name)


def damaged_folder(collection: Path, name: object) -> Path:
    """Make the folder for the damaged files of a segment, and return it.

    Raises:
        CollectionError: The name is not ours, or a link is on the way.
    """
    folder = collection / DAMAGED / segment_name(collection, name)
    for each in (folder.parent, folder):
        each.mkdir(exist_ok=True)
        _inspect(each, stat.S_ISDIR)
    return folder


def file_size(path: Path) -> int | None:
    """Return the size of a file in bytes, or None if it is missing.

    Raises:
        CollectionError: It is a link, a folder, a device or a pipe.
    """
    found = _inspect(path, stat.S_ISREG)
    return None if found is None else found.st_size


def identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file or folder, or None if it is missing. Two equal ones are the same."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder, and no link to one."""
    try:
        return _inspect(path, stat.S_ISDIR) is not None
    except (OSError, CollectionError):
        return False


def is_shared(path: Path) -> bool:
    """Return whether a file has a second name (hard link), perhaps as a file of the user's.

    Raises:
        CollectionError: It is a link, a folder, a device or a pipe.
    """
    found = _inspect(path, stat.S_ISREG)
    return found is not None and found.st_nlink > 1


def check_not_shared(*paths: Path) -> None:
    """Check that files have no second name, before they are written in place.

    Raises:
        CollectionError: One of them has.
    """
    for path in paths:
        if is_shared(path):
            raise CollectionError(
                f"{path} has a second name (hard link), which would change too; copy the folder first"
            )


def _inspect(path: Path, is_kind: Callable[[int], bool]) -> os.stat_result | None:
    """Return what the system knows about a path, or None if it is missing. No link is followed."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION:
        raise CollectionError(f"{path} is a link, which a collection may not have; put what it leads to in its place")
    if not is_kind(found.st_mode):
        kind = "folder" if is_kind is stat.S_ISDIR else "file"
        raise CollectionError(f"{path} is not a {kind}; restore the collection from a copy")
    return found


def _shown(name: object) -> str:
    shown = ascii(name)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def remove_segment(collection: Path, name: str) -> bool:
    """Remove the folder of a segment with our files in it, and return whether it is gone.

    Files of other names stay, and then the folder stays too.

    Args:
        name: Name of a segment, or of its temporary folder.
    """
    with _open_top(collection) as top, top.opened(SEGMENTS) as segments:
        return _remove_segment(segments, name)


def remove_unnamed(collection: Path, named: set[str]) -> None:
    """Remove the segments that the database does not name, and temporary ones."""
    with suppress(FileNotFoundError), _open_top(collection) as top, top.opened(SEGMENTS) as segments:
        for name in segments.names():
            if name not in named:
                _remove_segment(segments, name)


def remove_files(collection: Path, names: Iterable[str]) -> None:
    """Remove files of our patterns from the folder of a collection. A link is removed itself, not what it leads to."""
    with _open_top(collection) as top:
        for name in names:
            if _TOP_FILE.fullmatch(name):
                top.unlink(name)


def remove_collection(folder: Path) -> bool:
    """Remove a collection with all files of our patterns, and return whether the folder is gone.

    The marker goes last, and only if nothing else is left. So a call that was interrupted or failed can be repeated.
    """
    with _open_top(folder.parent) as parent:
        try:
            with parent.opened(folder.name) as top:
                for name in (SEGMENTS, DAMAGED):
                    _remove_segments(top, name)
                for name in top.names():
                    if _TOP_FILE.fullmatch(name) and name != MARKER:
                        top.unlink(name)
                if list(top.names()) == [MARKER]:
                    top.unlink(MARKER)
        except OSError:
            return not os.path.lexists(folder)
        return parent.rmdir(folder.name)


def foreign_names(folder: Path) -> list[str]:
    """Return the names in a collection's folder that are not ours."""
    own = {SEGMENTS, DAMAGED}
    names = (path.name for path in folder.iterdir())
    return sorted(name for name in names if name not in own and not _TOP_FILE.fullmatch(name))


class _Folder:
    """A folder from which names are removed: by its descriptor, or by its path where the system has none."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self.descriptor = descriptor

    @contextmanager
    def opened(self, name: str) -> Iterator[_Folder]:
        """Open a folder inside this one, which may not be a link."""
        path = self.path / name
        if self.descriptor is None:
            try:
                _inspect(path, stat.S_ISDIR)
            except CollectionError as error:
                raise NotADirectoryError(str(error)) from error
            yield _Folder(path, None)
            return
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self.descriptor)
        try:
            yield _Folder(path, descriptor)
        finally:
            os.close(descriptor)

    def names(self) -> list[str]:
        """Return the names in the folder."""
        place = self.path if self.descriptor is None else self.descriptor
        with os.scandir(place) as entries:
            return sorted(entry.name for entry in entries)

    def unlink(self, name: str) -> None:
        """Remove a file, or a link itself. What cannot be removed stays."""
        with suppress(OSError):
            if self.descriptor is None:
                (self.path / name).unlink()
            else:
                os.unlink(name, dir_fd=self.descriptor)

    def rmdir(self, name: str) -> bool:
        """Remove an empty folder, and return whether it is gone."""
        try:
            if self.descriptor is None:
                (self.path / name).rmdir()
            else:
                os.rmdir(name, dir_fd=self.descriptor)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


@contextmanager
def _open_top(path: Path) -> Iterator[_Folder]:
    """Open the folder that a user names, which may be reached through a link."""
    if not _HAS_DESCRIPTORS:
        yield _Folder(path, None)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _Folder(path, descriptor)
    finally:
        os.close(descriptor)


def _remove_segments(top: _Folder, name: str) -> None:
    try:
        with top.opened(name) as folder:
            for segment in folder.names():
                _remove_segment(folder, segment)
    except OSError:  # it is missing, or no folder
        return
    top.rmdir(name)


def _remove_segment(segments: _Folder, name: str) -> bool:
    if not (_SEGMENT.fullmatch(name) or _TEMPORARY.fullmatch(name)):
        return False
    try:
        with segments.opened(name) as folder:
            for file in folder.names():
                if _FILE.fullmatch(file):
                    folder.unlink(file)
    except FileNotFoundError:
        return True
    except OSError:  # a file, or a link
        return False
    return segments.rmdir(name)
