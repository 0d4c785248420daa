"""Say in lines and rows what became of the files of a run. The command line and the page share these functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ..indexer.documents import Cause, ReadOptions, Skipped
from ..indexer.outcome import FileResult, Warned, unread_line
from ..indexer.preview import FilePreview
from ..indexer.readers.columns import Column
from ..indexer.readers.describe import encoding_of
from ..indexer.readers.metadata import storable
from .formats import Row

SHOWN = 10
"""Maximum number of skipped parts of one file that are named. The others are counted."""
WARNED = 5
"""Maximum number of files with the same warning that are named one by one. More are named in one line."""
CELL = 60
"""Number of characters of a value or sentence of a preview in a table."""


def skip_lines(skipped: Sequence[Skipped]) -> list[str]:
    """Return a line for each document that was skipped, and one for all files that are not read by their type."""
    lines = []
    shown: defaultdict[tuple[str | None, str | None], int] = defaultdict(int)
    for item in skipped:
        if item.cause in (Cause.FAILED, Cause.DUPLICATE):
            shown[item.root, item.file] += 1
            if item.file is None or shown[item.root, item.file] <= SHOWN:
                lines.append(f"skipped {item.source}: {item.reason}")
    for (root, file), count in shown.items():
        if file is not None and count > SHOWN:
            lines.append(f"skipped {count - SHOWN} more documents of {root}/{file}; --report FILE.csv counts them")
    unread = (unread_line(skipped, cause) for cause in (Cause.UNKNOWN_TYPE, Cause.COMPANION))
    return lines + [line for line in unread if line]


def warning_lines(warnings: Iterable[Warned]) -> list[str]:
    """Return a line for each file that may have been misread, or one for many files with the same warning."""
    sources: dict[str, list[str]] = {}
    for source, warning in warnings:
        sources.setdefault(" ".join(warning.split()), []).append(source)
    lines = []
    for warning, found in sources.items():
        if len(found) <= WARNED:
            lines += [f"check {source}: {warning}" for source in found]
        else:
            lines.append(f"check {len(found)} files: {warning} ({found[0]}, {found[1]}, ...)")
    return lines


def report_rows(files: Iterable[FileResult], options: ReadOptions) -> list[Row]:
    """Return a row for each file: its type, encoding, documents and sentences, and what became of it."""
    return [
        {
            "file": storable(str(item.path)),
            "type": item.type,
            "encoding": encoding_of(item.path, options) if item.documents else "",
            "documents": item.documents,
            "sentences": item.sentences,
            "state": str(item.state),
            "reason": item.reason,
        }
        for item in files
    ]


def preview_rows(files: Iterable[FilePreview]) -> list[Row]:
    """Return a row for each file that a run would meet, with columns, and the first sentences of each kind of file."""
    return [
        {
            "file": storable(str(item.result.path)),
            "type": item.result.type,
            "encoding": item.encoding,
            "documents": item.result.documents,
            "state": str(item.result.state),
            "reason": item.result.reason,
            "columns": [column.name for column in item.columns],
            "document_id": "" if item.sample is None else item.sample.document_id,
            "metadata": {} if item.sample is None else dict(item.sample.metadata),
            "first_sentences": [] if item.sample is None else list(item.sample.sentences),
        }
        for item in files
    ]


def column_text(column: Column) -> str:
    """Return a column with its first value, such as `year ("1850")`."""
    return f"{cut(column.name)} ({cut(column.values[0])!r})" if column.values else f"{cut(column.name)} (empty)"


def cut(text: str, longest: int = CELL) -> str:
    """Return a text, cut at its end if it is longer."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
