"""Read spreadsheets (XLSX, ODS) as tables: one document per row, as in CSV.

Each sheet is a table with a header. openpyxl reads XLSX row by row. It unpacks members of any size and makes a tree of
a row, so all members are checked first. ODS is read by `ods.py`.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from itertools import chain, count, islice, zip_longest
from pathlib import Path
from typing import cast

from .archive import MAX_TREE, Archive
from .fields import as_written, doubled_columns, free_name, row_document
from .header import HEAD_ROWS, Layout, sheet_header
from .ods import ods_sheets
from .records import Extract, Failure, ReadOptions, UnreadableError, open_file

MAX_COLUMNS = 16_384
"""Maximum number of columns of a sheet, as in spreadsheet programs."""
MAX_ROWS = 2**20
"""Maximum number of rows of a sheet, as in spreadsheet programs."""
_TREES = re.compile(r"(?:^|/)(?:\[Content_Types\]|workbook|styles|core|app|custom|theme\d*)\.xml$|\.rels$")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"})
_Row = tuple[int, list[str]]  # number of the row in its sheet, from 1, and its cells


def read_sheets(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the rows of all sheets of a spreadsheet. Hidden sheets are named and left out."""
    is_ods = path.suffix.lower() == ".ods"
    number, found = 0, False
    several = False
    for name, is_hidden, rows, several in ods_sheets(path) if is_ods else _xlsx_sheets(path):
        where = f"sheet {name!r}"
        if is_hidden and options.preview:
            continue
        if is_hidden:
            yield Failure("hidden sheet; show it in the spreadsheet to index it", where)
            continue
        for item in _documents(rows, name if several else "", options, number):
            if isinstance(item, Extract) or item.row:
                number += 1
            elif several:
                item = Failure(item.reason, f"{where}, {item.where}" if item.where else where)
            found = True
            yield item
    if not found:
        raise UnreadableError("no text in it")


def _documents(rows: Iterable[_Row], sheet: str, options: ReadOptions, before: int) -> Iterator[Extract | Failure]:
    """Yield the rows of a sheet as documents. `sheet` is its name if there are several, `before` the rows before it."""
    filled = ((place, cells) for place, cells in rows if any(map(str.strip, cells)))
    first = list(islice(filled, HEAD_ROWS))
    if not first:
        return
    try:
        layout = sheet_header([(cells, place) for place, cells in first], options)
    except UnreadableError as error:
        yield Failure(str(error))
        return
    chosen = as_written(options, layout.columns)
    yield from doubled_columns(chosen, layout.doubled)
    number = before
    for place, cells in chain(first, filled):
        if place > layout.lines:
            number += 1
            where = f"sheet {sheet!r}, row {place}" if sheet else f"row {place}"
            yield row_document(_fields(layout, cells, sheet, chosen), chosen, number, where)


def _fields(layout: Layout, cells: list[str], sheet: str, options: ReadOptions) -> dict[str, str]:
    """Return the cells of a row by column. Of the empty ones, only that of the text is kept, or all for a preview."""
    count = len(layout.columns)
    pairs = list(zip_longest(layout.columns, cells[:count], fillvalue=""))
    if options.preview:
        fields = {name: cell for name, cell in pairs if cell or name not in layout.unnamed}
    else:
        fields = {name: cell for name, cell in pairs if cell or name == options.text_column}
    for number, cell in enumerate(
        cells[count:], start=count + 1
    ):  # a column whose header is empty, as are all after it
        if cell.strip():
            fields[free_name(f"column {number}", fields)] = cell
    if options.preview:
        return fields
    for name, value in (("caption", layout.caption), ("sheet", sheet)):
        if value:
            fields.setdefault(name, value)
    return fields


def _xlsx_sheets(path: Path) -> Iterator[tuple[str, bool, Iterable[_Row], bool]]:
    """Yield the name of each sheet, whether it is hidden, its rows, and whether there are several sheets."""
    with Archive(path) as archive:
        for member in archive.members():
            _check(member, archive.markup(member, MAX_TREE) if _TREES.search(member) else archive.markup(member))
    from openpyxl import load_workbook

    # It warns of parts of a workbook that have no text.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
    with open_file(path) as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # a damaged file raises anything
            raise UnreadableError(_damage(error)) from None
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # a file may say any number
                rows = _rows(cast(Iterable[tuple[object, ...]], sheet.iter_rows(values_only=True)))
                yield sheet.title, sheet.sheet_state != "visible", rows, len(book.worksheets) > 1
        finally:
            book.close()


def _damage(error: Exception) -> str:
    return f"damaged: openpyxl cannot read it ({str(error)[:100] or type(error).__name__}); save it as CSV"


def _check(member: str, data: bytes) -> None:
    """Refuse a member that declares entities, or has a row that no spreadsheet has. A row becomes a tree."""
    if b"<!ENTITY" in data:
        raise UnreadableError(f"{member} declares entities, which are not read")
    if b"sheetData" in data and any(row.count(b"<") > 8 * MAX_COLUMNS for row in data.split(b"row>")):
        raise UnreadableError(f"{member} has a row with more than {MAX_COLUMNS:,} cells")


def _rows(rows: Iterable[tuple[object, ...]]) -> Iterator[_Row]:
    iterator = iter(rows)
    for number in count(1):
        try:
            row = next(iterator, None)
        except Exception as error:  # a damaged file raises anything
            raise UnreadableError(_damage(error)) from None
        if row is None:
            return
        if number > MAX_ROWS:
            raise UnreadableError(f"a sheet has more than {MAX_ROWS:,} rows; save it as CSV")
        if row:
            cells = [_shown(value) for value in row[:MAX_COLUMNS]]
            while cells and not cells[-1]:
                cells.pop()
            yield number, cells


def _shown(value: object) -> str:
    """Return a cell as text: dates in ISO format, whole numbers without a decimal point, no errors of formulas."""
    if value is None:
        return ""
    if isinstance(value, str):
        return "" if value in _ERRORS else _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)
