"""Lines and tab-separated rows of gold files. Every error names the file and describes the expected layout."""

from pathlib import Path

from ..errors import DocumentError


def lines_of(path: Path, layout: str) -> list[str]:
    """Return the lines of a UTF-8 text file, split at line feeds only.

    Args:
        layout: Description of the expected format, appended to error messages.

    Raises:
        DocumentError: The file cannot be read or is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
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
