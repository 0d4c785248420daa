"""Find the files to read: single files, and folders walked in sorted order.

Hidden files and folders are left out, also those that only their system hides, and collections. Symbolic links to files
are read. Links to folders are not followed, so the walk cannot loop. Pipes, sockets and devices are never opened. What
cannot be read is named, and the walk goes on.
"""

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from . import is_known, type_of, unknown_type

METADATA_NAMES = ("metadata.csv", "metadata.tsv")
LEFT_BEHIND = frozenset({"lost+found", "thumbs.db", "desktop.ini"})
"""Names, in small letters, of what systems and file managers leave in folders and hide."""
COLLECTION_FILES = frozenset({"collection.db", "segments"})
"""Names in a folder that is a collection. Nothing in it is a document."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read. `id` is its path relative to the folder `root`, with `/`, or its name.

    Attributes:
        problem: The reason why the file is not read, or empty.
        is_folder: True only for a folder that cannot be listed.
        unknown: The type of the file, such as `odt`, if that is the reason.
    """

    path: Path
    id: str
    root: Path | None = None
    problem: str = ""
    is_folder: bool = False
    unknown: str = ""


def files_under(source: Path, globs: Sequence[str], left_out: Collection[Path] = ()) -> Iterator[SourceFile]:
    """Yield the files of a folder, or the file itself. With globs, only the files that one of them matches.

    Args:
        left_out: Files that are no documents, such as a metadata table.
    """
    problem = _problem(source, is_folder_fine=True)
    if problem or not source.is_dir():
        yield _with_type(SourceFile(source, source.name, None, problem))
        return
    metadata_tables = {source / name for name in METADATA_NAMES}
    for file in _walk(source):
        wanted = file.is_folder or not globs or any(matches(pattern, file.id) for pattern in globs)
        if wanted and file.path not in metadata_tables and not any(_same_file(file.path, path) for path in left_out):
            yield file if file.is_folder else _with_type(file)


def is_left_out(name: str) -> bool:
    """Return whether a file or folder of this name is hidden: by a dot, by its system, or as Word's lock file."""
    return name.startswith((".", "~$")) or name.casefold() in LEFT_BEHIND


def _with_type(file: SourceFile) -> SourceFile:
    """Return the file, with the reason why it is not read if its type is unknown."""
    if file.problem or is_known(file.path):
        return file
    return replace(file, problem=unknown_type(file.path), unknown=type_of(file.path))


def matches(pattern: str, relative: str) -> bool:
    """Return whether a path relative to its folder matches a glob.

    `*` and `?` match inside one name, `**` matches any number of folders. A pattern without `/` is matched against the
    last name alone.
    """
    pattern = pattern.removeprefix("./").removeprefix("/")
    names = relative.split("/")
    if "/" not in pattern:
        return fnmatchcase(names[-1], pattern) or pattern == "**"
    return _match_names(pattern.split("/"), names)


def _match_names(pattern: list[str], names: list[str]) -> bool:
    if not pattern:
        return not names
    if pattern[0] in ("**", ""):
        rest = pattern[1:]
        return not rest or any(_match_names(rest, names[skip:]) for skip in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], pattern[0]) and _match_names(pattern[1:], names[1:])


def _walk(root: Path) -> Iterator[SourceFile]:
    """Yield the files below a folder in sorted order. The walk is not recursive: folders may nest without limit."""
    waiting = _listed(root, root)
    while waiting:
        item = waiting.pop()
        if isinstance(item, SourceFile):
            yield item
        else:
            waiting += _listed(item, root)


def _listed(folder: Path, root: Path) -> list[SourceFile | Path]:
    """Return the files of a folder and the folders in it, the last one first."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name, reverse=True)
    except OSError as error:
        return [SourceFile(folder, folder.relative_to(root).as_posix(), root, reason_of(error), is_folder=True)]
    if {entry.name for entry in entries} >= COLLECTION_FILES:
        return []
    items = (_item(entry, folder / entry.name, root) for entry in entries if not is_left_out(entry.name))
    return [item for item in items if item is not None]


def _item(entry: os.DirEntry[str], path: Path, root: Path) -> SourceFile | Path | None:
    """Return a file, a folder to walk, or None for a link to a folder."""
    try:
        if entry.is_dir(follow_symlinks=False):
            return path
        if entry.is_symlink() and entry.is_dir():
            return None
        problem = "" if entry.is_file() else _problem(path)
    except OSError as error:
        problem = reason_of(error)
    return SourceFile(path, path.relative_to(root).as_posix(), root, problem)


def reason_of(error: OSError) -> str:
    """Return the system's reason in words."""
    return error.strerror or str(error)


def _problem(path: Path, *, is_folder_fine: bool = False) -> str:
    """Return why a path cannot be opened as a file, or an empty string."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        return "a link that leads nowhere" if path.is_symlink() else reason_of(error)
    except OSError as error:
        return reason_of(error)
    if stat.S_ISREG(mode) or (is_folder_fine and stat.S_ISDIR(mode)):
        return ""
    return "neither a file nor a folder"


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.name == other.name and path.samefile(other)
    except OSError:
        return False
