"""Read CSV and TSV, one document per row.

Files are read row by row. Rows are counted from 1 after the header. What one row may take is limited.

The csv module of the standard library cuts the rows. What spreadsheets and databases write beside the standard is
handled around it: `header.py` finds the header, and a row that does not fit is read again in other ways.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal, TextIO

from .encodings import file_encoding
from .fields import as_written, doubled_columns, row_document
from .header import Layout, asked_header, find_header, opened
from .records import Extract, Failure, ReadOptions, UnreadableError

MAX_ROW = 2**26
"""Maximum number of characters in a row of a table. The csv module takes four bytes for each."""
MAX_CELLS = 2**22
"""Maximum number of delimiters in a row of a table, those inside its texts included."""
KEPT = 2**20
"""Maximum number of characters of a row that are kept, so that its lines can be read again one by one."""
REREAD = 2**26
"""Maximum number of characters that are read again in a file because of quotes that never close."""
_SHORT = 2**16  # number of characters up to which delimiters are not counted
_SPACED_QUOTE = re.compile(r'[ \t]"|"[ \t]')
_ESCAPED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


def read_table(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the rows of a CSV or TSV file.

    A number as text column is that of a column in a table without a header. Columns are then named by their numbers.
    """
    codec = file_encoding(path, options.encoding)
    layout = asked_header(partial(find_header, path, codec), options)
    chosen = as_written(options, layout.columns)
    yield from doubled_columns(chosen, layout.doubled)
    for number, fields in _rows(path, codec, layout):
        where = f"row {number}"
        if isinstance(fields, str):
            yield Failure(fields, where, number)
        else:
            yield row_document(fields, chosen, number, where)


def table_rows(
    path: Path, encoding: str | None, fits: Callable[[Collection[str]], bool], wanted: str
) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    """Yield each data row's number with its fields by column, or with the reason why it cannot be read.

    A TSV file whose quotation marks do not pair is read without quoting, because they are often part of the text.

    Args:
        fits: Whether these are the columns of the header.
        wanted: What is missing if no row is the header.

    Raises:
        UnreadableError: No row is the header. The message begins with `wanted`.
    """
    codec = file_encoding(path, encoding)
    yield from _rows(path, codec, find_header(path, codec, fits, wanted))


class _TableLines:
    """The lines of a table, limited in what one row may take. Lines can be put back, to be read again."""

    def __init__(self, path: Path, codec: str, layout: Layout) -> None:
        self._path, self._codec, self._delimiter = path, codec, layout.delimiter
        self._file = self._opened(layout.lines)
        self._waiting: deque[str] = deque()
        self._characters = self._delimiters = self._reread = 0
        self._one_by_one = False
        self.first = layout.lines + 1  # number of the row's first line
        self.count = 0  # number of its lines
        self.kept: list[str] | None = []  # its lines, or None if they are too many

    def __iter__(self) -> "_TableLines":
        return self

    def __next__(self) -> str:
        if self._one_by_one and self.count:
            raise StopIteration
        line = self._waiting.popleft() if self._waiting else self._file.readline(MAX_ROW + 1)
        if not line:
            raise StopIteration
        self.count += 1
        self._characters += len(line)
        if self._characters > _SHORT:
            self._delimiters += line.count(self._delimiter)
            if self._characters > MAX_ROW or self._delimiters > MAX_CELLS:
                if self.count > 1:  # a quote that never closes
                    self.kept = None
                    raise csv.Error("too long")
                raise UnreadableError(
                    f"a row has more than {MAX_ROW:,} characters or {MAX_CELLS:,} cells;"
                    " the rest of the file is not read"
                )
        if self.kept is not None:
            self.kept.append(line)
            if self._characters > KEPT and self.count > 1:
                self.kept = None
        return line

    def again(self) -> Iterator[str]:
        """Yield the lines of this row again, and those after it."""
        place = 0
        while self.kept is not None:
            if place == len(self.kept):
                if self._characters > KEPT // 2:
                    return
                try:
                    next(self)
                except StopIteration:
                    return
            else:
                yield self.kept[place]
                place += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def next_row(self) -> None:
        """Note that the next line begins a row."""
        self.first += self.count
        self._characters = self._delimiters = self.count = 0
        self.kept = []

    def put_back(self, used: int) -> None:
        """Keep the first lines of the row only. The others are read again, one by one once there were too many."""
        if used == self.count:
            return
        if self.kept is None or self._reread > REREAD:
            self._file.close()
            self._waiting.clear()
            self._file = self._opened(self.first + used - 1)
            self._one_by_one = True
        else:
            self._reread += sum(map(len, self.kept[used:]))
            self._waiting.extendleft(reversed(self.kept[used:]))
            del self.kept[used:]
        self.count = used

    def _opened(self, lines: int) -> TextIO:
        file = opened(self._path, self._codec)
        for _ in range(lines):
            while (piece := file.readline(MAX_ROW)) and len(piece) == MAX_ROW:
                pass
        return file


