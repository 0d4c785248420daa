"""Read the sheets of an OpenDocument spreadsheet (ODS)."""

import re
from collections.abc import Iterator
from pathlib import Path

from .archive import Archive, local
from .records import UnreadableError

MAX_REPEATED = 1000
"""Maximum number of times that a cell or row with a content is repeated."""
MAX_CELLS = 4_000_000
"""Maximum number of cells of a spreadsheet."""
_BLANKS = re.compile(r"[ \t\r\n]+")
_WHOLE = re.compile(r"-?[0-9]{1,15}(?:\.0*)?")
Rows = list[tuple[int, list[str]]]


def ods_sheets(path: Path) -> Iterator[tuple[str, bool, Rows, bool]]:
    """Yield the name of each sheet, whether it is hidden, its rows, and whether there are several sheets."""
    reader = _Sheets()
    with Archive(path) as archive:
        if archive.has("META-INF/manifest.xml") and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise UnreadableError("encrypted")
        archive.walk("content.xml", reader)
    for name, style, rows in reader.sheets:
        yield name, style in reader.hidden, rows, len(reader.sheets) > 1


class _Sheets:
    """Collector of the sheets of a spreadsheet."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, Rows]] = []  # name, style and rows
        self.hidden: set[str] = set()  # styles of hidden sheets
        self._style = ""
        self._depth = 0
        self._skipped = 0  # depth of the outermost element that is left out, or 0
        self._tables = 0  # number of open tables: one may be inside a cell
        self._row: list[str] = []
        self._place = 0
        self._repeated = (1, 1)  # row and cell
        self._cell: list[str] | None = None
        self._value = ""
        self._in_text = 0  # number of open paragraphs
        self._cells = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        self._depth += 1
        if self._skipped:
            return
        name = local(tag)
        about = {local(key): value for key, value in attributes.items()}
        if name in ("annotation", "tracked-changes", "shapes", "ruby-text") or (name == "table" and self._tables):
            self._skipped = self._depth
        elif name == "table":
            self._tables += 1
            self._place = 0
            self.sheets.append((about.get("name", ""), about.get("style-name", ""), []))
        elif name == "style":
            self._style = about.get("name", "")
        elif name == "table-properties" and about.get("display") == "false":
            self.hidden.add(self._style)
        elif name == "table-row":
            self._row, self._repeated = [], (_count(about, "number-rows-repeated"), 1)
        elif name in ("table-cell", "covered-table-cell"):
            self._repeated = (self._repeated[0], _count(about, "number-columns-repeated"))
            self._cell, self._value = [], _value(about)
        elif self._cell is not None:
            self._start_in_cell(name)

    def _start_in_cell(self, name: str) -> None:
        assert self._cell is not None
        if name == "p":
            if self._cell and not self._in_text:
                self._cell.append("\n")
            self._in_text += 1
        elif name in ("s", "tab"):
            self._cell.append(" ")
        elif name == "line-break":
            self._cell.append("\n")

    def data(self, text: str) -> None:
        """Read text."""
        if self._in_text and self._cell is not None and not self._skipped:
            self._cell.append(_BLANKS.sub(" ", text))

    def end(self, tag: str) -> None:
        """Close an element."""
        depth, self._depth = self._depth, self._depth - 1
        if self._skipped:
            self._skipped = 0 if depth == self._skipped else self._skipped
            return
        name = local(tag)
        if name == "p" and self._in_text:
            self._in_text -= 1
        elif name in ("table-cell", "covered-table-cell") and self._cell is not None:
            self._end_cell(self._value or "".join(self._cell).strip(" "))
        elif name == "table-row" and self.sheets:
            self._end_row()
        elif name == "table":
            self._tables -= 1

    def close(self) -> None:
        """End the file."""

    def _end_cell(self, text: str) -> None:
        self._cell = None
        # Spreadsheets fill a row up to its end with one empty cell that is repeated.
        self._row += [text] * min(self._repeated[1], MAX_REPEATED)
        self._count(min(self._repeated[1], MAX_REPEATED))

    def _end_row(self) -> None:
        while self._row and not self._row[-1]:
            self._row.pop()
        repeated = self._repeated[0]
        if self._row:
            times = min(repeated, MAX_REPEATED)
            self._count(len(self._row) * (times - 1))
            self.sheets[-1][2].extend((self._place + n, self._row) for n in range(1, times + 1))
        self._place += repeated

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > MAX_CELLS:
            raise UnreadableError(f"it has more than {MAX_CELLS:,} cells; save it as CSV")


def _count(about: dict[str, str], name: str) -> int:
    value = about.get(name, "1")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 1


def _value(about: dict[str, str]) -> str:
    """Return what a cell holds if that is a date, a truth value or a whole number. Its text may be rounded."""
    kind = about.get("value-type", "")
    if kind == "date":
        return about.get("date-value", "").removesuffix("T00:00:00")
    if kind == "boolean":
        return about.get("boolean-value", "")
    if kind == "float":
        value = about.get("value", "")
        return value.partition(".")[0] if _WHOLE.fullmatch(value) else value
    return ""
