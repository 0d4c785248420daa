"""What became of each file of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from .documents import Cause, Document, Skipped, SourceScan
from .readers import TYPES_LISTED, WITHOUT_SUFFIX, kind_of, type_of

SHOWN_TYPES = 20
"""Maximum number of file types that one line names. The others are counted."""
SHOWN_REASONS = 3
"""Maximum number of reasons that the report gives for one file."""


class FileState(StrEnum):
    """What became of a file."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    READ = "read"
    """It was read, and nothing was stored, because only a preview was asked for."""
    IN_PART = "read in part"
    SKIPPED = "skipped"
    NOT_READ = "not read"
    """Its type is not read, or holds no text."""


class Warned(NamedTuple):
    """A document that was read and may have been misread: its file or id, and what its reader says."""

    source: str
    warning: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Attributes:
        root: Folder that was given, or the folder of a file that was given.
        file: Path of the file in it.
        type: Its format, such as `txt`, or the type that its name tells.
        documents: Number of documents that were read from it.
        sentences: Number of their sentences. None if they were not counted.
        reason: What was not read and why, and what may have been misread.
    """

    root: str
    file: str
    type: str
    documents: int
    sentences: int | None
    state: FileState
    reason: str

    @property
    def path(self) -> Path:
        """The path of the file."""
        return Path(self.root, self.file)


@dataclass(slots=True)
class _Counts:
    states: set[FileState] = field(default_factory=set)
    documents: int = 0
    sentences: int = 0
    unread: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)


class FileResults:
    """Collector of what became of each file. Documents that come from no file are not counted."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], _Counts] = {}

    def seen(self, document: Document) -> None:
        """Note the file of a document before the document is encoded, so that files stay in the order of reading."""
        if document.root is not None and document.source is not None:
            self._of(document.root, document.source)

    def stored(self, document: Document, sentences: int, state: FileState) -> None:
        """Count a document that was read."""
        if document.root is not None and document.source is not None:
            counts = self._of(document.root, document.source)
            counts.states.add(state)
            counts.documents += 1
            counts.sentences += sentences
            if document.warning:
                counts.warnings[document.warning] = None

    def skipped(self, item: Skipped) -> None:
        """Count something that was not read."""
        if item.root is not None and item.file is not None:
            counts = self._of(item.root, item.file)
            counts.unread += 1
            if item.cause in (Cause.UNKNOWN_TYPE, Cause.COMPANION):
                counts.states.add(FileState.NOT_READ)
            if len(counts.reasons) < SHOWN_REASONS:
                place = item.source.rpartition(f"{Path(item.file).name}, ")[2] if ", " in item.source else ""
                reason = item.reason.partition(f"; {TYPES_LISTED}")[0]  # the column `type` already says it
                counts.reasons[f"{place}: {reason}" if place and place != item.source else reason] = None

    def results(self, *, sentences: bool = True) -> tuple[FileResult, ...]:
        """Return what became of each file, in the order of reading."""
        return tuple(
            FileResult(
                root,
                file,
                type_name(Path(root, file)),
                counts.documents,
                counts.sentences if sentences else None,
                _state(counts),
                _reason(counts),
            )
            for (root, file), counts in self._files.items()
        )

    def _of(self, root: str, file: str) -> _Counts:
        return self._files.setdefault((root, file), _Counts())


def type_name(path: Path) -> str:
    """Return the type of a file by its name, or by its content if its name has no suffix."""
    found = kind_of(path)
    kind = type_of(path)
    return kind if found is None or kind != WITHOUT_SUFFIX else found.suffixes[0][1:]


def _state(counts: _Counts) -> FileState:
    if FileState.NOT_READ in counts.states:
        return FileState.NOT_READ
    if not counts.documents:
        return FileState.SKIPPED
    if counts.unread:
        return FileState.IN_PART
    order = (FileState.UPDATED, FileState.ADDED, FileState.UNCHANGED, FileState.READ)
    return next(state for state in order if state in counts.states)


def _reason(counts: _Counts) -> str:
    rest = counts.unread - len(counts.reasons)
    parts = [*counts.reasons, *([f"and {rest} more"] if rest > 0 and counts.reasons else []), *counts.warnings]
    return "; ".join(parts)


def counted_types(counts: Mapping[str, int]) -> str:
    """Return file types with their numbers in one line, as in "2 odt, 1 rtf, 2 without suffix"."""
    ordered = sorted(counts, key=lambda kind: (kind == WITHOUT_SUFFIX, -counts[kind], kind))
    shown, rest = ordered[:SHOWN_TYPES], ordered[SHOWN_TYPES:]
    named = [f"{counts[kind]} {kind}" for kind in shown]
    if rest:
        named.append(f"{sum(counts[kind] for kind in rest)} of other types")
    return ", ".join(named)


def unread_line(skipped: Iterable[Skipped], cause: Cause) -> str:
    """Return one line with the number of files of each type that is not read, or "" without such files."""
    items = [item for item in skipped if item.cause is cause]
    if not items:
        return ""
    counts: dict[str, int] = {}
    for item in items:
        counts[item.type] = counts.get(item.type, 0) + 1
    what = "without text" if cause is Cause.COMPANION else "of types that are not read"
    names = ", ".join((item.file or item.source)[-60:] for item in items[:3]) + (", ..." if len(items) > 3 else "")
    return f"{_files(len(items))} {what}: {counted_types(counts)} ({names})"


def nothing_to_read(found: SourceScan, globs: Sequence[str]) -> str:
    """Return one line that says why sources have nothing to read, with the next step."""
    roots, unread, problems = found.roots, found.unread, found.problems
    where = ", ".join(" ".join(str(root).split("\n")) for root in roots[:3]) + (", ..." if len(roots) > 3 else "")
    if unread:
        why = f"{_files(sum(unread.values()))} of types that are not read: {counted_types(unread)}; {TYPES_LISTED}"
    elif problems:
        why = problems[0]
    elif globs:
        why = f"no file in it matches {' or '.join(map(repr, globs))}; change the pattern"
    else:
        why = "no files in it; name another folder"
    return f"nothing to read in {where}: {why}"


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