def _rows(path: Path, codec: str, layout: Layout) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
    is_quoted = layout.delimiter != "\t" or _pairs_quotes(path, codec, layout)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE
    lines = _TableLines(path, codec, layout)
    number = 0
    try:
        reader = csv.reader(lines, delimiter=layout.delimiter, quoting=quoting, strict=True)
        while True:
            lines.next_row()
            cells, problem = None, ""
            try:
                cells = next(reader, None)
            except csv.Error as error:
                problem = str(error)
            if cells is None and not problem:
                return
            if is_quoted:
                cells, problem = _mended(cells, problem, lines, layout)
            if problem:
                number += 1
                yield number, _broken(problem, lines, number)
            elif cells:
                number += 1
                if any(map(str.strip, cells)):  # a spreadsheet ends with rows of empty cells
                    yield number, _fields(layout, cells)
    finally:
        lines.close()


def _fields(layout: Layout, cells: list[str]) -> Mapping[str, str] | str:
    columns = layout.columns
    if any(cells[len(columns) :]):
        return f"broken row: {len(cells)} cells under {len(columns)} columns"
    fields = {name: cell for name, cell in zip(columns, cells, strict=False) if cell or name not in layout.unnamed}
    if layout.caption:
        fields.setdefault("caption", layout.caption)
    return fields


def _broken(problem: str, lines: _TableLines, number: int) -> str:
    """Return why a row is not read. Of several lines that a quote has swallowed, only the first is left out."""
    first, count = lines.first, lines.count
    if count < 2:
        return f"broken row, line {first}: {problem}"
    lines.put_back(1)
    return (
        f"broken row, line {first}: a quote that never closes swallowed rows {number} to {number + count - 1}"
        f" (lines {first} to {first + count - 1}); the rows after row {number} are read without it"
    )


def _mended(cells: list[str] | None, problem: str, lines: _TableLines, layout: Layout) -> tuple[list[str] | None, str]:
    """Return a row, read again where it does not fit, or the problem with it."""
    if cells is not None and not _is_doubtful(cells, layout):
        return cells, "a quote does not close" if _swallows(cells, (lines.kept or [])[1:], layout) else ""
    if lines.kept is None:
        return cells, problem
    if len(layout.columns) == 1 and lines.count == 1 and '"' not in lines.kept[0]:
        return [lines.kept[0].strip("\r\n")], ""  # without quotes, a delimiter in the only column is text
    start, count = "".join(lines.kept), lines.count
    has_escapes, has_spaces = '\\"' in start, _SPACED_QUOTE.search(start) is not None
    for escapes, spaces in ((True, False), (False, True), (True, True)):
        if escapes <= has_escapes and spaces <= has_spaces:
            again, used = _read_again(lines, layout, escapes, spaces)
            if again is not None and not _swallows(again, (lines.kept or [])[1:used], layout):
                lines.put_back(used)
                return again, ""
            lines.put_back(count)
    return cells, problem


def _is_doubtful(cells: list[str], layout: Layout) -> bool:
    """Return whether a row has too many cells, or cells that begin with a space and a quote."""
    return any(cells[len(layout.columns) :]) or any(cell[:1].isspace() and cell.lstrip()[:1] == '"' for cell in cells)


def _read_again(lines: _TableLines, layout: Layout, escapes: bool, spaces: bool) -> tuple[list[str] | None, int]:
    """Return the cells of a row and the number of its lines, or None.

    Args:
        escapes: Read a quote after a backslash as a part of the cell.
        spaces: Leave out spaces between delimiters and quotes.
    """
    start = re.compile(rf'(\A|{re.escape(layout.delimiter)}) *\t[ \t]*(?=")')  # the csv module leaves out spaces alone
    end = re.compile(rf'"[ \t]+(?={re.escape(layout.delimiter)}|\r?\n?\Z)')

    def changed(line: str) -> str:
        line = _ESCAPED.sub(r'\1""', line) if escapes else line
        return start.sub(r"\1", end.sub('"', line)) if spaces else line

    reader = csv.reader(map(changed, lines.again()), delimiter=layout.delimiter, strict=True, skipinitialspace=spaces)
    try:
        cells = next(reader, None)
    except csv.Error:
        cells = None
    if cells is None or len(cells) < len(layout.columns) or any(cells[len(layout.columns) :]):
        return None, 0
    return cells, reader.line_num


def _swallows(cells: list[str], further: list[str], layout: Layout) -> bool:
    """Return whether the further lines of a row are rows: their first cells count on from the row's own."""
    if not further or len(layout.columns) < 2 or not _is_count(cells[0]):
        return False
    first = int(cells[0])
    return all(
        line.count(layout.delimiter) >= len(layout.columns) - 1
        and _is_count(start := line.partition(layout.delimiter)[0])
        and int(start) == first + place
        for place, line in enumerate(further, start=1)
    )


def _is_count(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < 18


def _pairs_quotes(path: Path, codec: str, layout: Layout) -> bool:
    lines = _TableLines(path, codec, layout)
    try:
        for _ in csv.reader(lines, delimiter="\t", strict=True):
            lines.next_row()
    except csv.Error:
        return False
    finally:
        lines.close()
    return True
