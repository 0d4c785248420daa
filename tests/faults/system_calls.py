"""Read the log that `shim.c` writes: the file system calls of a command, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

WRITES = ("write", "pwrite", "fwrite", "fflush", "fclose")
"""Calls that write content. The last two write what a buffer holds."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call.

    Args:
        number: Its number among those that can fail, from 1. It is 0 for `mmap`, which is only recorded.
        note: The new name for `rename`. For `open` whether the file was `new`, `there` or `emptied`.
    """

    number: int
    name: str
    path: Path
    note: str

    def __str__(self) -> str:
        return f"{self.name} of {'/'.join(self.path.parts[1:][-3:])}"


def read_log(path: Path) -> list[Call]:
    """Return the calls of a log."""
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    parts = (line.split("\t") for line in lines)
    return [Call(int(number), name, Path(where), note) for number, name, where, note in parts]


def is_free(path: Path) -> bool:
    """Return whether a file follows its own rules: those of SQLite, and the lock, which has no content."""
    return path.name.startswith("collection.db") or path.name == "lock"


def is_passing(path: Path) -> bool:
    """Return whether a file may be lost: it is made again when the collection is next opened."""
    return path.name == "lock" or path.name.endswith("-shm")


def is_log(path: Path) -> bool:
    """Return whether a file is SQLite's write-ahead log, whose flush is the commit."""
    return path.name == "collection.db-wal"


class OrderCheck:
    """Follow the calls of a command, and list where their order could lose something when the power fails.

    1. A file or folder that is renamed into place was flushed after its last write.
    2. The folder that holds the new name is flushed before the next commit, before anything is deleted, and at the end.
    3. What a collection had is deleted only after a commit that follows the last new segment.
    4. A file that existed is never written, emptied, shortened or mapped for writing.

    Args:
        existing: Files that exist before the command.
    """

    def __init__(self, existing: Iterable[Path]) -> None:
        self.existing = set(existing)
        self.problems: list[str] = []
        self._written: dict[Path, int] = {}  # last write of a file, or last new name in a folder
        self._flushed: dict[Path, int] = {}
        self._waiting: dict[Path, Path] = {}  # folder that must be flushed -> the name that waits for it
        self._renamed = self._committed = -1  # last rename of a segment, last flush of the log

    def check(self, calls: Sequence[Call]) -> list[str]:
        """Return one line for each problem of some calls."""
        for place, call in enumerate(calls):
            self._follow(place, call)
        self.problems += [f"the end: {folder} was not flushed after {name}" for folder, name in self._waiting.items()]
        return self.problems

    def _follow(self, place: int, call: Call) -> None:
        path = call.path
        if call.name == "rename":
            self._rename(place, path, Path(call.note))
        elif call.name == "fsync":
            self._flushed[path] = place
            self._waiting.pop(path, None)
            if is_log(path):
                self._committed = place
        elif call.name in ("unlink", "rmdir"):
            self._delete(call)
        elif is_passing(path):
            return
        elif call.name == "mkdir" or (call.name == "open" and call.note == "new"):
            self._written[path] = self._written[path.parent] = place
        elif call.name != "open" or call.note == "emptied":
            self._write(place, call)

    def _write(self, place: int, call: Call) -> None:
        self._written[call.path] = place
        if is_log(call.path) and self._waiting:
            self.problems += [f"{call}: before {folder} was flushed" for folder in self._waiting]
            self._waiting.clear()
        if call.path in self.existing and not is_free(call.path):
            self.problems.append(f"{call}: written in place")

    def _delete(self, call: Call) -> None:
        if call.path not in self.existing or is_free(call.path):
            return
        self.existing.discard(call.path)
        if self._waiting:
            self.problems.append(f"{call}: deleted before {next(iter(self._waiting))} was flushed")
        if call.path.parent.parent.name == "segments" and self._committed < self._renamed:
            self.problems.append(f"{call}: deleted before the commit that replaces it")

    def _rename(self, place: int, old: Path, new: Path) -> None:
        made = [path for path in self._written if path == old or old in path.parents]
        for path in made:
            if self._flushed.get(path, -1) < self._written[path]:
                self.problems.append(f"rename of {old.name} to {new.name}: {path.relative_to(old)} was not flushed")
        if made:
            self._waiting[new.parent] = new
            if new.parent.name == "segments":
                self._renamed = place
        if new in self.existing and not is_free(new):
            self.existing.discard(new)
        for moved in (self._written, self._flushed):
            for path in [path for path in moved if path == old or old in path.parents]:
                moved[new / path.relative_to(old)] = moved.pop(path)
        inside = {path for path in self.existing if path == old or old in path.parents}
        self.existing = self.existing - inside | {new / path.relative_to(old) for path in inside}
