"""Find the files to read: single files, and folders walked in sorted order.

Hidden files and folders are left out. Symbolic links to files are read. Links to folders are not followed, so the walk
cannot loop. Pipes, sockets and devices are never opened.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from . import is_known, unknown_type

METADATA_NAMES = ("metadata.csv", "metadata.tsv")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read. `id` is its path relative to the folder `root`, with `/`, or its name.

    `problem` is the reason why the file is not read, or empty.
    """

    path: Path
    id: str
    root: Path | None = None
    problem: str = ""


def files_under(source: Path, globs: Sequence[str], left_out: Path | None = None) -> Iterator[SourceFile]:
    """Yield the files of a folder, or the file itself. `left_out`, a metadata table, is not a document."""
    if not source.is_dir():
        yield SourceFile(source, source.name, None, _problem(source))
        return
    metadata_tables = {source / name for name in METADATA_NAMES}
    for file in _walk(source, source):
        named = _naming_glob(file, globs)
        wanted = named is not None or not globs
        if file.path.is_dir() or (wanted and is_known(file.path)):
            if file.path not in metadata_tables and not (left_out and _same_file(file.path, left_out)):
                yield file
        elif named is not None and _names_type(named, file.path):
            yield SourceFile(file.path, file.id, file.root, unknown_type(file.path))


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


def _naming_glob(file: SourceFile, globs: Sequence[str]) -> str | None:
    return next((pattern for pattern in globs if matches(pattern, file.id)), None)


def _names_type(pattern: str, path: Path) -> bool:
    """Return whether a pattern names the file's type, as `*.doc` does and `letters/*` does not."""
    last = pattern.rpartition("/")[2]
    return last == path.name or (path.suffix != "" and last.endswith(path.suffix))


def _walk(folder: Path, root: Path) -> Iterator[SourceFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield SourceFile(folder, folder.relative_to(root).as_posix(), root, error.strerror or str(error))
        return
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root)
        elif entry.is_file():
            yield SourceFile(path, path.relative_to(root).as_posix(), root)
        elif entry.is_symlink() and is_known(path) and not path.is_dir():
            yield SourceFile(path, path.relative_to(root).as_posix(), root, "a link that leads nowhere")


def _problem(path: Path) -> str:
    if not path.is_file():
        return "neither a file nor a folder"
    return "" if is_known(path) else unknown_type(path)


def _same_file(path: Path, other: Path) -> bool:
    return path.name == other.name and path.samefile(other)
