"""Find the header of a CSV or TSV file: its delimiter, its columns, and the lines before its first row.

Spreadsheets write more than the header at the top: a line `sep=;`, blank lines, and a title of few cells.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO

from .fields import column_advice, distinct_names, listed, longest, same_name
from .records import ReadOptions, UnreadableError, open_file

MAX_COLUMNS = 10_000
"""Maximum number of columns of a table."""
MAX_HEAD = 2**24
"""Maximum number of characters in which the header is looked for."""
HEAD_ROWS = 20
"""Number of rows in which the header is looked for."""
Fits = Callable[[Collection[str]], bool]
_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r'\ufeff?"?sep=(\W)"?\s*', re.IGNORECASE)
_LONG = 40  # number of characters from which a cell with spaces is a text rather than the name of a column


@dataclass(frozen=True, slots=True)
class Layout:
    """Where and how the rows of a table are written.

    Attributes:
        lines: Number of lines before the first row.
        columns: Names of the columns, no two equal.
        doubled: Name of several columns -> the names that the second and further ones got.
        unnamed: Columns that the header does not name. They got their names here.
        caption: Title above the header, or empty.
    """

    delimiter: str
    lines: int
    columns: tuple[str, ...]
    doubled: Mapping[str, list[str]] = field(default_factory=dict)
    unnamed: frozenset[str] = frozenset()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class _Head:
    """The first rows of a table that are not blank, cut at a delimiter, with the number of lines up to each."""

    delimiter: str
    rows: list[tuple[list[str], int]]
    before: int  # number of lines before the table
    found: int  # number of rows, with those of too many columns


def find_header(
    path: Path,
    codec: str,
    fits: Fits | None,
    wanted: str,
    column: str = "",
    option: str = "",
) -> Layout:
    """Return the layout of a table.

    The header is the first row whose columns `fits` accepts, cut at the first delimiter of `, ; tab |` for which there
    is one. Only blank lines and rows of fewer cells may come before it.

    Args:
        fits: None accepts the row that is most likely the header.
        wanted: What is missing if no row is the header.
        column: What the user asked for. A number is that of a column in a table without a header.
        option: The option with which the user asks for a column, for messages.

    Raises:
        UnreadableError: No row is the header. The message begins with `wanted`.
    """
    if fits is not None:
        for rows in (1, HEAD_ROWS):
            heads = list(_heads(path, codec, rows))
            for head in heads:
                if layout := _fitting(head, fits):
                    return layout
    else:
        heads = list(_heads(path, codec, HEAD_ROWS))
    return _other_header(heads, fits, wanted, column, option)


def sheet_header(rows: Sequence[tuple[list[str], int]], options: ReadOptions) -> Layout:
    """Return the layout of a sheet. Its `lines` are the number of the header's row, or 0 without a header.

    Args:
        rows: The first rows that are not blank, with the number of each in its sheet.

    Raises:
        UnreadableError: No row is the header.
    """
    head = _Head("", [([cell.strip() for cell in cells], place) for cells, place in rows], 0, len(rows))

    def find(fits: Fits | None, wanted: str, column: str = "", option: str = "") -> Layout:
        found = _fitting(head, fits) if fits is not None else None
        return found or _other_header([head], fits, wanted, column, option)

    return asked_header(find, options)


def asked_header(find: Callable[..., Layout], options: ReadOptions) -> Layout:
    """Return the layout of a table with the columns that the user asks for, or the likeliest one for a preview.

    Args:
        find: Takes the arguments of `find_header` from `fits` on.

    Raises:
        UnreadableError: No row is the header.
    """
    if options.preview:
        return find(None, "")
    text, translation = options.text_column, options.translation_column or options.text_column

    def has_text(columns: Collection[str]) -> bool:
        return bool(same_name(text, columns))

    def has_both(columns: Collection[str]) -> bool:
        return has_text(columns) and bool(same_name(translation, columns))

    layout = find(has_text, f"no column {text!r}", text, "--text-column")
    if not same_name(translation, layout.columns):
        return find(has_both, f"no column {translation!r}", translation, "--translation-column")
    return layout


def _other_header(heads: list[_Head], fits: Fits | None, wanted: str, column: str, option: str) -> Layout:
    """Return the likeliest layout for a preview, or that of a table without a header."""
    if any(head.found > len(head.rows) for head in heads):
        raise UnreadableError(f"{wanted}; a row has more than {MAX_COLUMNS:,} columns")
    head, place = _likeliest(heads)
    if fits is None:
        return _layout(head, place)
    if column.isascii() and column.isdigit() and len(column) < 6 and int(column) > 0:
        for each in (head, *heads):
            if each.rows and int(column) <= len(each.rows[0][0]):
                names = tuple(str(number + 1) for number in range(len(each.rows[0][0])))
                return Layout(each.delimiter, each.before, names)
    if not option:
        raise UnreadableError(f"{wanted}; its columns are {listed(_layout(head, place).columns)}")
    raise UnreadableError(f"{wanted}; {_advice(head, place, option)}")


def opened(path: Path, codec: str) -> TextIO:
    """Open a file of rows as text. Line ends stay."""
    return io.TextIOWrapper(open_file(path), encoding=codec, errors="replace", newline="")


def _heads(path: Path, codec: str, rows: int) -> Iterator[_Head]:
    """Yield the first rows, cut at each delimiter: the one that a line `sep=` names, or that of the suffix, first."""
    with opened(path, codec) as file:
        named = _SEPARATOR.fullmatch(file.readline(20))
    usual = "\t,;|" if path.suffix.lower() in (".tsv", ".tab") else _DELIMITERS
    for delimiter in dict.fromkeys([*(named[1] if named else ""), *usual]):
        with opened(path, codec) as file:
            before = len(file.readline(20)[:1]) if named else 0
            found = list(islice(_records(file, delimiter, before), rows))
        yield _Head(delimiter, [row for row in found if len(row[0]) <= MAX_COLUMNS], before, len(found))


def _records(file: TextIO, delimiter: str, before: int) -> Iterator[tuple[list[str], int]]:
    # A space after a delimiter may come before a quote. In the names of columns it never counts.
    lines = _HeadLines(file, delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            continue
        if cells is None:
            return
        cells = [cell.strip().removeprefix("\ufeff") for cell in cells]
        if any(cells):
            yield cells, before + reader.line_num


class _HeadLines:
    """The lines at the beginning of a file, limited in size."""

    def __init__(self, file: TextIO, delimiter: str) -> None:
        self._file, self._delimiter = file, delimiter
        self._left = MAX_HEAD

    def __iter__(self) -> "_HeadLines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(self._left + 1)
        self._left -= len(line)
        if not line or self._left < 0 or line.count(self._delimiter) > 20 * MAX_COLUMNS:
            self._left = -1
            raise StopIteration
        return line


def _fitting(head: _Head, fits: Fits) -> Layout | None:
    most = 0
    for place, (cells, _) in enumerate(head.rows):
        filled = sum(map(bool, cells))
        if fits(cells) and filled > most:
            return _layout(head, place)
        most = max(most, filled)
    return None


def _layout(head: _Head, place: int) -> Layout:
    cells, lines = head.rows[place]
    columns, doubled = distinct_names(cells)
    unnamed = frozenset(name for name, cell in zip(columns, cells, strict=True) if not cell)
    above = " ".join(cell for row, _ in head.rows[:place] for cell in row if cell)
    return Layout(head.delimiter, lines, columns, doubled, unnamed, above)


def _likeliest(heads: list[_Head]) -> tuple[_Head, int]:
    """Return where the header most likely is: in the first row that is as long as most rows are.

    Raises:
        UnreadableError: There is no row.
    """
    best: tuple[float, int, _Head] | None = None
    for head in heads:
        if head.rows:
            size, count = Counter(len(cells) for cells, _ in head.rows).most_common(1)[0]
            share = count / len(head.rows) if size > 1 else 0.0
            if best is None or (share, size) > best[:2]:
                best = share, size, head
    if best is None:
        raise UnreadableError("no text in it")
    lengths = [max(place for place, cell in enumerate(cells, start=1) if cell) for cells, _ in best[2].rows]
    usual = Counter(lengths).most_common(1)[0][0]
    return best[2], next(place for place, length in enumerate(lengths) if length >= usual)


def _advice(head: _Head, place: int, option: str) -> str:
    columns = _layout(head, place).columns
    rows = [cells for cells, _ in head.rows[place + 1 :]]
    cells = head.rows[place][0]
    if any(cell.isdigit() or (len(cell) > _LONG and " " in cell) for cell in cells):
        guess = longest([[row[n] for row in (cells, *rows) if n < len(row)] for n in range(len(columns))])
        return (
            f"its first row is {listed(cells)}; if that is no header, name the right column by its number:"
            f" {option} {1 if guess is None else guess + 1}"
        )
    values = [[row[n] for row in rows if n < len(row)] for n in range(len(columns))]
    return column_advice(columns, longest(values) if option == "--text-column" else None, option)
