"""Lines and tab-separated rows of gold files. Every error names the file and describes the expected layout."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import DocumentError
from ..files import read_bounded

LARGEST_FILE = 2**30
"""Maximum size of a file, in bytes."""


def lines_of(path: Path, layout: str, largest: int = LARGEST_FILE) -> list[str]:
    """Return the lines of a UTF-8 text file, split at line feeds only.

    Args:
        layout: Description of the expected format, appended to error messages.
        largest: Maximum size of the file, in bytes.

    Raises:
        DocumentError: The file cannot be read, is too large or is not UTF-8.
    """
    try:
        text = read_bounded(path, largest).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror}); {layout}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path} is not UTF-8 text; {layout}") from error
    return text.split("\n")


def rows_of(path: Path, columns: int, layout: str) -> list[list[str]]:
    """Return the first `columns` tab-separated cells of each non-empty line.

    Args:
        layout: Description of the expected format, appended to error messages.

    Raises:
        DocumentError: The file cannot be read, is not UTF-8, or has a row with fewer columns.
    """
    rows = [line.split("\t") for line in lines_of(path, layout) if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) < columns:
            raise DocumentError(f"{path}, row {number}: {len(row)} columns, not {columns}; {layout}")
    return [row[:columns] for row in rows]


def columns_of(path: Path, layout: str, largest: int = LARGEST_FILE) -> list[str]:
    """Return the names in the header of a table.

    Raises:
        DocumentError: The file cannot be read, is too large or is not UTF-8.
    """
    return _cells(lines_of(path, layout, largest)[0])


def table_rows(
    path: Path, columns: Sequence[str], layout: str, largest: int, most_rows: int
) -> list[tuple[int, list[str | None]]]:
    """Return each row of a table with a header: its line number from 1, and its cells in the order of `columns`.

    Empty lines and other columns are left out. A cell that a short row lacks is None.

    Args:
        layout: Description of the expected format, appended to error messages.
        largest: Maximum size of the file, in bytes.
        most_rows: Maximum number of rows.

    Raises:
        DocumentError: The file cannot be read, lacks a column, or has no rows or too many.
    """
    header, *lines = lines_of(path, layout, largest)
    if len(lines) > most_rows:
        raise DocumentError(f"{path} has more than {most_rows:,} rows; split it")
    names = _cells(header)
    missing = [name for name in columns if name not in names]
    if missing:
        raise DocumentError(f"{path} has no column {missing[0]!r}; {layout}")
    places = [names.index(name) for name in columns]
    rows: list[tuple[int, list[str | None]]] = []
    for number, line in enumerate(lines, 2):
        if line.strip():
            cells = _cells(line)
            rows.append((number, [cells[place] if place < len(cells) else None for place in places]))
    if not rows:
        raise DocumentError(f"{path} has no rows; {layout}")
    return rows


def _cells(line: str) -> list[str]:
    return line.removesuffix("\r").split("\t")
