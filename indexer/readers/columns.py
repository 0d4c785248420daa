"""List the columns of a table or of JSON objects, so that a user can choose the one with the text."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ..errors import DocumentError
from . import kind_of
from .apart import ReaderProcess
from .fields import longest, same_name
from .records import Extract, Failure, ReadOptions

TABLES = frozenset({"rows", "sheets", "json_rows", "arrow"})
"""Modules that read tables."""
ROWS = 50
"""Number of rows that are looked at."""
VALUES = 3
"""Maximum number of values of a column."""
LONGEST = 200
"""Maximum length of a value in characters."""
_DEFAULTS = ReadOptions()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, or a field of JSON objects.

    Attributes:
        name: What `--text-column` and `--id-column` take.
        values: Its first values that are not empty, each once.
        is_text: Whether it most likely contains the text.
    """

    name: str
    values: tuple[str, ...]
    is_text: bool = False


def columns_of(path: Path, options: ReadOptions = _DEFAULTS) -> tuple[Column, ...]:
    """Return the columns of a CSV, TSV, XLSX, ODS, JSON, JSON Lines, Parquet or Arrow file, in their order.

    The text is the column that the options name. If there is none, it is the one with the most letters on average.

    Raises:
        DocumentError: The file cannot be read, or has no columns.
    """
    found = kind_of(path)
    if found is None or found.module not in TABLES:
        raise DocumentError(f"{path} has no columns; choose a table or a file of JSON objects")
    values: dict[str, list[str]] = {}
    for row in _rows(path, replace(options, preview=True)):
        for name, value in row.metadata.items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            if shown.strip() and value is not None:
                values.setdefault(name, []).append(shown)
            else:
                values.setdefault(name, [])
    if not values:
        raise DocumentError(f"{path} has no rows; choose another file")
    names = list(values)
    wanted = same_name(options.text_path or "", names) or same_name(options.text_column, names)
    guess = longest([values[name] for name in names])
    text = wanted or (None if guess is None else names[guess])
    return tuple(
        Column(name, tuple(value[:LONGEST] for value in dict.fromkeys(shown))[:VALUES], name == text)
        for name, shown in values.items()
    )


def _rows(path: Path, options: ReadOptions) -> Iterator[Extract]:
    reader = ReaderProcess()
    has_rows, problem = False, ""
    try:
        for item in islice(reader.read(path, options), ROWS):
            if isinstance(item, Extract):
                has_rows = True
                yield item
            elif isinstance(item, Failure) and not item.row:  # such as a hidden sheet beside others
                problem = problem or item.reason
    finally:
        reader.close()
    if problem and not has_rows:
        raise DocumentError(f"{path}: {problem}")
